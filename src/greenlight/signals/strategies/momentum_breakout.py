"""Momentum breakout: what closes above everything of the last months tends to go on.

Idea: a close above the highest high of the last `channel` bars is bought, with more conviction when
far more than the usual volume trades; a close below the lowest low of the last `leave` bars says
out.
Source: Richard Donchian's channel rule (1960s), the Turtles' entry and exit (Dennis and Eckhardt,
1983); for stocks George and Hwang, "The 52-Week High and Momentum Investing" (2004).
Fails: in ranges, where most breakouts are false, and at the end of a long rise. Where volume is not
known the breakout counts for less.
"""

import numpy as np

from greenlight.indicators import CALM, F64, highest, lagged, lowest, usual_volume
from greenlight.market import View
from greenlight.signals.convictions import FADE_BARS, fade, ramp
from greenlight.signals.parameters import Integer
from greenlight.signals.strategy import strategy

_UNKNOWN_VOLUME = 0.6
_LEAVE = -0.6
_VOLUME_BARS = 20


@strategy(
    stacks=True,
    lookback=lambda channel, leave: max(channel, leave, _VOLUME_BARS) + FADE_BARS,
    regimes=CALM,
    channel=Integer(55, 20, 250),
    leave=Integer(20, 10, 100),
)
def momentum_breakout(view: View, channel: int, leave: int) -> F64:
    """Up to +1 on a close above the channel, -0.6 on one below the shorter channel; fading."""
    rush = view.volume / lagged(usual_volume(view.volume, _VOLUME_BARS), 1)
    backing = np.where(np.isnan(rush), _UNKNOWN_VOLUME, 0.5 + 0.5 * ramp(rush, 1.0, 2.0))
    up = view.close > lagged(highest(view.high, channel), 1)
    down = view.close < lagged(lowest(view.low, leave), 1)
    return fade(np.where(up, backing, np.where(down, _LEAVE, 0.0)))
