"""/v2/watchlists."""

from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from greenlight.brokers.exchange.floor import find_asset
from greenlight.brokers.exchange.names import identity, rfc3339
from greenlight.brokers.exchange.refusals import invalid, missing
from greenlight.brokers.exchange.rendering import Json, asset_json
from greenlight.brokers.exchange.routes.reading import NO_CONTENT, answer, body_of, exchange_of


@dataclass(slots=True)
class Watchlist:
    """A named list of symbols."""

    id: str
    name: str
    created_ts: int
    updated_ts: int
    symbols: list[str] = field(default_factory=list)


async def listing(request: Request) -> Response:
    """GET: all lists, without their assets."""
    return answer([_json(request, one, whole=False) for one in _lists(request).values()])


async def create(request: Request) -> Response:
    """POST: a new list."""
    body, now = await body_of(request), exchange_of(request).faults.now
    name = str(body.get("name") or "")
    if not name:
        raise invalid("name is required")
    if any(one.name == name for one in _lists(request).values()):
        raise invalid("watchlist name must be unique")
    made = Watchlist(identity(f"watchlist {len(_lists(request))} {name}"), name, now, now)
    made.symbols = [_symbol(request, one) for one in body.get("symbols") or []]
    _lists(request)[made.id] = made
    return answer(_json(request, made))


async def one(request: Request) -> Response:
    """GET: a list."""
    return answer(_json(request, _require(request)))


async def update(request: Request) -> Response:
    """PUT: another name, other symbols."""
    found, body = _require(request), await body_of(request)
    if body.get("name"):
        found.name = str(body["name"])
    if body.get("symbols") is not None:
        found.symbols = [_symbol(request, one) for one in body["symbols"]]
    return answer(_json(request, _touched(request, found)))


async def add(request: Request) -> Response:
    """POST: one more symbol."""
    found, body = _require(request), await body_of(request)
    symbol = _symbol(request, body.get("symbol"))
    if symbol not in found.symbols:
        found.symbols.append(symbol)
    return answer(_json(request, _touched(request, found)))


async def delete(request: Request) -> Response:
    """DELETE: the list."""
    del _lists(request)[_require(request).id]
    return Response(status_code=NO_CONTENT)


async def remove(request: Request) -> Response:
    """DELETE: a symbol of it."""
    found = _require(request)
    symbol = _symbol(request, request.path_params["symbol"])
    found.symbols = [one for one in found.symbols if one != symbol]
    return answer(_json(request, _touched(request, found)))


def _lists(request: Request) -> dict[str, Watchlist]:
    lists: dict[str, Watchlist] = request.app.state.watchlists
    return lists


def _require(request: Request) -> Watchlist:
    found = _lists(request).get(request.path_params["list_id"])
    if found is None:
        raise missing("watchlist not found")
    return found


def _touched(request: Request, found: Watchlist) -> Watchlist:
    found.updated_ts = exchange_of(request).faults.now
    return found


def _symbol(request: Request, name: object) -> str:
    found = find_asset(exchange_of(request).venue.floor.assets, str(name))
    if found is None:
        raise missing(f"asset not found for {name}")
    return found.symbol


def _json(request: Request, one: Watchlist, *, whole: bool = True) -> Json:
    venue = exchange_of(request).venue
    row: Json = {
        "id": one.id,
        "account_id": venue.account.id,
        "name": one.name,
        "created_at": rfc3339(one.created_ts),
        "updated_at": rfc3339(one.updated_ts),
    }
    if whole:
        row["assets"] = [asset_json(venue.floor.assets[symbol]) for symbol in one.symbols]
    return row


ROUTES = [
    Route("/v2/watchlists", listing, methods=["GET"]),
    Route("/v2/watchlists", create, methods=["POST"]),
    Route("/v2/watchlists/{list_id}", one, methods=["GET"]),
    Route("/v2/watchlists/{list_id}", update, methods=["PUT"]),
    Route("/v2/watchlists/{list_id}", add, methods=["POST"]),
    Route("/v2/watchlists/{list_id}", delete, methods=["DELETE"]),
    Route("/v2/watchlists/{list_id}/{symbol:path}", remove, methods=["DELETE"]),
]
