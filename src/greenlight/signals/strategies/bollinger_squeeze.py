"""Bollinger squeeze: quiet is followed by a move; go with the close that leaves the quiet bands.

Idea: the width of the bands was near its least of half a year within the last bars; then a close
outside the bands votes in its direction.
Source: Bollinger, Bollinger on Bollinger Bands (2001); volatility clusters: Mandelbrot (1963).
Fails: the first move out of a squeeze is often the wrong one, a "head fake".
"""

import numpy as np

from greenlight.indicators import CALM, F64, bollinger, lagged, lowest
from greenlight.market import View
from greenlight.signals.convictions import FADE_BARS, fade
from greenlight.signals.parameters import Integer, Real
from greenlight.signals.strategy import strategy

_HALF_YEAR_BARS = 125
_RECENT_BARS = 5
_NEAR_LEAST = 1.15
_VOTE = 0.8


@strategy(
    stacks=True,
    lookback=lambda bars: bars + _HALF_YEAR_BARS + _RECENT_BARS + FADE_BARS,
    regimes=CALM,
    bars=Integer(20, 10, 50),
    width=Real(2.0, 1.5, 3.0),
)
def bollinger_squeeze(view: View, bars: int, width: float) -> F64:
    """0.8 towards a close outside bands that were narrow just before; fading."""
    bands = bollinger(view.close, bars, width)
    spread = (bands.upper - bands.lower) / bands.middle
    calmness = spread / lowest(spread, _HALF_YEAR_BARS)
    squeezed = lagged(lowest(calmness, _RECENT_BARS), 1) <= _NEAR_LEAST
    side = (view.close > bands.upper) * 1.0 - (view.close < bands.lower) * 1.0
    return fade(np.where(squeezed, _VOTE * side, 0.0))
