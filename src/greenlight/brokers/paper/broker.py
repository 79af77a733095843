"""A broker without a broker: the engine's own exchange, asked as any venue is asked.

`begin`, `trade`, `show` and `quote` let its world go on; they are driven by whoever has the bars
and the quotes, and tell one report at a time, so that an order laid because of one is in force
before the next is looked for. What a bar fills equals a backtest to the last bit.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isnan, nan

from greenlight.brokers.paper.orders import EXACT, Orders, Record, Slot, exact
from greenlight.domain import (
    Activity,
    ActivityKind,
    BarsClosed,
    BarTime,
    CancelOrder,
    Capabilities,
    CashKind,
    DuplicateError,
    Event,
    Execution,
    HaltError,
    Happened,
    Holding,
    OrderFilled,
    OrderId,
    OrderKind,
    OrderReport,
    OrderState,
    PlaceOrder,
    Quote,
    Reason,
    RefuseError,
    ReplaceOrder,
    RetryError,
    Role,
    SessionBegan,
    Ticket,
    VenueAccount,
    VenueOrder,
)
from greenlight.engine import Ended, Matcher, Rest, Rules, Touch
from greenlight.engine import Execution as Fill

_DUST = 1e-6  # of a lot: what float arithmetic leaves behind, as in the engine
_NATIVE = Capabilities(
    native=True,
    stops=frozenset({OrderKind.STOP, OrderKind.STOP_LIMIT}),
    reserves=False,
    opposes=True,
    rests_fractions=True,
    shorts=True,
)
_CLOSING = {
    OrderKind.MARKET: Role.EXIT,
    OrderKind.LIMIT: Role.TARGET,
    OrderKind.STOP: Role.STOP,
    OrderKind.STOP_LIMIT: Role.STOP,
}
_ACTIVITY = {
    CashKind.INTEREST: ActivityKind.INTEREST,
    CashKind.BORROW: ActivityKind.FEE,
    CashKind.DIVIDEND: ActivityKind.DIVIDEND,
    CashKind.FUNDING: ActivityKind.FEE,
    CashKind.LIEU: ActivityKind.ACTION,
    CashKind.MERGER: ActivityKind.ACTION,
    CashKind.DELIST: ActivityKind.ACTION,
    CashKind.DEPOSIT: ActivityKind.TRANSFER,
}


@dataclass(frozen=True, slots=True)
class SimulatedMarket:
    """What the simulated venue lists: ids in the order of the specs, and each block's width."""

    symbols: Sequence[str]
    widths: Sequence[int]


class SimulatedBroker:
    """The port `Broker` over an account with `cash` that pays the costs of `rules`.

    now: the clock of the run, ns UTC. account: what names it for the lease. How long an ENTRY rests
    is a matter of the rules' limits; a ticket's span is not looked at. Nothing here ever waits.
    """

    name = "simulated"
    requests_per_minute = 1_000_000

    def __init__(
        self,
        rules: Rules,
        cash: float,
        market: SimulatedMarket,
        now: Callable[[], int],
        account: str = "simulated",
    ) -> None:
        self._matcher = Matcher(rules, cash, market.widths)
        self._symbols = tuple(market.symbols)
        self._numbers = {symbol: n for n, symbol in enumerate(self._symbols)}
        self._dust = tuple(exact(float(lot) * _DUST) for lot in rules.specs.lot)
        self._now, self._account = now, account
        self._orders = Orders()
        self._activities: list[Activity] = []
        self._listeners: list[asyncio.Queue[OrderReport | None]] = []

    # The world of the venue

    def begin(self, event: SessionBegan | Happened) -> tuple[OrderReport, ...]:
        """Pay interest and borrow, apply an action; the orders that it changed or took away."""
        flows = self._matcher.begin(event)
        ts = event.time.open_ts
        for flow in flows:
            kind, number = _ACTIVITY[CashKind(int(flow["kind"]))], int(flow["symbol"])
            name = f"{ts}-{len(self._activities)}"
            instrument = "" if number < 0 else self._symbols[number]
            amount = exact(float(flow["amount"]))
            self._activities.append(Activity(name, kind, ts, instrument, amount=amount))
        return tuple(self._agree(ts))

    def trade(self, bar: BarsClosed) -> Iterator[OrderReport]:
        """What a closed bar does to the orders, in the order of it."""
        for event in self._matcher.match(bar):
            yield from self._hear(event, bar.time.close_ts)
        yield from self._agree(bar.time.close_ts)

    def quote(self, quote: Quote, time: BarTime) -> Iterator[OrderReport]:
        """What bid and ask do to the orders of an instrument; nothing outside the bar time.

        Where quotes trade, bars must not: they would fill what was laid after their own low.
        """
        touch = Touch(quote.ts, float(quote.bid), float(quote.ask))
        for event in self._matcher.quote(self._number(quote.instrument), time, touch):
            yield from self._hear(event, quote.ts)
        yield from self._agree(quote.ts)

    def show(self, bar: BarsClosed) -> None:
        """Tell a closed bar where quotes trade: marks, and what impact is reckoned from."""
        self._matcher.show(bar)

    def recall(self, events: Iterable[Event], orders: Iterable[tuple[Ticket, VenueOrder]]) -> None:
        """Become the account that these events left behind, with these orders open.

        events: everything the trader was told since the run began, in order. orders: the tickets
        that rested then, and what the venue had last said of each. A DAY entry counts its session
        anew.
        """
        for event in events:
            match event:
                case SessionBegan() | Happened():
                    self._matcher.begin(event)
                case OrderFilled():
                    self._matcher.book(event)
                case BarsClosed():
                    self._matcher.show(event)
        for ticket, order in orders:
            slot = self._slot(ticket)
            left = EXACT.subtract(order.quantity, order.filled)
            price, limit = (p if p is None else float(p) for p in (order.price, order.limit))
            known = Rest(order.kind, price, limit, float(left))
            self._matcher.place_again(_placed(ticket, slot, left), known)
            record = Record(ticket, order, slot, self._matcher.rest(*slot))
            if order.average is not None:
                record.notional = EXACT.multiply(order.average, order.filled)
            self._orders.add(record)

    # The port

    def capabilities(self, instrument: str) -> Capabilities:
        """Every slot of the engine is one ticket."""
        self._number(instrument)
        return _NATIVE

    async def submit(self, ticket: Ticket) -> VenueOrder:
        """Lay an order in the slot of its role; one without a trader's id where it would act."""
        slot = self._slot(ticket)
        self._check_new(ticket)
        if self._matcher.rest(*slot) is not None:
            role = slot[1].name.lower()
            raise RefuseError(f"rule: {ticket.instrument} has an open {role} order already")
        before = self._orders.at(slot)
        if before is not None:  # it ended with the position, a moment ago
            self._tell(OrderReport(before.end(OrderState.CANCELLED, self._now())))
        self._matcher.place(_placed(ticket, slot, ticket.quantity))
        return self._lay(ticket, slot, None)

    async def replace(self, venue_id: str, ticket: Ticket) -> VenueOrder:
        """Another order stands in its place, with all that has filled so far."""
        record = self._open(venue_id)
        self._check_new(ticket)
        left = EXACT.subtract(ticket.quantity, record.order.filled)
        if left <= 0:
            raise RefuseError(f"rule: {record.order.filled} of {venue_id} has filled already")
        if self._matcher.rest(*record.slot) is None:
            raise RefuseError(f"order {venue_id} is not open any more")
        numbers = (float(left), _float(ticket.price), _float(ticket.limit))
        self._matcher.replace(ReplaceOrder(_identity(ticket, record.slot), *numbers))
        return self._lay(ticket, record.slot, record)

    async def cancel(self, venue_id: str) -> None:
        """Take an order off, at once."""
        record = self._open(venue_id)
        self._matcher.cancel(CancelOrder(_identity(record.ticket, record.slot)))
        self._tell(OrderReport(record.end(OrderState.CANCELLED, self._now())))

    async def find(self, client_id: str) -> VenueOrder | None:
        """See the port."""
        record = self._orders.by_client_id(client_id)
        return None if record is None else record.order

    async def order(self, venue_id: str) -> VenueOrder | None:
        """See the port."""
        record = self._orders.by_venue_id(venue_id)
        return None if record is None else record.order

    async def open_orders(self) -> tuple[VenueOrder, ...]:
        """See the port."""
        return tuple(record.order for record in self._orders.open())

    async def holdings(self) -> Mapping[str, Holding]:
        """See the port; the price is the last close."""
        quantity, average = self._matcher.quantity, self._matcher.average
        found: dict[str, Holding] = {}
        for n in quantity.nonzero()[0]:
            mark = float(self._matcher.mark[n])
            numbers = (exact(float(quantity[n])), exact(float(average[n])))
            price = None if isnan(mark) else exact(mark)
            found[self._symbols[n]] = Holding(self._symbols[n], *numbers, price)
        return found

    async def account(self) -> VenueAccount:
        """Cash, and equity at the last closes."""
        cash, quantity = self._matcher.cash, self._matcher.quantity
        held = quantity.nonzero()[0]
        equity = cash + float((quantity[held] * self._matcher.mark[held]).sum())
        return VenueAccount(self._account, exact(cash), exact(equity))

    async def activities(self, since_ts: int) -> tuple[Activity, ...]:
        """What moved the account since then in this process; what was recalled is known."""
        return tuple(one for one in self._activities if one.ts >= since_ts)

    async def now(self) -> int:
        """The clock of the run."""
        return self._now()

    def reports(self) -> AsyncIterator[OrderReport]:
        """What `begin`, `trade` and `quote` tell, and what became of requests, from this call on.

        Raises RetryError once the broker is closed.
        """
        queue: asyncio.Queue[OrderReport | None] = asyncio.Queue()
        self._listeners.append(queue)
        return self._listen(queue)

    async def close(self) -> None:
        """End the streams."""
        for queue in self._listeners:
            queue.put_nowait(None)

    # Inside

    async def _listen(self, queue: asyncio.Queue[OrderReport | None]) -> AsyncIterator[OrderReport]:
        try:
            while (report := await queue.get()) is not None:
                yield report
        finally:
            self._listeners.remove(queue)
        raise RetryError("the simulated broker was closed")

    def _tell(self, report: OrderReport) -> OrderReport:
        for queue in self._listeners:
            queue.put_nowait(report)
        return report

    def _number(self, instrument: str) -> int:
        number = self._numbers.get(instrument)
        if number is None:
            raise RefuseError(f"rule: the simulated exchange does not list {instrument}")
        return number

    def _check_new(self, ticket: Ticket) -> None:
        if self._orders.by_client_id(ticket.client_id) is not None:
            raise DuplicateError(f"order {ticket.client_id} was taken before")
        if ticket.quantity <= 0:
            raise RefuseError(f"rule: an order for {ticket.quantity} units")

    def _open(self, venue_id: str) -> Record:
        record = self._orders.by_venue_id(venue_id)
        if record is None or not record.order.state.is_open:
            raise RefuseError(f"order {venue_id} is not open any more")
        return record

    def _slot(self, ticket: Ticket) -> Slot:
        number = self._number(ticket.instrument)
        if ticket.order is not None and ticket.order.role is not Role.MANUAL:
            return number, ticket.order.role
        is_closing = float(self._matcher.quantity[number]) * ticket.side < 0.0
        return number, _CLOSING[ticket.kind] if is_closing else Role.ENTRY

    def _lay(self, ticket: Ticket, slot: Slot, before: Record | None) -> VenueOrder:
        """Remember a ticket whose order now rests, in place of another or not."""
        venue_id, ts = f"sim:{ticket.client_id}", self._now()
        rest = self._matcher.rest(*slot)
        order = VenueOrder(
            venue_id,
            ticket.client_id,
            ticket.instrument,
            ticket.side,
            ticket.kind,
            ticket.quantity,
            Decimal(0) if before is None else before.order.filled,
            None if before is None else before.order.average,
            OrderState.WORKING,
            ticket.price,
            ticket.limit,
            ts,
        )
        record = Record(ticket, order, slot, rest)
        if before is not None:
            record.notional = before.notional
            self._tell(OrderReport(before.end(OrderState.REPLACED, ts, by=venue_id)))
        if rest is not None:  # what had been triggered before it was replaced
            record.follow(rest, ts)
        self._orders.add(record)
        self._tell(OrderReport(record.order))
        return record.order

    def _hear(self, event: Fill | Ended, ts: int) -> Iterator[OrderReport]:
        """Tell what became of an order; one that is gone already is no news."""
        role = Role.ENTRY if isinstance(event, Ended) else Role(event.role)
        record = self._orders.at((event.symbol, role))
        if record is None:
            if isinstance(event, Ended):
                return
            raise HaltError(f"a fill of {self._symbols[event.symbol]} that no order stands for")
        if isinstance(event, Ended):
            reason = Reason(event.reason)
            is_expired = reason is Reason.EXPIRED
            state = OrderState.EXPIRED if is_expired else OrderState.CANCELLED
            yield self._tell(OrderReport(record.end(state, ts, reason.name)))
            return
        quantity, price, fee = exact(event.quantity), exact(event.price), exact(event.fee)
        total = EXACT.add(record.order.filled, quantity)
        name = f"{record.order.venue_id}@{total}"  # grows with the order, also over a restart
        execution = Execution(name, quantity, price, ts, fee, exact(event.reference))
        signed = quantity if event.side > 0.0 else -quantity
        amount = EXACT.subtract(EXACT.multiply(-signed, price), fee)
        what = (record.order.instrument, signed, price, amount, record.order.venue_id)
        self._activities.append(Activity(name, ActivityKind.FILL, ts, *what))
        order = record.fill(execution, self._matcher.rest(*record.slot), self._dust[event.symbol])
        yield self._tell(OrderReport(order, execution))

    def _agree(self, ts: int) -> Iterator[OrderReport]:
        """Tell of orders that the exchange changed or took away by itself."""
        for record in self._orders.open():
            rest = self._matcher.rest(*record.slot)
            if rest is None:
                yield self._tell(OrderReport(record.end(OrderState.CANCELLED, ts)))
            elif rest != record.rest:
                yield self._tell(OrderReport(record.follow(rest, ts)))


def _identity(ticket: Ticket, slot: Slot) -> OrderId:
    """What the exchange knows a ticket's order as."""
    known = ticket.order
    intent, attempt = (0, 0) if known is None else (known.intent, known.attempt)
    return OrderId(slot[0], intent, slot[1], attempt)


def _placed(ticket: Ticket, slot: Slot, quantity: Decimal) -> PlaceOrder:
    return PlaceOrder(
        _identity(ticket, slot),
        ticket.side,
        ticket.kind,
        float(quantity),
        price=_float(ticket.price),
        limit=_float(ticket.limit),
        expiry_ts=ticket.expiry_ts,
    )


def _float(price: Decimal | None) -> float:
    return nan if price is None else float(price)
