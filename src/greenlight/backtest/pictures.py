"""The series behind the report's charts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Curve:
    """Wealth (T) of a benchmark, scaled as `scaling` says, that began with the account's cash."""

    name: str
    scaling: str
    wealth: F64


@dataclass(frozen=True, slots=True)
class Curves:
    """Wealth a session: `session` (T) in days since 1970, the account's `equity`, benchmarks.

    `shown`: the scaling that is seen first.
    """

    session: I64
    equity: F64
    benchmarks: tuple[Curve, ...]
    shown: str


@dataclass(frozen=True, slots=True)
class Marks:
    """Fills on a chart: close of the bar they happened in (ns UTC), price, and words for each."""

    ts: I64
    price: F64
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SymbolPicture:
    """Bars of one symbol (close_ts in ns UTC) with its entries and exits.

    `session`: the date label of each bar. Where `is_line`, only closes are real.
    """

    symbol: str
    is_daily: bool
    is_line: bool
    close_ts: I64
    session: I64
    open: F64
    high: F64
    low: F64
    close: F64
    entries: Marks
    exits: Marks


@dataclass(frozen=True, slots=True)
class Pictures:
    """All of them; `symbols` with the most traded first."""

    curves: Curves
    symbols: tuple[SymbolPicture, ...]
