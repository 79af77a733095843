"""Mean reversion at two standard deviations, for markets that go nowhere.

Idea: a close `deviations` standard deviations or more below its average is bought, one as far above
is sold, the farther the stronger. By a switch only banks and utilities, whose prices are tied to
rates and regulated earnings. Long only if fundamentals remain strong, where that is known: the fact
``fundamentals.<symbol>`` above 0 is strong, 0 or below is weak; where there is none the vote stands
and is marked unchecked.
Source: Poterba and Summers (1988), Lo and MacKinlay (1990); the bands are Bollinger's (2001).
Fails: when the price moved for a reason that lasts. It keeps silent outside ranges.
"""

import numpy as np

from greenlight.indicators import F64, Regime, away, bollinger, deviation
from greenlight.market import View
from greenlight.signals.convictions import ramp
from greenlight.signals.parameters import Choice, Integer, Real, Value
from greenlight.signals.strategy import Flags, strategy

#: Sectors of banks and utilities by GICS, by ICB and as people write them.
_STEADY = ("Financials", "Financial", "Financial Services", "Banks", "Utilities", "Utility")
_FULL_EXCESS = 1.5


def fundamentals(view: View) -> F64:
    """Strength of the symbol's fundamentals as of each bar; NaN where unknown."""
    return view.own_fact("fundamentals")


def fundamentals_unknown(view: View, **_: Value) -> Flags:
    """Bars on which a vote could not be checked against fundamentals."""
    return np.isnan(fundamentals(view))


@strategy(
    stacks=True,
    lookback=lambda bars: bars,
    regimes={Regime.RANGING},
    unchecked=fundamentals_unknown,
    bars=Integer(20, 10, 60),
    deviations=Real(2.0, 1.0, 3.5),
    banks_and_utilities_only=Choice(default=False, options=(False, True)),
)
def mean_reversion(
    view: View, bars: int, deviations: float, *, banks_and_utilities_only: bool
) -> F64:
    """0.5 to 1 against a close at least `deviations` away from its average."""
    bands = bollinger(view.close, bars, 1.0)
    distance = away(view.close, bands.middle, deviation(view.close, bars))
    conviction = 0.5 + 0.5 * ramp(np.abs(distance), deviations, deviations + _FULL_EXCESS)
    votes = np.where(np.abs(distance) >= deviations, -np.sign(distance) * conviction, 0.0)
    votes = np.where((votes > 0) & (fundamentals(view) <= 0), 0.0, votes)
    if banks_and_utilities_only:
        votes = np.where(np.isin(view.sector, _STEADY), votes, 0.0)
    return votes
