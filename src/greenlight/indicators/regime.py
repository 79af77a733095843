"""The regime of a symbol, or of the market, at each bar: the one place where it is defined.

The rule, on closes up to and including the bar:

1. turbulent: volatility (`sigma` over 20 bars) is at least 5 % above nine tenths of its own values
   of the last 252 bars. Turbulence comes first: in it neither trend nor range can be trusted.
2. trending up: the price makes its way (efficiency ratio over 60 bars of at least 0.13, what a
   random walk has on average), stands above its 100-bar average, and that average is higher than
   20 bars ago. Trending down is the mirror image.
3. ranging: anything else.

The first 271 bars have no regime (UNKNOWN). A bar's regime never depends on more than the last 272.
Sources: Kaufman 1995 (efficiency ratio); Faber 2007 (side and slope of a long average); Ang and
Bekaert 2002 (regimes told apart by volatility).
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from greenlight.indicators.arrays import F64, after_warmup, lagged, windows
from greenlight.indicators.averages import sma
from greenlight.indicators.oscillators import efficiency
from greenlight.indicators.volatility import returns, sigma

REGIME_LOOKBACK = 272

_SWING_BARS = 20
_YEAR_BARS = 252
_TURBULENT_SHARE = 0.9
_TURBULENT_EXCESS = 1.05
_WAY_BARS = 60
_TREND_EFFICIENCY = 0.13
_AVERAGE_BARS = 100
_SLOPE_BARS = 20


class Regime(IntEnum):
    """What kind of market it is."""

    UNKNOWN = 0
    TRENDING_UP = 1
    TRENDING_DOWN = 2
    RANGING = 3
    TURBULENT = 4


TRENDING = frozenset({Regime.TRENDING_UP, Regime.TRENDING_DOWN})
#: Every regime but the turbulent one.
CALM = frozenset({Regime.TRENDING_UP, Regime.TRENDING_DOWN, Regime.RANGING})


def regimes(close: F64) -> NDArray[np.int8]:
    """`Regime` of each bar from a symbol's own closes (shape T, no holes)."""
    average = sma(close, _AVERAGE_BARS)
    before = lagged(average, _SLOPE_BARS)
    makes_way = efficiency(close, _WAY_BARS) >= _TREND_EFFICIENCY
    out = np.full(len(close), Regime.RANGING, dtype=np.int8)
    out[makes_way & (close > average) & (average > before)] = Regime.TRENDING_UP
    out[makes_way & (close < average) & (average < before)] = Regime.TRENDING_DOWN
    out[_is_turbulent(close)] = Regime.TURBULENT
    out[: REGIME_LOOKBACK - 1] = Regime.UNKNOWN
    return out


def market_index(close: F64) -> F64:
    """Equal-weight index (T, from 1.0) of closes (T, N): each row moves by the mean return.

    A symbol counts where it has both this row's close and an earlier one (returns over holes
    included). Closes must be adjusted, or a split looks like a crash.
    """
    total, known = np.zeros(len(close)), np.zeros(len(close))
    for column in close.T:
        rows = np.flatnonzero(~np.isnan(column))
        if len(rows) > 1:
            total[rows[1:]] += returns(column[rows])[1:]
            known[rows[1:]] += 1.0
    mean = np.divide(total, known, out=np.zeros(len(close)), where=known > 0)
    return np.cumprod(1.0 + mean, dtype=np.float64)


def market_regimes(close: F64) -> NDArray[np.int8]:
    """`Regime` of each row of a market of adjusted closes (T, N): that of its `market_index`."""
    return regimes(market_index(close))


def _is_turbulent(close: F64) -> NDArray[np.bool_]:
    swings = sigma(close, _SWING_BARS)
    year = windows(swings, _YEAR_BARS)
    calmer = np.count_nonzero(year < year[:, -1:] / _TURBULENT_EXCESS, axis=1) / _YEAR_BARS
    return after_warmup(calmer, len(close)) >= _TURBULENT_SHARE
