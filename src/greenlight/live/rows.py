"""From a feed's bars to one row of a block: checked at the door, folded into the row's length."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import BarTime, FeedBar
from greenlight.live.universe import Block

F64 = NDArray[np.float64]
_NS_MINUTE = 60_000_000_000


@dataclass(frozen=True, slots=True, eq=False)
class BlockRow:
    """One bar time of a block: prices and volume a symbol (N), NaN where there is no bar."""

    block: int
    time: BarTime
    open: F64
    high: F64
    low: F64
    close: F64
    volume: F64

    @property
    def is_empty(self) -> bool:
        """Whether no symbol has a bar."""
        return bool(np.all(np.isnan(self.close)))

    def missing(self, block: Block) -> tuple[str, ...]:
        """Ids of the symbols without a bar."""
        gaps = np.isnan(self.close)
        return tuple(one.id for one, gap in zip(block.instruments, gaps, strict=True) if gap)


@dataclass(slots=True)
class Gathered:
    """Bars of one bar time as they come; what cannot be is refused with its reason.

    outside: bars of these symbols that belong to another bar time.
    """

    number: int
    block: Block
    time: BarTime
    bars: dict[str, dict[int, FeedBar]] = field(default_factory=dict)
    refused: list[tuple[FeedBar, str]] = field(default_factory=list)
    outside: list[FeedBar] = field(default_factory=list)

    def take(self, bars: Iterable[FeedBar]) -> None:
        """Take bars in; of two with one stamp the first counts."""
        known = {one.id for one in self.block.instruments}
        for bar in bars:
            if bar.instrument not in known:
                continue
            if not self._is_inside(bar):
                self.outside.append(bar)
            elif (why := defect(bar)) is not None:
                if (bar, why) not in self.refused:  # it is asked for again and again
                    self.refused.append((bar, why))
            else:
                self.bars.setdefault(bar.instrument, {}).setdefault(bar.open_ts, bar)

    @property
    def reaches_close(self) -> bool:
        """Whether any symbol has come to the end: else the feed is late, or our clock early."""
        last = self.time.close_ts - _NS_MINUTE
        stamps = [ts for parts in self.bars.values() for ts in parts]
        return self.block.timeframe == "1d" or max(stamps, default=0) >= last

    def row(self) -> BlockRow:
        """What has come so far."""
        values = np.full((5, self.block.width), np.nan)
        for column, one in enumerate(self.block.instruments):
            if parts := self.bars.get(one.id):
                values[:, column] = _fold([parts[ts] for ts in sorted(parts)])
        return BlockRow(self.number, self.time, *values)

    def _is_inside(self, bar: FeedBar) -> bool:
        """A daily bar is stamped with its date at 00:00 UTC, smaller ones within the bar time."""
        day = self.time.session * 86_400_000_000_000
        is_daily = bar.open_ts == day and self.block.timeframe == "1d"
        return is_daily or self.time.open_ts <= bar.open_ts < self.time.close_ts


def defect(bar: FeedBar) -> str | None:
    """Why a bar cannot be; None where it can."""
    prices = (bar.open, bar.high, bar.low, bar.close)
    if not all(isfinite(price) for price in prices):
        return "a price is no number"
    if min(prices) <= 0.0:
        return "a price is not above 0"
    if bar.high < max(prices) or bar.low > min(prices):
        return "high and low do not enclose open and close"
    if not isfinite(bar.volume) or bar.volume < 0.0:
        return "the volume is negative or no number"
    return None


def _fold(parts: list[FeedBar]) -> tuple[float, float, float, float, float]:
    return (
        parts[0].open,
        max(bar.high for bar in parts),
        min(bar.low for bar in parts),
        parts[-1].close,
        sum(bar.volume for bar in parts),
    )
