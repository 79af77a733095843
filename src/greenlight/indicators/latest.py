"""The last bar of many symbols at once: the same functions on their bars laid one after another.

What an indicator says of a bar depends on no more than the bars it looks back at; so it says the
same of the last bar of each symbol when others' bars stand before. One call for all is what makes
hundreds of symbols fast.
"""

import numpy as np

from greenlight.indicators.arrays import F64
from greenlight.indicators.oscillators import rsi
from greenlight.indicators.volatility import deviation

#: Closes that `latest_rsi` should be given: by then the average has forgotten what stood before.
RSI_BARS = 500


def nearness(price: F64) -> F64:
    """Powers of two that bring prices (K) near 1: multiplying by them changes no digit.

    Laid one after another, series that are near 1 make no leap that an average has to forget.
    """
    scale: F64 = np.ldexp(1.0, -np.frexp(price)[1])
    return scale


def latest_sigma(close: F64) -> F64:
    """`sigma` of the last bar of K symbols from their last 21 closes (K, 21)."""
    moves = close[:, 1:] / close[:, :-1] - 1.0
    swings: F64 = deviation(moves.reshape(-1), moves.shape[1]).reshape(moves.shape)[:, -1]
    return swings


def latest_rsi(close: F64) -> F64:
    """`rsi` of the last bar of K symbols from their last RSI_BARS closes (K, any)."""
    near_one = close * nearness(close[:, -1])[:, None]
    strength: F64 = rsi(near_one.reshape(-1)).reshape(close.shape)[:, -1]
    return strength


def latest_usual_volume(volume: F64) -> F64:
    """`usual_volume` of the last bar of K symbols from their last 20 volumes (K, 20)."""
    usual: F64 = np.median(volume, axis=1)
    return usual
