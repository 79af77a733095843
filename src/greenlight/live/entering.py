"""How an ENTRY is worked: when it is over, and what should rest for it. Pure."""

from dataclasses import dataclass
from decimal import Decimal

from greenlight.domain import OrderId, OrderKind, OrderState, Reason, Role, Side, Ticket
from greenlight.live.settings import EntryStyle, OrderSettings
from greenlight.live.situation import NS, Permit, Situation
from greenlight.live.wanting import NOTHING, Slot
from greenlight.live.working import Working

_GRACE = 0.5  # of `exposure_s`: the rest of it is for the cancel and for the stop to be laid


@dataclass(frozen=True, slots=True)
class Over:
    """What is left of an ENTRY is given up: taken back, then told to the trader."""

    order: OrderId
    reason: Reason


@dataclass(frozen=True, slots=True)
class _Shape:
    """Kind and prices of the order that should rest."""

    kind: OrderKind
    price: Decimal | None = None
    limit: Decimal | None = None


def entry_aim(s: Situation, settings: OrderSettings, waits: list[int]) -> Ticket | Over | None:
    """The order that should rest for the ENTRY; `waits` is told when that changes by itself."""
    slot = s.wants.slots.get(Role.ENTRY)
    if slot is None:
        return None
    quantity = s.lots(s.wants.leaves(Role.ENTRY))
    if quantity <= NOTHING:
        return None
    own = _own(s, slot)
    why = _over(s, own, settings, waits)
    if why is not None:
        return Over(slot.order, why)
    shape = _shape(s, slot, own, settings, waits)
    if shape is None:
        return Over(slot.order, Reason.REJECTED)
    return Ticket(
        client_id="",
        instrument=s.instrument.id,
        side=slot.side,
        kind=shape.kind,
        quantity=quantity,
        span=s.brief,
        price=shape.price,
        limit=shape.limit,
        order=slot.order,
        expiry_ts=slot.expiry_ts,
    )


def _own(s: Situation, slot: Slot) -> list[Working]:
    """Tickets of this ENTRY, first sent first; those that never reached the venue do not count."""
    found = [
        one
        for one in s.tickets
        if one.order.role is Role.ENTRY
        and one.order.intent == slot.order.intent
        and not one.is_absent
    ]
    return sorted(found, key=lambda one: one.sent_ts)


def _over(
    s: Situation, own: list[Working], settings: OrderSettings, waits: list[int]
) -> Reason | None:
    """Why an ENTRY is to be given up, if it is."""
    if s.permit is not Permit.ALL:
        return Reason.EXPIRED
    for one in own:
        if not (one.is_open or one.was_cancelled or one.is_filled):
            is_refused = one.state is OrderState.REJECTED
            return Reason.REJECTED if is_refused else Reason.EXPIRED  # the venue ended it
    if not own and s.now >= s.entry_until_ts:
        return Reason.EXPIRED
    since = s.wants.reducing_since()
    if since is None or s.capabilities.opposes:
        return None
    if not own:  # it would need the stop of what is held to go
        return Reason.REJECTED
    due = since + int(settings.exposure_s * _GRACE * NS)
    if due <= s.now:
        return Reason.EXPIRED
    waits.append(due)
    return None


def _shape(
    s: Situation, slot: Slot, own: list[Working], settings: OrderSettings, waits: list[int]
) -> _Shape | None:
    """Kind and prices by what the trader wants, what the venue takes and how late it is."""
    stops = s.capabilities.stops
    match slot.kind:
        case OrderKind.MARKET:
            return _at_market(s, slot, own, settings, waits)
        case OrderKind.LIMIT:
            if slot.expiry_ts is not None:
                if slot.expiry_ts <= s.now:
                    return _Shape(OrderKind.MARKET)
                waits.append(slot.expiry_ts)
            return None if slot.price is None else _Shape(OrderKind.LIMIT, s.at_tick(slot.price))
        case OrderKind.STOP | OrderKind.STOP_LIMIT:
            if slot.price is None:
                return None
            trigger = s.at_tick(slot.price)
            if slot.kind is OrderKind.STOP and OrderKind.STOP in stops:
                return _Shape(OrderKind.STOP, trigger)
            if OrderKind.STOP_LIMIT in stops:
                limit = slot.limit
                if limit is None:
                    limit = beyond(s, slot.side, trigger, settings)
                return _Shape(OrderKind.STOP_LIMIT, trigger, s.at_tick(limit))
            return None


def _at_market(
    s: Situation, slot: Slot, own: list[Working], settings: OrderSettings, waits: list[int]
) -> _Shape:
    """A limit at the touch for a while, then the market; what rests already is not chased."""
    market = _Shape(OrderKind.MARKET)
    if settings.entry_style is EntryStyle.MARKET or not s.is_open:
        return market
    if own and own[0].ticket.kind is not OrderKind.LIMIT:
        return market
    first_ts = own[0].sent_ts if own else s.now
    due = first_ts + int(settings.entry_timeout_s * NS)
    if due <= s.now or any(one.was_cancelled for one in own):
        return market
    waits.append(due)
    if own:
        return _Shape(OrderKind.LIMIT, own[-1].ticket.price)
    quote = s.fresh(settings.entry_timeout_s)
    if quote is None:
        return market
    touch = quote.ask if slot.side is Side.BUY else quote.bid
    return _Shape(OrderKind.LIMIT, s.towards(slot.side, touch)) if touch > NOTHING else market


def beyond(s: Situation, side: Side, trigger: Decimal, settings: OrderSettings) -> Decimal:
    """The limit of a stop-limit: so far beyond its trigger that it should fill."""
    offset = Decimal(str(settings.stop_limit_offset))
    return s.towards(side, trigger * (1 + side * offset))
