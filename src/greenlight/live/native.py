"""One slot at a native venue: it keeps the engine's own order slots, one ticket each. Pure."""

from dataclasses import replace
from decimal import Context, Decimal

from greenlight.domain import OrderKind, OrderState, Reason, Role, Span, Ticket
from greenlight.live.planning import Cancel, End, Replace, Submit
from greenlight.live.situation import Permit
from greenlight.live.wanting import Slot
from greenlight.live.working import Working

_EXACT = Context(prec=100)


def difference(
    slot: Slot | None, left: Decimal, ticket: Working | None, instrument: str, permit: Permit
) -> Submit | Replace | Cancel | End | None:
    """What brings the newest ticket of a slot to what is wanted of it; `left`: still to fill.

    An ENTRY that the venue has ended is over: laid once, it is not laid again.
    """
    is_wanted = slot is not None and left > 0
    if slot is not None and slot.order.role is Role.ENTRY and permit is not Permit.ALL:
        is_wanted = False
    is_same = ticket is not None and slot is not None and ticket.order.intent == slot.order.intent
    if ticket is not None and ticket.is_open:
        if not is_wanted or slot is None or not is_same or ticket.ticket.side is not slot.side:
            return Cancel(ticket)
        draft = _draft(slot, _EXACT.add(left, ticket.filled), instrument)
        return None if _is_met(draft, ticket.ticket) else Replace(ticket, draft)
    if slot is None or left <= 0:
        return None
    if slot.order.role is Role.ENTRY:
        if is_same and ticket is not None and (why := ended(ticket)) is not None:
            return End(slot.order, why)
        if permit is not Permit.ALL:
            return End(slot.order, Reason.EXPIRED)
    return Submit(_draft(slot, left, instrument))


def ended(ticket: Working) -> Reason | None:
    """Why the venue ended an order; None where it did not, or only followed what it was told."""
    if ticket.is_open or ticket.was_cancelled or ticket.is_absent or ticket.is_filled:
        return None
    if ticket.state is OrderState.EXPIRED:
        return Reason.EXPIRED
    if ticket.state is OrderState.REJECTED:
        return Reason.REJECTED
    return Reason.__members__.get(ticket.reason)


def _draft(slot: Slot, quantity: Decimal, instrument: str) -> Ticket:
    is_entry = slot.order.role is Role.ENTRY
    return Ticket(
        client_id="",
        instrument=instrument,
        side=slot.side,
        kind=slot.kind,
        quantity=quantity,
        span=Span.DAY if is_entry or slot.kind is OrderKind.MARKET else Span.GTC,
        price=slot.price,
        limit=slot.limit,
        order=slot.order,
        expiry_ts=slot.expiry_ts,
    )


def _is_met(draft: Ticket, has: Ticket) -> bool:
    return replace(draft, client_id=has.client_id) == has
