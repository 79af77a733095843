"""What is known while the invariants look, and what an invariant is."""

from dataclasses import dataclass, field
from decimal import Decimal

from greenlight.storm.replica import JournalReplica, VenueReplica
from greenlight.storm.witness import (
    Began,
    Disturbed,
    Fact,
    Gone,
    Session,
    Written,
)

_NS = 1_000_000_000
_ZERO = Decimal(0)
_CENT = Decimal("0.01")


class BrokenError(Exception):
    """An invariant does not hold."""

    def __init__(self, invariant: str, ts: int, why: str) -> None:
        super().__init__(f"{invariant}: {why}")
        self.invariant, self.ts, self.why = invariant, ts, why


@dataclass(frozen=True, slots=True)
class Terms:
    """How long is too long; seconds. exposure_s: without a stop, in calm weather. grace_s: so long
    after a disturbance nothing is counted. prompt_s: from an order to stop until it is obeyed.
    kill_s: from a kill until it is said how it went. drift_cash, drift_quantity: the largest shares
    that may be adopted unasked."""

    exposure_s: float = 45.0
    grace_s: float = 75.0
    prompt_s: float = 3.0
    kill_s: float = 300.0
    drift_cash: Decimal = Decimal("0.002")
    drift_quantity: Decimal = Decimal("0.005")


@dataclass(slots=True)
class Scene:
    """What is known so far. calm_s: seconds in which the market was open, a bot ran and nothing was
    done to it; open_s: of open market alone."""

    venue: VenueReplica
    terms: Terms
    journal: JournalReplica = field(default_factory=JournalReplica)
    now: int = 0
    calm_s: float = 0.0
    open_s: float = 0.0
    is_open: bool = False
    alive: set[str] = field(default_factory=set)
    disturbed_ts: int = 0

    def hear(self, fact: Fact) -> None:
        """Let time pass up to the fact, then take it in."""
        self._pass(fact.ts)
        match fact:
            case Session():
                self.is_open = fact.is_open
            case Began():
                self.alive.add(fact.bot)
                self.disturbed_ts = fact.ts
            case Gone():
                self.alive.discard(fact.bot)
            case Disturbed():
                self.disturbed_ts = fact.ts
            case Written():
                self.journal.hear(fact.entry.record)
            case _:
                self.venue.hear(fact)

    def _pass(self, ts: int) -> None:
        if ts <= self.now:
            return
        if self.is_open:
            self.open_s += (ts - self.now) / _NS
            calm_from = max(self.now, self.disturbed_ts + int(self.terms.grace_s * _NS))
            if self.alive and ts > calm_from:
                self.calm_s += (ts - calm_from) / _NS
        self.now = ts


class Invariant:
    """One thing that must hold. `hear` is given each fact after the scene has taken it in."""

    name = ""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def hear(self, fact: Fact) -> None:
        """Look at what was changed by a fact. Raises BrokenError."""

    def rest(self) -> None:
        """Look at the end, when everything has come to rest. Raises BrokenError."""

    def broken(self, why: str) -> BrokenError:
        """The error that says why it does not hold."""
        return BrokenError(self.name, self.scene.now, why)
