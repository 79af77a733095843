"""How strong and how one-sided a move is (Wilder, New Concepts in Technical Trading Systems, 1978).

Wilder's averages remember all bars; after 22 periods the start weighs less than one in a million.
"""

import numpy as np

from greenlight.indicators.arrays import F64, doubles, highest, lagged, lowest, rolling_sum

#: Bars after which Wilder's average of a period, twice applied, has forgotten its start.
WILDER_MEMORY = 22


def rsi(close: F64, bars: int = 14) -> F64:
    """Relative strength index, 0..100; 50 where the last `bars` changes are all zero."""
    import talib

    price = doubles(close)
    still = highest(price, bars + 1) == lowest(price, bars + 1)
    result: F64 = np.where(still, 50.0, talib.RSI(price, bars))
    return result


def adx(high: F64, low: F64, close: F64, bars: int = 14) -> F64:
    """Average directional index, 0..100: strength of a trend whichever way; from 25 up a trend."""
    import talib

    result: F64 = talib.ADX(doubles(high), doubles(low), doubles(close), bars)
    return result


def efficiency(close: F64, bars: int) -> F64:
    """Kaufman's efficiency ratio, 0..1: way made over way gone in the last `bars` changes.

    0 where nothing moved. Source: Kaufman, Smarter Trading, 1995.
    """
    gone = rolling_sum(np.abs(close - lagged(close, 1)), bars)
    made = np.abs(close - lagged(close, bars))
    ratio: F64 = np.divide(made, gone, out=np.where(gone == 0, 0.0, np.nan), where=gone > 0)
    return ratio
