"""Changing an order: Alpaca makes a new one, with a new id, that stands in the old one's place.

As at Alpaca, what the old one has filled does not count on the new one: it starts at 0 and fills
its whole quantity, which is the old one's whole unless another is given.
"""

import copy
from dataclasses import dataclass
from decimal import Decimal

from greenlight.brokers.exchange.admitting import require_power
from greenlight.brokers.exchange.floor import Floor
from greenlight.brokers.exchange.matching import touches
from greenlight.brokers.exchange.orders import ZERO, Order
from greenlight.brokers.exchange.refusals import insufficient_quantity, invalid, refused
from greenlight.brokers.exchange.reserving import held_for_orders
from greenlight.brokers.exchange.terms import Change, Force, Kind, Status
from greenlight.brokers.exchange.vetting import vet_step
from greenlight.brokers.exchange.working import arrive, end

_UNSENT = (Status.ACCEPTED, Status.PENDING_NEW, Status.PENDING_CANCEL, Status.PENDING_REPLACE)


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be different; `qty` is what the new order fills, whatever the old one has."""

    qty: Decimal | None = None
    force: Force | None = None
    limit: Decimal | None = None
    stop: Decimal | None = None
    trail: Decimal | None = None
    client_order_id: str = ""


def start_replacing(floor: Floor, old: Order, changes: Changes) -> Order:
    """The order that will stand in place of `old` after the delay. Raises RefusalError."""
    if not old.is_open:
        raise invalid("unable to replace order, order is not open")
    if old.status in _UNSENT:
        raise invalid("unable to replace order, order isn't sent to exchange yet")
    _vet_changes(floor, old, changes)
    new = _changed(floor, old, changes)
    _vet_result(floor, old, new)
    floor.book.know(new)
    was = old.status
    old.status = Status.PENDING_REPLACE
    new.status = Status.HELD if was is Status.HELD else Status.PENDING_NEW
    floor.tell(Change.PENDING_REPLACE, old)
    floor.plan(floor.now + floor.settings.delay_ns, "replace", f"{old.id} {new.id} {was}")
    return new


def finish_replacing(floor: Floor, about: str) -> None:
    """The replacement reaches the venue: too late where the old order has ended meanwhile."""
    old_id, new_id, was = about.split()
    old, new = floor.book.by_id[old_id], floor.book.by_id[new_id]
    if not new.is_open:
        return
    if not old.is_open:
        new.reason = "the order it replaces has ended"
        floor.end(new, Status.REJECTED, Change.REJECTED)
        floor.tell(Change.REPLACE_REJECTED, old)
        return
    new.hwm, new.is_triggered = old.hwm, old.is_triggered
    old.replaced_by = new.id
    _take_place(floor, old, new)
    floor.book.open(new)
    is_live = old.is_live
    floor.end(old, Status.REPLACED, Change.REPLACED)
    if Status(was) is Status.HELD:
        new.is_live = is_live
        floor.tell(Change.NEW, new)
        return
    arrive(floor, new)


def start_cancelling(floor: Floor, order: Order) -> None:
    """Ask for a cancel, which takes effect after the delay. Raises RefusalError."""
    if not order.is_open or order.status is Status.PENDING_CANCEL:
        raise refused(f'order is already in "{order.status}" state')
    if floor.settings.delay_ns == 0 or order.status in (Status.ACCEPTED, Status.HELD):
        end(floor, order, Status.CANCELED, Change.CANCELED)
        return
    order.status = Status.PENDING_CANCEL
    floor.tell(Change.PENDING_CANCEL, order)
    floor.plan(floor.now + floor.settings.delay_ns, "cancel", order.id)


def _vet_changes(floor: Floor, old: Order, changes: Changes) -> None:
    is_crypto = floor.assets[old.symbol].is_crypto
    if changes == Changes():
        raise invalid("at least one of qty, time_in_force, limit_price, stop_price is required")
    if changes.qty is not None:
        if old.notional is not None or (not is_crypto and changes.qty % 1 != 0):
            raise refused("qty of fractional and notional orders cannot be replaced")
        if changes.qty <= 0:
            raise invalid("qty must be > 0")
    if changes.limit is not None and old.limit is None:
        raise invalid(f"{old.kind} orders have no limit price")
    if changes.stop is not None and old.kind not in (Kind.STOP, Kind.STOP_LIMIT):
        raise invalid(f"{old.kind} orders have no stop price")
    if changes.trail is not None and old.kind is not Kind.TRAILING_STOP:
        raise invalid("only trailing stop orders have a trail")
    for name, price in (("limit_price", changes.limit), ("stop_price", changes.stop)):
        if price is not None and price <= 0:
            raise invalid(f"invalid {name}: must be > 0")
        vet_step(name, price, is_crypto=is_crypto)
    if changes.client_order_id in floor.book.by_client_id:
        raise invalid("client_order_id must be unique")


def _changed(floor: Floor, old: Order, changes: Changes) -> Order:
    new = copy.copy(old)
    new.id = floor.fresh_id("order")
    new.rank = floor.number()
    new.client_order_id = changes.client_order_id or floor.fresh_id("client order")
    new.legs = list(old.legs)
    new.created_ts = new.updated_ts = floor.now
    new.replaces, new.replaced_by = old.id, ""
    new.is_live = False
    new.filled, new.average = ZERO, None
    new.qty = old.qty if changes.qty is None else changes.qty
    new.limit = old.limit if changes.limit is None else changes.limit
    new.stop = old.stop if changes.stop is None else changes.stop
    new.force = old.force if changes.force is None else changes.force
    if changes.trail is not None and old.trail_price is not None:
        new.trail_price = changes.trail
    elif changes.trail is not None:
        new.trail_percent = changes.trail
    return new


def _vet_result(floor: Floor, old: Order, new: Order) -> None:
    last = floor.price(old.symbol)
    if last is None:
        return
    if new.kind is Kind.STOP and not new.is_triggered and touches(new, last):
        word, sign = ("less", "-") if new.side.sign < 0 else ("greater", "+")
        raise refused(f"stop price must be {word} than or equal to base_price {sign} 0.01")
    position = floor.account.quantity(old.symbol)
    others = [one for one in floor.book.open_of(old.symbol) if one.id != old.id]
    pair = [one.id for one in floor.book.siblings(old)]
    if position * old.side.sign < 0:
        rest = [one for one in others if one.id not in pair]
        held, related = held_for_orders(rest, position)
        wanted = new.qty or ZERO
        if wanted > abs(position) - held:
            raise insufficient_quantity(old.symbol, wanted, abs(position) - held, held, related)
    elif old.parent == "" and new.cost(last) > old.cost(last):
        require_power(floor, new, last, already=old.cost(last))


def _take_place(floor: Floor, old: Order, new: Order) -> None:
    """Put the new order into the group of the old one, and plan its end."""
    for one in new.legs:
        floor.book.by_id[one].parent = new.id
    if new.parent:
        parent = floor.book.by_id[new.parent]
        parent.legs = [new.id if one == old.id else one for one in parent.legs]
    old.legs = []
    if new.expires_ts > 0:
        floor.plan(new.expires_ts, "expire", new.id)
