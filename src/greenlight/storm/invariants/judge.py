"""Every invariant at once, fact by fact."""

from collections.abc import Callable
from decimal import Decimal

from greenlight.storm.invariants.books import (
    BookedOnce,
    BooksAgree,
    CashConserved,
    DriftAnswered,
    GatesHold,
)
from greenlight.storm.invariants.resting import (
    NeverMoreThanWanted,
    NeverOversold,
    NothingLeftBehind,
    OneOrder,
    StopRests,
)
from greenlight.storm.invariants.scene import Invariant, Scene, Terms
from greenlight.storm.invariants.sending import (
    BotLives,
    JournalFirst,
    KillEmpties,
    OnlyReducing,
    StaleBotSilent,
)
from greenlight.storm.replica import VenueReplica
from greenlight.storm.witness import (
    Fact,
)

_NS = 1_000_000_000
_ZERO = Decimal(0)
_CENT = Decimal("0.01")


EVERY: tuple[Callable[[Scene], Invariant], ...] = (
    OneOrder,
    NeverMoreThanWanted,
    NeverOversold,
    StopRests,
    JournalFirst,
    BookedOnce,
    OnlyReducing,
    KillEmpties,
    StaleBotSilent,
    GatesHold,
    CashConserved,
    BooksAgree,
    NothingLeftBehind,
    DriftAnswered,
    BotLives,
)


class Judge:
    """Hears every fact, lets every invariant look, and stops at the first that does not hold."""

    def __init__(self, cash: Decimal, terms: Terms, start_ts: int) -> None:
        self.scene = Scene(VenueReplica(cash), terms, now=start_ts)
        self.facts: list[Fact] = []
        self._stop = StopRests(self.scene)
        others = [make(self.scene) for make in EVERY if make is not StopRests]
        self._invariants = [self._stop, *others]

    @property
    def longest_exposure_s(self) -> float:
        """The longest a position was bare in open market, whoever was to blame."""
        return self._stop.longest_s

    def hear(self, fact: Fact) -> None:
        """Take a fact in. Raises BrokenError."""
        self.facts.append(fact)
        self.scene.hear(fact)
        for invariant in self._invariants:
            invariant.hear(fact)

    def rest(self) -> None:
        """Everything has come to rest. Raises BrokenError."""
        for invariant in self._invariants:
            invariant.rest()
