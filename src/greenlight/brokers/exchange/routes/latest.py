"""The latest bar, trade, quote and order book of each symbol."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from greenlight.brokers.exchange.exchange import Exchange
from greenlight.brokers.exchange.hours import NS_DAY, NS_MINUTE
from greenlight.brokers.exchange.names import rfc3339
from greenlight.brokers.exchange.quoting import Json, bar_json, quote_json, trade_json
from greenlight.brokers.exchange.routes.reading import answer, exchange_of, names_of
from greenlight.brokers.exchange.tape import Span

_MINUTE = Span(1, "Min")
_DEPTH = 5
_LOOK_BACK_DAYS = 5


def latest_bar(exchange: Exchange, symbol: str) -> Json | None:
    """The last minute that has ended."""
    now = exchange.faults.now
    for days in range(1, _LOOK_BACK_DAYS + 1):
        start = max(0, now // NS_MINUTE * NS_MINUTE - days * NS_DAY)
        cells = exchange.tape.bars(symbol, _MINUTE, (start, now - NS_MINUTE), now)
        if len(cells.ts) > 0:
            return _stamped(bar_json(cells, len(cells.ts) - 1))
    return None


def latest_trade(exchange: Exchange, symbol: str) -> Json | None:
    """The last trade."""
    tick = exchange.venue.floor.last.get(symbol)
    return None if tick is None else _stamped(trade_json(tick))


def latest_quote(exchange: Exchange, symbol: str) -> Json | None:
    """Bid and ask."""
    tick = exchange.venue.floor.last.get(symbol)
    if tick is None:
        return None
    asset = exchange.venue.floor.assets[symbol]
    quote = exchange.venue.quote_at(symbol, tick.price)
    return _stamped(quote_json(quote, tick, asset))


def latest_book(exchange: Exchange, symbol: str) -> Json | None:
    """A book that follows from the quote: each level as far from the next as the spread."""
    quote = latest_quote(exchange, symbol)
    if quote is None:
        return None
    gap = quote["ap"] - quote["bp"]
    return {
        "t": quote["t"],
        "b": [{"p": round(quote["bp"] - n * gap, 9), "s": n + 1.0} for n in range(_DEPTH)],
        "a": [{"p": round(quote["ap"] + n * gap, 9), "s": n + 1.0} for n in range(_DEPTH)],
    }


Reader = Callable[[Exchange, str], Json | None]
_READERS: dict[str, Reader] = {
    "bars": latest_bar,
    "trades": latest_trade,
    "quotes": latest_quote,
    "orderbooks": latest_book,
}


async def latest(request: Request) -> Response:
    """GET: the latest of many symbols."""
    exchange, kind = exchange_of(request), request.path_params["kind"]
    reader = _READERS.get(kind)
    if reader is None:
        return answer({"message": "endpoint not found."}, 404)
    found = {}
    for symbol in names_of(request, "symbols"):
        row = reader(exchange, symbol) if symbol in exchange.tape.series else None
        if row is not None:
            found[symbol] = row
    return answer({kind: found})


async def latest_of_one(request: Request) -> Response:
    """GET: the latest of one symbol."""
    exchange, kind = exchange_of(request), request.path_params["kind"]
    symbol = request.path_params["symbol"]
    reader = _READERS.get(kind)
    if reader is None or symbol not in exchange.tape.series:
        return answer({"message": f"no {kind} found for {symbol}"}, 404)
    return answer({"symbol": symbol, kind.removesuffix("s"): reader(exchange, symbol)})


def _stamped(row: Json) -> Json:
    return {**row, "t": rfc3339(row["t"])}


ROUTES = [
    Route("/v2/stocks/{kind}/latest", latest, methods=["GET"]),
    Route("/v2/stocks/{symbol}/{kind}/latest", latest_of_one, methods=["GET"]),
    Route("/v1beta3/crypto/{location}/latest/{kind}", latest, methods=["GET"]),
]
