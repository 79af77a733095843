"""Between a bot and the venue: delay, loss, doubling, silence, and the places where a bot dies.

The venue's own server answers; requests and messages reach it without a network. What the server
does runs outside of the bot, which may be dead before the answer comes.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlsplit

import httpx
import numpy as np
from starlette.applications import Starlette
from starlette.types import Message

from greenlight.brokers.exchange import Connection, LocalExchange
from greenlight.ledger import Act
from greenlight.storm.virtual import outside
from greenlight.storm.weather import Boundary, Fault, FaultKind
from greenlight.storm.witness import Disturbed, Fact, Received

_FOR_EVER_S = 3600.0  # longer than anybody's patience
_RETRY_AFTER_S = 2
_ACTS = {"POST": Act.SUBMIT, "PATCH": Act.REPLACE, "DELETE": Act.CANCEL}
_NOT_TAKEN = {
    FaultKind.BUSY: (429, {"Retry-After": str(_RETRY_AFTER_S)}, "too many requests."),
    FaultKind.BROKEN: (500, {}, "internal server error"),
}
_LATER = (FaultKind.LOST_ANSWER, FaultKind.GATEWAY, FaultKind.SLOW)
_OF_REQUESTS = (FaultKind.UNREACHABLE, FaultKind.LOST_REQUEST, *_NOT_TAKEN, *_LATER)


class Sky:
    """Which fault is in force now; chances are drawn in the order in which they are asked for."""

    def __init__(
        self,
        faults: tuple[tuple[int, int, Fault], ...],
        rng: np.random.Generator,
        now: Callable[[], int],
        tell: Callable[[Fact], None],
    ) -> None:
        """faults: from when until when, ns UTC, and which."""
        self._faults, self._rng, self._now, self._tell = faults, rng, now, tell
        self.struck: dict[FaultKind, int] = {}

    def strikes(self, *kinds: FaultKind) -> FaultKind | None:
        """The first of these faults that hits now."""
        now = self._now()
        for since, until, fault in self._faults:
            if fault.kind in kinds and since <= now < until and self._rng.random() < fault.share:
                self.note(fault.kind)
                return fault.kind
        return None

    def note(self, kind: FaultKind) -> None:
        """Count a fault that was felt."""
        self.struck[kind] = self.struck.get(kind, 0) + 1
        self._tell(Disturbed(self._now(), kind))

    def uniform(self, longest_s: float) -> float:
        """Some seconds."""
        return float(self._rng.uniform(0.0, longest_s))


@dataclass(frozen=True, slots=True)
class Line:
    """What a bot's wire hangs on. passed: told at each boundary, it may end the bot there. say: a
    line of the trace."""

    bot: str
    venue: LocalExchange
    sky: Sky
    latency_s: float
    now: Callable[[], int]
    tell: Callable[[Fact], None]
    passed: Callable[[Boundary], None]
    say: Callable[[str], None]


def dial(line: Line) -> Callable[[str], Awaitable["Socket"]]:
    """Opens websockets on a wire."""

    async def connect(url: str) -> Socket:
        return await Socket(line, urlsplit(url).path).open()

    return connect


class Transport(httpx.AsyncBaseTransport):
    """Requests of one bot."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry a request there and the answer back, if weather permits."""
        line, acts = self._line, request.method in _ACTS
        what = f"{line.bot} -> {request.method} {request.url.raw_path.decode()}"
        line.say(what)
        if acts:
            line.passed(Boundary.SENDING)
        sent_ts = line.now()
        fault = line.sky.strikes(*_OF_REQUESTS)
        await asyncio.sleep(line.latency_s)
        if fault is FaultKind.UNREACHABLE:
            raise httpx.ConnectError("name or service not known", request=request)
        if fault is FaultKind.LOST_REQUEST:
            await asyncio.sleep(_FOR_EVER_S)
        if fault in _NOT_TAKEN:
            status, headers, text = _NOT_TAKEN[fault]
            return httpx.Response(status, headers=headers, json={"message": text}, request=request)
        serving = asyncio.get_running_loop().create_task(
            self._serve(request, sent_ts), name="venue", context=outside()
        )
        await asyncio.sleep(0)
        if acts:
            line.passed(Boundary.ARRIVED)
        response = await asyncio.shield(serving)
        if fault is FaultKind.LOST_ANSWER:
            await asyncio.sleep(_FOR_EVER_S)
        if fault is FaultKind.SLOW:
            await asyncio.sleep(line.sky.uniform(8.0))
        await asyncio.sleep(line.latency_s)
        if acts:
            line.passed(Boundary.ANSWERED)
        line.say(f"{what}: {fault or response.status_code}")
        if fault is FaultKind.GATEWAY:
            return httpx.Response(504, json={"message": "gateway time-out"}, request=request)
        return response

    async def _serve(self, request: httpx.Request, sent_ts: int) -> httpx.Response:
        await request.aread()
        if request.method in _ACTS:
            self._line.tell(_received(request, sent_ts, self._line))
        return await _answer(self._line.venue.app, request)


async def _answer(app: Starlette, request: httpx.Request) -> httpx.Response:
    """What an ASGI application says to a request."""
    url, said = request.url, []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.split(b"?")[0],
        "query_string": url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 1),
    }

    async def hear() -> Message:
        return {"type": "http.request", "body": request.content, "more_body": False}

    async def say(message: Message) -> None:
        said.append(message)

    await app(scope, hear, say)
    body = b"".join(one.get("body", b"") for one in said[1:])
    return httpx.Response(said[0]["status"], headers=said[0]["headers"], content=body)


def _received(request: httpx.Request, sent_ts: int, line: Line) -> Received:
    """What a request asks for, read anew from its bytes."""
    act = _ACTS[request.method]
    body = json.loads(request.content) if request.content else {}
    path = request.url.path.removeprefix("/v2/orders").strip("/")
    return Received(
        line.now(),
        sent_ts,
        line.bot,
        act,
        client_id=str(body.get("client_order_id", "")),
        venue_id=path,
        symbol=str(body.get("symbol", "")),
        side={"buy": 1, "sell": -1}.get(str(body.get("side", "")), 0),
        quantity=Decimal(str(body.get("qty", 0))),
    )


class Socket:
    """A websocket of one bot, as it fits `websockets`; ends with EOFError."""

    def __init__(self, line: Line, path: str) -> None:
        self._line, self._path = line, path
        self._here: asyncio.Queue[str | None] = asyncio.Queue()
        self._there: Connection | None = None
        self._hearing: asyncio.Task[None] | None = None
        self._is_over = False

    async def open(self) -> "Socket":
        """Connect. Raises ConnectionError where the venue refuses or cannot be reached."""
        line = self._line
        await asyncio.sleep(line.latency_s)
        if line.sky.strikes(FaultKind.UNREACHABLE, FaultKind.CUT):
            raise ConnectionError("name or service not known")
        self._there = await line.venue.connect(self._path)
        hearing = self._hear(self._there)
        loop = asyncio.get_running_loop()
        self._hearing = loop.create_task(hearing, name="venue socket", context=outside())
        await asyncio.sleep(line.latency_s)
        return self

    async def send(self, message: str, /) -> None:
        """Send a text message."""
        await asyncio.sleep(self._line.latency_s)
        if self._is_over or self._there is None:
            raise EOFError("closed")
        await self._there.send(message)

    async def recv(self) -> str | bytes:
        """The next message. Raises EOFError once the connection is over."""
        message = None if self._is_over and self._here.empty() else await self._here.get()
        if message is None:
            self._is_over = True
            raise EOFError("closed")
        return message

    async def close(self) -> None:
        """End it."""
        await self._cut()

    async def _hear(self, there: Connection) -> None:
        """What the venue sends, on its way to the bot."""
        while not self._is_over:
            try:
                frame = await there.recv()
            except ConnectionError:
                await self._cut()
                return
            await self._carry(frame if isinstance(frame, str) else frame.decode())

    async def _cut(self) -> None:
        """The connection is gone, for both sides."""
        if not self._is_over and self._there is not None:
            self._is_over = True
            self._here.put_nowait(None)
            await self._there.close()

    async def _carry(self, text: str) -> None:
        sky, delay = self._line.sky, self._line.latency_s
        if sky.strikes(FaultKind.CUT, FaultKind.UNREACHABLE):
            await self._cut()
            return
        fault = None
        if '"trade_updates"' in text and '"event"' in text:
            fault = sky.strikes(FaultKind.DEAF, FaultKind.TWICE, FaultKind.SHUFFLED)
        if fault is FaultKind.DEAF:
            return
        if fault is FaultKind.SHUFFLED:
            delay += sky.uniform(4.0)
        if fault is FaultKind.TWICE:
            self._deliver(text, delay + sky.uniform(4.0))
        self._deliver(text, delay)

    def _deliver(self, text: str, delay_s: float) -> None:
        asyncio.get_running_loop().call_later(delay_s, self._here.put_nowait, text)
