"""Orders on the wire: tickets out, orders and trade updates back.

Messages are read here rather than by the SDK's models: those refuse a whole message for one word
they do not know (a new status, a new order type), and a report that is lost is worse than one that
is read with care. A test holds both readings of the same messages against each other.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from greenlight.brokers.alpaca.assets import Grid
from greenlight.brokers.alpaca.texts import (
    inner_price,
    instrument_of,
    is_crypto,
    number,
    outer_price,
    plain,
    symbol_of,
    time_ns,
    whole_lots,
)
from greenlight.domain import (
    Execution,
    OrderKind,
    OrderReport,
    OrderState,
    RefuseError,
    Side,
    Span,
    Ticket,
    VenueOrder,
)

Message = Mapping[str, Any]

_KINDS = {
    "market": OrderKind.MARKET,
    "limit": OrderKind.LIMIT,
    "stop": OrderKind.STOP,
    "stop_limit": OrderKind.STOP_LIMIT,
    "trailing_stop": OrderKind.STOP,
}
_STATES = {
    "accepted": OrderState.PENDING,
    "accepted_for_bidding": OrderState.PENDING,
    "held": OrderState.PENDING,
    "pending_new": OrderState.PENDING,
    "pending_review": OrderState.PENDING,
    "suspended": OrderState.PENDING,
    "new": OrderState.WORKING,
    "partially_filled": OrderState.WORKING,
    "pending_replace": OrderState.WORKING,
    "stopped": OrderState.WORKING,
    "pending_cancel": OrderState.CANCELLING,
    "filled": OrderState.FILLED,
    "canceled": OrderState.CANCELLED,
    "expired": OrderState.EXPIRED,
    "rejected": OrderState.REJECTED,
    "replaced": OrderState.REPLACED,
}
_OVER_FOR_TODAY = ("done_for_day", "calculated")
_TYPES = {
    OrderKind.MARKET: "market",
    OrderKind.LIMIT: "limit",
    OrderKind.STOP: "stop",
    OrderKind.STOP_LIMIT: "stop_limit",
}
_FILLS = ("fill", "partial_fill")
_ZERO = Decimal(0)


def order_body(ticket: Ticket, grid: Grid) -> dict[str, Any]:
    """What is posted for a ticket. Raises RefuseError where nothing would be left of it."""
    body: dict[str, Any] = {
        "symbol": symbol_of(ticket.instrument),
        "side": "buy" if ticket.side is Side.BUY else "sell",
        "type": _TYPES[ticket.kind],
        "qty": _quantity(ticket, grid),
        "time_in_force": _span(ticket),
        "client_order_id": ticket.client_id,
    }
    prices = _prices(ticket, grid)
    if ticket.stop is None:
        return body | prices
    stop = {
        "stop_price": plain(inner_price(ticket.stop, ticket.side, grid.price_step(ticket.stop)))
    }
    if ticket.stop_limit is not None:
        step = grid.price_step(ticket.stop_limit)
        stop["limit_price"] = plain(outer_price(ticket.stop_limit, ticket.side, step))
    return body | {"order_class": "oco", "take_profit": prices, "stop_loss": stop}


def change_body(ticket: Ticket, grid: Grid, *, quantity: bool) -> dict[str, Any]:
    """What is patched for a ticket that stands in for another; `quantity`: whether it changes."""
    body: dict[str, Any] = {"client_order_id": ticket.client_id}
    if quantity:
        body["qty"] = _quantity(ticket, grid)
    return body | _prices(ticket, grid)


def venue_order(message: Message) -> VenueOrder:
    """An order as the venue tells it. Raises ValueError, KeyError or TypeError for no order.

    A status that is not known counts as open: whoever asks again and cancels then loses nothing.
    An order by notional has no quantity: what has filled stands for it.
    """
    filled = number(message.get("filled_qty")) or _ZERO
    quantity = number(message.get("qty"))
    kind = _kind(message)
    limit = number(message.get("limit_price"))
    stop = number(message.get("stop_price"))
    status = str(message["status"])
    known = status in _STATES or status in _OVER_FOR_TODAY
    asset_class = str(message.get("asset_class") or "")
    return VenueOrder(
        venue_id=_word(message["id"]),
        client_id=str(message.get("client_order_id") or ""),
        instrument=instrument_of(str(message.get("symbol") or ""), asset_class),
        side=Side.SELL if str(message.get("side") or "").startswith("sell") else Side.BUY,
        kind=kind,
        quantity=filled if quantity is None else quantity,
        filled=filled,
        average=(number(message.get("filled_avg_price")) or None) if filled else None,
        state=_state(status, message, complete=quantity is not None and filled >= quantity),
        price=limit if kind is OrderKind.LIMIT else stop,
        limit=limit if kind is OrderKind.STOP_LIMIT else None,
        updated_ts=_latest(message),
        replaced_by=str(message.get("replaced_by") or ""),
        reason=str(message.get("reject_reason") or "") if known else f"status {status}",
        legs=tuple(venue_order(leg) for leg in message.get("legs") or ()),
    )


def order_report(data: Message) -> OrderReport:
    """A trade update. Raises as `venue_order`; a fill without its own id is known by its total."""
    order = venue_order(data["order"])
    if data.get("event") not in _FILLS:
        return OrderReport(order)
    quantity, price = number(data.get("qty")), number(data.get("price"))
    if quantity is None or price is None:
        return OrderReport(order)
    told = data.get("timestamp") or data.get("at")
    identity = str(data.get("execution_id") or f"{order.venue_id}:{plain(order.filled)}")
    ts = order.updated_ts if told is None else time_ns(told)
    return OrderReport(order, Execution(identity, quantity, price, ts))


def _kind(message: Message) -> OrderKind:
    told = str(message.get("type") or message.get("order_type") or "")
    if told in _KINDS:
        return _KINDS[told]
    return OrderKind.MARKET if message.get("limit_price") is None else OrderKind.LIMIT


def _state(status: str, message: Message, *, complete: bool) -> OrderState:
    if status in _STATES:
        return _STATES[status]
    if complete:
        return OrderState.FILLED
    if status in _OVER_FOR_TODAY:
        rests = message.get("time_in_force") == "gtc"
        return OrderState.PENDING if rests else OrderState.EXPIRED
    return OrderState.WORKING


def _latest(message: Message) -> int:
    for name in ("updated_at", "submitted_at", "created_at"):
        if message.get(name):
            return time_ns(message[name])
    return 0


def _word(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("an order without an id")
    return value


def _quantity(ticket: Ticket, grid: Grid) -> str:
    quantity = whole_lots(ticket.quantity, grid.quantity)
    if quantity <= 0:
        raise RefuseError(f"rule: {ticket.quantity} {ticket.instrument} is less than can be traded")
    return plain(quantity)


def _span(ticket: Ticket) -> str:
    """Pairs trade around the clock and know no day: what must end with it is cancelled."""
    return "gtc" if ticket.span is Span.GTC or is_crypto(ticket.instrument) else "day"


def _prices(ticket: Ticket, grid: Grid) -> dict[str, str]:
    """The prices that a kind of order has, on the venue's grid."""
    if ticket.kind is OrderKind.MARKET:
        return {}
    if ticket.price is None or (ticket.kind is OrderKind.STOP_LIMIT and ticket.limit is None):
        raise RefuseError(f"rule: a {_TYPES[ticket.kind]} order needs its price")
    price = plain(inner_price(ticket.price, ticket.side, grid.price_step(ticket.price)))
    if ticket.kind is OrderKind.LIMIT:
        return {"limit_price": price}
    if ticket.limit is None:
        return {"stop_price": price}
    limit = outer_price(ticket.limit, ticket.side, grid.price_step(ticket.limit))
    return {"stop_price": price, "limit_price": plain(limit)}
