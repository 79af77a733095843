"""Anything the world said that is not a bar."""

import math
from dataclasses import dataclass, field

from greenlight.domain.errors import UserError


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement and the moment from which it could be known.

    Times are ns UTC. `value` is the number a strategy may read; `payload` holds the rest as text.
    Raises UserError for a value that is not finite or a fact available before it happened.
    """

    source: str
    key: str
    event_time: int
    available_at: int
    value: float
    payload: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise UserError(f"fact {self.source}/{self.key}: value {self.value} is not a number")
        if self.available_at < self.event_time:
            raise UserError(
                f"fact {self.source}/{self.key}: available at {self.available_at}, "
                f"before it happened at {self.event_time}"
            )
