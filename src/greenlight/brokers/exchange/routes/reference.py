"""Assets, clock and calendar, and what the exchange has none of: options, announcements."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from greenlight.brokers.exchange.faults import FaultKind
from greenlight.brokers.exchange.floor import find_asset
from greenlight.brokers.exchange.hours import NS_DAY, NS_SECOND, hours
from greenlight.brokers.exchange.names import EASTERN, eastern, moment
from greenlight.brokers.exchange.refusals import missing
from greenlight.brokers.exchange.rendering import Json, asset_json
from greenlight.brokers.exchange.routes.reading import answer, exchange_of, moment_of

_EPOCH_DAY, _LAST_DAY = 0, 22_000  # until 2030, as Alpaca's own calendar


async def assets(request: Request) -> Response:
    """GET: everything that can be traded."""
    query = request.query_params
    if query.get("status", "active") != "active":
        return answer([])
    rows = [asset_json(asset) for asset in exchange_of(request).venue.floor.assets.values()]
    for name, key in (("asset_class", "class"), ("exchange", "exchange")):
        wanted = query.get(name)
        rows = [row for row in rows if not wanted or row[key] == wanted]
    return answer(rows)


async def asset(request: Request) -> Response:
    """GET: one asset by symbol or id."""
    name = request.path_params["symbol"]
    found = find_asset(exchange_of(request).venue.floor.assets, name)
    if found is None:
        raise missing(f"asset not found for {name}")
    return answer(asset_json(found))


async def clock(request: Request) -> Response:
    """GET: the exchange's time and when the stock market opens and closes next."""
    exchange = exchange_of(request)
    now = exchange.clock.now()
    fault = exchange.faults.strikes(FaultKind.STALE_CLOCK, "/v2/clock")
    if fault is not None:
        now -= int(fault.seconds * NS_SECOND)
    market = hours("XNYS")
    return answer(
        {
            "timestamp": eastern(now),
            "is_open": market.is_open(now),
            "next_open": eastern(market.after(now).open_ts),
            "next_close": eastern(market.coming(now).close_ts),
        }
    )


async def calendar(request: Request) -> Response:
    """GET: sessions of the stock market, in its own time."""
    start, end = moment_of(request, "start"), moment_of(request, "end")
    first = _EPOCH_DAY if start is None else start // NS_DAY
    last = _LAST_DAY if end is None else end // NS_DAY
    return answer([_day(one.open_ts, one.close_ts) for one in hours("XNYS").between(first, last)])


async def nothing(_: Request) -> Response:
    """GET: an empty list."""
    return answer([])


async def no_contracts(_: Request) -> Response:
    """GET: there are no options."""
    return answer({"option_contracts": [], "next_page_token": None})


async def no_contract(request: Request) -> Response:
    """GET: there are no options."""
    raise missing(f"option contract not found for {request.path_params['name']}")


def _day(open_ts: int, close_ts: int) -> Json:
    opens, closes = (moment(ts).astimezone(EASTERN) for ts in (open_ts, close_ts))
    return {
        "date": opens.date().isoformat(),
        "open": f"{opens:%H:%M}",
        "close": f"{closes:%H:%M}",
        "session_open": "0400",
        "session_close": "2000",
        "settlement_date": opens.date().isoformat(),
    }


ROUTES = [
    Route("/v2/assets", assets, methods=["GET"]),
    Route("/v2/assets/{symbol:path}", asset, methods=["GET"]),
    Route("/v2/clock", clock, methods=["GET"]),
    Route("/v2/calendar", calendar, methods=["GET"]),
    Route("/v2/corporate_actions/announcements", nothing, methods=["GET"]),
    Route("/v2/options/contracts", no_contracts, methods=["GET"]),
    Route("/v2/options/contracts/{name}", no_contract, methods=["GET"]),
]
