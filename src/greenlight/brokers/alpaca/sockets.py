"""Websockets as sessions of JSON messages: every way in which one ends is an error with a name."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar, cast

from greenlight.brokers.alpaca.settings import AlpacaSettings
from greenlight.domain import HaltError, RetryError

T = TypeVar("T")

_PING_S = 20.0
_FAREWELL_S = 2.0
_LARGEST_MESSAGE = 16 * 1024 * 1024


class Socket(Protocol):
    """What is used of a websocket connection; `websockets` and its like fit."""

    async def send(self, message: str, /) -> None:
        """Send a text message."""
        ...

    async def recv(self) -> str | bytes:
        """The next message. Raises OSError, EOFError or a WebSocketException once it is over."""
        ...

    async def close(self) -> None:
        """End it; nothing where it has ended."""
        ...


Connect = Callable[[str], Awaitable[Socket]]


def dial(settings: AlpacaSettings) -> Connect:
    """Connections over the network; one that leaves pings unanswered breaks."""

    async def connect(url: str) -> Socket:
        from websockets.asyncio.client import connect as follow

        class Straight(follow):
            """Follows no redirect: the keys, sent first of all, would go along."""

            def process_redirect(self, exc: Exception) -> Exception | str:
                return exc

        # its own logger would write out every message at DEBUG, the one with the keys too
        logger = logging.getLogger(f"{__name__}.frames")
        logger.setLevel(logging.WARNING)
        return cast(
            "Socket",
            await Straight(
                url,
                open_timeout=settings.timeout_s,
                ping_interval=_PING_S,
                ping_timeout=_PING_S,
                close_timeout=_FAREWELL_S,
                max_size=_LARGEST_MESSAGE,
                max_queue=1024,
                user_agent_header="greenlight",
                proxy=None if settings.is_local else True,
                logger=logger,
            ),
        )

    return connect


class Session:
    """One connection, from its opening to its end, as an async context.

    Raises RetryError for every way in which a connection does not come about, breaks, falls silent
    or says what cannot be read, HaltError where it is refused for its keys.
    """

    def __init__(self, connect: Connect, url: str) -> None:
        self._connect = connect
        self._url = url
        self._socket: Socket | None = None
        self._ahead: deque[Mapping[str, Any]] = deque()

    async def __aenter__(self) -> Self:
        """Open the connection."""
        self._socket = await self._guarded("connecting", self._connect(self._url))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it, whatever it says to that."""
        from websockets.exceptions import WebSocketException

        if self._socket is None:
            return
        try:
            async with asyncio.timeout(_FAREWELL_S):
                await self._socket.close()
        except (OSError, EOFError, WebSocketException):
            return

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send a message as JSON text."""
        import orjson

        await self._guarded("sending", self._open.send(orjson.dumps(message).decode()))

    async def take(self, name: str, value: str, within_s: float) -> Mapping[str, Any]:
        """The next message whose field `name` is `value`; what comes before it is kept."""
        passed: list[Mapping[str, Any]] = []
        try:
            async with asyncio.timeout(within_s):
                while (message := await self.next()).get(name) != value:
                    passed.append(message)
        except TimeoutError:
            raise RetryError(f"{self._url}: no word of {value} within {within_s:g} s") from None
        self._ahead.extendleft(reversed(passed))
        return message

    async def next(self, silence_s: float | None = None) -> Mapping[str, Any]:
        """The next message; those that came in one list one by one."""
        while not self._ahead:
            try:
                async with asyncio.timeout(silence_s):
                    frame = await self._guarded("reading", self._open.recv())
            except TimeoutError:
                raise RetryError(f"{self._url}: silent for {silence_s:g} s") from None
            self._ahead.extend(self._read(frame))
        return self._ahead.popleft()

    def _read(self, frame: str | bytes) -> list[Mapping[str, Any]]:
        import orjson

        try:
            told = orjson.loads(frame)
        except orjson.JSONDecodeError:
            raise RetryError(f"{self._url}: a message cannot be read") from None
        batch = told if isinstance(told, list) else [told]
        if not all(isinstance(message, dict) for message in batch):
            raise RetryError(f"{self._url}: a message is not an object")
        return batch

    @property
    def _open(self) -> Socket:
        if self._socket is None:
            raise RetryError(f"{self._url}: not connected")
        return self._socket

    async def _guarded(self, what: str, work: Awaitable[T]) -> T:
        from websockets.exceptions import InvalidStatus, WebSocketException

        try:
            return await work
        except InvalidStatus as error:
            status = error.response.status_code
            refused = status in (401, 403)
            said = f"{self._url}: {what}, answer {status}"
            raise (HaltError(said) if refused else RetryError(said)) from None
        except (OSError, EOFError, WebSocketException) as error:
            named = " ".join(f"{type(error).__name__} {error}".split())[:200]
            raise RetryError(f"{self._url}: {what}, {named}") from None
