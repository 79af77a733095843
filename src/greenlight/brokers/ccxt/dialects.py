"""What differs between the exchanges and ccxt does not hide."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Protocol

from greenlight.brokers.ccxt.orders import NS_MS, Json, number, plain
from greenlight.domain import (
    Capabilities,
    Execution,
    OrderKind,
    OrderReport,
    OrderState,
    RefuseError,
    RetryError,
    Ticket,
    VenueOrder,
)

_STOP_KINDS = (OrderKind.STOP, OrderKind.STOP_LIMIT)
_ANY_STOP = Capabilities(
    stops=frozenset(_STOP_KINDS), replaces=False, rests_fractions=True, queues=False
)
_PAGES = 20

#: Waits for what a stream tells next.
Stream = Callable[[], Awaitable[list[Json]]]


class Dialect(Protocol):
    """One exchange. `exchange` is always ccxt's object, orders are ccxt's.

    probe: path and kind of a request that must be signed. repeats: a name taken before is answered
    with its order, as if it had been laid anew.
    """

    capabilities: Capabilities
    requests_per_minute: int
    options: Mapping[str, Any]
    longest_client_id: int
    probe: tuple[str, list[str]]
    repeats: bool

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

    async def reports(self, exchange: Json, told: Json, order: VenueOrder) -> list[OrderReport]:
        """What an order or a trade of the streams tells of `order`, which was looked up since.

        Each fill with the totals up to it, where they are known: they say what is news.
        """
        ...


class Binance:
    """Spot. Stops at the market and with a limit; pairs exist, but not in ccxt's one language."""

    capabilities = _ANY_STOP
    requests_per_minute = 600
    longest_client_id = 36
    probe = ("account", ["private"])
    repeats = False
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

    async def reports(self, exchange: Json, told: Json, order: VenueOrder) -> list[OrderReport]:  # noqa: ARG002  # the port's
        """Its executionReport has all there is to know of a fill."""
        info = told["info"]
        if info.get("x") != "TRADE":
            return [OrderReport(order)]
        quantity, price = Decimal(info["l"]), Decimal(info["L"])
        paid_in, cost = str(info.get("N")), Decimal(info.get("n") or 0)
        fee = _in_quote(cost, paid_in, price, order.instrument)
        execution = Execution(str(info["t"]), quantity, price, int(info["T"]) * NS_MS, fee)
        return [OrderReport(_up_to(order, Decimal(info["z"]), Decimal(info["Z"])), execution)]


class Kraken:
    """Spot. Names of orders are `cl_ord_id`, at most 18 characters."""

    capabilities = _ANY_STOP
    requests_per_minute = 60
    longest_client_id = 18
    probe = ("Balance", ["private"])
    repeats = False
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

    async def reports(self, exchange: Json, told: Json, order: VenueOrder) -> list[OrderReport]:  # noqa: ARG002  # the port's
        """A trade tells its fill, and no totals."""
        return [OrderReport(order, _execution(told) if "order" in told else None)]


class Coinbase:
    """Advanced Trade, spot. Stops are stop-limits alone; a name taken before answers with its
    order."""

    capabilities = Capabilities(
        stops=frozenset({OrderKind.STOP_LIMIT}), replaces=False, rests_fractions=True, queues=False
    )
    requests_per_minute = 600
    longest_client_id = 64
    probe = ("brokerage/accounts", ["v3", "private"])
    repeats = True
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
        since = exchange.iso8601(since_ms)
        return await self._trades(exchange, {"product_ids": ids, "start_sequence_timestamp": since})

    def streams(self, exchange: Json) -> list[Stream]:
        """See Dialect."""
        return [exchange.watch_orders]

    async def reports(self, exchange: Json, told: Json, order: VenueOrder) -> list[OrderReport]:
        """The stream tells totals: the fills behind them are asked for."""
        if order.filled == 0:
            return [OrderReport(order)]
        trades = await self._trades(exchange, {"order_ids": [told["id"]]})
        found, filled, paid = [], Decimal(0), Decimal(0)
        for one in sorted(map(_execution, trades), key=lambda one: (one.ts, one.id)):
            filled += one.quantity
            paid += one.quantity * one.price
            found.append(OrderReport(_up_to(order, filled, paid), one))
        return found if filled == order.filled else [*found, OrderReport(order)]

    async def _trades(self, exchange: Json, query: Mapping[str, Any]) -> list[Json]:
        asked: dict[str, Any] = {"limit": 100, **query}
        found: list[Json] = []
        while True:
            answer = await exchange.v3PrivateGetBrokerageOrdersHistoricalFills(asked)
            found += [exchange.parse_trade(row) for row in answer["fills"]]
            if not answer.get("cursor") or not answer["fills"]:
                return found
            asked["cursor"] = answer["cursor"]

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
    return _in_quote(cost or Decimal(0), str(fee.get("currency")), price, symbol)


def _in_quote(cost: Decimal, coin: str, price: Decimal, symbol: str) -> Decimal:
    base, _, quote = symbol.partition("/")
    return cost * {quote: Decimal(1), base: price}.get(coin, Decimal(0))


def _execution(told: Json) -> Execution:
    """One of ccxt's trades."""
    quantity, price = Decimal(str(told["amount"])), Decimal(str(told["price"]))
    fee = fee_of(told, price, str(told["symbol"]))
    return Execution(str(told["id"]), quantity, price, int(told["timestamp"]) * NS_MS, fee)


def _up_to(order: VenueOrder, filled: Decimal, paid: Decimal) -> VenueOrder:
    """The order when so much of it had filled."""
    if filled >= order.filled:
        return order
    return replace(order, filled=filled, average=paid / filled, state=OrderState.WORKING)


def _stop_loss(ticket: Ticket) -> Mapping[str, Any]:
    if ticket.kind not in _STOP_KINDS or ticket.price is None:
        return {}
    return {"stopLossPrice": plain(ticket.price)}
