"""One symbol's stored bars, and the path its price takes through each.

A bar is walked open, nearer extreme, farther extreme, close in straight lines: the extremes at a
quarter and at three quarters of its time, a rising bar dips first; an extreme that is the open or
the close itself is no turn. Nothing is random. Where only closes are known, a bar runs in a
straight line from the close before to its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from greenlight.brokers.exchange.assets import Asset
from greenlight.brokers.exchange.hours import NS_DAY, NS_MINUTE
from greenlight.brokers.exchange.matching import Tick
from greenlight.market import Bars

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
_NEARER, _FARTHER = 0.25, 0.75  # shares of a bar's time at which its extremes are reached
#: units a day where the store knows no volume; made up, so that a share of it is not nothing
NOMINAL_VOLUME = 1_000_000.0


@dataclass(frozen=True, slots=True)
class Series:
    """Bars of one symbol, shape (T,), none missing."""

    asset: Asset
    open_ts: I64
    close_ts: I64
    session: I64
    open: F64
    high: F64
    low: F64
    close: F64
    volume: F64

    def ticks(self, start_ts: int, step_ns: int) -> Iterator[Tick]:
        """Trades from `start_ts` on, at least one every `step_ns`; the last just before a close."""
        first = int(np.searchsorted(self.close_ts, start_ts, side="right"))
        for row in range(first, len(self.close_ts)):
            begin, length = int(self.open_ts[row]), int(self.close_ts[row] - self.open_ts[row])
            steps = np.arange(0, length, step_ns) / length
            at = np.union1d(steps, self._path(row)[0])
            prices = self._on_path(row, at)
            size = Decimal(repr(round(float(self.volume[row]) / len(at), 4)))
            for n, share in enumerate(at):
                ts = begin + min(int(share * length), length - 1)
                if ts >= start_ts:
                    price = self.exact(float(prices[n]))
                    yield Tick(self.asset.symbol, ts, price, size, is_gap=n == 0)

    def minutes(self, first_ts: int, last_ts: int) -> "Cells":
        """One-minute bars that open at or after `first_ts` and close at or before `last_ts`."""
        low = int(np.searchsorted(self.close_ts, first_ts, side="right"))
        high = int(np.searchsorted(self.open_ts, last_ts, side="left"))
        rows = slice(low, high)
        if np.all(self.close_ts[rows] - self.open_ts[rows] == NS_MINUTE):
            cells = self._stored(rows)
        else:
            cells = join([self._minutes_of(row) for row in range(low, high)])
        wanted = (cells.ts >= first_ts) & (cells.ts + NS_MINUTE <= last_ts)
        return cells.where(wanted)

    def days(self, first: int, last: int) -> "Cells":
        """Whole sessions with `first` <= day <= `last`, stamped by their day at 00:00 UTC."""
        low, high = (int(n) for n in np.searchsorted(self.session, (first, last + 1)))
        if low == high:
            return join([])
        starts = low + np.flatnonzero(np.diff(self.session[low:high], prepend=-1))
        ends = np.append(starts[1:], high) - 1
        return Cells(
            self.session[starts] * NS_DAY,
            self.open[starts],
            np.maximum.reduceat(self.high[:high], starts),
            np.minimum.reduceat(self.low[:high], starts),
            self.close[ends],
            np.add.reduceat(self.volume[:high], starts),
        )

    def _stored(self, rows: slice) -> "Cells":
        """Bars that are minutes already."""
        opened, close = (np.round(one[rows], self._digits) for one in (self.open, self.close))
        high, low = np.maximum(self.high[rows], opened), np.minimum(self.low[rows], opened)
        high, low = np.maximum(high, close), np.minimum(low, close)
        return Cells(self.open_ts[rows], opened, high, low, close, self.volume[rows])

    def _minutes_of(self, row: int) -> "Cells":
        begin, length = int(self.open_ts[row]), int(self.close_ts[row] - self.open_ts[row])
        count = max(1, length // NS_MINUTE)
        edges = np.arange(count + 1) / count
        at = self._on_path(row, edges)
        high, low = np.maximum(at[:-1], at[1:]), np.minimum(at[:-1], at[1:])
        for share, price in zip(*self._path(row), strict=True):
            cell = min(int(share * count), count - 1)
            high[cell], low[cell] = max(high[cell], price), min(low[cell], price)
        volume = np.full(count, float(self.volume[row]) / count)
        ts = begin + np.arange(count, dtype=np.int64) * NS_MINUTE
        return Cells(ts, at[:-1], high, low, at[1:], volume)

    def _on_path(self, row: int, share: F64) -> F64:
        """Price when that share of the bar's time has passed, to the step prices are told in."""
        return np.round(np.interp(share, *self._path(row)), self._digits)

    @property
    def _digits(self) -> int:
        return 9 if self.asset.is_crypto else 4

    def _path(self, row: int) -> tuple[list[float], list[float]]:
        """Turns of the price as (share of the bar's time, price)."""
        opened, close = float(self.open[row]), float(self.close[row])
        high, low = float(self.high[row]), float(self.low[row])
        near, far = (low, high) if close >= opened else (high, low)
        turns = [(0.0, opened), (1.0, close)]
        if near != opened:
            turns.append((_NEARER, near))
        if far != close:
            turns.append((_FARTHER, far))
        turns.sort()
        return [share for share, _ in turns], [price for _, price in turns]

    def exact(self, price: float) -> Decimal:
        """A price to the step prices are told in."""
        return Decimal(f"{price:.9f}" if self.asset.is_crypto else f"{price:.4f}").normalize()


@dataclass(frozen=True, slots=True)
class Cells:
    """Bars as the data API serves them, shape (T,); `ts`: their opening stamps."""

    ts: I64
    open: F64
    high: F64
    low: F64
    close: F64
    volume: F64

    def where(self, rows: NDArray[np.bool_]) -> "Cells":
        """Only these rows."""
        values = (self.open, self.high, self.low, self.close, self.volume)
        return Cells(self.ts[rows], *(column[rows] for column in values))

    def grouped(self, stamp: I64) -> "Cells":
        """Rows of one stamp as one bar; `stamp` ascends."""
        if len(stamp) == 0:
            return self
        starts = np.flatnonzero(np.diff(stamp, prepend=stamp[0] - 1))
        ends = np.append(starts[1:], len(stamp)) - 1
        return Cells(
            stamp[starts],
            self.open[starts],
            np.maximum.reduceat(self.high, starts),
            np.minimum.reduceat(self.low, starts),
            self.close[ends],
            np.add.reduceat(self.volume, starts),
        )


def join(parts: list[Cells]) -> Cells:
    """Bars one after the other."""
    if not parts:
        empty = np.zeros(0)
        return Cells(np.zeros(0, dtype=np.int64), empty, empty, empty, empty, empty)
    return Cells(
        np.concatenate([part.ts for part in parts]),
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("open", "high", "low", "close", "volume")
        ),
    )


def series_of(block: Bars, column: int, asset: Asset) -> Series:
    """One column of a block without its holes."""
    close = block.close[:, column]
    rows = np.flatnonzero(~np.isnan(close))
    close = close[rows]
    if block.closes_only:
        opened = np.concatenate((close[:1], close[:-1]))
        high, low = np.maximum(opened, close), np.minimum(opened, close)
    else:
        opened, high, low = (array[rows, column] for array in (block.open, block.high, block.low))
    volume = block.volume[rows, column]
    share = (block.close_ts[rows] - block.open_ts[rows]) / NS_DAY
    nominal = NOMINAL_VOLUME * (np.ones(len(rows)) if _is_daily(block) else share)
    return Series(
        asset,
        block.open_ts[rows],
        block.close_ts[rows],
        block.session[rows],
        opened,
        high,
        low,
        close,
        np.where(np.isnan(volume), nominal, volume),
    )


def _is_daily(block: Bars) -> bool:
    return block.timeframe == "1d"
