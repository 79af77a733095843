"""Where the store keeps corporate actions: one CSV for each calendar and adjustment.

Dividends of split-adjusted prices are in other units than those of raw ones, so they are kept
apart; the time frames of one adjustment share theirs. The files are what `read_actions` reads.
"""

import csv
import io
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path

from greenlight.domain import (
    CashDividend,
    CashMerger,
    CorporateAction,
    Delisting,
    SpinOff,
    Split,
    StockMerger,
    TickerChange,
)
from greenlight.market.action_tables import (
    read_actions,
    read_dividends,
    read_splits,
)
from greenlight.market.actions import KINDS, checked_actions
from greenlight.market.bars import BarSpec
from greenlight.market.durable import replacing
from greenlight.market.store import Store
from greenlight.market.tables import read_table

_COLUMNS = ("symbol", "ex_date", "kind", "ratio", "cash", "other", "basis_share")
_RATIOS = ("ratio", "split_ratio", "split_factor")
_WORDS = {kind: word for word, kind in KINDS.items()}


def read_any_actions(path: Path | str) -> tuple[CorporateAction, ...]:
    """Actions from a table of any kinds, of splits or of dividends, by its columns.

    Raises UserError.
    """
    table = read_table(path)
    if table.has("kind"):
        return read_actions(path)
    has_ratio = any(table.has(name) for name in _RATIOS)
    if has_ratio and not table.has("dividend"):
        return read_splits(path)
    return read_actions(path) if has_ratio else read_dividends(path)


def stored_actions(store: Store, spec: BarSpec) -> tuple[CorporateAction, ...]:
    """The actions kept for bars of this calendar and adjustment. Raises UserError."""
    path = _path(store, spec)
    return read_actions(path) if path.exists() else ()


def keep_actions(store: Store, spec: BarSpec, actions: Iterable[CorporateAction]) -> int:
    """Add actions, replacing those of the same symbol, kind and day; the number that were news.

    Raises UserError for an impossible action and when the disk does not take them.
    """
    known = stored_actions(store, spec)
    together = merged(known, actions)
    news = len(set(together) - set(known))
    if news > 0:
        _write(_path(store, spec), together)
    return news


def merged(
    old: Iterable[CorporateAction], new: Iterable[CorporateAction]
) -> tuple[CorporateAction, ...]:
    """Both, in order; of two of the same symbol, kind and day the new one. Raises UserError."""
    by_key = {_key(action): action for action in (*checked_actions(old), *checked_actions(new))}
    return checked_actions(by_key.values())


def _path(store: Store, spec: BarSpec) -> Path:
    return store.folder(spec).parent.parent / f"actions-{spec.adjustment}.csv"


def _key(action: CorporateAction) -> tuple[str, date, str]:
    return action.symbol, action.ex_date, _WORDS[type(action)]


def _write(path: Path, actions: Iterable[CorporateAction]) -> None:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(_COLUMNS)
    for action in actions:
        cells = _cells(action)
        key = (action.symbol, action.ex_date.isoformat(), _WORDS[type(action)])
        rows.writerow((*key, *("" if cell is None else str(cell) for cell in cells)))
    with replacing(path) as draft:
        draft.write_text(text.getvalue(), encoding="utf-8")


def _cells(
    action: CorporateAction,
) -> tuple[Decimal | None, Decimal | None, str | None, Decimal | None]:
    """Ratio, cash, other symbol and share of the basis, as far as the kind has them."""
    match action:
        case Split(ratio=ratio):
            return ratio, None, None, None
        case CashDividend(amount=cash) | CashMerger(cash=cash) | Delisting(proceeds=cash):
            return None, cash, None, None
        case TickerChange(new_ticker=other):
            return None, None, other, None
        case StockMerger(acquirer=other, ratio=ratio, cash=cash):
            return ratio, cash, other, None
        case SpinOff(child=other, ratio=ratio, basis_share=share):
            return ratio, None, other, share
