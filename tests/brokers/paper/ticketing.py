"""A trader whose orders travel as tickets and come back as reports, over the simulated broker."""

from collections.abc import Coroutine
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from greenlight.brokers.paper import SimulatedBroker, SimulatedMarket
from greenlight.domain import (
    BarTime,
    CancelOrder,
    Command,
    Event,
    OrderEnded,
    OrderFilled,
    OrderId,
    OrderReport,
    OrderState,
    PlaceOrder,
    Reason,
    RefuseError,
    ReplaceOrder,
    RequestVerdicts,
    Role,
    Side,
    Span,
    Ticket,
)
from greenlight.engine import Desk, Rules, Step, Trader


def done(work: Coroutine[Any, Any, Any]) -> Any:
    """The answer of a call that never waits."""
    try:
        work.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("the simulated broker waited for something")


def price_of(value: float) -> Decimal | None:
    return None if value != value else Decimal(repr(value))


@dataclass
class Desked:
    """A trader and the account it trades; `steps` and `events` as they came."""

    trader: Trader
    broker: SimulatedBroker
    events: list[Event] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    laid: dict[tuple[int, Role], str] = field(default_factory=dict)
    reports: list[OrderReport] = field(default_factory=list)
    names: int = 0
    recalled: int = 0

    def tell(self, event: Event) -> Step:
        """Tell the trader; its orders go out at once."""
        step = self.trader.process(event)
        for command in step.commands:
            if not isinstance(command, RequestVerdicts):
                self.carry_out(command)
        self.events.append(event)
        self.steps.append(step)
        return step

    def carry_out(self, command: Command) -> None:
        """A command as a request."""
        slot = command.id.symbol, command.id.role
        match command:
            case PlaceOrder():
                ticket = self.ticket(command, Decimal(repr(command.quantity)))
                self.laid[slot] = done(self.broker.submit(ticket)).venue_id
            case ReplaceOrder():
                before = done(self.broker.order(self.laid[slot]))
                known = self.tickets[before.client_id]
                whole = before.filled + Decimal(repr(command.quantity))
                ticket = self.ticket(command, whole, known)
                if before.state.is_open:
                    self.laid[slot] = done(self.broker.replace(before.venue_id, ticket)).venue_id
            case CancelOrder():
                try:
                    done(self.broker.cancel(self.laid[slot]))
                except RefuseError:  # the venue took it away with the position
                    order = done(self.broker.order(self.laid[slot]))
                    assert order.state is OrderState.CANCELLED

    def ticket(self, command: Any, quantity: Decimal, known: Ticket | None = None) -> Ticket:
        """A new ticket for the command."""
        self.names += 1
        ticket = Ticket(
            f"gl1-{self.names}",
            f"S{command.id.symbol}",
            command.side if known is None else known.side,
            command.kind if known is None else known.kind,
            quantity,
            Span.GTC,
            price_of(command.price),
            price_of(command.limit),
            order=command.id,
            expiry_ts=command.expiry_ts if known is None else known.expiry_ts,
        )
        self.tickets[ticket.client_id] = ticket
        return ticket

    def update_of(self, report: OrderReport, time: BarTime) -> OrderFilled | OrderEnded | None:
        """What a report tells a trader, if anything."""
        known: OrderId = self.tickets[report.order.client_id].order
        if report.execution is not None:
            numbers = ("quantity", "price", "reference", "fee")
            values = (float(getattr(report.execution, name)) for name in numbers)
            return OrderFilled(time, known, Side(report.order.side), *values)
        if report.order.reason:
            return OrderEnded(time, known, Reason[report.order.reason])
        return None


def desked(rules: Rules, cash: float, desk: Desk, now: int = 0) -> Desked:
    count = len(rules.specs.lot)
    market = SimulatedMarket([f"S{n}" for n in range(count)], desk.widths)
    return Desked(Trader(rules, cash, desk), SimulatedBroker(rules, cash, market, lambda: now))
