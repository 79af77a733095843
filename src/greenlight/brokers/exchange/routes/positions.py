"""/v2/positions."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from greenlight.brokers.exchange.exchange import Exchange
from greenlight.brokers.exchange.refusals import RefusalError, missing
from greenlight.brokers.exchange.rendering import Json
from greenlight.brokers.exchange.routes.orders import cancel_every, render
from greenlight.brokers.exchange.routes.reading import answer, exchange_of, flag_of, number

_MULTI = 207


async def listing(request: Request) -> Response:
    """GET: everything held."""
    return answer(exchange_of(request).positions())


async def one(request: Request) -> Response:
    """GET: what is held of a symbol."""
    exchange = exchange_of(request)
    floor = exchange.venue.floor
    symbol = floor.asset(request.path_params["symbol"]).symbol
    for held in exchange.positions():
        if held["asset_id"] == floor.assets[symbol].id:
            return answer(held)
    raise missing("position does not exist")


async def close(request: Request) -> Response:
    """DELETE: close a position or a part of it."""
    exchange = exchange_of(request)
    query = dict(request.query_params)
    order = exchange.venue.close(
        request.path_params["symbol"], number(query, "qty"), number(query, "percentage")
    )
    return answer(render(exchange, order, nested=False))


async def close_all(request: Request) -> Response:
    """DELETE: close everything, if asked after cancelling every order."""
    exchange = exchange_of(request)
    if flag_of(request, "cancel_orders"):
        cancel_every(exchange)
    symbols = list(exchange.venue.account.positions)
    return answer([_closed(exchange, symbol) for symbol in symbols], _MULTI)


def _closed(exchange: Exchange, symbol: str) -> Json:
    plain = symbol.replace("/", "")
    try:
        order = exchange.venue.close(symbol)
    except RefusalError as refusal:
        return {"symbol": plain, "status": refusal.status, "body": refusal.body}
    body = render(exchange, order, nested=False)
    return {"symbol": plain, "status": 200, "order_id": order.id, "body": body}


ROUTES = [
    Route("/v2/positions", listing, methods=["GET"]),
    Route("/v2/positions", close_all, methods=["DELETE"]),
    Route("/v2/positions/{symbol:path}", one, methods=["GET"]),
    Route("/v2/positions/{symbol:path}", close, methods=["DELETE"]),
]
