"""All voices together: one score a cell, what stands behind it, and what such scores were worth."""

from greenlight.forecast.calibration import (
    Calibration,
    CalibrationRule,
    Calibrator,
    Trades,
    calibrate,
    month_of,
)
from greenlight.forecast.ensemble import SILENCE, Share, ensemble, equal_weights, explain
from greenlight.forecast.weights import Learner, learned_weights

__all__ = [
    "SILENCE",
    "Calibration",
    "CalibrationRule",
    "Calibrator",
    "Learner",
    "Share",
    "Trades",
    "calibrate",
    "ensemble",
    "equal_weights",
    "explain",
    "learned_weights",
    "month_of",
]
