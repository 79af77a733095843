"""Carrying sessions: over web sockets, or in process from task to task."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from greenlight.brokers.exchange.exchange import Exchange
from greenlight.brokers.exchange.sessions import DataSession, TradingSession
from greenlight.brokers.exchange.wire import codec_for

Accepts = Callable[[str, str], bool]
TRADING_PATH = "/stream"
DATA_PATHS = ("/v2/iex", "/v2/sip", "/v2/test", "/v1beta3/crypto/us")
_GONE = 1012  # the service restarts: what a broken connection looks like


class ConnectionLostError(ConnectionError):
    """The exchange has broken the connection."""


class Connection:
    """A client's end of a stream in process: no socket, no task of its own."""

    def __init__(self, exchange: Exchange, session: TradingSession | DataSession) -> None:
        self._exchange, self._session = exchange, session
        self._is_over = False

    async def send(self, frame: bytes | str) -> None:
        """Say something. Raises ConnectionLostError."""
        if self._is_over:
            raise ConnectionLostError
        self._session.hear(frame)

    async def recv(self) -> bytes | str:
        """Wait for the next frame. Raises ConnectionLostError."""
        if self._is_over:
            raise ConnectionLostError
        frame = await self._session.outbox.get()
        if frame is None:
            await self.close()
            raise ConnectionLostError
        return frame

    async def close(self) -> None:
        """Go."""
        self._is_over = True
        self._exchange.leave(self._session)


def new_session(
    exchange: Exchange, path: str, accepts: Accepts, content_type: str
) -> TradingSession | DataSession:
    """A session on a path, joined to the exchange. Raises ConnectionLostError for another path."""
    path = path.rstrip("/")  # older clients end with one
    if path == TRADING_PATH:
        trading = TradingSession(accepts)
        trading.open()
        exchange.join_trading(trading)
        return trading
    if path not in DATA_PATHS:
        raise ConnectionLostError(f"there is no stream at {path}")
    series = exchange.tape.series
    data = DataSession(accepts, lambda symbol: symbol in series, codec_for(content_type))
    data.open()
    exchange.join_data(data)
    return data


def socket_routes(exchange: Exchange, accepts: Accepts) -> list[WebSocketRoute]:
    """The streams as web sockets."""

    async def carry(socket: WebSocket) -> None:
        session = new_session(
            exchange, socket.url.path, accepts, socket.headers.get("content-type", "")
        )
        await socket.accept()
        writer = asyncio.create_task(_write(socket, session))
        reader = asyncio.create_task(_read(socket, session, exchange))
        try:
            await asyncio.wait((writer, reader), return_when=asyncio.FIRST_COMPLETED)
        finally:
            exchange.leave(session)
            for task in (writer, reader):
                task.cancel()
                with suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
                    await task

    paths = (TRADING_PATH, *DATA_PATHS)
    return [WebSocketRoute(path + end, carry) for path in paths for end in ("", "/")]


async def _read(
    socket: WebSocket, session: TradingSession | DataSession, exchange: Exchange
) -> None:
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        exchange.catch_up()
        frame = message.get("bytes")
        session.hear(message["text"] if frame is None else frame)


async def _write(socket: WebSocket, session: TradingSession | DataSession) -> None:
    while True:
        frame = await session.outbox.get()
        if frame is None:
            await socket.close(_GONE)
            return
        if isinstance(frame, str):
            await socket.send_text(frame)
        else:
            await socket.send_bytes(frame)
