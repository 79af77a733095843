"""Killed and started again must go on as never killed, as far as the venue's answers allow.

Two results of one weather, one of them without its crashes, are held against each other close by
close: both hear of the same bars, hold the same positions and want the same orders. A fill may come
some seconds later and at another price, because the bot was down; so quantities may differ by what
that makes of equity, and positions from one close to the next, no longer.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from greenlight.domain import BarsClosed, OrderKind, PlaceOrder, Role, Side
from greenlight.ledger import Decided, Heard, Record
from greenlight.storm.replica import JournalReplica
from greenlight.storm.simulation import Result
from greenlight.storm.witness import Fact, Laid, Written

K = TypeVar("K")
Wish = tuple[int, Role, Side, OrderKind]
_CENTS = 0.002  # of equity: what other prices may make of cash
_UNITS = 0.02  # of a quantity: what that makes of the size of an order


@dataclass(slots=True)
class Close:
    """A close of the bot's: the book before it and what was decided at it."""

    ts: int
    cash: float
    held: dict[int, float]
    wishes: dict[Wish, float] = field(default_factory=dict)


def differences(killed: Result, twin: Result) -> list[str]:
    """What should be the same and is not; empty where everything is."""
    mine, other = _closes(killed.facts), _closes(twin.facts)
    if odd := sorted({one.ts for one in mine} ^ {one.ts for one in other}):
        return [f"bars that closed at {odd[:3]} were heard of by one of them alone"]
    apart = False
    for a, b in zip(mine, other, strict=True):
        was_apart, apart = apart, not _are_near(a.held, b.held)
        if was_apart and apart:
            return [f"at {a.ts}: holds {a.held}, never killed {b.held}"]
        if not apart and not _are_near(a.wishes, b.wishes):
            return [f"at {a.ts}: decided {a.wishes}, never killed {b.wishes}"]
    return _last_differences(killed, twin)


def _last_differences(killed: Result, twin: Result) -> list[str]:
    here, there = _last(killed.facts), _last(twin.facts)
    found = []
    if not _are_near(here.held, there.held):
        found.append(f"in the end holds {here.held}, never killed {there.held}")
    if abs(here.cash - there.cash) > _CENTS * abs(there.cash):
        found.append(f"in the end cash is {here.cash:.2f}, never killed {there.cash:.2f}")
    left, right = _resting(killed), _resting(twin)
    if left != right:
        found.append(f"in the end {left} rest, never killed {right}")
    return found


def _are_near(mine: Mapping[K, float], other: Mapping[K, float]) -> bool:
    """Whether the same things have nearly the same quantity."""
    if set(mine) != set(other):
        return False
    return all(abs(mine[one] - other[one]) <= max(1.0, _UNITS * abs(other[one])) for one in mine)


def _closes(facts: Iterable[Fact]) -> list[Close]:
    """Each close once, in order; what was decided until the next belongs to it."""
    book, closes = JournalReplica(), []
    for record in _records(facts):
        if isinstance(record, Heard) and isinstance(record.event, BarsClosed):
            closes.append(_here(record.event.time.close_ts, book))
        book.hear(record)
        if isinstance(record, Decided) and closes:
            for one in record.commands:
                if isinstance(one, PlaceOrder) and one.id.role in (Role.ENTRY, Role.EXIT):
                    wish = (one.id.symbol, one.id.role, one.side, one.kind)
                    closes[-1].wishes[wish] = one.quantity
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
    """Kinds of orders open at the end."""
    laid = {fact.venue_id: fact for fact in result.facts if isinstance(fact, Laid)}
    found = [laid[one] for one in result.left]
    return sorted((one.symbol, one.side, one.kind) for one in found)
