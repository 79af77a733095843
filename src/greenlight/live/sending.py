"""Requests to the venue: written down, durable, the lease asked for, sent, the answer written down.

A ticket counts as sent before its request leaves: whatever happens at any await after that, even
the end of the process, leaves it open and unsure, and the venue is asked about it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from greenlight.domain import (
    DuplicateError,
    Event,
    HaltError,
    LeaseError,
    OrderId,
    OrderReport,
    RefuseError,
    RetryError,
    Ticket,
    UnknownError,
    VenueOrder,
)
from greenlight.ledger import Act, Answered, FillSource, Outcome, Sending
from greenlight.live.planning import Cancel, Replace, Submit
from greenlight.live.ports import Broker, Clock, Journal
from greenlight.live.settings import OrderSettings, WatchSettings
from greenlight.live.timekeeping import Timekeeper
from greenlight.live.universe import Universe
from greenlight.live.working import Tickets, Working

_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Bench:
    """What an executor works with.

    rng: for jitter only. tell: puts an event, and where it comes from, into the trader's queue.
    alert: level and text for the owner. differ: book and venue seem to differ, compare them soon.
    """

    broker: Broker
    journal: Journal
    clock: Clock
    universe: Universe
    times: Timekeeper
    settings: OrderSettings
    watch: WatchSettings
    fence: int
    rng: np.random.Generator
    tell: Callable[[Event, FillSource | None], None]
    alert: Callable[[str, str], None]
    differ: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """One act on one ticket, written down and not sent yet."""

    act: Act
    working: Working
    ticket: Ticket | None = None
    name: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Reply:
    """What became of a request; `wait_s`: how long the venue asked to be left alone."""

    outcome: Outcome
    order: VenueOrder | None = None
    detail: str = ""
    wait_s: float = 0.0
    is_halt: bool = False


class Sender:
    """Writes requests down, sends them, writes the answers down and settles the tickets."""

    def __init__(
        self, bench: Bench, tickets: Tickets, hear: Callable[[OrderReport, str], object]
    ) -> None:
        self._bench, self._tickets, self._hear = bench, tickets, hear

    def write(self, step: Submit | Replace | Cancel) -> Request:
        """Append the `Sending` of a step; its ticket is open and unsure from here on."""
        match step:
            case Submit(ticket):
                return self._write_submit(ticket)
            case Replace(working, ticket):
                name = self._tickets.name(_order(ticket))
                ticket = replace(ticket, client_id=name)
                sending = Sending(Act.REPLACE, name, ticket, replaces=working.venue_id)
                self._bench.journal.append(sending)
                working.replacement = ticket
                self._tickets.know(working, name, "")
                request = Request(Act.REPLACE, working, ticket, name)
            case Cancel(working):
                name = working.ticket.client_id
                self._bench.journal.append(Sending(Act.CANCEL, name, venue_id=working.venue_id))
                working.was_cancelled, working.cancel_ts = True, self._bench.clock.now()
                request = Request(Act.CANCEL, working, None, name)
        request.working.open_act, request.working.is_unsure = request.act, True
        request.working.ask_ts = 0
        return request

    async def make_safe(self) -> None:
        """Wait until what was written is on disk, and see that the lease is still ours.

        Raises LeaseError if not.
        """
        await self._bench.journal.durable()
        if not await self._bench.journal.holds():
            raise LeaseError("the lease on the account was lost: nothing more is sent")

    async def send(self, request: Request) -> Reply:
        """Send it, and settle the ticket by what the venue said."""
        reply = await self._ask_broker(request)
        venue_id = request.working.venue_id if reply.order is None else reply.order.venue_id
        self._answer(request, reply.outcome, venue_id, reply.detail)
        if reply.order is not None:
            self._tickets.know(request.working, request.name, venue_id)
            self._hear(OrderReport(reply.order), "answer")
        return reply

    def withdraw(self, request: Request, why: str) -> None:
        """What was written down is not sent after all."""
        self._answer(request, Outcome.FAILED, request.working.venue_id, why)

    def _answer(self, request: Request, outcome: Outcome, venue_id: str, detail: str) -> None:
        answer = Answered(request.act, request.name, outcome, venue_id, detail)
        self._bench.journal.append(answer)
        working = request.working
        native = self._bench.broker.capabilities(working.ticket.instrument).native
        working.answered(answer, self._bench.clock.now(), is_native=native)

    def _write_submit(self, ticket: Ticket) -> Request:
        order = _order(ticket)
        ticket = replace(ticket, client_id=self._tickets.name(order))
        self._bench.journal.append(Sending(Act.SUBMIT, ticket.client_id, ticket))
        now = self._bench.clock.now()
        working = Working(ticket, order, now, open_act=Act.SUBMIT, is_unsure=True, heard_ts=now)
        self._tickets.add(working)
        return Request(Act.SUBMIT, working, ticket, ticket.client_id)

    async def _ask_broker(self, request: Request) -> Reply:
        broker, working, ticket = self._bench.broker, request.working, request.ticket
        try:
            if ticket is None:
                await broker.cancel(working.venue_id)
                return Reply(Outcome.ACCEPTED)
            if request.act is Act.SUBMIT:
                return Reply(Outcome.ACCEPTED, await broker.submit(ticket))
            return Reply(Outcome.ACCEPTED, await broker.replace(working.venue_id, ticket))
        except RetryError as error:
            return Reply(Outcome.FAILED, detail=str(error), wait_s=error.wait_s)
        except (UnknownError, DuplicateError) as error:
            return Reply(Outcome.UNKNOWN, detail=str(error))
        except RefuseError as error:
            return Reply(Outcome.REFUSED, detail=str(error))
        except LeaseError:
            raise
        except HaltError as error:
            return Reply(Outcome.FAILED, detail=str(error), is_halt=True)


def _order(ticket: Ticket) -> OrderId:
    if ticket.order is None:
        raise ValueError(f"a ticket of {ticket.instrument} that no trader's order stands behind")
    return ticket.order
