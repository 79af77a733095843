"""The Sharpe ratio, how uncertain it is, and what is left of it after many trials.

Every ratio here is on EXCESS returns (over the bill) and per period unless its name ends `_ann`.

Sources: Sharpe (1994); Lo, "The Statistics of Sharpe Ratios" (2002); Mertens (2002), the same error
for returns that are not normal; Bailey and Lopez de Prado, "The Sharpe Ratio Efficient Frontier"
(2012) and "The Deflated Sharpe Ratio" (2014).
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from greenlight.analytics.arrays import F64

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Sharpe:
    """A Sharpe ratio of `count` excess returns with what its uncertainty needs.

    `ratio` per period with standard error `error`; `ratio_ann`, `error_ann` times the root of the
    periods a year. `skew` 0 and `kurtosis` 3 for normal returns. NaN where it cannot be had.
    """

    count: int
    ratio: float = math.nan
    error: float = math.nan
    ratio_ann: float = math.nan
    error_ann: float = math.nan
    skew: float = math.nan
    kurtosis: float = math.nan


def sharpe(excess: F64, periods_a_year: float) -> Sharpe:
    """Mean over sample standard deviation of excess returns, with Mertens' standard error."""
    count = len(excess)
    if count < 3:
        return Sharpe(count)
    mean = float(np.mean(excess))
    centred = excess - mean
    squares = centred * centred
    variance = float(np.mean(squares))
    deviation = math.sqrt(variance * count / (count - 1))
    if deviation <= 1e-14:
        return Sharpe(count)
    # products in place: powers of arrays cost twenty times as much
    centred *= squares
    squares *= squares
    skew = float(np.mean(centred)) / variance**1.5
    kurtosis = float(np.mean(squares)) / variance**2
    ratio = mean / deviation
    error = standard_error(ratio, skew, kurtosis, count)
    scale = math.sqrt(periods_a_year)
    return Sharpe(count, ratio, error, ratio * scale, error * scale, skew, kurtosis)


def standard_error(ratio: float, skew: float, kurtosis: float, count: int) -> float:
    """``sqrt((1 - skew * SR + (kurtosis - 1) / 4 * SR**2) / (T - 1))`` (Mertens 2002).

    With skew 0 and kurtosis 3 it is Lo's ``sqrt((1 + SR**2 / 2) / T)`` but for T - 1. Returns are
    taken to be independent of each other.
    """
    variance = 1.0 - skew * ratio + (kurtosis - 1.0) / 4.0 * ratio**2
    return math.sqrt(variance / (count - 1)) if variance > 0.0 and count > 1 else math.nan


def probabilistic_sharpe(measured: Sharpe, benchmark: float = 0.0) -> float:
    """Probability that the true ratio is above `benchmark` (per period).

    ``PSR = Phi((SR - SR*) / standard error)`` (Bailey and Lopez de Prado 2012).
    """
    if math.isnan(measured.error):
        return math.nan
    return _NORMAL.cdf((measured.ratio - benchmark) / measured.error)


def expected_maximum_sharpe(trials: int, variance: float) -> float:
    """The best ratio (per period) to expect among `trials` that are all worth nothing.

    ``sqrt(V) * ((1 - g) * PhiInv(1 - 1/N) + g * PhiInv(1 - 1/(N e)))``, g the constant of Euler and
    Mascheroni, V the variance of the ratios across trials; 0 for a single trial.
    """
    if trials <= 1 or variance <= 0.0:
        return 0.0
    first = _NORMAL.inv_cdf(1.0 - 1.0 / trials)
    second = _NORMAL.inv_cdf(1.0 - 1.0 / (trials * math.e))
    gamma = float(np.euler_gamma)
    return math.sqrt(variance) * ((1.0 - gamma) * first + gamma * second)


def deflated_sharpe(measured: Sharpe, trials: int, variance: float | None = None) -> float:
    """Probability that the true ratio is above 0 although it is the best of `trials`.

    ``DSR = PSR(expected_maximum_sharpe(N, V))`` (Bailey and Lopez de Prado 2014). Without the
    variance of the trials' own ratios, that of a worthless trial of the same length is taken,
    ``1 / (T - 1)``. Trials count as independent, so the answer errs on the strict side.
    """
    if variance is None:
        variance = 1.0 / (measured.count - 1) if measured.count > 1 else 0.0
    return probabilistic_sharpe(measured, expected_maximum_sharpe(trials, variance))
