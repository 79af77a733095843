"""One client's connection to a stream, without any socket: what it hears, and what it is told."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import orjson

from greenlight.brokers.exchange.wire import Codec

Message = Mapping[str, Any]
CHANNELS = (
    "trades",
    "quotes",
    "orderbooks",
    "bars",
    "updatedBars",
    "dailyBars",
    "statuses",
    "lulds",
    "news",
)
_CHANNEL_OF = {
    "t": "trades",
    "q": "quotes",
    "o": "orderbooks",
    "b": "bars",
    "u": "updatedBars",
    "d": "dailyBars",
    "s": "statuses",
    "l": "lulds",
}


class StreamSession(Protocol):
    """What a carrier (a web socket, or a test) needs to know of a session."""

    outbox: "asyncio.Queue[bytes | str | None]"
    """frames to send; None: hang up"""

    def open(self) -> None:
        """The connection stands."""
        ...

    def hear(self, frame: bytes | str) -> None:
        """The client has said something."""
        ...


class TradingSession:
    """A client of `/stream`: JSON in binary frames, as Alpaca's paper host sends them."""

    def __init__(self, accepts: Callable[[str, str], bool]) -> None:
        self.outbox: asyncio.Queue[bytes | str | None] = asyncio.Queue()
        self.is_listening = False
        self._accepts = accepts
        self._is_known = False

    def open(self) -> None:
        """Alpaca says nothing before it is spoken to."""

    def hear(self, frame: bytes | str) -> None:
        """Authenticate, or listen."""
        try:
            message = orjson.loads(frame)
        except orjson.JSONDecodeError:
            message = None
        if not isinstance(message, dict):
            self._error("unable to decode message")
            return
        data = message.get("data") or message
        match message.get("action"):
            case "authenticate" | "auth":
                key = data.get("key_id") or data.get("key") or ""
                secret = data.get("secret_key") or data.get("secret") or ""
                self._is_known = self._accepts(str(key), str(secret))
                status = "authorized" if self._is_known else "unauthorized"
                self.tell(_stream("authorization", {"status": status, "action": "authenticate"}))
            case "listen" if self._is_known:
                wanted = data.get("streams") or []
                self.is_listening = "trade_updates" in wanted
                streams = ["trade_updates"] if self.is_listening else []
                self.tell(_stream("listening", {"streams": streams}))
            case "listen":
                self.tell(_stream("authorization", {"status": "unauthorized", "action": "listen"}))
            case _:
                self._error("unknown action")

    def tell(self, message: Message) -> None:
        """Send a message."""
        self.outbox.put_nowait(orjson.dumps(message))

    def hang_up(self) -> None:
        """Break the connection."""
        self.outbox.put_nowait(None)

    def _error(self, words: str) -> None:
        self.tell(_stream("authorization", {"status": "error", "error": words}))


class DataSession:
    """A client of a market-data stream."""

    def __init__(
        self, accepts: Callable[[str, str], bool], knows: Callable[[str], bool], codec: Codec
    ) -> None:
        self.outbox: asyncio.Queue[bytes | str | None] = asyncio.Queue()
        self.wanted: dict[str, set[str]] = {channel: set() for channel in CHANNELS}
        self._accepts, self._knows, self._codec = accepts, knows, codec
        self._is_known = False

    def open(self) -> None:
        """Greet."""
        self._say({"T": "success", "msg": "connected"})

    def hear(self, frame: bytes | str) -> None:
        """Authenticate, subscribe, unsubscribe."""
        try:
            message = self._codec.decode(frame)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            self._error(400, "invalid syntax")
            return
        match message.get("action"):
            case "auth":
                self._authenticate(str(message.get("key")), str(message.get("secret")))
            case "subscribe" | "unsubscribe" if not self._is_known:
                self._error(401, "not authenticated")
            case "subscribe":
                self._subscribe(message)
            case "unsubscribe":
                self._unsubscribe(message)
            case _:
                self._error(400, "invalid syntax")

    def wants(self, kind: str, symbol: str) -> bool:
        """Whether a message of type `T` about a symbol is for this client."""
        wanted = self.wanted[_CHANNEL_OF[kind]]
        return symbol in wanted or "*" in wanted

    def tell(self, messages: Iterable[Message]) -> None:
        """Send those of the messages that this client wants, in one frame."""
        chosen = [message for message in messages if self.wants(message["T"], message["S"])]
        if chosen:
            self.outbox.put_nowait(self._codec.encode(chosen))

    def hang_up(self) -> None:
        """Break the connection."""
        self.outbox.put_nowait(None)

    def _authenticate(self, key: str, secret: str) -> None:
        if self._is_known:
            self._error(403, "already authenticated")
            return
        self._is_known = self._accepts(key, secret)
        if self._is_known:
            self._say({"T": "success", "msg": "authenticated"})
        else:
            self._error(402, "auth failed")

    def _subscribe(self, message: Mapping[str, Any]) -> None:
        for channel in CHANNELS:
            names = [str(name) for name in message.get(channel) or []]
            if any(name != "*" and not self._knows(name) for name in names):
                names = [name for name in names if name == "*" or self._knows(name)]
            self.wanted[channel].update(names)
        self._confirm()

    def _unsubscribe(self, message: Mapping[str, Any]) -> None:
        for channel in CHANNELS:
            self.wanted[channel].difference_update(message.get(channel) or [])
        self._confirm()

    def _confirm(self) -> None:
        lists = {channel: sorted(names) for channel, names in self.wanted.items()}
        self._say({"T": "subscription", **lists})

    def _error(self, code: int, words: str) -> None:
        self._say({"T": "error", "code": code, "msg": words})

    def _say(self, message: Message) -> None:
        self.outbox.put_nowait(self._codec.encode([message]))


def _stream(name: str, data: Message) -> Message:
    return {"stream": name, "data": data}
