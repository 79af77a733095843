"""Corporate actions as the rows that the engine's happenings are built from (docs/engine.md, 7)."""

from collections.abc import Mapping

import numpy as np

from greenlight.domain import (
    CashDividend,
    CashMerger,
    CorporateAction,
    Delisting,
    Happening,
    SpinOff,
    Split,
    StockMerger,
    TickerChange,
    UserError,
)
from greenlight.market.actions import KINDS, named, rank
from greenlight.market.arrays import I64
from greenlight.market.history import History
from greenlight.market.names import nearest
from greenlight.market.tables import day_number, day_of

#: (row, id, symbol, kind, a, b, c), as `engine.build_happenings` takes them.
HappeningRow = tuple[int, int, int, int, float, float, float]

_NAN = float("nan")


def happenings(history: History, session: I64, first: I64) -> list[HappeningRow]:
    """One row for each corporate action that falls into the tape, in the order they happen.

    `session`, `first`: the tape's columns of these names (a value each row). An action happens in
    the first row of its symbol's block whose session is on or after the ex-date; one before the
    first session or after the last does not happen. Its id follows from ex-date and kind alone, so
    it is the same in every run and grows with each action of a symbol. A ticker change is none.
    Raises UserError where a merger or spin-off leads to a symbol that is not there.
    """
    columns = {symbol: column for column, symbol in enumerate(history.symbols)}
    rows_of: dict[str, I64] = {}
    base = 0
    for block in history.blocks:
        rows = np.flatnonzero(first == base)
        rows_of.update(dict.fromkeys(block.symbols, rows))
        base += len(block.symbols)
    placed: list[tuple[int, CorporateAction]] = []
    for action in history.actions:
        if action.symbol not in columns or isinstance(action, TickerChange):
            continue
        rows, day = rows_of[action.symbol], day_number(action.ex_date)
        at = int(np.searchsorted(session[rows], day))
        if at < len(rows) and day >= session[rows[0]]:
            placed.append((int(rows[at]), action))
    found = [
        (row, action_id(action), columns[action.symbol], *_numbers(action, columns))
        for row, action in placed
    ]
    found += _sector_changes(history, columns, rows_of, session)
    return sorted(found, key=lambda one: (one[0], one[1], one[2]))


def action_id(action: CorporateAction) -> int:
    """Number of an action among those of its symbol: by ex-date, then by kind."""
    return _numbered(action.ex_date.toordinal(), rank(action))


def _numbered(day: int, place: int) -> int:
    return day * (len(KINDS) + 1) + place


def _sector_changes(
    history: History, columns: Mapping[str, int], rows_of: Mapping[str, I64], session: I64
) -> list[HappeningRow]:
    """Sectors that change after a block's first session; the one before is in the specs."""
    numbers = history.sector_numbers()
    found: list[HappeningRow] = []
    for symbol, column in columns.items():
        rows = rows_of[symbol]
        for day, name in () if history.sectors is None else history.sectors.changes(symbol):
            at = int(np.searchsorted(session[rows], day))
            if at < len(rows) and day > session[rows[0]]:
                number = -1.0 if name is None else float(numbers[name])
                identity = _numbered(day_of(day).toordinal(), len(KINDS))
                change = (int(Happening.SECTOR), number, _NAN, _NAN)
                found.append((int(rows[at]), identity, column, *change))
    return found


def _numbers(
    action: CorporateAction, columns: Mapping[str, int]
) -> tuple[int, float, float, float]:
    """Kind and a, b, c of the table in docs/engine.md, section 7."""
    match action:
        case Split(ratio=ratio):
            return Happening.SPLIT, float(ratio), _NAN, _NAN
        case CashDividend(amount=amount):
            return Happening.DIVIDEND, float(amount), _NAN, _NAN
        case CashMerger(cash=cash):
            return Happening.CASH_MERGER, float(cash), _NAN, _NAN
        case StockMerger(acquirer=acquirer, ratio=ratio, cash=cash):
            other = _column(action, acquirer, columns)
            return Happening.STOCK_MERGER, float(other), float(ratio), float(cash)
        case SpinOff(child=child, ratio=ratio, basis_share=share):
            other = _column(action, child, columns)
            return Happening.SPIN_OFF, float(other), float(ratio), float(share)
        case Delisting(proceeds=proceeds):
            return Happening.DELIST, _NAN if proceeds is None else float(proceeds), _NAN, _NAN
        case TickerChange():
            raise AssertionError("a ticker change is no happening")


def _column(action: CorporateAction, other: str, columns: Mapping[str, int]) -> int:
    if other not in columns:
        raise UserError(
            f"{named(action)} leads to {other}, which has no bars: {nearest(other, columns)} "
            f"Add its bars, or give what a holder got in cash instead"
        )
    return columns[other]
