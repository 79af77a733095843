"""EMA crossover with an ADX filter: go with the faster average while the market really trends.

Idea: the fast exponential average above the slow one votes long, below it short, the stronger the
farther they are apart (in average true ranges), and only as far as the ADX says there is a trend.
Source: Appel's double exponential average (1979), Wilder's ADX (1978) as the filter.
Fails: in ranges it is late both ways; after a long trend it gives back much before it turns.
Abstains: where the price stood still for 100 bars within the look-back; such averages mean nothing.
"""

import numpy as np

from greenlight.domain import UserError
from greenlight.indicators import F64, WILDER_MEMORY, adx, atr, ema, highest, lowest
from greenlight.market import View
from greenlight.signals.convictions import ramp
from greenlight.signals.parameters import Integer, Real
from greenlight.signals.strategy import Flags, strategy

_WILDER_BARS = 14
_EMA_MEMORY = 10
_STILL_BARS = 100
_FULL_GAP = 2.0
_ADX_SPAN = 20.0
_MOST = 0.7


def memory(fast: int, slow: int) -> int:
    """Bars after which both averages and ADX have forgotten their start.

    Raises UserError where the fast average is not the faster one.
    """
    if fast >= slow:
        raise UserError(f"fast = {fast} is not below slow = {slow}")
    return max(_EMA_MEMORY * slow, WILDER_MEMORY * _WILDER_BARS)


@strategy(
    stacks=True,
    lookback=memory,
    fast=Integer(12, 5, 40),
    slow=Integer(26, 15, 120),
    trend=Real(20.0, 10.0, 35.0),
)
def ema_cross_adx(view: View, fast: int, slow: int, trend: float) -> F64:
    """Up to 0.7 either way while the averages are apart and ADX is above `trend`."""
    swing = atr(view.high, view.low, view.close, _WILDER_BARS)
    gap = (ema(view.close, fast) - ema(view.close, slow)) / swing
    strength = ramp(adx(view.high, view.low, view.close, _WILDER_BARS), trend, trend + _ADX_SPAN)
    votes = _MOST * np.sign(gap) * ramp(np.abs(gap), 0.0, _FULL_GAP) * strength
    return np.where(_stood_still(view, memory(fast, slow)), 0.0, votes)


def _stood_still(view: View, bars: int) -> Flags:
    still = highest(view.high, _STILL_BARS) == lowest(view.low, _STILL_BARS)
    return highest(still.astype(np.float64), bars - _STILL_BARS + 1) > 0
