"""Reports of the venue: what is news of them is written down, counted and told to the trader."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from greenlight.domain import (
    OrderFilled,
    OrderId,
    OrderKind,
    OrderReport,
    OrderState,
    Role,
    VenueOrder,
)
from greenlight.ledger import FillSource, Reported
from greenlight.live.accounting import Gain
from greenlight.live.sending import Bench
from greenlight.live.wanting import PROTECTING, Wants
from greenlight.live.working import Leg, Tickets, Working


@dataclass(slots=True)
class Change:
    """What a report changed of a ticket: has it filled, has it ended without being asked to."""

    working: Working
    has_filled: bool = False
    has_ended: bool = False


class Hearing:
    """Takes reports in, whoever brings them, as often and in whatever order they come."""

    def __init__(self, bench: Bench, tickets: Tickets, wants: Callable[[int], Wants]) -> None:
        self._bench, self._tickets, self._wants = bench, tickets, wants

    def hear(self, report: OrderReport, by: str) -> Change | None:
        """Take a report and those of the legs in it; None where the order is not one of ours.

        Raises RetryError or LeaseError where it cannot be written down: nothing is changed then.
        """
        found = self._tickets.find(report.order.client_id, report.order.venue_id)
        if found is None:
            return None
        working, leg = found
        change = self._hear_one(working, leg, report, by)
        if leg is None:
            for order in report.order.legs:
                learn_leg(working, order, self._wants(working.order.symbol), self._tickets)
                inner = self._hear_one(working, working.leg, OrderReport(order), by)
                change.has_filled |= inner.has_filled
        return change

    def tell_missed(self) -> None:
        """After a recall: tell what the venue had said and the trader had not heard of."""
        for working, leg in self._tickets.all():
            count = working.count if leg is None else leg.count
            if count.last is not None:
                self._book(working, leg, count.last)

    def _hear_one(self, working: Working, leg: Leg | None, report: OrderReport, by: str) -> Change:
        order = report.order
        count = working.count if leg is None else leg.count
        is_known = self._is_known(working, leg, order)
        if is_known and order.filled <= count.filled:
            if leg is None:
                working.absorb(order, self._bench.clock.now())
            return Change(working)
        self._bench.journal.append(Reported(report, by))
        was_open, quantity = working.is_open, working.ticket.quantity
        if leg is None:
            working.absorb(order, self._bench.clock.now())
            if working.ticket.quantity != quantity:
                self._bench.differ()
            self._tickets.know(working, "", order.venue_id)
            self._tickets.reopen(working)
        elif leg.state.is_open:
            leg.state = order.state
        has_filled = self._book(working, leg, report)
        return Change(working, has_filled, was_open and not working.is_open)

    def _is_known(self, working: Working, leg: Leg | None, order: VenueOrder) -> bool:
        """Whether the state in a report is no news."""
        if leg is not None:
            return order.state is leg.state or not leg.state.is_open
        if any(order.venue_id == venue_id for venue_id, _ in working.before):
            return True
        if order.quantity != working.ticket.quantity and working.replacement is None:
            return not order.state.is_open
        if order.legs and working.leg is None:
            return False
        if order.state is working.state and order.venue_id == working.venue_id:
            return True
        if working.is_absent:
            return False
        is_first = working.state is OrderState.PENDING and order.state is OrderState.WORKING
        return (is_first and not working.is_unsure) or not working.state.is_open

    def _book(self, working: Working, leg: Leg | None, report: OrderReport) -> bool:
        """Count what is new and tell the trader; whether there was anything."""
        count = working.count if leg is None else leg.count
        count.note(report)
        gain = count.gain(report)
        if gain is None:
            return False
        count.book(gain)
        order = working.order if leg is None else leg.order
        event = self._event(working, leg, order, gain)
        source = FillSource(
            working.ticket.client_id if leg is None else leg.client_id,
            report.order.venue_id,
            count.filled,
            count.notional,
            gain.execution_id,
        )
        self._wants(order.symbol).tell(event)
        self._bench.tell(event, source)
        return True

    def _event(self, working: Working, leg: Leg | None, order: OrderId, gain: Gain) -> OrderFilled:
        reference = gain.reference
        if reference is None:
            reference = _reference(working, leg, gain)
        ts = gain.ts if gain.ts > 0 else self._bench.clock.now()
        time = self._bench.times.bar_time_of(order.symbol, ts - 1)  # the very close is the bar's
        numbers = (gain.quantity, gain.price, reference, gain.fee)
        return OrderFilled(time, order, working.ticket.side, *(float(n) for n in numbers))


def learn_leg(working: Working, order: VenueOrder, wants: Wants, tickets: Tickets) -> None:
    """Know the stop beside a limit: its fills are the stop's."""
    if working.leg is not None and working.leg.venue_id == order.venue_id:
        return
    symbol, intent = working.order.symbol, working.order.intent
    stops = [wants.slots[role].order for role in PROTECTING if role in wants.slots]
    known = stops[0] if stops else OrderId(symbol, intent, Role.STOP, 0)
    working.leg = Leg(order.venue_id, order.client_id, known, order.state)
    tickets.know(working, order.client_id, order.venue_id, working.leg)


def _reference(working: Working, leg: Leg | None, gain: Gain) -> Decimal:
    """The price before slippage, as far as it is known: a stop's trigger, else what was paid."""
    ticket = working.ticket
    if leg is not None:
        return gain.price if ticket.stop is None else ticket.stop
    is_stop = ticket.kind in (OrderKind.STOP, OrderKind.STOP_LIMIT)
    return ticket.price if is_stop and ticket.price is not None else gain.price
