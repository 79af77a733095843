"""Corporate actions out of CSV and Parquet tables."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from greenlight.domain import (
    CashDividend,
    CashMerger,
    CorporateAction,
    Delisting,
    SpinOff,
    Split,
    StockMerger,
    TickerChange,
    UserError,
)
from greenlight.market.actions import KINDS, checked_actions
from greenlight.market.names import nearest
from greenlight.market.tables import Table, read_table

V = TypeVar("V")

_SYMBOL = ("symbol", "ticker")
_RATIO = ("ratio", "split_ratio", "split_factor")
_CASH = ("amount", "dividend", "cash", "proceeds")
_OTHER = ("other", "acquirer", "child", "new_ticker")
_NEARLY = Decimal("1e-5")


def read_splits(path: Path | str) -> tuple[CorporateAction, ...]:
    """Splits: symbol, ex_date (or last_session_before), ratio (new units for one old).

    A ratio within 1e-5 of a whole number, or of one over it, is taken as that: factor files keep
    seven digits, and 1.999996 would cost a holder a share. Raises UserError.
    """
    table = read_table(path)
    rows = zip(table.text(*_SYMBOL), _ex_dates(table), table.decimals(*_RATIO), strict=True)
    with table.blamed():
        return checked_actions(Split(symbol, day, _whole(ratio)) for symbol, day, ratio in rows)


def read_dividends(path: Path | str) -> tuple[CorporateAction, ...]:
    """Cash dividends: symbol, ex_date (or last_session_before), amount a unit. Raises UserError."""
    table = read_table(path)
    rows = zip(table.text(*_SYMBOL), _ex_dates(table), table.decimals(*_CASH), strict=True)
    with table.blamed():
        return checked_actions(CashDividend(symbol, day, amount) for symbol, day, amount in rows)


def read_actions(path: Path | str) -> tuple[CorporateAction, ...]:
    """Actions of any kind: symbol, ex_date (or last_session_before), kind and what the kind needs.

    split: ratio. dividend: cash. ticker_change: other (the new ticker). cash_merger: cash.
    stock_merger: other (the acquirer), ratio, cash (may be empty). spin_off: other (the child),
    ratio, basis_share. delisting: cash (empty where the proceeds are unknown).
    A table without kind, but with a dividend and a split column, holds both; 0 means none.
    Raises UserError.
    """
    table = read_table(path)
    if not table.has("kind"):
        return _side_by_side(table)
    columns = zip(
        range(len(table)),
        table.text("kind"),
        table.text(*_SYMBOL),
        _ex_dates(table),
        table.decimals_or_none(*_RATIO),
        table.decimals_or_none(*_CASH),
        table.text_or_none(*_OTHER),
        table.decimals_or_none("basis_share"),
        strict=True,
    )
    actions = [_action(_Row(table.where(row), *cells)) for row, *cells in columns]
    with table.blamed():
        return checked_actions(actions)


@dataclass(frozen=True, slots=True)
class _Row:
    where: str
    kind: str
    symbol: str
    ex_date: date
    ratio: Decimal | None
    cash: Decimal | None
    other: str | None
    basis_share: Decimal | None

    def needed(self, value: V | None, column: str) -> V:
        if value is None:
            raise UserError(f"{self.where}: a {self.kind} needs {column}")
        return value


def _action(row: _Row) -> CorporateAction:
    symbol, day = row.symbol, row.ex_date
    match row.kind.lower():
        case "split":
            return Split(symbol, day, _whole(row.needed(row.ratio, "ratio")))
        case "dividend":
            return CashDividend(symbol, day, row.needed(row.cash, "cash"))
        case "ticker_change":
            return TickerChange(symbol, day, row.needed(row.other, "other, the new ticker"))
        case "cash_merger":
            return CashMerger(symbol, day, row.needed(row.cash, "cash"))
        case "stock_merger":
            acquirer, ratio = (
                row.needed(row.other, "other, the acquirer"),
                row.needed(row.ratio, "ratio"),
            )
            return StockMerger(symbol, day, acquirer, ratio, row.cash or Decimal(0))
        case "spin_off":
            child, ratio = row.needed(row.other, "other, the child"), row.needed(row.ratio, "ratio")
            return SpinOff(symbol, day, child, ratio, row.needed(row.basis_share, "basis_share"))
        case "delisting":
            return Delisting(symbol, day, row.cash)
        case unknown:
            raise UserError(f"{row.where}: unknown kind {unknown}: {nearest(unknown, KINDS)}")


def _side_by_side(table: Table) -> tuple[CorporateAction, ...]:
    columns = zip(
        table.text(*_SYMBOL),
        _ex_dates(table),
        table.decimals(*_RATIO),
        table.decimals(*_CASH),
        strict=True,
    )
    actions: list[CorporateAction] = []
    for symbol, day, ratio, amount in columns:
        if ratio != 0:
            actions.append(Split(symbol, day, _whole(ratio)))
        if amount != 0:
            actions.append(CashDividend(symbol, day, amount))
    with table.blamed():
        return checked_actions(actions)


def _ex_dates(table: Table) -> list[date]:
    """An ex-date counts from the first session on or after it, so the next calendar day will do."""
    if table.has("last_session_before"):
        return [day + timedelta(days=1) for day in table.days("last_session_before")]
    return table.days("ex_date", "date")


def _whole(ratio: Decimal) -> Decimal:
    if ratio <= 0:
        return ratio  # for `checked_actions` to refuse
    if ratio < 1:
        units = (1 / ratio).to_integral_value()
        return 1 / units if abs(units * ratio - 1) < _NEARLY else ratio
    units = ratio.to_integral_value()
    return units if abs(ratio / units - 1) < _NEARLY else ratio
