"""Messages of the data streams: JSON or MessagePack, as the client asks for."""

import importlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import orjson

from greenlight.brokers.exchange.names import rfc3339
from greenlight.domain import UserError

_NS = 1_000_000_000


class Codec(Protocol):
    """Turns messages into frames and back; times go in as ns under the key `t`."""

    def encode(self, messages: Sequence[Mapping[str, Any]]) -> bytes | str:
        """One frame."""
        ...

    def decode(self, frame: bytes | str) -> object:
        """A frame of the client's. Raises ValueError."""
        ...


class JsonCodec:
    """Text frames."""

    def encode(self, messages: Sequence[Mapping[str, Any]]) -> bytes | str:
        """Times become RFC 3339."""
        plain = [
            {**message, "t": rfc3339(message["t"])} if "t" in message else message
            for message in messages
        ]
        return orjson.dumps(plain).decode()

    def decode(self, frame: bytes | str) -> object:
        """Any JSON."""
        return orjson.loads(frame)


class MessagePackCodec:
    """Binary frames; times become MessagePack timestamps."""

    def __init__(self) -> None:
        try:
            self._pack = importlib.import_module("msgpack")
        except ImportError:
            raise UserError(
                "a client asks for MessagePack: pip install msgpack (alpaca-py brings it)"
            ) from None

    def encode(self, messages: Sequence[Mapping[str, Any]]) -> bytes | str:
        """One frame."""
        stamped = [
            {**message, "t": self._pack.Timestamp(*divmod(message["t"], _NS))}
            if "t" in message
            else dict(message)
            for message in messages
        ]
        frame: bytes = self._pack.packb(stamped)
        return frame

    def decode(self, frame: bytes | str) -> object:
        """A frame, which some clients send as JSON all the same."""
        if isinstance(frame, str):
            return orjson.loads(frame)
        read: object = self._pack.unpackb(frame)
        return read


def codec_for(content_type: str) -> Codec:
    """The codec a client's Content-Type asks for."""
    return MessagePackCodec() if "msgpack" in content_type else JsonCodec()
