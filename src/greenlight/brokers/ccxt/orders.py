"""Tickets as ccxt's arguments, and ccxt's orders as the house's."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from greenlight.domain import OrderKind, OrderState, RefuseError, Side, Ticket, VenueOrder

#: What ccxt answers: a mapping of its own making.
Json = Any

NS_MS = 1_000_000
_STATES = {
    "open": OrderState.WORKING,
    "closed": OrderState.FILLED,
    "canceled": OrderState.CANCELLED,
    "canceling": OrderState.CANCELLING,
    "expired": OrderState.EXPIRED,
    "rejected": OrderState.REJECTED,
}
_RAW_STATES = {  # what ccxt makes too little of
    "pending": OrderState.PENDING,
    "pending_new": OrderState.PENDING,
    "queued": OrderState.PENDING,
    "cancel_queued": OrderState.CANCELLING,
    "pending_cancel": OrderState.CANCELLING,
    "expired": OrderState.EXPIRED,
    "expired_in_match": OrderState.EXPIRED,
    "failed": OrderState.REJECTED,
}
_REASONS = ("reject_message", "cancel_message", "reason", "reject_reason")
_STOPS = (OrderKind.STOP, OrderKind.STOP_LIMIT)


def venue_id_of(symbol: str, order_id: str) -> str:
    """An order's name at its venue: exchanges ask for the symbol beside the id."""
    return f"{symbol}:{order_id}"


def parts_of(venue_id: str) -> tuple[str, str]:
    """Symbol and the exchange's own id. Raises RefuseError where it names neither."""
    symbol, colon, order_id = venue_id.partition(":")
    if not (symbol and colon and order_id):
        raise RefuseError(f"gone: an order that the venue cannot know, {venue_id!r}")
    return symbol, order_id


def venue_order(told: Json, ticket: Ticket | None = None) -> VenueOrder:
    """One of ccxt's orders; `ticket` fills in what the answer to a new order leaves out.

    Raises KeyError, TypeError or ValueError for what is no order.
    """
    if not told.get("id"):
        raise ValueError("the answer names no order")
    trigger = number(told.get("stopLossPrice")) or number(told.get("triggerPrice"))
    limit = number(told.get("price"))
    filled = number(told.get("filled")) or Decimal(0)
    symbol = told.get("symbol") or _of(ticket).instrument
    side = told.get("side") or _of(ticket).side.name.lower()
    quantity = number(told.get("amount"))
    order = VenueOrder(
        venue_id=venue_id_of(symbol, told["id"]),
        client_id=told.get("clientOrderId") or ("" if ticket is None else ticket.client_id),
        instrument=symbol,
        side=Side[side.upper()],
        kind=_kind(told, trigger, limit, ticket),
        quantity=_of(ticket).quantity if quantity is None else quantity,
        filled=filled,
        average=number(told.get("average")) if filled > 0 else None,
        state=_state(told, filled, quantity),
        updated_ts=_stamp(told) * NS_MS,
        reason=_reason(told),
    )
    return _priced(order, trigger, limit, ticket)


def number(value: Json) -> Decimal | None:
    """The decimal of what ccxt gives as text or float; 0 and nothing are None for a price."""
    if value is None or value == "":
        return None
    found = Decimal(str(value))
    return None if found == 0 else found


def plain(value: Decimal) -> str:
    """A decimal without an exponent."""
    return format(value, "f")


def _of(ticket: Ticket | None) -> Ticket:
    if ticket is None:
        raise ValueError("the order lacks what makes it one")
    return ticket


def _kind(
    told: Json, trigger: Decimal | None, limit: Decimal | None, ticket: Ticket | None
) -> OrderKind:
    if ticket is not None:
        return ticket.kind
    kind = str(told["type"]).lower()
    if trigger is not None or "stop" in kind:
        is_market = limit is None or kind in ("market", "stop_loss", "stop-loss")
        return OrderKind.STOP if is_market else OrderKind.STOP_LIMIT
    return OrderKind.MARKET if kind == "market" else OrderKind.LIMIT


def _priced(
    order: VenueOrder, trigger: Decimal | None, limit: Decimal | None, ticket: Ticket | None
) -> VenueOrder:
    """With the prices that its kind has."""
    if ticket is not None:
        return replace(order, price=ticket.price, limit=ticket.limit)
    if order.kind in _STOPS:
        has_limit = order.kind is OrderKind.STOP_LIMIT
        return replace(order, price=trigger, limit=limit if has_limit else None)
    return replace(order, price=limit if order.kind is OrderKind.LIMIT else None)


def _state(told: Json, filled: Decimal, quantity: Decimal | None) -> OrderState:
    """Its state; one that ended before all of it filled is cancelled."""
    info = told.get("info")
    raw = str(info.get("status", "")).lower() if isinstance(info, Mapping) else ""
    if told.get("status") is None and raw not in _RAW_STATES:
        return OrderState.PENDING  # an acknowledgement: taken, and nothing else said of it
    state = _RAW_STATES.get(raw) or _STATES[str(told["status"]).lower()]
    is_short = quantity is not None and filled < quantity
    return OrderState.CANCELLED if state is OrderState.FILLED and is_short else state


def _stamp(told: Json) -> int:
    stamps = (told.get(f"{name}imestamp") for name in ("lastUpdateT", "lastTradeT", "t"))
    return int(max((float(stamp) for stamp in stamps if stamp is not None), default=0.0))


def _reason(told: Json) -> str:
    info = told.get("info")
    if not isinstance(info, Mapping):
        return ""
    said = (str(info.get(name) or "") for name in _REASONS)
    return next((words for words in said if words and "UNSPECIFIED" not in words), "")
