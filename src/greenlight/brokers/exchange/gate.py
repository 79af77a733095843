"""The door: time, keys, the rate limit and the faults, before and after each request."""

from collections import deque
from collections.abc import Callable
from urllib.parse import unquote

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from greenlight.brokers.exchange.exchange import Exchange
from greenlight.brokers.exchange.faults import Fault, FaultKind
from greenlight.brokers.exchange.hours import NS_MINUTE, NS_SECOND
from greenlight.brokers.exchange.record import RequestLine

ADMIN = "/_exchange"
_OPEN_TO_ALL = "/v1beta3/crypto"
_UNAUTHORIZED, _TOO_MANY = 401, 429


class OutageError(Exception):
    """In process: nobody answers. `transport` makes of it what a client would see."""


class Limiter:
    """So many requests in any minute of the exchange's time; 0: without limit."""

    def __init__(self, per_minute: int) -> None:
        self._most = per_minute
        self._seen: deque[int] = deque()

    def refuses(self, now: int) -> int:
        """Seconds to wait, 0 where the request may pass; one that may is counted."""
        while self._seen and self._seen[0] <= now - NS_MINUTE:
            self._seen.popleft()
        if 0 < self._most <= len(self._seen):
            return max(1, (self._seen[0] + NS_MINUTE - now) // NS_SECOND)
        self._seen.append(now)
        return 0


class Gate:
    """Stands around the routes. `limit`: requests a minute, of trading and of data each."""

    def __init__(
        self, app: ASGIApp, exchange: Exchange, limit: int, accepts: Callable[[str, str], bool]
    ) -> None:
        self._app, self._exchange, self._accepts = app, exchange, accepts
        self._trading, self._data = Limiter(limit), Limiter(limit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; a web socket passes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        now = self._exchange.catch_up()
        path = unquote(scope["path"])
        if path.startswith(ADMIN):
            await self._app(scope, receive, send)
            return
        about = f"{scope['method']} {path}"
        if self._exchange.faults.strikes(FaultKind.OUTAGE, about) is not None:
            self._note(scope, now, 0)
            await self._vanish(send)
            return
        refusal = self._refusal(scope, about, now)
        if refusal is not None:
            status, body, headers = refusal
            self._note(scope, now, status)
            await _reply(send, status, body, headers)
            return
        await self._pass(scope, receive, send, about)

    async def _pass(self, scope: Scope, receive: Receive, send: Send, about: str) -> None:
        """Carry the request out; the answer may get lost afterwards."""
        strikes, now = self._exchange.faults.strikes, self._exchange.faults.now
        lost = strikes(FaultKind.LOST_ANSWER, about)
        hung = strikes(FaultKind.HANG, about) if lost is None else None
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._app(scope, receive, keep)
        self._exchange.tell_changes()
        self._note(scope, now, int(messages[0]["status"]) if messages else 0)
        if hung is not None:
            await self._exchange.clock.sleep(hung.seconds)
        struck = lost or hung
        if struck is not None:
            await _reply(send, struck.status, {"message": "upstream request timeout"})
            return
        for message in messages:
            await send(message)

    def _refusal(
        self, scope: Scope, about: str, now: int
    ) -> tuple[int, object, dict[str, str]] | None:
        faults, path = self._exchange.faults, unquote(scope["path"])
        key, secret = keys_of(scope)
        is_closed = not path.startswith(_OPEN_TO_ALL)
        if is_closed and (not key or not self._accepts(key, secret)):
            return _UNAUTHORIZED, {"message": "unauthorized."}, {}
        is_data = path.startswith(("/v2/stocks", "/v1"))
        wait = (self._data if is_data else self._trading).refuses(now)
        fault = faults.strikes(FaultKind.RATE_LIMIT, about)
        if fault is not None:
            wait = max(wait, int(fault.seconds), 1)
        if wait > 0:
            headers = {"Retry-After": str(wait), "X-RateLimit-Remaining": "0"}
            return _TOO_MANY, {"code": 42910000, "message": "too many requests."}, headers
        fault = faults.strikes(FaultKind.SERVER_ERROR, about)
        return None if fault is None else _server_error(fault)

    async def _vanish(self, send: Send) -> None:
        """Nobody answers: the connection breaks off."""
        if not self._exchange.is_served:
            raise OutageError
        headers = [(b"content-length", b"1")]
        await send({"type": "http.response.start", "status": 503, "headers": headers})

    def _note(self, scope: Scope, now: int, status: int) -> None:
        name = str(scope.get("state", {}).get("client_order_id", ""))
        line = RequestLine(now, scope["method"], unquote(scope["path"]), status, name)
        self._exchange.note_request(line)


def keys_of(scope: Scope) -> tuple[str, str]:
    """Key and secret of a request's headers; a token counts as a key."""
    headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
    key = headers.get("apca-api-key-id", "")
    if not key and headers.get("authorization"):
        return headers["authorization"], ""
    return key, headers.get("apca-api-secret-key", "")


def _server_error(fault: Fault) -> tuple[int, object, dict[str, str]]:
    return fault.status, {"code": 50010000, "message": "internal server error occurred"}, {}


async def _reply(
    send: Send, status: int, body: object, headers: dict[str, str] | None = None
) -> None:
    lines = {"content-type": "application/json", **(headers or {})}
    raw = [(name.lower().encode(), value.encode()) for name, value in lines.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": orjson.dumps(body)})
