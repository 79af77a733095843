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

#: Swings that `latest_regimes` looks at, and closes.
YEAR_BARS = 252
TREND_BARS = 120

_SWING_BARS = 20
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
    averages = (average, lagged(average, _SLOPE_BARS))
    out = _told_apart(close, averages, efficiency(close, _WAY_BARS))
    calmer = after_warmup(_calmer_share(windows(sigma(close, _SWING_BARS), YEAR_BARS)), len(close))
    out[calmer >= _TURBULENT_SHARE] = Regime.TURBULENT
    out[: REGIME_LOOKBACK - 1] = Regime.UNKNOWN
    return out


def latest_regimes(close: F64, swings: F64) -> NDArray[np.int8]:
    """`Regime` of the last bar of K symbols, each with at least REGIME_LOOKBACK bars.

    close: their last TREND_BARS closes or more (K, any); swings: their last YEAR_BARS values of
    `sigma` (K, YEAR_BARS). What `regimes` says of that bar, to the last bit.
    """
    if len(close) == 0:
        return np.zeros(0, dtype=np.int8)
    tail = close[:, -TREND_BARS:]
    average = sma(tail.reshape(-1), _AVERAGE_BARS).reshape(tail.shape)
    way = close[:, -_WAY_BARS - 1 :]
    efficient = efficiency(way.reshape(-1), _WAY_BARS).reshape(way.shape)[:, -1]
    averages = (average[:, -1], average[:, -1 - _SLOPE_BARS])
    out = _told_apart(close[:, -1], averages, efficient)
    out[_calmer_share(swings) >= _TURBULENT_SHARE] = Regime.TURBULENT
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


def _told_apart(close: F64, averages: tuple[F64, F64], efficient: F64) -> NDArray[np.int8]:
    """Trend or range by close, its average now and before, and the efficiency ratio."""
    average, before = averages
    makes_way = efficient >= _TREND_EFFICIENCY
    out = np.full(len(close), Regime.RANGING, dtype=np.int8)
    out[makes_way & (close > average) & (average > before)] = Regime.TRENDING_UP
    out[makes_way & (close < average) & (average < before)] = Regime.TRENDING_DOWN
    return out


def _calmer_share(year: F64) -> F64:
    """Share of a year's swings (K, YEAR_BARS) that the last of them clearly exceeds."""
    share: F64 = np.count_nonzero(year < year[:, -1:] / _TURBULENT_EXCESS, axis=1) / YEAR_BARS
    return share
