"""The fall of wealth from its running peak."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from greenlight.analytics.arrays import F64

_BLOCK = 1024


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall: `depth` in [0, 1]; positions in the series of wealth it was found in.

    `recovery` is the first position at or above the peak again, None while it is under water.
    """

    depth: float
    peak: int
    trough: int
    recovery: int | None


def drawdowns(wealth: F64) -> F64:
    """``1 - wealth / running peak``, shape (T,), 0 at a peak."""
    return np.asarray(1.0 - wealth / np.maximum.accumulate(wealth), dtype=np.float64)


def max_drawdown(wealth: F64) -> Drawdown:
    """The deepest fall; the earliest of several equal ones. Depth 0 where wealth never falls."""
    remains, trough = 1.0, 0
    for start, peak in _suspects(wealth):
        top = np.maximum.accumulate(np.concatenate(([peak], wealth[start : start + _BLOCK])))[1:]
        left = wealth[start : start + _BLOCK] / top
        lowest = int(np.argmin(left))
        if left[lowest] < remains:
            remains, trough = float(left[lowest]), start + lowest
    peak = int(np.argmax(wealth[: trough + 1]))
    again = wealth[trough:] >= wealth[peak]
    first = int(np.argmax(again))
    recovery = trough + first if again[first] else None
    return Drawdown(1.0 - remains, peak, trough, recovery)


def _suspects(wealth: F64) -> Iterator[tuple[int, float]]:
    """Start of, and peak before, each block that may hold the deepest fall.

    What is left of the peak at a block's lowest lies between that over the peak before the block
    and that over its own highest, too. Most blocks cannot be as deep as others are for sure.
    """
    starts = np.arange(0, len(wealth), _BLOCK)
    highest = np.maximum.reduceat(wealth, starts)
    lowest = np.minimum.reduceat(wealth, starts)
    before = np.maximum.accumulate(np.concatenate((wealth[:1], highest[:-1])))
    one, other = lowest / before, lowest / np.maximum(before, highest)
    sure, possible = np.maximum(one, other), np.minimum(one, other)
    for block in np.flatnonzero(possible <= np.min(sure)):
        yield int(starts[block]), float(before[block])


def calmar(annual_return: float, depth: float) -> float:
    """Annual return over the deepest drawdown (Young 1991); NaN without a drawdown."""
    return annual_return / depth if depth > 0.0 else math.nan
