"""What the indicators are built from: shifts and windows over one symbol's bars."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


def doubles(values: F64) -> F64:
    """As TA-Lib wants them: contiguous float64."""
    return np.ascontiguousarray(values, dtype=np.float64)


def lagged(values: F64, bars: int) -> F64:
    """Each bar's value of `bars` bars ago; NaN for the first `bars`."""
    out = np.full(len(values), np.nan)
    if bars < len(values):
        out[bars:] = values[: len(values) - bars]
    return out


def windows(values: F64, bars: int) -> F64:
    """The last `bars` values of each bar that has as many, shape (T - bars + 1, bars)."""
    if len(values) < bars:
        return np.empty((0, bars))
    return sliding_window_view(values, bars)


def after_warmup(values: F64, count: int) -> F64:
    """`values` as the last of `count` bars, NaN before."""
    out = np.full(count, np.nan)
    if len(values) > 0:
        out[count - len(values) :] = values
    return out


def rolling_sum(values: F64, bars: int) -> F64:
    """Sum of the last `bars` values, each window by itself.

    TA-Lib's running sums round differently with where the series begins: a price exactly on its
    average would stand above or below it by that alone.
    """
    if len(values) < bars:
        return np.full(len(values), np.nan)
    return after_warmup(np.convolve(values, np.ones(bars), mode="valid"), len(values))


def highest(values: F64, bars: int) -> F64:
    """Highest of the last `bars` values (this one among them)."""
    import talib

    if bars == 1:
        return doubles(values).copy()
    result: F64 = talib.MAX(doubles(values), bars)
    return result


def lowest(values: F64, bars: int) -> F64:
    """Lowest of the last `bars` values (this one among them)."""
    import talib

    if bars == 1:
        return doubles(values).copy()
    result: F64 = talib.MIN(doubles(values), bars)
    return result
