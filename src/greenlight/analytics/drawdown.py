"""The fall of wealth from its running peak."""

import math
from dataclasses import dataclass

import numpy as np

from greenlight.analytics.arrays import F64


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
    remains = np.maximum.accumulate(wealth)
    np.divide(wealth, remains, out=remains)
    trough = int(np.argmin(remains))
    peak = int(np.argmax(wealth[: trough + 1]))
    again = wealth[trough:] >= wealth[peak]
    first = int(np.argmax(again))
    recovery = trough + first if again[first] else None
    return Drawdown(1.0 - float(remains[trough]), peak, trough, recovery)


def calmar(annual_return: float, depth: float) -> float:
    """Annual return over the deepest drawdown (Young 1991); NaN without a drawdown."""
    return annual_return / depth if depth > 0.0 else math.nan
