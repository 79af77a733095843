"""How far prices swing. NaN in the warm-up."""

from typing import NamedTuple

import numpy as np

from greenlight.indicators.arrays import F64, after_warmup, doubles, windows
from greenlight.indicators.averages import sma


class Bands(NamedTuple):
    """Bollinger bands, each of shape T."""

    lower: F64
    middle: F64
    upper: F64


def atr(high: F64, low: F64, close: F64, bars: int = 14) -> F64:
    """Average true range in units of price (Wilder 1978)."""
    import talib

    result: F64 = talib.ATR(doubles(high), doubles(low), doubles(close), bars)
    return result


def deviation(values: F64, bars: int) -> F64:
    """Standard deviation (divisor `bars`) of the last `bars` values; exactly 0 where all are equal.

    Two passes over each window: TA-Lib's running sums of squares lose the digits where prices are
    large and swings small.
    """
    mean = sma(values, bars)[bars - 1 :]
    distance = windows(values, bars) - mean[:, np.newaxis]
    return after_warmup(np.sqrt(np.vecdot(distance, distance) / bars), len(values))


def away(values: F64, centre: F64, swing: F64) -> F64:
    """Distance from `centre` in units of `swing`; 0 where nothing swings, NaN where unknown."""
    distance = values - centre
    still = np.where(np.isnan(distance + swing), np.nan, 0.0)
    result: F64 = np.divide(distance, swing, out=still, where=swing > 0)
    return result


def returns(close: F64) -> F64:
    """Simple return of each bar; NaN for the first."""
    out = np.full(len(close), np.nan)
    out[1:] = close[1:] / close[:-1] - 1.0
    return out


def sigma(close: F64, bars: int = 20) -> F64:
    """Standard deviation (divisor `bars`) of the last `bars` simple returns, per bar."""
    return after_warmup(deviation(returns(close)[1:], bars), len(close))


def bollinger(close: F64, bars: int = 20, width: float = 2.0) -> Bands:
    """Mean of the last `bars` closes and `width` of their standard deviations about it."""
    middle, swing = sma(close, bars), width * deviation(close, bars)
    return Bands(middle - swing, middle, middle + swing)
