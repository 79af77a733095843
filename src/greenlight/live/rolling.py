"""The last bars of many symbols, side by side: each symbol's own bars, no holes, adjusted."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import Timeframe
from greenlight.indicators import nearness, sigma
from greenlight.market import Background, Stack, View

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
T = TypeVar("T", np.float64, np.int64)

OPEN, HIGH, LOW, CLOSE, VOLUME, SWING = range(6)
OPEN_TS, CLOSE_TS, SESSION = range(3)
_SPARE = 128  # bars taken in before what is kept moves back to the front


@dataclass(frozen=True, slots=True)
class Series:
    """What all symbols of a block share as views, and what each knows of its sectors."""

    symbols: tuple[str, ...]
    timeframe: Timeframe
    closes_only: bool
    sectors: tuple[tuple[tuple[int, str | None], ...], ...]


class Rolling:
    """At least the last `depth` bars of each of N symbols, NaN before its first.

    count: how many bars each has had, ever. SWING is `sigma` over 20 bars.
    """

    def __init__(self, series: Series, depth: int) -> None:
        width = len(series.symbols)
        self._series, self._depth = series, depth
        self._values = np.full((6, width, depth + _SPARE), np.nan)
        self._times = np.zeros((3, width, depth + _SPARE), dtype=np.int64)
        self._end = np.full(width, depth, dtype=np.int64)
        self.count = np.zeros(width, dtype=np.int64)

    def fill(self, symbol: int, view: View) -> None:
        """Begin a symbol with the bars of a whole view."""
        kept = min(view.count, self._depth)
        place = slice(self._depth - kept, self._depth)
        values = (view.open, view.high, view.low, view.close, view.volume, sigma(view.close))
        for field, value in enumerate(values):
            self._values[field, symbol, place] = value[view.count - kept :]
        for field, time in enumerate((view.open_ts, view.close_ts, view.session)):
            self._times[field, symbol, place] = time[view.count - kept :]
        self.count[symbol] = view.count

    def append(self, chosen: I64, values: F64, times: tuple[int, int, int]) -> None:
        """Add a bar to the chosen symbols (K); values: open, high, low, close, volume (5, K)."""
        if int(self._end.max(initial=0)) == self._values.shape[2]:
            self._move_back()
        at = self._end[chosen]
        self._values[:SWING, chosen, at] = values
        self._times[:, chosen, at] = np.array(times)[:, None]
        self._end[chosen] += 1
        self.count[chosen] += 1

    def rescale(self, symbol: int, day: int, price: float, volume: float) -> None:
        """Multiply prices and volume of a symbol's bars from session `day` on: word came late."""
        end = int(self._end[symbol])
        begin = end - min(self._depth, int(self.count[symbol]))
        late = begin + int(np.searchsorted(self._times[SESSION, symbol, begin:end], day))
        self._values[:VOLUME, symbol, late:end] *= price
        self._values[VOLUME, symbol, late:end] *= volume
        swing = sigma(self._values[CLOSE, symbol, begin:end])
        known = ~np.isnan(swing)
        self._values[SWING, symbol, begin:end][known] = swing[known]

    def close_before(self, symbol: int, day: int) -> float:
        """The last close kept of before session `day`, NaN if there is none."""
        end = int(self._end[symbol])
        begin = end - min(self._depth, int(self.count[symbol]))
        late = begin + int(np.searchsorted(self._times[SESSION, symbol, begin:end], day))
        return float(self._values[CLOSE, symbol, late - 1]) if late > begin else float("nan")

    def last_session(self, symbol: int) -> int:
        """Session of the last bar of a symbol that has one."""
        return int(self._times[SESSION, symbol, self._end[symbol] - 1])

    def note_swing(self, chosen: I64, swing: F64) -> None:
        """Say the `sigma` of the chosen symbols' last bar."""
        self._values[SWING, chosen, self._end[chosen] - 1] = swing

    def window(self, field: int, chosen: I64, bars: int) -> F64:
        """The last `bars` values of a field of the chosen symbols (K, bars), in memory of its own;
        `bars` is at most the depth."""
        return _last(self._values[field], self._end, chosen, bars)

    def view(self, symbol: int, bars: int, background: Background) -> View:
        """The last `bars` bars of a symbol, or as many as there are."""
        end = int(self._end[symbol])
        rows = slice(end - min(bars, int(self.count[symbol]), self._depth), end)
        times, values = self._times[:, symbol, rows], self._values[:, symbol, rows]
        return View(
            self._series.symbols[symbol],
            self._series.timeframe,
            open_ts=times[OPEN_TS],
            close_ts=times[CLOSE_TS],
            session=times[SESSION],
            open=values[OPEN],
            high=values[HIGH],
            low=values[LOW],
            close=values[CLOSE],
            volume=values[VOLUME],
            closes_only=self._series.closes_only,
            background=background,
        )

    def stack(self, chosen: I64, bars: int, background: Background) -> Stack:
        """The last `bars` bars of the chosen symbols as one view.

        Each symbol's prices are divided by the power of two that brings its last close near 1: no
        digit changes, and no average has to forget a leap from one symbol to the next.
        """
        values = [self.window(field, chosen, bars) for field in range(SWING)]
        scale = nearness(values[CLOSE][:, -1])[:, None]
        for price in values[:VOLUME]:
            price *= scale
        times = [_last(time, self._end, chosen, bars).reshape(-1) for time in self._times]
        flat = [value.reshape(-1) for value in values]
        names = tuple(self._series.symbols[symbol] for symbol in chosen)
        return Stack(
            f"{names[0]} and {len(names) - 1} others",
            self._series.timeframe,
            open_ts=times[OPEN_TS],
            close_ts=times[CLOSE_TS],
            session=times[SESSION],
            open=flat[OPEN],
            high=flat[HIGH],
            low=flat[LOW],
            close=flat[CLOSE],
            volume=flat[VOLUME],
            closes_only=self._series.closes_only,
            background=background,
            parts=names,
            sectors=tuple(self._series.sectors[symbol] for symbol in chosen),
        )

    def _move_back(self) -> None:
        """Make room: the last `depth` bars of each symbol stand first again."""
        everyone = np.arange(len(self._end))
        for table in (*self._values, *self._times):
            table[:, : self._depth] = _last(table, self._end, everyone, self._depth)
        self._end[:] = self._depth


def _last(table: NDArray[T], ends: I64, chosen: I64, bars: int) -> NDArray[T]:
    """Copies of the last `bars` columns of the chosen rows, each up to its own end."""
    own = ends[chosen]
    if len(own) > 0 and np.all(own == own[0]):
        found: NDArray[T] = table[chosen, int(own[0]) - bars : int(own[0])]
    else:
        found = table[chosen[:, None], own[:, None] + np.arange(-bars, 0)]
    return found
