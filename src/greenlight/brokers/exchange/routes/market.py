"""Market data of stocks (/v2/stocks) and coins (/v1beta3/crypto/us)."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from greenlight.brokers.exchange.adjusting import adjusted
from greenlight.brokers.exchange.exchange import Exchange
from greenlight.brokers.exchange.hours import NS_DAY
from greenlight.brokers.exchange.names import rfc3339
from greenlight.brokers.exchange.quoting import Json, bar_json, quote_json, trade_json
from greenlight.brokers.exchange.refusals import RefusalError
from greenlight.brokers.exchange.routes.latest import ROUTES as LATEST
from greenlight.brokers.exchange.routes.latest import latest_bar, latest_quote, latest_trade
from greenlight.brokers.exchange.routes.reading import (
    answer,
    count_of,
    exchange_of,
    moment_of,
    names_of,
)
from greenlight.brokers.exchange.tape import Span

_MOST, _USUAL = 10_000, 1_000
_SPAN = re.compile(r"(\d+)(Min|T|Hour|H|Day|D|Week|W|Month|M)", re.IGNORECASE)
_UNITS = {"t": "Min", "min": "Min", "h": "Hour", "hour": "Hour", "d": "Day", "day": "Day"}
_UNITS |= {"w": "Week", "week": "Week", "m": "Month", "month": "Month"}

Rows = Callable[[Exchange, str, "Query"], Iterator[Json]]


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for: from `start` to `end` (ns UTC, both in), not beyond `now`."""

    start: int
    end: int
    now: int
    span: Span
    adjustment: str
    descends: bool


async def bars(request: Request) -> Response:
    """GET: bars."""
    return _history(request, "bars", _bars)


async def trades(request: Request) -> Response:
    """GET: trades."""
    return _history(request, "trades", _trades)


async def quotes(request: Request) -> Response:
    """GET: quotes."""
    return _history(request, "quotes", _quotes)


def _history(request: Request, key: str, rows: Rows) -> Response:
    """A page of rows, symbol after symbol."""
    exchange = exchange_of(request)
    alone = request.path_params.get("symbol")
    symbols = [alone] if alone else names_of(request, "symbols")
    if not symbols:
        raise _bad("symbols is required")
    query, limit = _query(request, exchange), count_of(request, "limit", _USUAL, _MOST)
    resume = _token(request.query_params.get("page_token"))
    found: dict[str, list[Json]] = {}
    count, token = 0, None
    for symbol in sorted(symbols):
        if symbol not in exchange.tape.series or (resume and symbol < resume[0]):
            continue
        for n, row in enumerate(rows(exchange, symbol, query)):
            if resume and symbol == resume[0] and n < resume[1]:
                continue
            if count == limit:
                token = _make_token(symbol, n)
                break
            found.setdefault(symbol, []).append({**row, "t": rfc3339(row["t"])})
            count += 1
        if token is not None:
            break
    if alone:
        return answer({key: found.get(alone, []), "symbol": alone, "next_page_token": token})
    return answer({key: found, "next_page_token": token})


def _bars(exchange: Exchange, symbol: str, query: Query) -> Iterator[Json]:
    cells = exchange.tape.bars(symbol, query.span, (query.start, query.end), query.now)
    cells = adjusted(cells, exchange.tape.actions_of(symbol), query.adjustment, query.now)
    order = range(len(cells.ts))
    return (bar_json(cells, row) for row in (reversed(order) if query.descends else order))


def _trades(exchange: Exchange, symbol: str, query: Query) -> Iterator[Json]:
    found = (trade_json(tick) for tick in exchange.tape.past(symbol, query.start, _until(query)))
    return iter(reversed(list(found))) if query.descends else found


def _quotes(exchange: Exchange, symbol: str, query: Query) -> Iterator[Json]:
    venue = exchange.venue
    asset = venue.floor.assets[symbol]
    found = (
        quote_json(venue.quote_at(symbol, tick.price), tick, asset)
        for tick in exchange.tape.past(symbol, query.start, _until(query))
    )
    return iter(reversed(list(found))) if query.descends else found


def _until(query: Query) -> int:
    return min(query.end, query.now)


def _query(request: Request, exchange: Exchange) -> Query:
    now = exchange.faults.now
    start, end = moment_of(request, "start"), moment_of(request, "end")
    text = request.query_params.get("timeframe") or "1Min"
    read = _SPAN.fullmatch(text)
    if read is None or int(read[1]) < 1:
        raise _bad(f"invalid timeframe: {text}")
    # of one letter, M is a month and T a minute
    unit = "Month" if read[2] == "M" else _UNITS[read[2].lower()]
    return Query(
        start=now // NS_DAY * NS_DAY if start is None else start,
        end=now if end is None else end,
        now=now,
        span=Span(int(read[1]), unit),
        adjustment=request.query_params.get("adjustment") or "raw",
        descends=request.query_params.get("sort", "asc") == "desc",
    )


def _make_token(symbol: str, row: int) -> str:
    return base64.urlsafe_b64encode(f"{symbol}|{row}".encode()).decode()


def _token(text: str | None) -> tuple[str, int] | None:
    if not text:
        return None
    try:
        symbol, row = base64.urlsafe_b64decode(text).decode().split("|")
        return symbol, int(row)
    except (binascii.Error, ValueError):
        raise _bad("invalid page_token") from None


def _bad(message: str) -> RefusalError:
    return RefusalError(400, 40010000, message)


def snapshot(exchange: Exchange, symbol: str) -> Json:
    """Last trade, quote and minute, today and the day before."""
    now = exchange.faults.now
    days = exchange.tape.bars(symbol, Span(1, "Day"), (now - 10 * NS_DAY, now), now)
    rows = [_stamped(bar_json(days, row)) for row in range(len(days.ts))]
    return {
        "latestTrade": latest_trade(exchange, symbol),
        "latestQuote": latest_quote(exchange, symbol),
        "minuteBar": latest_bar(exchange, symbol),
        "dailyBar": rows[-1] if rows else None,
        "prevDailyBar": rows[-2] if len(rows) > 1 else None,
    }


async def stock_snapshots(request: Request) -> Response:
    """GET: snapshots, by symbol and nothing around."""
    return answer(_snapshots(request))


async def crypto_snapshots(request: Request) -> Response:
    """GET: snapshots of coins, under one key."""
    return answer({"snapshots": _snapshots(request)})


async def one_snapshot(request: Request) -> Response:
    """GET: the snapshot of one stock."""
    symbol = request.path_params["symbol"]
    exchange = exchange_of(request)
    if symbol not in exchange.tape.series:
        raise RefusalError(404, 40410000, f"no snapshot found for {symbol}")
    return answer({"symbol": symbol, **snapshot(exchange, symbol)})


def _snapshots(request: Request) -> dict[str, Json]:
    exchange = exchange_of(request)
    known = [name for name in names_of(request, "symbols") if name in exchange.tape.series]
    return {name: snapshot(exchange, name) for name in known}


def _stamped(row: Json) -> Json:
    return {**row, "t": rfc3339(row["t"])}


_STOCKS, _COINS = "/v2/stocks", "/v1beta3/crypto/{location}"

ROUTES = [
    *LATEST,
    Route(f"{_STOCKS}/snapshots", stock_snapshots, methods=["GET"]),
    Route(f"{_STOCKS}/bars", bars, methods=["GET"]),
    Route(f"{_STOCKS}/trades", trades, methods=["GET"]),
    Route(f"{_STOCKS}/quotes", quotes, methods=["GET"]),
    Route(f"{_STOCKS}/{{symbol}}/bars", bars, methods=["GET"]),
    Route(f"{_STOCKS}/{{symbol}}/trades", trades, methods=["GET"]),
    Route(f"{_STOCKS}/{{symbol}}/quotes", quotes, methods=["GET"]),
    Route(f"{_STOCKS}/{{symbol}}/snapshot", one_snapshot, methods=["GET"]),
    Route(f"{_COINS}/bars", bars, methods=["GET"]),
    Route(f"{_COINS}/trades", trades, methods=["GET"]),
    Route(f"{_COINS}/quotes", quotes, methods=["GET"]),
    Route(f"{_COINS}/snapshots", crypto_snapshots, methods=["GET"]),
]
