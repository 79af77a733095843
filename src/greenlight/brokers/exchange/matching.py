"""Whether a price fills an order, and at which reference (docs/engine.md, section 3).

A stop triggers when it is touched; a limit needs the price to be traded through; where the price
jumped (the open, a trade made by hand) everything fills at the price it jumped to.
"""

from dataclasses import dataclass
from decimal import Decimal

from greenlight.brokers.exchange.orders import Order
from greenlight.brokers.exchange.terms import Kind, Way

_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Tick:
    """A trade somebody made. `size` None: as much as anybody wants.

    is_gap: nothing was traded between the price before and this one.
    """

    symbol: str
    ts: int
    price: Decimal
    size: Decimal | None = None
    is_gap: bool = True


def follow(order: Order, price: Decimal) -> None:
    """Move a trailing stop after a price that did not touch it."""
    if order.kind is not Kind.TRAILING_STOP:
        return
    best = price if order.hwm is None else order.hwm
    order.hwm = max(best, price) if order.side is Way.SELL else min(best, price)
    gap = (
        order.trail_price
        if order.trail_price is not None
        else order.hwm * (order.trail_percent or Decimal(0)) / _HUNDRED
    )
    level = order.hwm - order.side.opposite.sign * gap
    order.stop = level.quantize(Decimal("0.01")) if level >= 1 else level.quantize(Decimal("1e-4"))


def touches(order: Order, price: Decimal) -> bool:
    """Whether `price` triggers the stop."""
    if order.stop is None:
        return False
    return price <= order.stop if order.side is Way.SELL else price >= order.stop


def reference(order: Order, tick: Tick) -> Decimal | None:
    """Reference price the tick fills the order at, None where it does not; may trigger a stop."""
    just_triggered = False
    if order.kind.waits_for_trigger and not order.is_triggered:
        if not touches(order, tick.price):
            follow(order, tick.price)
            return None
        order.is_triggered = just_triggered = True
    if order.limit is None:
        level = order.stop if just_triggered and not tick.is_gap else None
        return tick.price if level is None else level
    if just_triggered:
        return _limit_when_triggered(order, tick)
    sign = order.side.sign
    if sign * tick.price >= sign * order.limit:
        return None
    return tick.price if tick.is_gap else order.limit


def _limit_when_triggered(order: Order, tick: Tick) -> Decimal | None:
    """A stop-limit just touched fills at its stop if that is better than its limit."""
    if order.limit is None or order.stop is None:
        return None
    at = tick.price if tick.is_gap else order.stop
    sign = order.side.sign
    return at if sign * at < sign * order.limit else None
