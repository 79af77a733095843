"""Tickets: what was sent, and what the venue has said of it. Unknown is a state, not an error."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

from greenlight.domain import ClientId, OrderId, OrderState, Role, Ticket, VenueOrder
from greenlight.ledger import Act, Answered, Outcome
from greenlight.live.accounting import Count

_NOTHING = Decimal(0)
_LOOK_BACK_NS = 600_000_000_000
_SPLIT_NS = 60_000_000_000


@dataclass(slots=True, eq=False)
class Leg:
    """The stop beside a pair's limit; `order` is what the trader knows it as."""

    venue_id: str
    client_id: str
    order: OrderId
    state: OrderState
    count: Count = field(default_factory=Count)


@dataclass(slots=True, eq=False)
class Working:
    """One order at the venue, through all that has replaced it.

    open_act: what was sent last and has no answer yet. is_unsure: the venue is to be asked, not
    before `ask_ts`, before anything else is done. replacement: the ticket of a replace that is
    under way; before: ids and tickets of the orders that it has replaced, in order. cancel_ts: when
    its cancellation was asked for; was_cancelled: that it ever was. absent: how often the venue
    did not know it; is_absent: it never got there. is_fixed: it cannot be changed in place.
    not_before_ts: nothing more is tried with it before then.
    """

    ticket: Ticket
    order: OrderId
    sent_ts: int
    venue_id: str = ""
    state: OrderState = OrderState.PENDING
    count: Count = field(default_factory=Count)
    leg: Leg | None = None
    open_act: Act | None = None
    replacement: Ticket | None = None
    before: list[tuple[str, Ticket]] = field(default_factory=list)
    is_unsure: bool = False
    ask_ts: int = 0
    heard_ts: int = 0
    cancel_ts: int | None = None
    was_cancelled: bool = False
    is_absent: bool = False
    is_fixed: bool = False
    reason: str = ""
    absent: int = 0
    not_before_ts: int = 0

    @property
    def family(self) -> Role:
        """Its role; a TRAIL's stop is a stop."""
        return Role.STOP if self.order.role is Role.TRAIL else self.order.role

    @property
    def is_open(self) -> bool:
        """Whether more of it may fill, or nobody knows."""
        if self.is_unsure or self.open_act is not None:
            return True
        if self.is_filled:
            return False
        return self.state.is_open or (self.leg is not None and self.leg.state.is_open)

    @property
    def is_filled(self) -> bool:
        """Whether all of it was booked, whatever state the venue last gave it."""
        return self.filled >= self.ticket.quantity

    @property
    def filled(self) -> Decimal:
        """All that was booked of it, a leg's fills too."""
        return self.count.filled + (_NOTHING if self.leg is None else self.leg.count.filled)

    @property
    def leaves(self) -> Decimal:
        """What may still fill; while a replace is under way the larger of both."""
        if not self.is_open:
            return _NOTHING
        whole = self.ticket.quantity
        if self.replacement is not None:
            whole = max(whole, self.replacement.quantity)
        return max(whole - self.filled, _NOTHING)

    def absorb(self, order: VenueOrder, now: int) -> None:
        """Take in what the venue says of it; what it has become, not what has filled."""
        if any(order.venue_id == venue_id for venue_id, _ in self.before):
            return  # of the order that was replaced: only its fills are news
        self.heard_ts = now
        if self.replacement is None:
            self.absent = 0
        if not self.state.is_open and not self.is_absent:
            return  # an ended order never opens again
        self.is_absent = False
        self.venue_id, self.state, self.reason = order.venue_id, order.state, order.reason
        if order.state is OrderState.REPLACED:
            self._follow(order)
        elif order.state is OrderState.REJECTED and self.before:
            self._revert()
        elif self.replacement is None:
            self._adopt(order, now)

    def end(self, state: OrderState) -> None:
        """It is not at the venue, as far as anybody can know."""
        self.state, self.is_unsure, self.open_act, self.replacement = state, False, None, None

    def settle(self, now: int) -> None:
        """What was sent last has its answer."""
        self.is_unsure, self.open_act, self.heard_ts = False, None, now
        self.absent = 0

    def answered(self, answer: Answered, now: int, *, is_native: bool) -> None:
        """What became of what was sent last. A native venue has cancelled when it says yes."""
        if answer.outcome is Outcome.UNKNOWN:
            self.ask_ts, self.absent = now, 0
            return
        self.settle(now)
        is_refused = answer.outcome is Outcome.REFUSED
        if answer.outcome is Outcome.ACCEPTED:
            self._accepted(answer, is_native=is_native)
        elif answer.act is Act.SUBMIT:
            self.end(OrderState.REJECTED if is_refused else OrderState.CANCELLED)
            self.reason, self.is_absent = answer.detail, not is_refused
        else:
            self.replacement = None
            if is_refused:  # perhaps it is not open any more
                self.is_unsure, self.ask_ts, self.is_fixed = True, now, True
            elif answer.act is Act.CANCEL:
                self.cancel_ts = None

    def _accepted(self, answer: Answered, *, is_native: bool) -> None:
        match answer.act:
            case Act.SUBMIT:
                self.venue_id = answer.venue_id
            case Act.REPLACE:
                self.moved(answer.venue_id)
            case Act.CANCEL if is_native:
                self.end(OrderState.CANCELLED)

    def moved(self, venue_id: str) -> None:
        """The replace under way was carried out: another order stands in its place."""
        if self.replacement is None:
            return
        if venue_id != self.venue_id:
            self.before.append((self.venue_id, self.ticket))
        self.ticket, self.replacement = self.replacement, None
        self.order = self.ticket.order or self.order
        self.venue_id = venue_id

    def _follow(self, order: VenueOrder) -> None:
        """Another order stands in its place: ours if a replace is under way, else a stranger's."""
        self.state, self.is_unsure, self.ask_ts = OrderState.PENDING, True, 0
        if order.replaced_by and self.replacement is None:
            self.venue_id = order.replaced_by

    def _revert(self) -> None:
        """The replacement was turned down after all: the order before it may still rest."""
        self.venue_id, self.ticket = self.before.pop()
        self.order = self.ticket.order or self.order
        self.state, self.is_unsure, self.ask_ts, self.is_fixed = OrderState.PENDING, True, 0, True

    def _adopt(self, order: VenueOrder, now: int) -> None:
        """Believe the venue where it has changed an order by itself, as for a split.

        The trader hears of the split a little later: until then the order is left as it is.
        """
        if order.quantity == self.ticket.quantity or not order.state.is_open:
            return
        price = self.ticket.price if order.price is None else order.price
        limit = self.ticket.limit if order.limit is None else order.limit
        self.ticket = replace(self.ticket, quantity=order.quantity, price=price, limit=limit)
        self.not_before_ts = now + _SPLIT_NS


class Tickets:
    """Every ticket of the run, by name, by the venue's id and by symbol; numbers the next ones."""

    def __init__(self, fence: int) -> None:
        self._fence = fence
        self._names: dict[str, tuple[Working, Leg | None]] = {}
        self._ids: dict[str, tuple[Working, Leg | None]] = {}
        self._symbols: dict[int, list[Working]] = {}
        self._serials: dict[tuple[int, int, Role], int] = {}
        self._given_up: dict[str, tuple[Working, int]] = {}

    def name(self, order: OrderId) -> str:
        """A name that was never used, for an order of this intent and role."""
        key = (order.symbol, order.intent, order.role)
        serial = self._serials.get(key, 0)
        self._serials[key] = serial + 1
        return str(ClientId(self._fence, order.symbol, order.intent, order.role, serial))

    def used(self, client_id: str) -> None:
        """A name from the journal was used."""
        name = ClientId.parse(client_id)
        if name is not None:
            key = (name.symbol, name.intent, name.role)
            self._serials[key] = max(self._serials.get(key, 0), name.serial + 1)

    def add(self, working: Working) -> None:
        """Know a ticket by its name."""
        self._symbols.setdefault(working.order.symbol, []).append(working)
        self._names[working.ticket.client_id] = (working, None)

    def know(self, working: Working, name: str, venue_id: str, leg: Leg | None = None) -> None:
        """Know a ticket, or its leg, by another name and id."""
        if name:
            self._names[name] = (working, leg)
        if venue_id:
            self._ids[venue_id] = (working, leg)

    def find(self, name: str, venue_id: str) -> tuple[Working, Leg | None] | None:
        """Whose order that is; None: not one of ours."""
        return self._ids.get(venue_id) or self._names.get(name)

    def of(self, symbol: int) -> list[Working]:
        """The tickets of a symbol that are open or of the entry now wanted."""
        return self._symbols.get(symbol, [])

    def open(self) -> Iterator[Working]:
        """Every open ticket."""
        return (one for many in self._symbols.values() for one in many if one.is_open)

    def all(self) -> Iterator[tuple[Working, Leg | None]]:
        """Every ticket and leg that a name is known of, once for each name."""
        return iter(list(self._names.values()))

    def give_up(self, working: Working, now: int) -> None:
        """The venue says that it never had it; it is looked for a while longer all the same."""
        self._given_up[working.ticket.client_id] = (working, now)

    def given_up(self, now: int) -> list[Working]:
        """Tickets given up lately that have not appeared since."""
        self._given_up = {
            name: (one, ts)
            for name, (one, ts) in self._given_up.items()
            if one.is_absent and now - ts < _LOOK_BACK_NS
        }
        return [one for one, _ in self._given_up.values()]

    def reopen(self, working: Working) -> None:
        """One that was forgotten is heard of again."""
        many = self._symbols.setdefault(working.order.symbol, [])
        if working not in many:
            many.append(working)

    def forget(self, symbol: int, intent: int) -> None:
        """Look no more at ended tickets, but for those of the ENTRY of that intent."""
        many = self._symbols.get(symbol)
        if many:
            self._symbols[symbol] = [
                one
                for one in many
                if one.is_open or (one.order.role is Role.ENTRY and one.order.intent == intent)
            ]
