"""Reading requests: the exchange behind them, numbers, times, and JSON bodies."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from greenlight.brokers.exchange.exchange import Exchange
from greenlight.brokers.exchange.names import nanoseconds
from greenlight.brokers.exchange.refusals import invalid

NO_CONTENT = 204


def exchange_of(request: Request) -> Exchange:
    """The exchange the application was built around."""
    exchange: Exchange = request.app.state.exchange
    return exchange


def answer(content: object, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(content), status, media_type="application/json")


async def body_of(request: Request) -> Mapping[str, Any]:
    """The JSON object of a body. Raises RefusalError."""
    raw = await request.body()
    try:
        body = orjson.loads(raw) if raw else {}
    except orjson.JSONDecodeError:
        raise invalid("request body format is invalid") from None
    if not isinstance(body, dict):
        raise invalid("request body format is invalid")
    return body


def number(values: Mapping[str, Any], name: str) -> Decimal | None:
    """A number, as a JSON number or a string; None where it is absent or null."""
    value = values.get(name)
    if value is None or value == "":
        return None
    try:
        read = Decimal(str(value))
    except InvalidOperation:
        raise invalid(f"{name} is not a number") from None
    if not read.is_finite():
        raise invalid(f"{name} is not a number")
    return read


def moment_of(request: Request, name: str) -> int | None:
    """A time of the query, ns UTC."""
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        return nanoseconds(text)
    except ValueError:
        raise invalid(f"invalid {name}: {text} is no RFC-3339 time or date") from None


def count_of(request: Request, name: str, default: int, most: int) -> int:
    """A positive whole number of the query, cut to `most`."""
    text = request.query_params.get(name)
    if not text:
        return default
    if not text.isdigit() or int(text) < 1:
        raise invalid(f"invalid {name}: {text}")
    return min(int(text), most)


def flag_of(request: Request, name: str) -> bool:
    """True, true or 1."""
    return request.query_params.get(name, "").lower() in ("true", "1")


def names_of(request: Request, name: str) -> list[str]:
    """A list parted by commas."""
    return [one.strip() for one in request.query_params.get(name, "").split(",") if one.strip()]
