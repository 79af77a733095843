"""The venue and the journal retold from facts alone, with arithmetic of their own."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np

from greenlight.domain import (
    BarsClosed,
    CancelOrder,
    Happened,
    Happening,
    OrderEnded,
    OrderFilled,
    OrderId,
    OrderState,
    PlaceOrder,
    ReplaceOrder,
    Role,
    SessionBegan,
)
from greenlight.ledger import (
    Act,
    Answered,
    Decided,
    Halted,
    Heard,
    Killed,
    Outcome,
    Record,
    Reported,
    Resumed,
    RunBegan,
    Sending,
)
from greenlight.storm.witness import Ended, Fact, Filled, Laid, Moved, Restated

_ZERO = Decimal(0)
_OURS = re.compile(r"gl([0-9a-z]+)-([0-9a-z]+)-([0-9a-z]+)([ESTRXM])([0-9a-z]+)")


class Name(NamedTuple):
    """What the name of one of the bot's orders says; role is its letter."""

    fence: int
    symbol: int
    intent: int
    role: str
    serial: int


def name_of(client_id: str) -> Name | None:
    """None where an order is not the bot's."""
    found = _OURS.fullmatch(client_id)
    if found is None:
        return None
    fence, symbol, intent, role, serial = found.groups()
    return Name(int(fence, 36), int(symbol, 36), int(intent, 36), role, int(serial, 36))


@dataclass(slots=True)
class Resting:
    """An order at the venue. filled: as it counts it itself, what it took over included. root: the
    name of the first of the orders of which each took the place of the one before."""

    laid: Laid
    name: Name | None
    root: str
    quantity: Decimal
    filled: Decimal = _ZERO
    is_open: bool = True

    @property
    def left(self) -> Decimal:
        """What may still fill."""
        return self.quantity - self.filled if self.is_open else _ZERO

    @property
    def is_stop(self) -> bool:
        """Whether it waits for a worse price."""
        return self.laid.kind in ("stop", "stop_limit", "trailing_stop")


@dataclass(slots=True)
class VenueReplica:
    """Orders, positions and cash, from what the venue did. ours: units that the bot's own orders
    brought, by symbol. roots: of each client id; filled: of each root, its legs included."""

    cash: Decimal
    orders: dict[str, Resting] = field(default_factory=dict)
    positions: dict[str, Decimal] = field(default_factory=dict)
    ours: dict[str, Decimal] = field(default_factory=dict)
    roots: dict[str, str] = field(default_factory=dict)
    filled: dict[str, Decimal] = field(default_factory=dict)

    def hear(self, fact: Fact) -> None:
        """Take a fact in."""
        match fact:
            case Laid():
                self._lay(fact)
            case Filled():
                self._fill(fact)
            case Restated():
                order = self.orders[fact.venue_id]
                order.quantity, order.filled = fact.quantity, fact.filled
            case Ended():
                self.orders[fact.venue_id].is_open = False
            case Moved():
                self._move(fact)
            case _:
                pass

    def open_orders(self, symbol: str | None = None) -> list[Resting]:
        """What rests, of one symbol or of all."""
        return [
            one
            for one in self.orders.values()
            if one.is_open and (symbol is None or one.laid.symbol == symbol)
        ]

    def held(self, symbol: str) -> Decimal:
        """Signed units held."""
        return self.positions.get(symbol, _ZERO)

    def _lay(self, fact: Laid) -> None:
        old = self.orders.get(fact.replaces)
        before = self.orders.get(fact.parent) if old is None else old
        root = fact.client_id if before is None else before.root
        order = Resting(fact, name_of(fact.client_id), root, fact.quantity)
        if old is not None:
            old.is_open = False
            order.filled = old.filled
        self.orders[fact.venue_id] = order
        self.roots[fact.client_id] = root

    def _fill(self, fact: Filled) -> None:
        order = self.orders[fact.venue_id]
        order.filled += fact.quantity
        if order.filled >= order.quantity:
            order.is_open = False
        self.filled[order.root] = self.filled.get(order.root, _ZERO) + fact.quantity
        signed, symbol = order.laid.side * fact.quantity, order.laid.symbol
        self.positions[symbol] = self.held(symbol) + signed
        self.cash -= signed * fact.price
        parent = self.orders.get(order.laid.parent)
        if order.name is not None or (parent is not None and parent.name is not None):
            self.ours[symbol] = self.ours.get(symbol, _ZERO) + signed

    def _move(self, fact: Moved) -> None:
        self.cash += fact.amount
        if fact.quantity != 0:
            before = self.held(fact.symbol)
            after = before + fact.quantity
            self.positions[fact.symbol] = after
            if before != 0:
                self.ours[fact.symbol] = self.ours.get(fact.symbol, _ZERO) * after / before


@dataclass(slots=True)
class Belief:
    """What the journal says of one ticket. before: the ticket whose place it takes."""

    sending: Sending
    is_open: bool = True
    has_ended: bool = False
    venue_id: str = ""
    before: "Belief | None" = None


@dataclass(slots=True)
class JournalReplica:
    """The book as the durable journal tells it. Symbols are numbers here, as in its events."""

    symbols: tuple[str, ...] = ()
    widths: tuple[int, ...] = ()
    limits: dict[str, Any] = field(default_factory=dict)
    sectors: list[int] = field(default_factory=list)
    cash: float = 0.0
    quantity: dict[int, float] = field(default_factory=dict)
    marks: dict[int, float] = field(default_factory=dict)
    wanted: dict[tuple[int, int], float] = field(default_factory=dict)
    bought: dict[tuple[int, int], float] = field(default_factory=dict)
    resting: dict[int, tuple[float, float]] = field(default_factory=dict)
    booked: dict[str, float] = field(default_factory=dict)
    tickets: dict[str, Belief] = field(default_factory=dict)
    entries_today: int = 0
    stopped_by: str = ""

    def hear(self, record: Record) -> None:
        """Take a durable record in."""
        match record:
            case RunBegan():
                self.symbols, self.widths = record.symbols, record.widths
                self.cash = record.cash
                self.limits = dict(record.rules["limits"])
                self.sectors = [int(n) for n in record.rules["specs"]["sector"]["values"]]
            case Heard():
                self._hear_event(record)
            case Decided():
                for command in record.commands:
                    self._want(command)
            case Sending():
                self._send(record)
            case Answered():
                self._answer(record)
            case Reported():
                self._report(record)
            case Halted() | Killed():
                self.stopped_by = type(record).__name__
            case Resumed():
                self.stopped_by = ""
            case _:
                pass

    def equity(self) -> float:
        """Cash and positions at their marks."""
        return self.cash + sum(q * self.marks.get(n, 0.0) for n, q in self.quantity.items())

    def held(self, number: int) -> float:
        """Signed units held."""
        return self.quantity.get(number, 0.0)

    def _hear_event(self, heard: Heard) -> None:
        match heard.event:
            case SessionBegan():
                self.entries_today = 0
            case BarsClosed() as bars:
                first = sum(self.widths[: bars.block])
                for column in np.flatnonzero(~np.isnan(bars.close)):
                    self.marks[first + int(column)] = float(bars.close[column])
            case OrderFilled() as fill:
                self._fill(fill, "" if heard.source is None else heard.source.client_id)
            case Happened() as happened:
                self._happen(happened)
            case OrderEnded(id=OrderId(role=Role.ENTRY) as order):
                self.resting.pop(order.symbol, None)
            case _:
                pass

    def _fill(self, fill: OrderFilled, client_id: str) -> None:
        signed, number = float(fill.side) * fill.quantity, fill.id.symbol
        self.quantity[number] = self.held(number) + signed
        self.cash -= signed * fill.price + fill.fee
        self.booked[client_id] = self.booked.get(client_id, 0.0) + fill.quantity
        if fill.id.role is Role.ENTRY:
            key = (number, fill.id.intent)
            self.bought[key] = self.bought.get(key, 0.0) + fill.quantity
            left, price = self.resting.pop(number, (0.0, 0.0))
            if left > fill.quantity:
                self.resting[number] = (left - fill.quantity, price)
        if self.held(number) != 0.0 and number not in self.marks:
            self.marks[number] = fill.price

    def _happen(self, event: Happened) -> None:
        number = event.symbol
        held = self.held(number)
        match event.kind:
            case Happening.SPLIT:
                whole = float(np.floor(abs(held * event.a) + 1e-9)) * float(np.sign(held))
                mark = self.marks.get(number, 0.0) / event.a
                self.cash += (held * event.a - whole) * mark
                self.quantity[number], self.marks[number] = whole, mark
            case Happening.DIVIDEND:
                self.cash += held * event.a
            case Happening.DEPOSIT:
                self.cash += event.a
            case Happening.MANUAL:
                self.quantity[number] = held + event.a
                self.cash -= event.a * event.b
            case _:
                pass

    def _want(self, command: object) -> None:
        """What an entry may come to in all: what has filled of it and what is laid now."""
        if isinstance(command, CancelOrder) and command.id.role is Role.ENTRY:
            self.resting.pop(command.id.symbol, None)
        if not isinstance(command, PlaceOrder | ReplaceOrder):
            return
        order: OrderId = command.id
        if order.role is not Role.ENTRY:
            return
        key = (order.symbol, order.intent)
        if isinstance(command, PlaceOrder) and key not in self.wanted:
            self.entries_today += 1
        self.wanted[key] = self.bought.get(key, 0.0) + command.quantity
        self.resting[order.symbol] = (command.quantity, self.marks.get(order.symbol, 0.0))

    def _send(self, record: Sending) -> None:
        if record.act in (Act.SUBMIT, Act.REPLACE):
            self.tickets[record.client_id] = Belief(record)

    def _answer(self, record: Answered) -> None:
        belief = self.tickets.get(record.client_id)
        if belief is None or record.act is Act.CANCEL:
            return
        if record.outcome in (Outcome.REFUSED, Outcome.FAILED, Outcome.ABSENT):
            belief.is_open = False
        elif record.outcome is Outcome.ACCEPTED:
            self._stand(belief, record.venue_id)

    def _stand(self, belief: Belief, venue_id: str) -> None:
        """The venue has taken a ticket, perhaps in the place of another."""
        belief.venue_id = venue_id
        replaced = belief.sending.replaces
        if belief.before is None and replaced:
            found = (one for one in self.tickets.values() if one.venue_id == replaced)
            belief.before = next(found, None)
        if belief.before is not None:
            belief.before.is_open = False

    def _report(self, record: Reported) -> None:
        order = record.report.order
        belief = self.tickets.get(order.client_id)
        if belief is None:
            return
        if belief.has_ended:  # what has ended never opens again
            return
        belief.is_open = order.state.is_open
        belief.has_ended = not belief.is_open
        if order.state is OrderState.REJECTED and belief.before is not None:
            belief.before.is_open = True  # what was not replaced works on
        elif order.state is not OrderState.REJECTED:
            self._stand(belief, order.venue_id)
