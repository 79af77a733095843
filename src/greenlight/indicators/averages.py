"""Averages of price, plain and by volume. NaN in the warm-up."""

import numpy as np

from greenlight.indicators.arrays import (
    F64,
    I64,
    after_warmup,
    doubles,
    highest,
    lowest,
    rolling_sum,
    windows,
)


def sma(values: F64, bars: int) -> F64:
    """Simple moving average of the last `bars` values; of equal values exactly theirs."""
    mean = rolling_sum(values, bars) / bars
    result: F64 = np.clip(mean, lowest(values, bars), highest(values, bars))
    return result


def ema(values: F64, bars: int) -> F64:
    """Exponential moving average, weight 2 / (bars + 1); it forgets its start after 10 x `bars`."""
    import talib

    result: F64 = talib.EMA(doubles(values), bars)
    return result


def vwap(high: F64, low: F64, close: F64, volume: F64, bars: int) -> F64:
    """Volume-weighted average of the typical price (H + L + C) / 3 over the last `bars` bars.

    NaN where a bar's volume is unknown or none was traded.
    """
    typical = (high + low + close) / 3.0
    return _ratio(rolling_sum(typical * volume, bars), rolling_sum(volume, bars))


def session_vwap(high: F64, low: F64, close: F64, volume: F64, session: I64) -> F64:
    """Volume-weighted average of the typical price since the session's first bar.

    `session` ascends. NaN from a bar of unknown volume to the session's end, and before any trade.
    """
    typical = (high + low + close) / 3.0
    out = np.full(len(close), np.nan)
    begins = np.flatnonzero(np.diff(session)) + 1
    for rows in np.split(np.arange(len(close)), begins):
        out[rows] = _ratio(np.cumsum(typical[rows] * volume[rows]), np.cumsum(volume[rows]))
    return out


def usual_volume(volume: F64, bars: int = 20) -> F64:
    """Median volume of the last `bars` bars, unmoved by one rush; NaN where one is unknown."""
    return after_warmup(np.median(windows(volume, bars), axis=1), len(volume))


def _ratio(money: F64, traded: F64) -> F64:
    ratio: F64 = np.divide(money, traded, out=np.full(len(money), np.nan), where=traded > 0)
    return ratio
