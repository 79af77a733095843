"""A server on the loopback interface that answers as it is told and remembers what it was asked."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from greenlight.market.providers import Patience


@dataclass(frozen=True)
class Asked:
    """One request."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass(frozen=True)
class Reply:
    """One answer; `body` is sent as JSON unless it is text."""

    body: object = field(default_factory=dict)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Loopback:
    """Where the server is, and everything it was asked."""

    url: str
    asked: list[Asked]


@contextmanager
def serving(answer: Callable[[Asked], Reply]) -> Iterator[Loopback]:
    """Serve until the end of the block."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            query = dict(parse_qsl(address.query, keep_blank_values=True))
            asked.append(Asked(address.path, query, dict(self.headers.items())))
            reply = answer(asked[-1])
            text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
            data = text.encode()
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Loopback(f"http://127.0.0.1:{server.server_port}", asked)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Naps:
    """A sleep that takes no time and remembers how long it was to be."""

    taken: list[float] = field(default_factory=list)

    def patience(self, attempts: int = 3) -> Patience:
        """A patience that naps here."""
        return Patience(attempts=attempts, sleep=self.taken.append)
