"""What is made of bars before anything is decided: votes, scores, conditions, odds of winning.

Both clocks make it here, so that a score of a live bar is the score of that bar in a backtest.
"""

from greenlight.scoring.assembly import (
    BILL_RATE,
    ENDINGS,
    F32,
    F64,
    I64,
    STALE_BARS,
    Assembled,
    Seen,
    assemble,
)
from greenlight.scoring.calibrating import Followed, calibrated, candidates, gap_of, sides
from greenlight.scoring.stretch import Stretch
from greenlight.scoring.voting import (
    LEARNING_HORIZON,
    Voice,
    adjusted_closes,
    cast,
    scores,
    unchecked_share,
)

__all__ = [
    "BILL_RATE",
    "ENDINGS",
    "F32",
    "F64",
    "I64",
    "LEARNING_HORIZON",
    "STALE_BARS",
    "Assembled",
    "Followed",
    "Seen",
    "Stretch",
    "Voice",
    "adjusted_closes",
    "assemble",
    "calibrated",
    "candidates",
    "cast",
    "gap_of",
    "scores",
    "sides",
    "unchecked_share",
]
