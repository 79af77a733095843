"""What differs between the exchanges and ccxt does not hide."""

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any, Protocol

from greenlight.brokers.ccxt.orders import NS_MS, Json, number, plain
from greenlight.domain import Capabilities, Execution, OrderKind, RefuseError, RetryError, Ticket

_STOP_KINDS = (OrderKind.STOP, OrderKind.STOP_LIMIT)
_ANY_STOP = Capabilities(
    stops=frozenset(_STOP_KINDS), replaces=False, rests_fractions=True, queues=False
)
_PAGES = 20

#: Waits for what a stream tells next.
Stream = Callable[[], Awaitable[list[Json]]]


class Dialect(Protocol):
    """One exchange. `exchange` is always ccxt's object, orders are ccxt's.

    probe: path and kind of a request that must be signed.
    """

    capabilities: Capabilities
    requests_per_minute: int
    options: Mapping[str, Any]
    longest_client_id: int
    probe: tuple[str, list[str]]

    def placing(self, ticket: Ticket) -> Mapping[str, Any]:
        """Parameters of a new order beyond symbol, type, side, quantity and price."""
        ...

    async def find(self, exchange: Json, symbol: str, client_id: str) -> Json | None:
        """The order of that name, None (or ccxt's OrderNotFound) if there is none."""
        ...

    async def open_orders(self, exchange: Json) -> list[Json]:
        """Every open order of the account."""
        ...

    async def cancel(self, exchange: Json, symbol: str, order_id: str) -> None:
        """Ask for an order's end."""
        ...

    async def trades(self, exchange: Json, symbols: tuple[str, ...], since_ms: int) -> list[Json]:
        """Fills since then, of the symbols at least."""
        ...

    def streams(self, exchange: Json) -> list[Stream]:
        """What tells of orders and their fills."""
        ...

    def execution(self, told: Json) -> Execution | None:
        """The fill that an order or trade of the streams tells of, where it does."""
        ...


class Binance:
    """Spot. Stops at the market and with a limit; pairs exist, but not in ccxt's one language."""

    capabilities = _ANY_STOP
    requests_per_minute = 600
    longest_client_id = 36
    probe = ("account", ["private"])
    options: Mapping[str, Any] = {
        "defaultType": "spot",
        "fetchMarkets": {"types": ["spot"]},
        "fetchMargins": False,
        "warnOnFetchOpenOrdersWithoutSymbol": False,
        "createOrder": {"quoteOrderQty": False},
    }

    def placing(self, ticket: Ticket) -> Mapping[str, Any]:
        """See Dialect."""
        return {"newClientOrderId": ticket.client_id, **_stop_loss(ticket)}

    async def find(self, exchange: Json, symbol: str, client_id: str) -> Json | None:
        """See Dialect."""
        return await exchange.fetch_order("", symbol, {"origClientOrderId": client_id})

    async def open_orders(self, exchange: Json) -> list[Json]:
        """See Dialect."""
        found: list[Json] = await exchange.fetch_open_orders()
        return found

    async def cancel(self, exchange: Json, symbol: str, order_id: str) -> None:
        """See Dialect."""
        await exchange.cancel_order(order_id, symbol)

    async def trades(self, exchange: Json, symbols: tuple[str, ...], since_ms: int) -> list[Json]:
        """A symbol at a time, page after page."""
        found: list[Json] = []
        for symbol in symbols:
            page = await exchange.fetch_my_trades(symbol, since_ms, 1000)
            found += page
            while len(page) == 1000:
                after = {"fromId": str(int(page[-1]["id"]) + 1)}
                page = await exchange.fetch_my_trades(symbol, None, 1000, after)
                found += page
        return found

    def streams(self, exchange: Json) -> list[Stream]:
        """See Dialect."""
        return [exchange.watch_orders]

    def execution(self, told: Json) -> Execution | None:
        """Its executionReport, where that is of a trade."""
        info = told["info"]
        if info.get("x") != "TRADE":
            return None
        quantity, price = Decimal(info["l"]), Decimal(info["L"])
        base, _, quote = str(told["symbol"]).partition("/")
        worth = {quote: Decimal(1), base: price}.get(str(info.get("N")), Decimal(0))
        fee = Decimal(info.get("n") or 0) * worth
        return Execution(str(info["t"]), quantity, price, int(info["T"]) * NS_MS, fee)


class Kraken:
    """Spot. Names of orders are `cl_ord_id`, at most 18 characters."""

    capabilities = _ANY_STOP
    requests_per_minute = 60
    longest_client_id = 18
    probe = ("Balance", ["private"])
    options: Mapping[str, Any] = {}

    def placing(self, ticket: Ticket) -> Mapping[str, Any]:
        """See Dialect."""
        return {"clientOrderId": ticket.client_id, **_stop_loss(ticket)}

    async def find(self, exchange: Json, symbol: str, client_id: str) -> Json | None:  # noqa: ARG002  # the port's
        """First among the open, then among the closed: it cannot slip through in between."""
        query = {"clientOrderId": client_id}
        for ask in (exchange.fetch_open_orders, exchange.fetch_closed_orders):
            for told in await ask(None, None, None, query):
                if told["clientOrderId"] == client_id:
                    return told
        return None

    async def open_orders(self, exchange: Json) -> list[Json]:
        """See Dialect."""
        found: list[Json] = await exchange.fetch_open_orders()
        return found

    async def cancel(self, exchange: Json, symbol: str, order_id: str) -> None:
        """See Dialect."""
        await exchange.cancel_order(order_id, symbol)

    async def trades(self, exchange: Json, symbols: tuple[str, ...], since_ms: int) -> list[Json]:  # noqa: ARG002  # the port's
        """Newest first, fifty a page."""
        found: dict[str, Json] = {}
        while True:
            page = await exchange.fetch_my_trades(None, since_ms - 1_000, None, {"ofs": len(found)})
            fresh = {one["id"]: one for one in page if one["id"] not in found}
            if not fresh:
                return list(found.values())
            found |= fresh

    def streams(self, exchange: Json) -> list[Stream]:
        """Fills are trades of the one channel, and ccxt's orders of it do not tell of them."""

        async def fills() -> list[Json]:
            told: list[Json] = await exchange.watch_private("myTrades", None, None, None, {})
            return told

        return [exchange.watch_orders, fills]

    def execution(self, told: Json) -> Execution | None:
        """The trade, where it is one."""
        if "order" not in told:
            return None
        quantity, price = Decimal(str(told["amount"])), Decimal(str(told["price"]))
        fee = fee_of(told, price, str(told["symbol"]))
        return Execution(str(told["id"]), quantity, price, int(told["timestamp"]) * NS_MS, fee)


class Coinbase:
    """Advanced Trade, spot. Stops are stop-limits alone; a name taken before answers with its
    order."""

    capabilities = Capabilities(
        stops=frozenset({OrderKind.STOP_LIMIT}), replaces=False, rests_fractions=True, queues=False
    )
    requests_per_minute = 600
    longest_client_id = 64
    probe = ("brokerage/accounts", ["v3", "private"])
    options: Mapping[str, Any] = {
        "fetchMarkets": {"types": ["spot"]},
        "fetchBalance": "v3PrivateGetBrokerageAccounts",
    }

    def placing(self, ticket: Ticket) -> Mapping[str, Any]:
        """ccxt drops `clientOrderId` here and wants money rather than units of a market buy."""
        params: dict[str, Any] = {"client_order_id": ticket.client_id, **_stop_loss(ticket)}
        if ticket.kind is OrderKind.MARKET:
            units = {"base_size": plain(ticket.quantity)}
            params["order_configuration"] = {"market_market_ioc": units}
            params["createMarketBuyOrderRequiresPrice"] = False
        return params

    async def find(self, exchange: Json, symbol: str, client_id: str) -> Json | None:
        """Among the symbol's orders, newest first: the exchange cannot be asked for a name."""
        for told in await self._orders(exchange, {"product_ids": exchange.market_id(symbol)}):
            if told["clientOrderId"] == client_id:
                return told
        return None

    async def open_orders(self, exchange: Json) -> list[Json]:
        """See Dialect."""
        return await self._orders(exchange, {"order_status": "OPEN"})

    async def cancel(self, exchange: Json, symbol: str, order_id: str) -> None:  # noqa: ARG002  # the port's
        """By the raw call, since ccxt keeps its reasons to itself."""
        body = {"order_ids": [order_id]}
        answer = await exchange.v3PrivatePostBrokerageOrdersBatchCancel(body)
        (result,) = answer["results"]
        reason = str(result.get("failure_reason", ""))
        if result.get("success") or reason == "DUPLICATE_CANCEL_REQUEST":
            return
        if reason == "COMMANDER_REJECTED_CANCEL_ORDER":
            raise RetryError(f"cancel {order_id}: {reason}")
        raise RefuseError(f"gone: cancel {order_id}: {reason}")

    async def trades(self, exchange: Json, symbols: tuple[str, ...], since_ms: int) -> list[Json]:
        """Page after page."""
        ids = [exchange.market_id(symbol) for symbol in symbols]
        query: dict[str, Any] = {
            "product_ids": ids,
            "start_sequence_timestamp": exchange.iso8601(since_ms),
            "limit": 100,
        }
        found: list[Json] = []
        while True:
            answer = await exchange.v3PrivateGetBrokerageOrdersHistoricalFills(query)
            found += [exchange.parse_trade(row) for row in answer["fills"]]
            if not answer.get("cursor") or not answer["fills"]:
                return found
            query["cursor"] = answer["cursor"]

    def streams(self, exchange: Json) -> list[Stream]:
        """See Dialect."""
        return [exchange.watch_orders]

    def execution(self, told: Json) -> Execution | None:  # noqa: ARG002  # the port's
        """None: the stream tells totals."""
        return None

    async def _orders(self, exchange: Json, query: Mapping[str, str]) -> list[Json]:
        asked: dict[str, Any] = {"limit": 100, **query}
        found: list[Json] = []
        for _ in range(_PAGES):
            answer = await exchange.v3PrivateGetBrokerageOrdersHistoricalBatch(asked)
            found += [exchange.parse_order(row) for row in answer["orders"]]
            if not answer.get("has_next"):
                return found
            asked["cursor"] = answer["cursor"]
        raise RetryError(f"orders: more than {len(found)}, and the end is not in sight")


DIALECTS: Mapping[str, Dialect] = {
    "binance": Binance(),
    "coinbase": Coinbase(),
    "kraken": Kraken(),
}


def fee_of(told: Json, price: Decimal, symbol: str) -> Decimal:
    """The fee of one of ccxt's trades in the quote currency; 0 where another coin paid it."""
    fee = told.get("fee") or {}
    cost = number(fee.get("cost"))
    base, _, quote = symbol.partition("/")
    worth = {quote: Decimal(1), base: price}.get(str(fee.get("currency")), Decimal(0))
    return Decimal(0) if cost is None else cost * worth


def _stop_loss(ticket: Ticket) -> Mapping[str, Any]:
    if ticket.kind not in _STOP_KINDS or ticket.price is None:
        return {}
    return {"stopLossPrice": plain(ticket.price)}
