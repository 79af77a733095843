"""RSI oversold bounce: what was sold too far and turns up is bought for the rebound.

Idea: the RSI was below `oversold` on the last bar and this bar closes higher: long, the deeper the
RSI the stronger. The mirror image (above 100 - `oversold`, closing lower) says out.
Source: Wilder, New Concepts in Technical Trading Systems (1978); short-term reversal in stocks:
Jegadeesh (1990), Lehmann (1990).
Fails: in falling markets, where oversold stays oversold; so it keeps silent when the symbol trends
down or is turbulent.
"""

import numpy as np

from greenlight.indicators import F64, WILDER_MEMORY, Regime, lagged, rsi
from greenlight.market import View
from greenlight.signals.convictions import FADE_BARS, fade, ramp
from greenlight.signals.parameters import Integer, Real
from greenlight.signals.strategy import strategy

_FULL_DEPTH = 15.0


@strategy(
    stacks=True,
    lookback=lambda period: WILDER_MEMORY * period + FADE_BARS,
    regimes={Regime.RANGING, Regime.TRENDING_UP},
    period=Integer(14, 5, 30),
    oversold=Real(30.0, 15.0, 40.0),
)
def rsi_bounce(view: View, period: int, oversold: float) -> F64:
    """0.6 to 1 on the first higher close out of oversold, the mirror image at the top; fading."""
    before = lagged(rsi(view.close, period), 1)
    change = view.close - lagged(view.close, 1)
    below, above = oversold - before, before - (100.0 - oversold)
    up = 0.6 + 0.4 * ramp(below, 0.0, _FULL_DEPTH)
    down = -0.6 - 0.4 * ramp(above, 0.0, _FULL_DEPTH)
    bounce = np.where((below > 0) & (change > 0), up, 0.0)
    return fade(np.where((above > 0) & (change < 0), down, bounce))
