"""What is promised already: units to resting orders, money to purchases, sides to each other."""

from collections.abc import Iterable
from decimal import Decimal

from greenlight.brokers.exchange.orders import ZERO, Order, OrderRequest
from greenlight.brokers.exchange.refusals import RefusalError, forbidden, wash_trade
from greenlight.brokers.exchange.terms import Form, Kind, Status, Way


def held_for_orders(open_orders: Iterable[Order], position: Decimal) -> tuple[Decimal, list[str]]:
    """Units of a position that open orders would take, and which orders; a pair counts once.

    Legs that wait for their entry to fill promise nothing.
    """
    by_group: dict[str, Decimal] = {}
    related: list[str] = []
    for order in open_orders:
        if order.side.sign * position >= 0 or _waits_for_parent(order):
            continue
        group = order.parent or order.id
        by_group[group] = max(by_group.get(group, ZERO), order.leaves)
        related.append(order.id)
    return sum(by_group.values(), ZERO), related


def _waits_for_parent(order: Order) -> bool:
    return order.status is Status.HELD and not order.is_live


def opening_cost(open_orders: Iterable[Order], position: Decimal, last: Decimal) -> Decimal:
    """Money that resting orders of a symbol would need, beyond what closes the position."""
    cost = ZERO
    for order in open_orders:
        is_opening = order.side.sign * position >= 0
        if is_opening and not _waits_for_parent(order) and not _is_group_exit(order):
            cost += order.cost(last)
    return cost


def _is_group_exit(order: Order) -> bool:
    return order.parent != "" or order.form is Form.OCO


def conflict(
    request: OrderRequest, open_orders: Iterable[Order], position: Decimal
) -> RefusalError | None:
    """Why an order may not stand beside those of the other side.

    Complex orders and trailing stops are exempt, on either side; nothing may open both ways.
    """
    for order in open_orders:
        if order.side is request.side or _waits_for_parent(order):
            continue
        if position == 0 and order.parent == "":
            return forbidden(
                "cannot open a long buy while a short sell order is open"
                if request.side is Way.BUY
                else "cannot open a short sell while a long buy order is open",
                {"existing_order_id": order.id},
            )
        if _is_exempt(request.form, request.kind) or _is_exempt(order.form, order.kind):
            continue
        if order.kind in (Kind.MARKET, Kind.STOP):
            return wash_trade(order.id, "opposite side market/stop order exists")
        if request.kind in (Kind.MARKET, Kind.STOP) or _cross(request, order):
            return wash_trade(order.id, "opposite side limit order exists")
    return None


def _is_exempt(form: Form, kind: Kind) -> bool:
    return form is not Form.SIMPLE or kind is Kind.TRAILING_STOP


def _cross(request: OrderRequest, order: Order) -> bool:
    if request.limit is None or order.limit is None:
        return True
    sign = request.side.sign
    return sign * request.limit >= sign * order.limit
