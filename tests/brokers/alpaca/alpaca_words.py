"""Messages as Alpaca's pages and its SDK show them, and a transport that answers with them."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx

from greenlight.brokers.alpaca import AlpacaBroker, AlpacaFeed, AlpacaSettings
from greenlight.domain import ClientId, OrderKind, Role, Side, Span, Ticket

KEY, SECRET = "PKTESTKEY", "s3cr3t-of-the-account"
ID = "61e69015-8549-4bfd-b9c3-01e75843f47d"
LEG = "0f9e0d1e-5b7a-4a52-9c2e-777777777777"
NAME = str(ClientId(fence=1, symbol=0, intent=7, role=Role.ENTRY, serial=0))
SETTINGS = AlpacaSettings(
    key=KEY,
    secret=SECRET,
    trading_url="http://127.0.0.1:1",
    data_url="http://127.0.0.1:1",
    trading_stream_url="ws://127.0.0.1:1/stream",
    data_stream_url="ws://127.0.0.1:1",
    timeout_s=2.0,
)

Handler = Callable[[httpx.Request], httpx.Response]


def order(**fields: Any) -> dict[str, Any]:
    """An order as POST /v2/orders answers."""
    return {
        "id": ID,
        "client_order_id": NAME,
        "created_at": "2026-09-21T13:31:05.123456Z",
        "updated_at": "2026-09-21T13:31:05.2Z",
        "submitted_at": "2026-09-21T13:31:05.120000Z",
        "filled_at": None,
        "expired_at": None,
        "canceled_at": None,
        "failed_at": None,
        "replaced_at": None,
        "replaced_by": None,
        "replaces": None,
        "asset_id": "b28f4066-5c6d-479b-a2af-85dc1a8f16fb",
        "symbol": "SPY",
        "asset_class": "us_equity",
        "notional": None,
        "qty": "10",
        "filled_qty": "0",
        "filled_avg_price": None,
        "order_class": "",
        "order_type": "limit",
        "type": "limit",
        "side": "buy",
        "time_in_force": "day",
        "limit_price": "512.1",
        "stop_price": None,
        "status": "new",
        "extended_hours": False,
        "legs": None,
        "trail_percent": None,
        "trail_price": None,
        "hwm": None,
    } | fields


def update(event: str, **fields: Any) -> dict[str, Any]:
    """The data of a message on trade_updates."""
    told = {"event": event, "timestamp": "2026-09-21T13:31:06.5Z"}
    return told | {"order": order(), "execution_id": None} | fields


def ticket(**fields: Any) -> Ticket:
    """A limit order for ten shares."""
    given: dict[str, Any] = {
        "client_id": NAME,
        "instrument": "SPY",
        "side": Side.BUY,
        "kind": OrderKind.LIMIT,
        "quantity": Decimal(10),
        "span": Span.DAY,
        "price": Decimal("512.10"),
    }
    return Ticket(**given | fields)


def answering(handler: Handler) -> AlpacaBroker:
    """A broker whose every request `handler` answers."""
    return AlpacaBroker(SETTINGS, transport=httpx.MockTransport(handler))


def feeding(handler: Handler, now: int) -> AlpacaFeed:
    """A feed whose every request `handler` answers, at a time."""
    return AlpacaFeed(SETTINGS, lambda: now, transport=httpx.MockTransport(handler))


def says(status: int, body: object = None, **headers: str) -> Handler:
    """An answer that is always the same."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda _: httpx.Response(status, content=content, headers=headers)


def raises(error: Exception) -> Handler:
    """A transport that fails."""

    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    return fail
