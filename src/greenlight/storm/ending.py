"""Killed and started again must go on as never killed, as far as the venue's answers allow.

Two results of one weather, one of them without its crashes, are held against each other close by
close. As long as both books are equal, what is decided must be equal; where a fill came at another
price or time, because the bot was down, the stories part and nothing more can be said. Where they
never part, both must end with the same book and the same orders at the venue.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from greenlight.domain import BarsClosed, OrderKind, PlaceOrder, Role, Side
from greenlight.ledger import Decided, Heard, Record
from greenlight.storm.replica import JournalReplica
from greenlight.storm.simulation import Result
from greenlight.storm.witness import Fact, Laid, Written

Wish = tuple[int, Role, Side, OrderKind, float]
_CENT = 0.005


@dataclass(slots=True)
class Close:
    """A close of the bot's: the book before it and what was decided at it."""

    ts: int
    cash: float
    held: dict[int, float]
    wishes: set[Wish] = field(default_factory=set)

    def has_same_book(self, other: "Close") -> bool:
        """Whether both came to it with the same cash and positions."""
        return abs(self.cash - other.cash) < _CENT and self.held == other.held


def differences(killed: Result, twin: Result) -> list[str]:
    """What should be the same and is not; empty where everything is."""
    mine, other = _closes(killed.facts), _closes(twin.facts)
    if [one.ts for one in mine] != [one.ts for one in other]:
        return ["not the same bars were decided on"]
    for a, b in zip(mine, other, strict=True):
        if not a.has_same_book(b):
            return []
        if a.wishes != b.wishes:
            return [f"at {a.ts}: decided {_told(a.wishes)}, never killed {_told(b.wishes)}"]
    here, there = _last(killed.facts), _last(twin.facts)
    if not here.has_same_book(there):
        return []
    left, right = _resting(killed), _resting(twin)
    return [] if left == right else [f"orders left: {left}, never killed {right}"]


def _closes(facts: Iterable[Fact]) -> list[Close]:
    """Each close once, in order; what was decided until the next belongs to it."""
    book, closes = JournalReplica(), []
    for record in _records(facts):
        if isinstance(record, Heard) and isinstance(record.event, BarsClosed):
            closes.append(_here(record.event.time.close_ts, book))
        book.hear(record)
        if isinstance(record, Decided) and closes:
            closes[-1].wishes |= {
                (one.id.symbol, one.id.role, one.side, one.kind, one.quantity)
                for one in record.commands
                if isinstance(one, PlaceOrder) and one.id.role in (Role.ENTRY, Role.EXIT)
            }
    return closes


def _last(facts: Iterable[Fact]) -> Close:
    book = JournalReplica()
    for record in _records(facts):
        book.hear(record)
    return _here(0, book)


def _here(ts: int, book: JournalReplica) -> Close:
    return Close(ts, book.cash, {n: q for n, q in book.quantity.items() if q != 0.0})


def _records(facts: Iterable[Fact]) -> Iterable[Record]:
    return (fact.entry.record for fact in facts if isinstance(fact, Written))


def _resting(result: Result) -> list[tuple[str, int, str]]:
    """Open orders at the end, by what they are."""
    laid = {fact.venue_id: fact for fact in result.facts if isinstance(fact, Laid)}
    found = [laid[one] for one in result.left]
    return sorted((one.symbol, one.side, f"{one.kind} {one.quantity}") for one in found)


def _told(wishes: set[Wish]) -> str:
    words = [
        f"{side.name} {q:g} of symbol {n} ({role.name})" for n, role, side, _, q in sorted(wishes)
    ]
    return ", ".join(words) or "nothing"
