"""What one voice says, alone."""

from dataclasses import dataclass
from enum import IntEnum

from greenlight.domain.errors import UserError


class Direction(IntEnum):
    """Where a voice, or a position, points."""

    SHORT = -1
    FLAT = 0
    LONG = 1


@dataclass(frozen=True, slots=True)
class Signal:
    """Direction and confidence in [0, 1] of one strategy or learner, uncalibrated."""

    voice: str
    direction: Direction
    confidence: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.confidence <= 1.0:
            raise UserError(
                f"signal of {self.voice}: confidence {self.confidence} is not in [0, 1]"
            )
