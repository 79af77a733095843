"""Is the bot alive, is it ready: answered on this machine for whatever watches over it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from greenlight.domain import UserError
from greenlight.ledger import (
    Answer,
    Beat,
    FeedChanged,
    Halted,
    Killed,
    Reconciled,
    Record,
    Resumed,
    Started,
    Stopped,
)

_NS = 1_000_000_000
_MISSED = 3  # beats that may be missing before the bot is taken for dead
_LOOPBACK = "127.0.0.1"
_LONGEST_REQUEST = 8_192
_REQUEST_S = 5.0


class Health:
    """What the records say of the bot. beat_s: how often it beats; now: the run's clock."""

    def __init__(self, beat_s: float, now: Callable[[], int]) -> None:
        self._limit = int(beat_s * _MISSED * _NS)
        self._now = now
        self._beat_ts = now()
        self._is_reconciled = False
        self._stopped: dict[str, str] = {}
        self._silent: set[str] = set()

    def see(self, record: Record) -> None:
        """Take a record in."""
        match record:
            case Started():
                self._is_reconciled = False
                self._stopped.pop("stopped", None)
            case Stopped():
                self._stopped["stopped"] = record.why
            case Beat():
                self._beat_ts = self._now()
            case Reconciled():
                self._is_reconciled = all(one.answer is not Answer.HALTED for one in record.drifts)
            case Halted():
                self._stopped["halted"] = f"by {record.by}: {record.why}"
            case Killed():
                self._stopped["killed"] = f"by {record.by}"
            case Resumed():
                for what in ("halted", "killed"):
                    self._stopped.pop(what, None)
            case FeedChanged(is_alive=True):
                self._silent.discard(record.feed)
            case FeedChanged():
                self._silent.add(record.feed)
            case _:
                pass

    def illness(self) -> str:
        """Why the process should be started again; empty while it is alive."""
        age = self._now() - self._beat_ts
        return f"the last beat was {age // _NS} s ago" if age > self._limit else ""

    def obstacles(self) -> list[str]:
        """Why no entry would be made now."""
        found = [f"{what} {why}" for what, why in self._stopped.items()]
        if not self._is_reconciled:
            found.append("book and broker do not agree, or were not compared yet")
        found += [f"feed {name} is silent" for name in sorted(self._silent)]
        return [*found, self.illness()] if self.illness() else found


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer over HTTP."""

    status: str
    body: bytes
    kind: str = "text/plain; charset=utf-8"


class Endpoint:
    """/healthz, /readyz and /metrics over HTTP on this machine only."""

    def __init__(self, health: Health, metrics: Callable[[], bytes]) -> None:
        self._health, self._metrics = health, metrics
        self._server: asyncio.Server | None = None

    async def open(self, port: int) -> int:
        """Listen; returns the port, which is another where 0 was asked for. Raises UserError."""
        try:
            self._server = await asyncio.start_server(
                self._serve, _LOOPBACK, port, limit=_LONGEST_REQUEST
            )
        except OSError as error:
            raise UserError(
                f"live.metrics_port {port} cannot be used ({error.strerror}); choose another"
            ) from error
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    def reply(self, method: str, path: str) -> Reply:
        """What is answered to a request."""
        if method not in ("GET", "HEAD"):
            return Reply("405 Method Not Allowed", b"GET only\n")
        match path.partition("?")[0]:
            case "/healthz":
                return _told([illness] if (illness := self._health.illness()) else [])
            case "/readyz":
                return _told(self._health.obstacles())
            case "/metrics":
                kind = "text/plain; version=0.0.4; charset=utf-8"
                return Reply("200 OK", self._metrics(), kind)
        return Reply("404 Not Found", b"there are /healthz, /readyz and /metrics\n")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_REQUEST_S):
                head = await reader.readuntil(b"\r\n\r\n")
                words = head.partition(b"\r\n")[0].decode("latin-1").split(" ")
                method, path = (*words, "", "")[:2]
                reply = self.reply(method, path)
                body = b"" if method == "HEAD" else reply.body
                writer.write(
                    f"HTTP/1.1 {reply.status}\r\nContent-Type: {reply.kind}\r\n"
                    f"Content-Length: {len(reply.body)}\r\nConnection: close\r\n\r\n".encode()
                    + body
                )
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever asked has gone, or speaks something else
        finally:
            writer.close()


def _told(obstacles: list[str]) -> Reply:
    if obstacles:
        return Reply("503 Service Unavailable", ("\n".join(obstacles) + "\n").encode())
    return Reply("200 OK", b"ok\n")
