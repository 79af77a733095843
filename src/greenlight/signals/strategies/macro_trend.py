"""Macro trend alignment: be long while the market as a whole is above its 200-day average.

Idea: one vote for all symbols: long while the index stands above its 200-day average, short below,
in full from 5 % away on; a high VIX (above 30), where it is known, halves the long vote.
Source: Faber, "A Quantitative Approach to Tactical Asset Allocation" (2007); Whaley (2000) on VIX.
Fails: when the market crosses its average back and forth, and in crashes that start from a high.
Abstains: on bars shorter than a day, and where the index is unknown or has stood still for 10 days
(its data ended).
"""

import numpy as np

from greenlight.domain import Timeframe
from greenlight.indicators import F64, highest, lowest, sma
from greenlight.market import View
from greenlight.signals.convictions import ramp
from greenlight.signals.parameters import Integer, Real
from greenlight.signals.strategy import strategy

_INDICES = ("SP500", "SPX", "^GSPC", "SPY")
_FEAR = ("VIX", "vix", "^VIX", "VIXCLS")
_STALE_BARS = 10
_FULL_DISTANCE = 0.05
_MOST = 0.5


@strategy(
    stacks=True,
    lookback=lambda average: average + _STALE_BARS,
    average=Integer(200, 50, 300),
    fear=Real(30.0, 20.0, 60.0),
)
def macro_trend(view: View, average: int, fear: float) -> F64:
    """Up to 0.5 either way by the index's distance from its average."""
    if view.timeframe is not Timeframe.D1:
        return np.zeros(view.count)
    distance = _first_known([_distance(view.index(name), average) for name in _INDICES])
    fright = _first_known([*map(view.fact, _FEAR), *map(view.index, _FEAR)])
    votes = _MOST * np.sign(distance) * ramp(np.abs(distance), 0.0, _FULL_DISTANCE)
    votes = np.where((votes > 0) & (fright > fear), votes / 2.0, votes)
    return np.where(np.isnan(distance), 0.0, votes)


def _distance(index: F64, average: int) -> F64:
    """Share by which the index stands above its average; NaN where unknown or standing still."""
    if np.all(np.isnan(index)):
        return index
    stale = highest(index, _STALE_BARS) == lowest(index, _STALE_BARS)
    return np.where(stale, np.nan, index / sma(index, average) - 1.0)


def _first_known(series: list[F64]) -> F64:
    """At each bar the first of `series` that is known there."""
    known = series[0]
    for other in series[1:]:
        known = np.where(np.isnan(known), other, known)
    return known
