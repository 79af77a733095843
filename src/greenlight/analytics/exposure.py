"""How much of the money was at work, and how often it changed hands."""

import math
from dataclasses import dataclass

import numpy as np

from greenlight.analytics.arrays import BOOL, F64


@dataclass(frozen=True, slots=True)
class Exposure:
    """Fractions of equity over time. `mean_held` is over the rows with a position only.

    `share_held`: share of rows with a position. NaN without rows.
    """

    mean: float
    mean_held: float
    peak: float
    share_held: float


def exposure(gross: F64, held: BOOL) -> Exposure:
    """Summarise gross exposure (fractions of equity, a row each) and where a position was held."""
    if len(gross) == 0:
        return Exposure(*[math.nan] * 4)
    inside = gross[held]
    return Exposure(
        float(np.mean(gross)),
        float(np.mean(inside)) if len(inside) > 0 else 0.0,
        float(np.max(gross)),
        float(np.mean(held)),
    )


def turnover(notional: float, mean_equity: float, years: float) -> float:
    """Traded notional (both sides) over mean equity, a year; NaN without time or equity."""
    return notional / mean_equity / years if mean_equity > 0.0 and years > 0.0 else math.nan
