"""A venue that does to a kill switch what venues do: late, partial, stale, hung, refusing."""

import asyncio
import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial

from greenlight.domain import (
    Capabilities,
    DuplicateError,
    Holding,
    OrderKind,
    OrderState,
    RefuseError,
    RetryError,
    Side,
    Ticket,
    UnknownError,
    VenueAccount,
    VenueOrder,
)

NS = 1_000_000_000
D = Decimal


@dataclass
class Manners:
    """How the venue behaves; seconds. parts: in how many fills a market order is filled."""

    fill_s: float = 0.2
    parts: int = 1
    cancel_s: float = 0.2
    lag_s: float = 0.0
    is_open: bool = True
    queues: bool = True
    faults: list[str] = field(default_factory=list)  # for the next submits, in order
    cancel_faults: list[str] = field(default_factory=list)
    read_faults: list[Exception] = field(default_factory=list)


class Venue:
    """One account; time comes from the clock, what is due happens when it is looked at."""

    name = "venue"
    requests_per_minute = 200

    def __init__(self, clock, manners=None):
        self.clock, self.manners = clock, manners or Manners()
        self.orders: dict[str, VenueOrder] = {}
        self.position: dict[str, Decimal] = {}
        self.lowest: dict[str, Decimal] = {}
        self.requests = 0
        self.submitted: list[str] = []
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._past: list[tuple[int, dict[str, Decimal]]] = []
        self._ids = itertools.count(1)

    def capabilities(self, _instrument):
        return Capabilities(queues=self.manners.queues)

    def hold(self, instrument, quantity):
        self.position[instrument] = D(quantity)
        self._past.append((self.clock.now(), dict(self.position)))

    def rest(self, instrument, side, quantity, client_id, kind=OrderKind.STOP):
        """An order that rests already."""
        order = VenueOrder(
            f"v{next(self._ids)}", client_id, instrument, side, kind, D(quantity), D(0), None,
            OrderState.WORKING, price=D(1),
        )  # fmt: skip
        self.orders[order.venue_id] = order
        return order

    def later(self, seconds, act):
        """Something happens after so many seconds."""
        at = self.clock.now() + int(seconds * NS)
        heapq.heappush(self._due, (at, next(self._ids), act))

    def arrive(self, ticket):
        """An order reaches the venue."""
        self.submitted.append(ticket.client_id)
        pending = not self.manners.is_open
        order = VenueOrder(
            f"v{next(self._ids)}", ticket.client_id, ticket.instrument, ticket.side, ticket.kind,
            ticket.quantity, D(0), None, OrderState.PENDING if pending else OrderState.WORKING,
        )  # fmt: skip
        self.orders[order.venue_id] = order
        if not pending and ticket.kind is OrderKind.MARKET:
            parts = self.manners.parts
            part = (ticket.quantity / parts).quantize(D("0.0001"))
            last = ticket.quantity - part * (parts - 1)
            for nth in range(parts):
                size = part if nth < parts - 1 else last
                self.later(
                    self.manners.fill_s * (nth + 1), partial(self.fill, order.venue_id, size)
                )
        return order

    def fill(self, venue_id, quantity):
        order = self.orders[venue_id]
        if not order.state.is_open:
            return
        filled = order.filled + quantity
        state = OrderState.FILLED if filled >= order.quantity else order.state
        self.orders[venue_id] = replace(order, filled=filled, average=D(10), state=state)
        held = self.position.get(order.instrument, D(0)) + order.side * quantity
        self.position[order.instrument] = held
        self.lowest[order.instrument] = min(held, self.lowest.get(order.instrument, held))
        self._past.append((self.clock.now(), dict(self.position)))

    def _end(self, venue_id):
        order = self.orders[venue_id]
        if order.state.is_open:
            self.orders[venue_id] = replace(order, state=OrderState.CANCELLED)

    async def _arrival(self):
        self.requests += 1
        await asyncio.sleep(0.02)
        self.happen()

    def happen(self):
        """What is due by now happens."""
        while self._due and self._due[0][0] <= self.clock.now():
            heapq.heappop(self._due)[2]()

    def _fault(self, faults):
        return faults.pop(0) if faults else ""

    async def submit(self, ticket: Ticket):
        await self._arrival()
        if any(order.client_id == ticket.client_id for order in self.orders.values()):
            raise DuplicateError("client_order_id must be unique")
        match self._fault(self.manners.faults):
            case "lost":
                raise UnknownError("gateway time-out")
            case "taken":
                self.arrive(ticket)
                raise UnknownError("gateway time-out")
            case "late":
                self.later(6.0, lambda: self._late(ticket))
                raise UnknownError("gateway time-out")
            case "hang":
                self.arrive(ticket)
                await asyncio.sleep(3600.0)
            case "busy":
                raise RetryError("too many requests", 3.0)
            case "refuse":
                raise RefuseError("not today")
            case "bug":
                raise KeyError("id")
        if not self.manners.is_open and not self.manners.queues:
            raise RefuseError("market is closed")
        self._admit(ticket)
        return self.arrive(ticket)

    def _late(self, ticket):
        if all(order.client_id != ticket.client_id for order in self.orders.values()):
            self.arrive(ticket)

    def _admit(self, ticket):
        opened = [o for o in self.orders.values() if o.state.is_open]
        same = [o for o in opened if o.instrument == ticket.instrument]
        if any(o.side != ticket.side for o in same):
            raise RefuseError("potential wash trade detected")
        promised = sum((o.quantity - o.filled for o in same), start=D(0))
        if promised + ticket.quantity > abs(self.position.get(ticket.instrument, D(0))):
            raise RefuseError("insufficient qty available for order")

    async def cancel(self, venue_id):
        await self._arrival()
        match self._fault(self.manners.cancel_faults):
            case "unknown":
                raise UnknownError("gateway time-out")
            case "never":
                return
        order = self.orders[venue_id]
        if not order.state.is_open:
            raise RefuseError("order is not open")
        self.orders[venue_id] = replace(order, state=OrderState.CANCELLING)
        self.later(self.manners.cancel_s, lambda: self._end(venue_id))

    async def find(self, client_id):
        await self._arrival()
        found = [o for o in self.orders.values() if o.client_id == client_id]
        return found[0] if found else None

    async def order(self, venue_id):
        await self._arrival()
        return self.orders.get(venue_id)

    async def open_orders(self):
        await self._arrival()
        if self.manners.read_faults:
            raise self.manners.read_faults.pop(0)
        return tuple(o for o in self.orders.values() if o.state.is_open)

    async def holdings(self):
        await self._arrival()
        known = self.clock.now() - int(self.manners.lag_s * NS)
        seen = [position for at, position in self._past if at <= known] or [{}]
        shown = self.position if self.manners.lag_s == 0.0 else seen[-1]
        return {n: Holding(n, q, D(10)) for n, q in shown.items() if q != 0}

    async def account(self):
        return VenueAccount("A1", D(1000), D(1000))

    async def now(self):
        return self.clock.now()


def entry(instrument, quantity, client_id="gl1-0-1E1"):
    """A buy that a bot sends."""
    from greenlight.domain import Span

    return Ticket(client_id, instrument, Side.BUY, OrderKind.MARKET, D(quantity), Span.DAY)
