"""RSI momentum: recovery confirmed, when the RSI is back above 30 and the price above its average.

Idea: the RSI was below `oversold` within the last bars and has crossed above it; the first close
above the 20-bar average then votes long. A close below the average after an RSI above
100 - `oversold` says out.
Source: Wilder (1978) for the RSI; Cardwell's use of it with the trend (1990s); Brock, Lakonishok
and LeBaron (1992) for the average.
Fails: in ranges narrower than the way from the low to the average: it buys near the top of them.
"""

import numpy as np

from greenlight.indicators import F64, WILDER_MEMORY, bollinger, highest, lagged, lowest, rsi
from greenlight.market import View
from greenlight.signals.convictions import FADE_BARS, fade
from greenlight.signals.parameters import Integer, Real
from greenlight.signals.strategy import strategy

_RECENT_BARS = 15
_VOTE = 0.8


@strategy(
    stacks=True,
    lookback=lambda period, average: (
        max(WILDER_MEMORY * period, average) + _RECENT_BARS + FADE_BARS
    ),
    period=Integer(14, 5, 30),
    oversold=Real(30.0, 15.0, 45.0),
    average=Integer(20, 10, 60),
)
def rsi_momentum(view: View, period: int, oversold: float, average: int) -> F64:
    """0.8 on the first close above the average after an oversold RSI, and the mirror; fading."""
    strength = rsi(view.close, period)
    above = np.sign(view.close - bollinger(view.close, average).middle)
    was_low = lowest(strength, _RECENT_BARS) < oversold
    was_high = highest(strength, _RECENT_BARS) > 100.0 - oversold
    up = (lagged(above, 1) <= 0) & (above > 0) & was_low & (strength > oversold)
    down = (lagged(above, 1) >= 0) & (above < 0) & was_high & (strength < 100.0 - oversold)
    return fade(np.where(up, _VOTE, np.where(down, -_VOTE, 0.0)))
