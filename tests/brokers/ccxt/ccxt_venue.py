"""What the exchanges on loopback have in common: a book of orders, faults, a record of requests."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from aiohttp import WSMsgType, web

NOW_MS = 1_700_000_000_000
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Order:
    """An order in the book; status is the book's own word."""

    id: str
    client_id: str
    symbol: str
    side: str
    kind: str
    quantity: Decimal
    price: Decimal | None = None
    stop: Decimal | None = None
    filled: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    fills: list[tuple[Decimal, Decimal]] = field(default_factory=list)
    status: str = "open"


@dataclass(frozen=True)
class Fault:
    """What goes wrong with the next request that acts, before or after it was carried out."""

    status: int = 200
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)
    is_done: bool = False
    way: str = "answer"


class Refused(Exception):  # noqa: N818 - an answer, not an error
    """An answer of the exchange's rules: a word that each speaks in its own way."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


class Venue:
    """An exchange with one account; subclasses speak its language."""

    name = ""
    key = "public-part"
    secret = "c2VjcmV0LXBhcnQtb2YtdGhlLWtleQ=="  # noqa: S105 - nobody's
    wrong_secret = "d3Jvbmc="  # noqa: S105 - nobody's
    symbol = "BTC/USD"
    acting: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        self.faults: list[Fault] = []
        self.asked: list[tuple[str, str]] = []
        self.bodies: list[dict[str, str]] = []
        self.balances = {"USD": Decimal(10_000), "BTC": Decimal("0.5")}
        self.last = Decimal(100)
        self.changed: list[Order] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.heard: list[dict[str, object]] = []
        self.subscribed = asyncio.Event()
        self.url = ""

    def app(self) -> web.Application:
        """The routes."""
        raise NotImplementedError

    async def tell(self, order: Order) -> None:
        """Tell the stream of an order's change."""
        raise NotImplementedError

    def lay(self, order: Order) -> Order:
        """Take an order into the book, by the rules."""
        if any(known.client_id == order.client_id for known in self.orders.values()):
            raise Refused("duplicate")
        worth = order.quantity * (order.price or self.last)
        promised = sum(
            other.quantity - other.filled
            for other in self.orders.values()
            if other.status == "open" and other.side == "sell"
        )
        if order.side == "buy" and worth > self.balances["USD"]:
            raise Refused("funds")
        if order.side == "sell" and order.quantity > self.balances["BTC"] - promised:
            raise Refused("funds")
        if order.stop is not None and (order.stop >= self.last) == (order.side == "sell"):
            raise Refused("through")
        order.id = order.id or f"{self.prefix}{len(self.orders) + 1}"
        self.orders[order.id] = order
        self.changed.append(order)
        if order.kind == "market":
            self.fill(order.id, order.quantity, self.last)
        return order

    prefix = "7"

    def fill(self, order_id: str, quantity: Decimal, price: Decimal) -> Order:
        """Fill some of it."""
        order = self.orders[order_id]
        self.changed.append(order)
        order.filled += quantity
        order.paid += quantity * price
        order.fills.append((quantity, price))
        if order.filled == order.quantity:
            order.status = "filled"
        sign = 1 if order.side == "buy" else -1
        self.balances["BTC"] += sign * quantity
        self.balances["USD"] -= sign * quantity * price
        return order

    def cancel(self, order_id: str) -> Order:
        """Cancel it, if it is open."""
        order = self.orders.get(order_id)
        if order is None or order.status != "open":
            raise Refused("gone")
        order.status = "cancelled"
        self.changed.append(order)
        return order

    def move(self, price: Decimal) -> None:
        """Take the market there; stops to sell that it reaches are filled at it."""
        self.last = price
        for order in self.orders.values():
            if order.status == "open" and order.stop is not None and price <= order.stop:
                self.fill(order.id, order.quantity - order.filled, price)

    async def tell_changes(self) -> None:
        """Tell the stream of what has changed since the last time, each order as it is now."""
        changed, self.changed = self.changed, []
        for order in changed:
            await self.tell(order)

    def named(self, client_id: str) -> Order | None:
        """The order of that name."""
        return next((o for o in self.orders.values() if o.client_id == client_id), None)

    async def send(self, message: object) -> None:
        """To every socket."""
        for socket in self.sockets:
            await socket.send_str(json.dumps(message))

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        """A websocket; `hear` answers its messages."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                told = json.loads(message.data)
                self.heard.append(told)
                for answer in self.hear(told):
                    await socket.send_str(json.dumps(answer))
        self.sockets.remove(socket)
        return socket

    def hear(self, told: dict[str, object]) -> list[object]:
        """Answers to a message of the stream."""
        raise NotImplementedError

    @web.middleware
    async def watch(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Write the request down, and let go wrong what shall."""
        self.asked.append((request.method, request.path))
        acts = request.method != "GET" and request.path.endswith(self.acting)
        fault = self.faults.pop(0) if acts and self.faults else None
        if fault is None:
            return await handler(request)
        if fault.is_done:
            await handler(request)
        if fault.way == "hang":
            await asyncio.sleep(60)
        if fault.way == "drop":
            assert request.transport is not None
            request.transport.close()
        return web.json_response(fault.body, status=fault.status, headers=fault.headers)


@asynccontextmanager
async def serving(venue: Venue) -> AsyncIterator[Venue]:
    """Serve until the end of the block."""
    app = venue.app()
    app.middlewares.append(venue.watch)
    runner = web.AppRunner(app, shutdown_timeout=0.01)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    venue.url = f"127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield venue
    finally:
        for socket in list(venue.sockets):
            await socket.close()
        await runner.cleanup()


def text(value: Decimal | None) -> str:
    """A number as exchanges write it."""
    return format(value or Decimal(0), ".8f")
