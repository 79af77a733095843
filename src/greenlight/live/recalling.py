"""Tickets, totals and wants, from the journal back to where a process left them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from greenlight.domain import OrderEnded, OrderFilled, OrderReport, RequestVerdicts
from greenlight.ledger import (
    Act,
    Answered,
    Decided,
    Entry,
    Heard,
    Outcome,
    Record,
    Reported,
    Sending,
)
from greenlight.live.hearing import learn_leg
from greenlight.live.wanting import Wants
from greenlight.live.working import Leg, Tickets, Working


@dataclass(frozen=True, slots=True)
class Memory:
    """What is rebuilt. is_native: whether an instrument's venue keeps the engine's own slots."""

    tickets: Tickets
    wants: Callable[[int], Wants]
    is_native: Callable[[str], bool]


def recall(entries: Iterable[Entry], memory: Memory) -> None:
    """Go through a run's records in order. Afterwards whatever is open is unsure.

    Totals come from what the trader has heard, states from what was reported and answered.
    """
    for entry in entries:
        _recall_one(entry.record, entry.ts, memory)
    for working in memory.tickets.open():
        working.is_unsure, working.ask_ts = True, 0


def _recall_one(record: Record, ts: int, memory: Memory) -> None:
    match record:
        case Heard():
            _heard(record, memory)
        case Decided(commands=commands):
            for command in commands:
                if not isinstance(command, RequestVerdicts):
                    memory.wants(command.id.symbol).take(command, ts)
        case Sending():
            _sent(record, ts, memory)
        case Answered():
            found = memory.tickets.find(record.client_id, "")
            if found is not None:
                working, _ = found
                native = memory.is_native(working.ticket.instrument)
                working.answered(record, ts, is_native=native)
                memory.tickets.know(working, record.client_id, record.venue_id)
                if record.outcome is Outcome.ABSENT and working.is_absent:
                    memory.tickets.give_up(working, ts)
        case Reported(report=report):
            found = memory.tickets.find(report.order.client_id, report.order.venue_id)
            if found is not None:
                _reported(*found, report, (ts, memory))
        case _:
            pass


def _heard(record: Heard, memory: Memory) -> None:
    """The trader was told: of a fill, and so how much was counted, or of an end."""
    event = record.event
    if isinstance(event, OrderEnded):
        memory.wants(event.id.symbol).ended(event)
    if not isinstance(event, OrderFilled):
        return
    wants = memory.wants(event.id.symbol)
    wants.tell(event)
    wants.heard(event)
    if record.source is None:
        return
    found = memory.tickets.find(record.source.client_id, "")
    if found is not None:
        working, leg = found
        count = working.count if leg is None else leg.count
        count.filled, count.notional = record.source.filled, record.source.notional


def _sent(record: Sending, ts: int, memory: Memory) -> None:
    """It was about to be sent: whether it was is not known before the answer to it."""
    tickets, ticket = memory.tickets, record.ticket
    if record.act is Act.SUBMIT:
        if ticket is not None and ticket.order is not None:
            tickets.used(record.client_id)
            tickets.add(Working(ticket, ticket.order, ts, open_act=Act.SUBMIT, heard_ts=ts))
        return
    found = tickets.find(record.client_id, record.venue_id or record.replaces)
    if found is None:
        return
    working, _ = found
    working.open_act = record.act
    if record.act is Act.REPLACE:
        tickets.used(record.client_id)
        working.replacement = ticket
        tickets.know(working, record.client_id, "")
    else:
        working.was_cancelled, working.cancel_ts = True, ts


def _reported(
    working: Working, leg: Leg | None, report: OrderReport, place: tuple[int, Memory]
) -> None:
    ts, memory = place
    order = report.order
    if leg is not None:
        leg.count.note(report)
        leg.state = order.state if leg.state.is_open else leg.state
        return
    working.count.note(report)
    working.absorb(order, ts)
    memory.tickets.know(working, "", order.venue_id)
    for one in order.legs:
        wants = memory.wants(working.order.symbol)
        learn_leg(working, one, wants, memory.tickets)
        _reported(working, working.leg, OrderReport(one), place)
