"""/v2/orders."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from greenlight.brokers.exchange.exchange import Exchange
from greenlight.brokers.exchange.orders import Order, OrderRequest
from greenlight.brokers.exchange.refusals import RefusalError, invalid, refused
from greenlight.brokers.exchange.rendering import Json, order_json
from greenlight.brokers.exchange.replacing import Changes
from greenlight.brokers.exchange.routes.reading import (
    NO_CONTENT,
    answer,
    body_of,
    count_of,
    exchange_of,
    flag_of,
    moment_of,
    names_of,
    number,
)
from greenlight.brokers.exchange.terms import Force, Form, Kind, Way

_MOST = 500
_MULTI = 207
_Word = TypeVar("_Word", bound=StrEnum)


async def submit(request: Request) -> Response:
    """POST: take an order."""
    exchange = exchange_of(request)
    body = await body_of(request)
    request.state.client_order_id = str(body.get("client_order_id") or "")
    order = exchange.venue.take(order_request(body))
    return answer(render(exchange, order, nested=True))


async def listing(request: Request) -> Response:
    """GET: orders by status, time, symbol and side; newest first."""
    exchange = exchange_of(request)
    query = request.query_params
    status = query.get("status", "open")
    if status not in ("open", "closed", "all"):
        raise invalid(f"invalid status: {status}")
    symbols, side = names_of(request, "symbols"), query.get("side")
    known = [exchange.venue.floor.asset(name).symbol for name in symbols]
    after, until = moment_of(request, "after"), moment_of(request, "until")
    nested = flag_of(request, "nested")
    found = []
    for order in exchange.venue.orders():
        if nested and order.parent:
            continue
        members = [order, *_legs(exchange, order)] if nested else [order]
        if status != "all" and not any(one.is_open == (status == "open") for one in members):
            continue
        if (known and order.symbol not in known) or (side and order.side != side):
            continue
        if (after is not None and order.created_ts <= after) or (
            until is not None and order.created_ts >= until
        ):
            continue
        found.append(order)
    if query.get("direction", "desc") != "asc":
        found.reverse()
    found = found[: count_of(request, "limit", 50, _MOST)]
    return answer([render(exchange, order, nested=nested) for order in found])


async def one(request: Request) -> Response:
    """GET: an order by its id."""
    exchange = exchange_of(request)
    order = exchange.venue.order(request.path_params["order_id"])
    return answer(render(exchange, order, nested=flag_of(request, "nested")))


async def by_client_id(request: Request) -> Response:
    """GET: an order by the client's id."""
    exchange = exchange_of(request)
    name = request.query_params.get("client_order_id", "")
    if not name:
        raise invalid("client_order_id is required")
    order = exchange.venue.order_of_client(name)
    return answer(render(exchange, order, nested=True))


async def replace(request: Request) -> Response:
    """PATCH: put another order in the place of one."""
    exchange = exchange_of(request)
    body = await body_of(request)
    force = body.get("time_in_force")
    changes = Changes(
        qty=number(body, "qty"),
        force=None if not force else _word(Force, force, "time_in_force"),
        limit=number(body, "limit_price"),
        stop=number(body, "stop_price"),
        trail=number(body, "trail"),
        client_order_id=str(body.get("client_order_id") or ""),
    )
    request.state.client_order_id = changes.client_order_id
    order = exchange.venue.replace(request.path_params["order_id"], changes)
    return answer(render(exchange, order, nested=True))


async def cancel(request: Request) -> Response:
    """DELETE: ask for a cancel."""
    exchange_of(request).venue.cancel(request.path_params["order_id"])
    return Response(status_code=NO_CONTENT)


async def cancel_all(request: Request) -> Response:
    """DELETE: ask for every open order to be cancelled."""
    return answer(cancel_every(exchange_of(request)), _MULTI)


def cancel_every(exchange: Exchange) -> list[Json]:
    """Cancel all; one answer for each order."""
    return [_cancelled(exchange, *pair) for pair in exchange.venue.cancel_all()]


def render(exchange: Exchange, order: Order, *, nested: bool) -> Json:
    """An order as JSON; with its legs where they are asked for."""
    asset = exchange.venue.floor.assets[order.symbol]
    return order_json(order, asset, exchange.venue.order if nested else None)


def order_request(body: Mapping[str, Any]) -> OrderRequest:
    """What a body asks for. Raises RefusalError where it cannot be understood."""
    form = _word(Form, body.get("order_class") or "simple", "order_class")
    target, stop = body.get("take_profit") or {}, body.get("stop_loss") or {}
    if not isinstance(target, dict) or not isinstance(stop, dict):
        raise invalid("take_profit and stop_loss must be objects")
    for name in ("symbol", "side", "type", "time_in_force"):
        if not body.get(name):
            raise invalid(f"{name} is required")
    limit, take_profit = number(body, "limit_price"), number(target, "limit_price")
    if form is Form.OCO:
        limit = take_profit = limit if take_profit is None else take_profit
    if form is Form.SIMPLE:  # what would be legs is left aside, as Alpaca does
        take_profit, stop = None, {}
    return OrderRequest(
        symbol=str(body["symbol"]).upper(),
        side=_word(Way, body["side"], "side"),
        kind=_word(Kind, body["type"], "type"),
        force=_word(Force, body["time_in_force"], "time_in_force"),
        qty=number(body, "qty"),
        notional=number(body, "notional"),
        limit=limit,
        stop=number(body, "stop_price"),
        trail_price=number(body, "trail_price"),
        trail_percent=number(body, "trail_percent"),
        form=form,
        take_profit=take_profit,
        stop_loss=number(stop, "stop_price"),
        stop_loss_limit=number(stop, "limit_price"),
        extended_hours=body.get("extended_hours") is True,
        client_order_id=str(body.get("client_order_id") or ""),
    )


def _word(words: type[_Word], text: object, name: str) -> _Word:
    try:
        return words(str(text))
    except ValueError:
        if text == "mleg":
            raise refused("account not eligible to trade options") from None
        raise invalid(f"invalid {name}") from None


def _legs(exchange: Exchange, order: Order) -> list[Order]:
    return [exchange.venue.order(leg) for leg in order.legs]


def _cancelled(exchange: Exchange, order: Order, refusal: RefusalError | None) -> Json:
    if refusal is not None:
        return {"id": order.id, "status": refusal.status, "body": refusal.body}
    return {"id": order.id, "status": 200, "body": render(exchange, order, nested=False)}


ROUTES = [
    Route("/v2/orders", submit, methods=["POST"]),
    Route("/v2/orders", listing, methods=["GET"]),
    Route("/v2/orders", cancel_all, methods=["DELETE"]),
    Route("/v2/orders:by_client_order_id", by_client_id, methods=["GET"]),
    Route("/v2/orders/{order_id}", one, methods=["GET"]),
    Route("/v2/orders/{order_id}", replace, methods=["PATCH"]),
    Route("/v2/orders/{order_id}", cancel, methods=["DELETE"]),
]
