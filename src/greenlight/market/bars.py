"""Bars: one block of symbols that share a calendar and a time frame."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import Timeframe, UserError

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


class Adjustment(StrEnum):
    """What the prices have been corrected for. The engine trades raw; adjusted refuses actions."""

    RAW = "raw"
    SPLIT = "split"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Bars:
    """T bars of N symbols; prices and volume of shape (T, N), NaN where a symbol has no bar.

    `open_ts`, `close_ts` are ns UTC, strictly increasing; a bar is usable from its close on.
    `session` is the date label of each bar in days since the epoch (crypto: the UTC day).
    `closes_only`: only closes are real; open, high and low repeat them and fills happen at a close.
    """

    calendar: str
    timeframe: Timeframe
    adjustment: Adjustment
    symbols: tuple[str, ...]
    open_ts: I64
    close_ts: I64
    session: I64
    open: F64
    high: F64
    low: F64
    close: F64
    volume: F64
    closes_only: bool = False

    def __post_init__(self) -> None:
        shape = (len(self.close_ts), len(self.symbols))
        for name in ("open", "high", "low", "close", "volume"):
            array = getattr(self, name)
            if array.shape != shape:
                raise UserError(f"bars: {name} has shape {array.shape}, times and symbols say {shape}")
            array.flags.writeable = False
        if len(set(self.symbols)) != len(self.symbols):
            raise UserError("bars: a symbol stands twice")
        if np.any(np.diff(self.close_ts) <= 0) or np.any(self.close_ts <= self.open_ts):
            raise UserError("bars: times must increase strictly, each close after its open")

    @property
    def count(self) -> int:
        """Number of bar times, T."""
        return len(self.close_ts)
