"""Bars: one block of symbols that share a calendar and a time frame."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from greenlight.domain import Timeframe, UserError
from greenlight.market.arrays import F64, I64
from greenlight.market.calendars import require_calendar
from greenlight.market.grid import Place, windows


class Adjustment(StrEnum):
    """What the prices have been corrected for. The engine trades raw; adjusted refuses actions."""

    RAW = "raw"
    SPLIT = "split"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class BarSpec:
    """What kind of bars: their calendar, time frame and declared adjustment."""

    calendar: str
    timeframe: Timeframe
    adjustment: Adjustment

    def __post_init__(self) -> None:
        require_calendar(self.calendar)

    def __str__(self) -> str:
        return f"{self.calendar} {self.timeframe} {self.adjustment}"


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
                raise UserError(
                    f"bars: {name} has shape {array.shape}, times and symbols say {shape}"
                )
            array.flags.writeable = False
        if len(set(self.symbols)) != len(self.symbols):
            raise UserError("bars: a symbol stands twice")
        if np.any(np.diff(self.close_ts) <= 0) or np.any(self.close_ts <= self.open_ts):
            raise UserError("bars: times must increase strictly, each close after its open")

    @property
    def count(self) -> int:
        """Number of bar times, T."""
        return len(self.close_ts)


def from_arrays(
    spec: BarSpec,
    symbols: tuple[str, ...],
    ts: I64,
    prices: tuple[F64, F64, F64, F64] | F64,
    volume: F64 | None = None,
) -> Bars:
    """Bars from their opening stamps `ts` (ns UTC, shape T; daily: the date at 00:00 UTC).

    `prices`: open, high, low, close, each (T, N) and NaN where a symbol has no bar; or closes
    alone, which makes the block closes-only. Raises UserError for a stamp that begins no bar.
    """
    place = windows(ts, spec.calendar, spec.timeframe)
    wrong = np.flatnonzero(place.place != Place.ON_GRID)
    if len(wrong) > 0:
        when = np.datetime64(int(ts[wrong[0]]), "ns").astype("datetime64[s]")
        raise UserError(f"bars: no {spec.timeframe} bar of {spec.calendar} begins at {when}Z")
    closes_only = isinstance(prices, np.ndarray)
    opens, highs, lows, closes = (prices,) * 4 if isinstance(prices, np.ndarray) else prices
    return Bars(
        calendar=spec.calendar,
        timeframe=spec.timeframe,
        adjustment=spec.adjustment,
        symbols=symbols,
        open_ts=place.open_ts,
        close_ts=place.close_ts,
        session=place.session,
        open=opens,
        high=highs,
        low=lows,
        close=closes,
        volume=np.full(closes.shape, np.nan) if volume is None else volume,
        closes_only=closes_only,
    )
