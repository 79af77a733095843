"""The application: routes, gate and streams around one exchange; served, or driven in process."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from greenlight.brokers.exchange.clocks import ExchangeClock
from greenlight.brokers.exchange.exchange import Exchange
from greenlight.brokers.exchange.faults import FaultKind, Faults
from greenlight.brokers.exchange.gate import Gate, OutageError
from greenlight.brokers.exchange.refusals import RefusalError
from greenlight.brokers.exchange.routes import (
    accounts,
    admin,
    happenings,
    market,
    orders,
    positions,
    reference,
    watchlists,
)
from greenlight.brokers.exchange.routes.reading import answer
from greenlight.brokers.exchange.sockets import Connection, new_session, socket_routes
from greenlight.brokers.exchange.tape import Tape
from greenlight.brokers.exchange.venue import Venue

REQUESTS_PER_MINUTE = 200
_TOPICS = (orders, positions, accounts, reference, watchlists, market, happenings, admin)


class LocalExchange:
    """An exchange and its application.

    In process: `transport()` for an HTTP client, `connect(path)` for a stream, and `exchange.run()`
    as a task that keeps time (or `exchange.catch_up()` by hand).
    """

    def __init__(self, exchange: Exchange, requests_per_minute: int = REQUESTS_PER_MINUTE) -> None:
        self.exchange = exchange
        self.app = _application(exchange, requests_per_minute, self.accepts)

    def accepts(self, key: str, secret: str) -> bool:  # noqa: ARG002  # any secret is right
        """Any key opens, unless a fault refuses it."""
        return bool(key) and self.exchange.faults.strikes(FaultKind.REFUSE_KEYS, key) is None

    def transport(self) -> httpx.AsyncBaseTransport:
        """For httpx.AsyncClient; an outage is a ConnectError to it."""
        return _Transport(self.app)

    async def connect(self, path: str, content_type: str = "") -> Connection:
        """A stream without a socket. Raises ConnectionError in an outage."""
        self.exchange.catch_up()
        if self.exchange.faults.strikes(FaultKind.OUTAGE, path) is not None:
            raise ConnectionError("the exchange does not answer")
        session = new_session(self.exchange, path, self.accepts, content_type)
        return Connection(self.exchange, session)


class _Transport(httpx.AsyncBaseTransport):
    """ASGI in process, where nobody answering is an error of the connection."""

    def __init__(self, app: Starlette) -> None:
        self._inner = httpx.ASGITransport(app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._inner.handle_async_request(request)
        except OutageError:
            raise httpx.ConnectError("the exchange does not answer", request=request) from None


def build_app(
    venue: Venue,
    tape: Tape,
    clock: ExchangeClock,
    faults: Faults | None = None,
    requests_per_minute: int = REQUESTS_PER_MINUTE,
) -> LocalExchange:
    """Everything around a venue; `requests_per_minute` 0 is no limit.

    For faults at the venue itself, give the venue `Adversity(faults)` as its conditions.
    """
    return LocalExchange(Exchange(venue, tape, clock, faults), requests_per_minute)


def _application(exchange: Exchange, limit: int, accepts: Callable[[str, str], bool]) -> Starlette:
    app = Starlette(
        routes=[route for topic in _TOPICS for route in topic.ROUTES]
        + list(socket_routes(exchange, accepts)),
        middleware=[Middleware(Gate, exchange=exchange, limit=limit, accepts=accepts)],
        exception_handlers={RefusalError: _refused, 404: _not_found},
        lifespan=_silent,
    )
    app.state.exchange = exchange
    app.state.settings = accounts.Settings()
    app.state.watchlists = {}
    return app


@asynccontextmanager
async def _silent(_: Starlette) -> AsyncIterator[None]:
    yield


async def _refused(_: Request, error: Exception) -> Response:
    if not isinstance(error, RefusalError):
        raise error
    return answer(error.body, error.status)


async def _not_found(_: Request, error: Exception) -> Response:  # noqa: ARG001  # starlette's signature
    return answer({"message": "endpoint not found."}, 404)
