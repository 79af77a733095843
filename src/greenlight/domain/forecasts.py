"""What all voices together say."""

from dataclasses import dataclass
from math import nan

NEUTRAL = 50.0


@dataclass(frozen=True, slots=True)
class Forecast:
    """Score 0..100 (50 neutral); p_win, win and loss (of notional) are NaN until calibrated."""

    score: float
    p_win: float = nan
    win: float = nan
    loss: float = nan
    sigma: float = nan
