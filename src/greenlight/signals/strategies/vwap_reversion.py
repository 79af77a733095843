"""VWAP reversion: far from where most was traded, a price that turns comes back.

Idea: the close was `deviations` standard deviations or more below the volume-weighted average price
of the last `bars` bars and now turns up: long; far above and turning down: short.
Source: Berkowitz, Logue and Noser (1988) on VWAP as the price of the day; Chordia, Roll and
Subrahmanyam, order imbalance and reversal (2002).
Fails: when volume comes with news: then the average follows the price, not the price the average.
Abstains: where volume is not known.
"""

import numpy as np

from greenlight.indicators import F64, Regime, away, deviation, lagged, vwap
from greenlight.market import View
from greenlight.signals.convictions import FADE_BARS, fade, ramp
from greenlight.signals.parameters import Integer, Real
from greenlight.signals.strategy import strategy

_FULL_EXCESS = 1.5


@strategy(
    stacks=True,
    lookback=lambda bars: bars + 1 + FADE_BARS,
    regimes={Regime.RANGING},
    bars=Integer(20, 10, 100),
    deviations=Real(2.0, 1.0, 3.5),
)
def vwap_reversion(view: View, bars: int, deviations: float) -> F64:
    """0.5 to 1 towards the VWAP on the bar that turns back to it; fading."""
    fair = vwap(view.high, view.low, view.close, view.volume, bars)
    before = lagged(away(view.close, fair, deviation(view.close, bars)), 1)
    turns = np.sign(view.close - lagged(view.close, 1)) == -np.sign(before)
    conviction = 0.5 + 0.5 * ramp(np.abs(before), deviations, deviations + _FULL_EXCESS)
    event = (np.abs(before) >= deviations) & turns
    return fade(np.where(event, -np.sign(before) * conviction, 0.0))
