"""Corporate actions on raw prices.

`ex_date` is the first session that trades without the old right.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Split:
    """`ratio` new units for one old one: 4 for 4:1, 0.125 for a 1:8 reverse split."""

    symbol: str
    ex_date: date
    ratio: Decimal


@dataclass(frozen=True, slots=True)
class CashDividend:
    """`amount` in cash per unit held at the open of `ex_date`; a short pays it."""

    symbol: str
    ex_date: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class TickerChange:
    """From `ex_date` on the instrument trades as `new_ticker`; nothing else changes."""

    symbol: str
    ex_date: date
    new_ticker: str


@dataclass(frozen=True, slots=True)
class CashMerger:
    """Every unit becomes `cash`."""

    symbol: str
    ex_date: date
    cash: Decimal


@dataclass(frozen=True, slots=True)
class StockMerger:
    """Every unit becomes `ratio` units of `acquirer` and `cash`."""

    symbol: str
    ex_date: date
    acquirer: str
    ratio: Decimal
    cash: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class SpinOff:
    """Every unit also receives `ratio` units of `child`, which takes `basis_share` of the cost."""

    symbol: str
    ex_date: date
    child: str
    ratio: Decimal
    basis_share: Decimal


@dataclass(frozen=True, slots=True)
class Delisting:
    """Trading ended; `proceeds` per unit, None where they are unknown."""

    symbol: str
    ex_date: date
    proceeds: Decimal | None = None


CorporateAction = (
    Split | CashDividend | TickerChange | CashMerger | StockMerger | SpinOff | Delisting
)
