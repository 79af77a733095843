"""Which bar time a moment falls into, by block: the calendar as the trader counts it."""

from dataclasses import dataclass

import numpy as np

from greenlight.domain import BarTime, Timeframe
from greenlight.live.universe import Block, Universe
from greenlight.market import sessions

_NS_DAY = 86_400_000_000_000
_YEAR = 366


@dataclass(frozen=True, slots=True)
class Hours:
    """A session of a calendar; ns UTC."""

    day: int
    open_ts: int
    close_ts: int


class Timekeeper:
    """Bar times of every block; `elapsed` counts from `start_ts` on, as a tape's does."""

    def __init__(self, universe: Universe, start_ts: int) -> None:
        self._grids = [_Grid(block, start_ts) for block in universe.blocks]
        self._block = [nth for nth, block in enumerate(universe.blocks) for _ in range(block.width)]

    def bar_time(self, block: int, ts: int) -> BarTime:
        """The bar time in progress at `ts`, or the next to come: the first that closes after it."""
        return self._grids[block].at(ts)

    def bar_time_of(self, symbol: int, ts: int) -> BarTime:
        """The same, for the block of a symbol."""
        return self.bar_time(self._block[symbol], ts)

    def is_open(self, symbol: int, ts: int) -> bool:
        """Whether the symbol's market is in session at `ts`."""
        hours = self.hours(symbol, ts)
        return hours.open_ts <= ts < hours.close_ts

    def hours(self, symbol: int, ts: int) -> Hours:
        """The session in progress at `ts`, or the next to come."""
        return self._grids[self._block[symbol]].hours(ts)


class _Grid:
    """Bar times of one block, laid out a year at a time as they are asked for."""

    def __init__(self, block: Block, start_ts: int) -> None:
        self._block = block
        self._origin = start_ts // _NS_DAY - 5
        self._days = 0
        self._start_ts = start_ts
        self._extend()

    def at(self, ts: int) -> BarTime:
        while ts >= int(self._close[-1]):
            self._extend()
        n = int(np.searchsorted(self._close, ts, side="right"))
        return BarTime(
            int(self._open[n]), int(self._close[n]), int(self._session[n]), int(self._elapsed[n])
        )

    def hours(self, ts: int) -> Hours:
        while ts >= int(self._known.close[-1]):
            self._extend()
        n = int(np.searchsorted(self._known.close, ts, side="right"))
        return Hours(int(self._known.day[n]), int(self._known.open[n]), int(self._known.close[n]))

    def _extend(self) -> None:
        """Lay out another year."""
        self._days += _YEAR
        known = sessions(self._block.calendar, self._origin, self._origin + self._days)
        self._known = known
        opens, closes, days = [], [], []
        for day, begin, end in zip(known.day, known.open, known.close, strict=True):
            starts = _starts(int(begin), int(end), self._block.timeframe)
            opens.append(starts)
            closes.append(np.append(starts[1:], end))
            days.append(np.full(len(starts), day))
        self._open = np.concatenate(opens).astype(np.int64)
        self._close = np.concatenate(closes).astype(np.int64)
        self._session = np.concatenate(days).astype(np.int64)
        counted = np.where(self._close > self._start_ts, self._close - self._open, 0)
        self._elapsed = np.cumsum(counted)


def _starts(
    begin: int, end: int, timeframe: Timeframe
) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    if timeframe is Timeframe.D1:
        return np.array([begin], dtype=np.int64)
    return np.arange(begin, end, timeframe.duration_ns, dtype=np.int64)
