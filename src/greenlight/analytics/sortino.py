"""Reward for downside risk."""

import math

import numpy as np

from greenlight.analytics.arrays import F64


def sortino_ann(excess: F64, periods_a_year: float) -> float:
    """Mean excess return over the downside deviation ``sqrt(mean(min(r, 0)**2))``, annualised.

    The mean runs over all periods, not only the losing ones (Sortino and van der Meer 1991); the
    target is the bill. NaN where there is no loss.
    """
    if len(excess) < 2:
        return math.nan
    downside = math.sqrt(float(np.mean(np.minimum(excess, 0.0) ** 2)))
    if downside <= 1e-14:
        return math.nan
    return float(np.mean(excess)) / downside * math.sqrt(periods_a_year)
