"""A seed's story in lines that people read: times, what was sent, what came of it."""

import heapq
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from greenlight.domain import BarsClosed, OrderFilled
from greenlight.ledger import Decided, Entry, Heard, Reconciled, Reported
from greenlight.storm.replica import name_of
from greenlight.storm.simulation import Result
from greenlight.storm.weather import Weather
from greenlight.storm.witness import (
    Began,
    Disturbed,
    Ended,
    Fact,
    FenceMoved,
    Filled,
    Gone,
    Laid,
    LeaseAsked,
    Moved,
    Received,
    Restated,
    Session,
    Shown,
    Written,
)

_ET = ZoneInfo("America/New_York")
_NS = 1_000_000_000
_WIDE = 160


def trace(weather: Weather, result: Result) -> Iterator[str]:
    """The plan, everything that was seen, and how it ended."""
    yield from weather.told()
    yield ""
    facts = ((fact.ts, 0, text) for fact in result.facts if (text := _told(fact)) is not None)
    said = ((ts, 1, text) for ts, text in result.said)
    for ts, _, text in heapq.merge(facts, said, key=lambda line: line[0]):
        yield f"{_clock(ts)}  {text[:_WIDE]}"
    if result.broken is not None:
        yield f"{_clock(result.broken.ts)}  BROKEN {result.broken}"


def _clock(ts: int) -> str:
    moment = datetime.fromtimestamp(ts // _NS, UTC).astimezone(_ET)
    return f"{moment:%a %d %H:%M:%S}.{ts % _NS // 1_000_000:03d}"


def _told(fact: Fact) -> str | None:  # a line for each kind
    match fact:
        case Received():
            what = f"{fact.side:+d} {fact.quantity} {fact.symbol}" if fact.symbol else ""
            return f"venue <- {fact.bot}: {fact.act} {fact.client_id or fact.venue_id} {what}"
        case Laid():
            place = f" in place of {fact.replaces}" if fact.replaces else ""
            return (
                f"venue    takes {fact.client_id} {fact.kind} {fact.side:+d} {fact.quantity} "
                f"{fact.symbol} as {fact.venue_id}{place}"
            )
        case Filled():
            return f"venue    fills {fact.quantity} at {fact.price} of {fact.venue_id}"
        case Ended():
            return f"venue    {fact.state} {fact.venue_id}"
        case Restated():
            return f"venue    restates {fact.venue_id}: {fact.quantity}, {fact.filled} filled"
        case Moved():
            return f"venue    moves {fact.kind} {fact.amount} {fact.symbol} {fact.quantity}"
        case Written():
            return _entry(fact.entry)
        case Began() | Gone() | FenceMoved() | Disturbed() | Session():
            return f"-- {fact}"
        case LeaseAsked() if not fact.holds:
            return f"-- {fact}"
        case Shown() | LeaseAsked():
            return None


def _entry(entry: Entry) -> str | None:
    record = entry.record
    match record:
        case Heard(event=BarsClosed() as bars):
            return f"journal  {entry.seq} Heard bars, closes {bars.close.tolist()}"
        case Heard(event=OrderFilled() as fill):
            name = "" if record.source is None else record.source.client_id
            return f"journal  {entry.seq} Heard fill {name} {fill.quantity:g} at {fill.price:g}"
        case Decided():
            commands = "; ".join(str(command) for command in record.commands)
            return f"journal  {entry.seq} Decided {commands}" if commands else None
        case Reported():
            order = record.report.order
            whose = "ours" if name_of(order.client_id) is not None else "other"
            return (
                f"journal  {entry.seq} Reported by {record.by}: {whose} {order.client_id} "
                f"{order.state} {order.filled}/{order.quantity}"
            )
        case Reconciled():
            return f"journal  {entry.seq} Reconciled {'; '.join(map(str, record.drifts))}"
        case _:
            return f"journal  {entry.seq} {record}"
