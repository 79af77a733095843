"""/_exchange: moving time, making things happen by hand, and reading what truly happened."""

from dataclasses import asdict
from decimal import Decimal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from greenlight.brokers.exchange.clocks import ToldClock
from greenlight.brokers.exchange.hours import NS_SECOND
from greenlight.brokers.exchange.names import nanoseconds, rfc3339
from greenlight.brokers.exchange.orders import OrderRequest, plain
from greenlight.brokers.exchange.refusals import invalid, refused
from greenlight.brokers.exchange.rendering import update_json
from greenlight.brokers.exchange.routes.orders import render
from greenlight.brokers.exchange.routes.reading import answer, body_of, exchange_of, number
from greenlight.brokers.exchange.terms import Force, Kind, Way


async def state(request: Request) -> Response:
    """GET: time and reach of the stored bars."""
    exchange = exchange_of(request)
    return answer(
        {
            "now": rfc3339(exchange.faults.now),
            "first": rfc3339(exchange.tape.first_ts),
            "last": rfc3339(exchange.tape.last_ts),
            "symbols": sorted(exchange.tape.series),
        }
    )


async def advance(request: Request) -> Response:
    """POST {"seconds": 60} or {"to": time}: let time pass, at --speed 0."""
    exchange, body = exchange_of(request), await body_of(request)
    if not isinstance(exchange.clock, ToldClock):
        raise refused("time runs by itself; start with --speed 0 to move it by hand")
    seconds = number(body, "seconds")
    try:
        to = nanoseconds(str(body["to"])) if "to" in body else None
    except ValueError:
        raise invalid(f"to: {body['to']} is no time") from None
    if (seconds is None) == (to is None):
        raise invalid("give seconds or to")
    by_seconds = exchange.clock.now() + int((seconds or Decimal(0)) * NS_SECOND)
    exchange.clock.move(by_seconds if to is None else to)
    return answer({"now": rfc3339(exchange.catch_up())})


async def halt(request: Request) -> Response:
    """POST {"symbol": ..., "seconds": 300}: stop trading in a symbol for a while."""
    exchange, body = exchange_of(request), await body_of(request)
    symbol = exchange.venue.floor.asset(str(body.get("symbol"))).symbol
    exchange.halt(symbol, float(number(body, "seconds") or 300))
    return answer({"symbol": symbol})


async def transfer(request: Request) -> Response:
    """POST {"amount": 1000}: money in, or out where negative."""
    exchange, body = exchange_of(request), await body_of(request)
    amount = number(body, "amount")
    if amount is None:
        raise invalid("amount is required")
    exchange.venue.transfer(amount)
    return answer({"cash": plain(exchange.venue.account.cash)})


async def trade(request: Request) -> Response:
    """POST {"symbol", "side", "qty"}: what the owner trades by hand, past the bot."""
    exchange, body = exchange_of(request), await body_of(request)
    asset = exchange.venue.floor.asset(str(body.get("symbol")))
    side = Way.SELL if body.get("side") == "sell" else Way.BUY
    force = Force.GTC if asset.is_crypto else Force.DAY
    wanted = OrderRequest(asset.symbol, side, Kind.MARKET, force, qty=number(body, "qty"))
    order = exchange.venue.submit(wanted)
    exchange.tell_changes()
    return answer(render(exchange, order, nested=False))


async def record(request: Request) -> Response:
    """GET: requests, every state of every order, fills, faults, standings."""
    exchange = exchange_of(request)
    kept, assets = exchange.record, exchange.venue.floor.assets
    return answer(
        {
            "requests": [asdict(line) for line in kept.requests],
            "updates": [
                {"ts": one.ts, **_data(update_json(one, assets[one.order.symbol]))}
                for one in kept.updates
            ],
            "faults": [asdict(line) for line in kept.faults],
            "standings": [
                {
                    "ts": one.ts,
                    "cash": plain(one.cash),
                    "positions": {name: plain(qty) for name, qty in one.positions.items()},
                }
                for one in kept.standings
            ],
        }
    )


def _data(message: dict[str, object]) -> dict[str, object]:
    data = message["data"]
    return data if isinstance(data, dict) else {}


ROUTES = [
    Route("/_exchange", state, methods=["GET"]),
    Route("/_exchange/advance", advance, methods=["POST"]),
    Route("/_exchange/halt", halt, methods=["POST"]),
    Route("/_exchange/transfer", transfer, methods=["POST"]),
    Route("/_exchange/trade", trade, methods=["POST"]),
    Route("/_exchange/record", record, methods=["GET"]),
]
