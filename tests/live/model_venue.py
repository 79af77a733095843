"""A small venue of one instrument, written from docs/live.md alone: it reserves, refuses, forgets.

It keeps its own invariants: what it holds never changes sign, no two orders of one intent and role
are open at once. What breaks one is kept in `broken`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import numpy as np

from greenlight.domain import (
    Activity,
    Capabilities,
    ClientId,
    DuplicateError,
    Execution,
    Holding,
    OrderKind,
    OrderReport,
    OrderState,
    Quote,
    RefuseError,
    RetryError,
    Role,
    Side,
    Span,
    Ticket,
    UnknownError,
    VenueAccount,
    VenueOrder,
)

ZERO = Decimal(0)
EQUITIES = Capabilities(pairs=True)
CRYPTO = Capabilities(stops=frozenset({OrderKind.STOP_LIMIT}), rests_fractions=True)
FREE = Capabilities(reserves=False, opposes=True, rests_fractions=True, shorts=True)
PLAIN = Capabilities(replaces=False)


@dataclass
class Resting:
    """An order at the venue. triggered: a stop that has become a market order."""

    ticket: Ticket
    order: VenueOrder
    triggered: bool = False
    parent: "Resting | None" = None
    leg: "Resting | None" = None
    shown_ts: int = 0

    @property
    def is_open(self) -> bool:
        return self.order.state.is_open

    @property
    def left(self) -> Decimal:
        return self.order.quantity - self.order.filled


@dataclass
class Faults:
    """Chances of what may go wrong with a request; `script` is taken first, one for each call."""

    retry: float = 0.0
    lost: float = 0.0  # not done, and nobody knows
    unknown: float = 0.0  # done, and nobody knows
    late: float = 0.0  # done, nobody knows, and it does not show for a while
    partial: float = 0.0
    script: list[str] = field(default_factory=list)


class ModelVenue:
    """A `Broker`; what it reports is kept in `reports`, for the test to deliver as it likes."""

    name = "model"

    def __init__(
        self,
        clock: Any,
        capabilities: Capabilities,
        price: str = "100",
        seed: int = 0,
    ) -> None:
        self.clock, self._capabilities = clock, capabilities
        self.price = Decimal(price)
        self.rng = np.random.default_rng(seed)
        self.faults = Faults()
        self.orders: dict[str, Resting] = {}
        self.position = ZERO
        self.is_open = True
        self.reports: list[OrderReport] = []
        self.calls: list[str] = []
        self.broken: list[str] = []
        self.boundary: Callable[[str], Awaitable[None]] | None = None
        self.delay_s = 0.0
        self.latest_s = 4.0
        self.refuse: Callable[[Ticket], str | None] = lambda _ticket: None
        self.requests_per_minute = 6000
        self.may_short = False
        self._count = 0

    # the world

    def quote(self, spread: str = "0.01") -> Quote:
        half = Decimal(spread)
        return Quote("AAA", self.clock.now(), self.price - half, self.price + half)

    def move(self, price: str | Decimal) -> None:
        """Another price: stops and limits that it touches fill."""
        self.price = Decimal(price)
        self.match()

    def open_market(self, *, is_open: bool) -> None:
        self.is_open = is_open
        if not is_open:
            for one in self._open():
                if one.ticket.span is Span.DAY and not self._is_queued(one):
                    self._end(one, OrderState.EXPIRED)
        self.match()

    def _is_queued(self, one: Resting) -> bool:
        return one.order.state is OrderState.PENDING and one.parent is None

    def match(self) -> None:
        if not self.is_open:
            return
        for one in list(self.orders.values()):
            if one.is_open and one.order.state is OrderState.PENDING and one.parent is None:
                self._change(one, state=OrderState.WORKING)
            if one.is_open and self._touched(one):
                self._fill(one)

    def _touched(self, one: Resting) -> bool:
        ticket, side = one.ticket, one.order.side
        price, limit = one.order.price, one.order.limit
        is_stop = ticket.kind in (OrderKind.STOP, OrderKind.STOP_LIMIT)
        if is_stop and price is not None and side * self.price >= side * price:
            one.triggered = True
        if ticket.kind is OrderKind.MARKET:
            return True
        if ticket.kind is OrderKind.LIMIT and price is not None:
            return bool(side * self.price <= side * price)
        if ticket.kind is OrderKind.STOP_LIMIT and limit is not None:
            return one.triggered and bool(side * self.price <= side * limit)
        return one.triggered

    def _fill(self, one: Resting, most: Decimal | None = None) -> None:
        quantity = one.left if most is None else min(most, one.left)
        if most is None and quantity > 1 and self.rng.random() < self.faults.partial:
            quantity = Decimal(int(self.rng.integers(1, int(quantity) + 1)))
        if quantity <= 0:
            return
        filled = one.order.filled + quantity
        before = (one.order.average or ZERO) * one.order.filled
        average = (before + quantity * self.price) / filled
        state = OrderState.FILLED if filled == one.order.quantity else OrderState.WORKING
        old = self.position
        self.position += one.order.side * quantity
        if old * self.position < 0:
            self.broken.append(f"{one.ticket.client_id} turned {old} into {self.position}")
        self._count += 1
        execution = Execution(f"x{self._count}", quantity, self.price, self.clock.now())
        self._change(one, execution, filled=filled, average=average, state=state)
        for other in (one.leg, one.parent):
            if other is not None and other.is_open and not one.is_open:
                self._end(other, OrderState.CANCELLED)

    def fill(self, role: Role, quantity: str | None = None) -> None:
        """Fill an open order of a role, as far as said."""
        for one in self._open():
            name = ClientId.parse(one.ticket.client_id)
            if name is not None and name.role is role:
                self._fill(one, None if quantity is None else Decimal(quantity))

    # the port

    def capabilities(self, _instrument: str) -> Capabilities:
        return self._capabilities

    async def submit(self, ticket: Ticket) -> VenueOrder:
        late = await self._begin(f"submit {ticket.client_id}")
        if self.find_now(ticket.client_id) is not None:
            raise DuplicateError(f"{ticket.client_id} was used")
        self._check(ticket, None)
        one = self._lay(ticket)
        return await self._finish(one, late)

    async def replace(self, venue_id: str, ticket: Ticket) -> VenueOrder:
        late = await self._begin(f"replace {venue_id}")
        old = self.orders.get(venue_id)
        if old is None or not old.is_open:
            raise RefuseError("rule: not open")
        if ticket.quantity <= old.order.filled:
            raise RefuseError("rule: filled")
        self._check(ticket, old)
        one = self._lay(ticket, old)
        return await self._finish(one, late)

    async def cancel(self, venue_id: str) -> None:
        late = await self._begin(f"cancel {venue_id}")
        one = self.orders.get(venue_id)
        if one is None or not one.is_open:
            raise RefuseError("rule: not open")
        self._end(one, OrderState.CANCELLED)
        if one.leg is not None and one.leg.is_open:
            self._end(one.leg, OrderState.CANCELLED)
        await self._wait("after cancel")
        if late is not None:
            raise UnknownError("nobody knows")

    def find_now(self, client_id: str) -> Resting | None:
        for one in self.orders.values():
            if one.ticket.client_id == client_id:
                return one
        return None

    async def find(self, client_id: str) -> VenueOrder | None:
        await self._read(f"find {client_id}")
        one = self.find_now(client_id)
        return None if one is None or one.shown_ts > self.clock.now() else self._told(one)

    async def order(self, venue_id: str) -> VenueOrder | None:
        await self._read(f"order {venue_id}")
        one = self.orders.get(venue_id)
        return None if one is None else self._told(one)

    async def open_orders(self) -> tuple[VenueOrder, ...]:
        await self._read("open_orders")
        now = self.clock.now()
        return tuple(
            self._told(one) for one in self._open() if one.parent is None and one.shown_ts <= now
        )

    async def holdings(self) -> Mapping[str, Holding]:
        await self._read("holdings")
        return {"AAA": Holding("AAA", self.position, self.price)} if self.position else {}

    async def account(self) -> VenueAccount:
        return VenueAccount("model", ZERO, ZERO)

    async def activities(self, _since_ts: int) -> tuple[Activity, ...]:
        return ()

    async def now(self) -> int:
        return int(self.clock.now())

    def reports_stream(self) -> None:
        """There is none: the test delivers `reports`."""

    async def close(self) -> None:
        pass

    # inside

    async def _begin(self, call: str) -> str | None:
        self.calls.append(call)
        await self._wait("before " + call)
        fault = self.faults.script.pop(0) if self.faults.script else self._draw()
        if fault == "retry":
            raise RetryError("busy", 0.0)
        if fault == "429":
            raise RetryError("too many", 7.0)
        if fault == "lost":
            raise UnknownError("lost on the way")
        return fault if fault in ("unknown", "late") else None

    def _draw(self) -> str:
        draw = float(self.rng.random())
        for name in ("retry", "lost", "unknown", "late"):
            chance = getattr(self.faults, name)
            if draw < chance:
                return name
            draw -= chance
        return ""

    async def _finish(self, one: Resting, fault: str | None) -> VenueOrder:
        if fault == "late":
            one.shown_ts = self.clock.now() + int(self.rng.uniform(0.1, self.latest_s) * 1e9)
        self.match()
        told = self._told(one)
        await self._wait("after submit")
        if fault is not None:
            raise UnknownError("the answer was lost")
        return told

    async def _read(self, call: str) -> None:
        self.calls.append(call)
        await self._wait(call)
        fault = self.faults.script.pop(0) if self.faults.script else ""
        if fault or self.rng.random() < self.faults.retry:
            raise RetryError("busy")

    async def _wait(self, where: str) -> None:
        if self.boundary is not None:
            await self.boundary(where)
        if self.delay_s > 0.0:
            await self.clock.sleep(float(self.rng.uniform(0.0, self.delay_s)))
        else:
            await asyncio.sleep(0)

    def _open(self) -> list[Resting]:
        return [one for one in self.orders.values() if one.is_open]

    def _check(self, ticket: Ticket, old: Resting | None) -> None:
        word = self.refuse(ticket)
        if word is not None:
            raise RefuseError(word)
        others = [one for one in self._open() if one is not old and one.parent is None]
        name = ClientId.parse(ticket.client_id)
        for one in others:
            other = ClientId.parse(one.ticket.client_id)
            is_seen = one.shown_ts <= self.clock.now()
            is_same = name and other and (name.intent, name.role) == (other.intent, other.role)
            if is_same and is_seen:
                self.broken.append(f"{ticket.client_id} beside {one.ticket.client_id}")
            if one.order.side is not ticket.side and not self._capabilities.opposes:
                raise RefuseError(f"wash: {one.ticket.client_id} is open")
        if ticket.kind in (OrderKind.STOP, OrderKind.STOP_LIMIT) and ticket.price is not None:
            if ticket.kind not in self._capabilities.stops:
                raise RefuseError(f"rule: no {ticket.kind.name}")
            if self.is_open and ticket.side * self.price >= ticket.side * ticket.price:
                raise RefuseError(f"through: {ticket.price}")
        if self._capabilities.reserves and ticket.side is Side.SELL:
            kept = sum((one.left for one in others if one.order.side is Side.SELL), start=ZERO)
            already = ZERO if old is None else old.order.filled
            if ticket.quantity - already > self.position - kept and not self.may_short:
                raise RefuseError(f"held: {self.position} less {kept}")

    def _lay(self, ticket: Ticket, old: Resting | None = None) -> Resting:
        self._count += 1
        venue_id = f"v{self._count}"
        queued = not self.is_open
        order = VenueOrder(
            venue_id,
            ticket.client_id,
            ticket.instrument,
            ticket.side,
            ticket.kind,
            ticket.quantity,
            ZERO if old is None else old.order.filled,
            None if old is None else old.order.average,
            OrderState.PENDING if queued else OrderState.WORKING,
            ticket.price,
            ticket.limit,
            self.clock.now(),
        )
        one = Resting(ticket, order)
        self.orders[venue_id] = one
        if old is not None:
            self._change(old, state=OrderState.REPLACED, replaced_by=venue_id)
        if ticket.stop is not None:
            self._lay_leg(one)
        self.reports.append(OrderReport(self._told(one)))
        return one

    def _lay_leg(self, one: Resting) -> None:
        ticket = one.ticket
        kind = OrderKind.STOP if ticket.stop_limit is None else OrderKind.STOP_LIMIT
        venue_id = one.order.venue_id + "L"
        leg_ticket = replace(
            ticket,
            client_id=f"leg-{venue_id}",
            kind=kind,
            price=ticket.stop,
            limit=ticket.stop_limit,
            stop=None,
            stop_limit=None,
        )
        order = replace(
            one.order,
            venue_id=venue_id,
            client_id=leg_ticket.client_id,
            kind=kind,
            price=ticket.stop,
            limit=ticket.stop_limit,
            state=OrderState.PENDING,
        )
        one.leg = Resting(leg_ticket, order, parent=one)
        self.orders[venue_id] = one.leg

    def _end(self, one: Resting, state: OrderState) -> None:
        self._change(one, state=state)

    def _change(self, one: Resting, execution: Execution | None = None, **what: Any) -> None:
        one.order = replace(one.order, updated_ts=self.clock.now(), **what)
        self.reports.append(OrderReport(self._told(one), execution))

    def _told(self, one: Resting) -> VenueOrder:
        if one.leg is None:
            return one.order
        return replace(one.order, legs=(one.leg.order,))
