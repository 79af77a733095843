"""What a reasoner makes of the context: it can only shrink a trade."""

from dataclasses import dataclass
from enum import StrEnum


class Ruling(StrEnum):
    """The four answers a reasoner may give, and the one for none being asked."""

    PROCEED = "proceed"
    REDUCE = "reduce"
    SKIP = "skip"
    ABSTAIN = "abstain"
    NOT_REASONED = "not reasoned"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A ruling on one candidate with the reasoner's confidence in [0, 1] and its words."""

    ruling: Ruling
    confidence: float = 1.0
    rationale: str = ""

    @property
    def multiplier(self) -> float:
        """Share of the proposed quantity that may go on, in [0, 1]."""
        match self.ruling:
            case Ruling.PROCEED:
                return max(0.5, min(1.0, self.confidence))
            case Ruling.REDUCE | Ruling.ABSTAIN:
                return 0.5
            case Ruling.SKIP:
                return 0.0
            case Ruling.NOT_REASONED:
                return 1.0
