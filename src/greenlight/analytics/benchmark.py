"""A strategy beside its benchmark: alpha, beta, and the benchmark scaled to be comparable."""

import math
from dataclasses import dataclass

import numpy as np

from greenlight.analytics.arrays import F64


@dataclass(frozen=True, slots=True)
class AlphaBeta:
    """``excess = alpha + beta * benchmark excess + e``; errors are ordinary least squares' own.

    `alpha_ann`: alpha per period times the periods a year. `r_squared` in [0, 1].
    """

    alpha_ann: float
    alpha_error_ann: float
    beta: float
    beta_error: float
    r_squared: float

    @property
    def alpha_t(self) -> float:
        """Alpha in standard errors; NaN where the error is 0 or unknown."""
        return self.alpha_ann / self.alpha_error_ann if self.alpha_error_ann > 0.0 else math.nan


def alpha_beta(excess: F64, benchmark: F64, periods_a_year: float) -> AlphaBeta:
    """Regress excess returns on the benchmark's excess returns (Jensen 1968).

    NaN throughout with fewer than 3 periods, or where one of the two does not move.
    """
    count = len(excess)
    moved = benchmark - np.mean(benchmark) if count > 0 else benchmark
    spread = float(np.sum(moved**2))
    centred = excess - np.mean(excess) if count > 0 else excess
    if count < 3 or spread <= 1e-20 or float(np.sum(centred**2)) <= 1e-20:
        return AlphaBeta(*[math.nan] * 5)
    beta = float(np.sum(moved * centred)) / spread
    alpha = float(np.mean(excess)) - beta * float(np.mean(benchmark))
    residual = centred - beta * moved
    variance = float(np.sum(residual**2)) / (count - 2)
    beta_error = math.sqrt(variance / spread)
    alpha_error = math.sqrt(variance * (1.0 / count + float(np.mean(benchmark)) ** 2 / spread))
    total = float(np.sum(centred**2))
    fit = 1.0 - float(np.sum(residual**2)) / total if total > 0.0 else math.nan
    return AlphaBeta(alpha * periods_a_year, alpha_error * periods_a_year, beta, beta_error, fit)


def scaled(benchmark: F64, bills: F64, share: float) -> F64:
    """Returns of `share` of the money in the benchmark, the rest in bills, rebalanced each period.

    `share` above 1 borrows at the bill rate.
    """
    return np.asarray(share * benchmark + (1.0 - share) * bills, dtype=np.float64)


def equal_volatility_share(excess: F64, benchmark: F64) -> float:
    """The share of the benchmark as volatile as `excess` (Modigliani 1997); NaN if none."""
    if len(excess) < 2:
        return math.nan
    volatility = float(np.std(benchmark, ddof=1))
    return float(np.std(excess, ddof=1)) / volatility if volatility > 1e-14 else math.nan
