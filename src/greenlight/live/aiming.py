"""What should rest for a position at a venue that is not native. Pure.

docs/live.md section 3: an EXIT before everything, one stop for STOP and TRAIL, and for the TARGET
half of a pair, a limit beside the stop, or a limit only once its price is quoted.
"""

from dataclasses import replace
from decimal import Decimal

from greenlight.domain import OrderKind, Role, Side, Ticket
from greenlight.live.entering import beyond
from greenlight.live.settings import OrderSettings
from greenlight.live.situation import NS, Situation
from greenlight.live.wanting import NOTHING, Slot


def aims(
    s: Situation, settings: OrderSettings, entry: Ticket | None, waits: list[int]
) -> list[Ticket]:
    """Everything that should rest, the most urgent first; the tickets have no names yet."""
    found: list[Ticket] = []
    units = s.lots(s.room)
    leaving = _exit(s, units, waits)
    if leaving is not None:
        found.append(leaving)
        units -= leaving.quantity
        entry = None  # who leaves does not enter
    if entry is None or s.capabilities.opposes:
        found.extend(_protection(s, settings, units, waits))
    if entry is not None:
        found.append(entry)
    return found


def _exit(s: Situation, units: Decimal, waits: list[int]) -> Ticket | None:
    """The sale at the market; not while it is held back, so that the stop rests meanwhile."""
    slot = s.wants.slots.get(Role.EXIT)
    if slot is None:
        return None
    quantity = min(s.lots(s.wants.leaves(Role.EXIT)), units)
    if quantity <= NOTHING:
        return None
    under_way = [one.leaves for one in s.tickets if one.is_open and one.order.role is Role.EXIT]
    if under_way:  # what it grew by stays behind the stop until then
        quantity = min(quantity, max(under_way))
    else:
        held_back = s.holds.get(Role.EXIT, 0)
        if held_back > s.now:
            waits.append(held_back)
            return None
        if not (s.is_open or s.capabilities.queues):
            waits.append(s.opens_ts)
            return None
    return _ticket(s, slot, OrderKind.MARKET, quantity)


def _protection(
    s: Situation, settings: OrderSettings, units: Decimal, waits: list[int]
) -> list[Ticket]:
    guard, target = s.wants.guard(), s.wants.slots.get(Role.TARGET)
    found: list[Ticket] = []
    if target is not None and target.price is not None:
        quantity = min(s.lots(s.wants.leaves(Role.TARGET)), units)
        if quantity > NOTHING:
            limit = _target(s, settings, (target, guard), quantity, waits)
            if limit is not None:
                found.append(limit)
            if limit is not None and (s.capabilities.reserves or limit.stop is not None):
                units -= quantity
    if guard is not None and units > NOTHING:
        stop = _stop(s, settings, guard, units)
        if stop is not None:
            found.insert(0, stop)
    return found


def _target(
    s: Situation,
    settings: OrderSettings,
    slots: tuple[Slot, Slot | None],
    quantity: Decimal,
    waits: list[int],
) -> Ticket | None:
    """The limit of the TARGET, as far as it may rest now."""
    slot, guard = slots
    price = NOTHING if slot.price is None else s.at_tick(slot.price)
    limit = _ticket(s, slot, OrderKind.LIMIT, quantity)
    limit = replace(limit, price=price)
    if guard is None or not s.capabilities.reserves:
        return replace(limit, span=s.span(quantity))
    held_back = s.holds.get(Role.TARGET, 0)
    if held_back > s.now:
        waits.append(held_back)
    elif s.capabilities.pairs and s.rests_overnight(quantity):
        stop = _stop(s, settings, guard, quantity)
        if stop is not None:
            span = s.span(quantity)
            return replace(limit, span=span, stop=stop.price, stop_limit=stop.limit)
    return limit if _is_reached(s, settings, slot, price, waits) else None


def _is_reached(
    s: Situation, settings: OrderSettings, slot: Slot, price: Decimal, waits: list[int]
) -> bool:
    """Whether the price of a watched TARGET is quoted; laid, its limit is given a little time."""
    for one in s.tickets:
        if one.is_open and one.order.role is Role.TARGET and one.ticket.stop is None:
            due = one.sent_ts + int(settings.exposure_s * 0.5 * NS)
            if due > s.now:
                waits.append(due)
                return True
    quote = s.fresh(settings.confirm_s)
    if quote is None or not s.is_open:
        return False
    seen = quote.bid if slot.side is Side.SELL else quote.ask
    return seen > NOTHING and slot.side * seen <= slot.side * price


def _stop(s: Situation, settings: OrderSettings, guard: Slot, units: Decimal) -> Ticket | None:
    """The stop at the nearer of STOP and TRAIL, of a kind that the venue takes."""
    if guard.price is None:
        return None
    level, stops = s.at_tick(guard.price), s.capabilities.stops
    if OrderKind.STOP in stops:
        ticket = _ticket(s, guard, OrderKind.STOP, units)
        return replace(ticket, price=level, span=s.span(units))
    if OrderKind.STOP_LIMIT in stops:
        ticket = _ticket(s, guard, OrderKind.STOP_LIMIT, units)
        limit = beyond(s, guard.side, level, settings)
        return replace(ticket, price=level, limit=limit, span=s.span(units))
    return None


def _ticket(s: Situation, slot: Slot, kind: OrderKind, quantity: Decimal) -> Ticket:
    return Ticket(
        client_id="",
        instrument=s.instrument.id,
        side=slot.side,
        kind=kind,
        quantity=quantity,
        span=s.brief,
        order=slot.order,
    )
