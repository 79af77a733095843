"""An account at a crypto exchange as a broker. Spot, long only, one quote currency.

The stream is a bell: each order that it names is looked up before it is told of, since ccxt's
orders of a stream lack names and totals that a look-up has.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from decimal import Decimal
from functools import partial
from hashlib import sha256

from greenlight.brokers.ccxt.client import Client, base_error
from greenlight.brokers.ccxt.dialects import DIALECTS, fee_of
from greenlight.brokers.ccxt.orders import (
    NS_MS,
    Json,
    number,
    parts_of,
    plain,
    venue_id_of,
    venue_order,
)
from greenlight.brokers.ccxt.refusals import is_missing
from greenlight.brokers.ccxt.settings import CcxtSettings
from greenlight.domain import (
    Activity,
    ActivityKind,
    Capabilities,
    ClientId,
    DuplicateError,
    Holding,
    OrderKind,
    OrderReport,
    RefuseError,
    RetryError,
    Side,
    Ticket,
    UnknownError,
    UserError,
    VenueAccount,
    VenueOrder,
)

_LIMITED = (OrderKind.LIMIT, OrderKind.STOP_LIMIT)
_STOPS = (OrderKind.STOP, OrderKind.STOP_LIMIT)


class CcxtBroker:
    """The port `Broker` on one account; retries nothing, holds no state of orders but names.

    A holding's average is 0: a spot account does not know it. A fee in coins shows as less held.
    Transfers are not told. A ticket's span is not looked at: these markets never close.
    """

    name = "ccxt"

    def __init__(self, settings: CcxtSettings) -> None:
        """Raises UserError without keys, and for keys of another kind."""
        if not settings.key:
            raise UserError(f"{settings.exchange}: trading needs an API key and its secret")
        self._settings = settings
        self._dialect = DIALECTS[settings.exchange]
        self._client = Client(settings, self._dialect.options)
        self._names: set[str] = set()  # taken, or perhaps taken, in this process
        self._client.check_keys(*self._dialect.probe)

    @property
    def requests_per_minute(self) -> int:
        """What the exchange lets through at a steady pace."""
        return self._dialect.requests_per_minute

    def capabilities(self, instrument: str) -> Capabilities:  # noqa: ARG002  # the port's
        """The same for every spot market of an exchange."""
        return self._dialect.capabilities

    async def submit(self, ticket: Ticket) -> VenueOrder:
        """Lay an order, exactly as it is written or not at all."""
        await self._check(ticket)
        exchange = self._client.exchange
        price = ticket.limit if ticket.kind is OrderKind.STOP_LIMIT else ticket.price
        is_limited = ticket.kind in _LIMITED and price is not None
        terms = (
            ticket.instrument,
            "limit" if is_limited else "market",
            ticket.side.name.lower(),
            plain(ticket.quantity),
            plain(price) if is_limited and price is not None else None,
            self._dialect.placing(ticket),
        )

        async def lay() -> VenueOrder:
            return venue_order(await exchange.create_order(*terms), ticket)

        try:
            order = await self._client.ask(f"order {ticket.client_id}", lay, acts=True)
        except UnknownError:
            self._names.add(ticket.client_id)
            raise
        except RefuseError as error:
            if str(error).startswith("funds: ") and ticket.side is Side.SELL:
                raise RetryError(f"held: {error}") from None  # by another order, or not there yet
            raise
        self._names.add(ticket.client_id)
        return order

    async def replace(self, venue_id: str, ticket: Ticket) -> VenueOrder:
        """Never: through ccxt these exchanges cancel and place."""
        raise RefuseError(f"rule: change {venue_id} to {ticket.client_id}: cancel and place")

    async def cancel(self, venue_id: str) -> None:
        """Ask for an order's end."""
        symbol, order_id = parts_of(venue_id)
        await self._client.market(symbol)
        exchange = self._client.exchange
        call = partial(self._dialect.cancel, exchange, symbol, order_id)
        await self._client.ask(f"cancel {venue_id}", call, acts=True)

    async def find(self, client_id: str) -> VenueOrder | None:
        """The order of that name; our names say the symbol, others are looked for in each."""
        exchange, known = self._client.exchange, ClientId.parse(client_id)
        symbols = self._settings.instruments
        if known is not None and known.symbol < len(symbols):
            symbols = (symbols[known.symbol],)
        for symbol in symbols:
            await self._client.market(symbol)
            call = partial(self._dialect.find, exchange, symbol, client_id)
            found = await self._looked_up(f"look-up of {client_id}", call)
            if found is not None:
                return found
        return None

    async def order(self, venue_id: str) -> VenueOrder | None:
        """The order with that id."""
        symbol, order_id = parts_of(venue_id)
        await self._client.market(symbol)
        call = partial(self._client.exchange.fetch_order, order_id, symbol)
        return await self._looked_up(f"look-up of {venue_id}", call)

    async def open_orders(self) -> tuple[VenueOrder, ...]:
        """Every open order of the account, of whatever symbol."""
        await self._client.ask("markets", self._client.exchange.load_markets)

        async def read() -> tuple[VenueOrder, ...]:
            found = await self._dialect.open_orders(self._client.exchange)
            return tuple(venue_order(told) for told in found)

        return await self._client.ask("open orders", read)

    async def holdings(self) -> Mapping[str, Holding]:
        """What is held of each symbol's coin, whether or not orders reserve it, and its price."""
        whole = await self._balances()
        prices = await self._prices(whole)
        return {
            symbol: Holding(symbol, whole[_coin(symbol)], Decimal(0), price)
            for symbol, price in prices.items()
        }

    async def account(self) -> VenueAccount:
        """Cash in the quote currency, and with it the coins of the run at their last prices."""
        whole = await self._balances()
        prices = await self._prices(whole)
        cash = whole.get(self._settings.quote, Decimal(0))
        equity = cash + sum(whole[_coin(symbol)] * price for symbol, price in prices.items())
        name = sha256(self._settings.key.encode()).hexdigest()[:12]
        return VenueAccount(f"{self._settings.exchange}-{name}", cash, equity)

    async def activities(self, since_ts: int) -> tuple[Activity, ...]:
        """Fills of the run's symbols since then, oldest first."""
        exchange, symbols = self._client.exchange, self._settings.instruments
        await self._client.ask("markets", exchange.load_markets)

        async def read() -> list[Activity]:
            found = await self._dialect.trades(exchange, symbols, since_ts // NS_MS)
            return [_activity(told) for told in found if told["symbol"] in symbols]

        told = await self._client.ask("fills", read)
        moved = (one for one in told if one.ts >= since_ts)
        return tuple(sorted(moved, key=lambda one: (one.ts, one.id)))

    async def now(self) -> int:
        """The exchange's clock; coarse: some tell whole seconds."""

        async def read() -> int:
            return int(await self._client.exchange.fetch_time()) * NS_MS

        return await self._client.ask("clock", read)

    async def reports(self) -> AsyncIterator[OrderReport]:
        """Orders that changed from now on, each as a look-up has it; ends with RetryError."""
        client = Client(self._settings, self._dialect.options)
        try:
            await client.ask("markets", client.exchange.load_markets)
            async for told in client.listen(self._dialect.streams(client.exchange)):
                for report in await self._reports(client, told):
                    yield report
        finally:
            await client.close()

    async def close(self) -> None:
        """Give up connections."""
        await self._client.close()

    async def _reports(self, client: Client, told: Json) -> list[OrderReport]:
        """Of an order as a look-up has it, after one of ccxt's orders or trades named it."""
        symbol, order_id = told.get("symbol"), told.get("order") or told.get("id")
        if not symbol or not order_id:
            return []
        order = await self.order(venue_id_of(symbol, order_id))
        if order is None:
            return []
        call = partial(self._dialect.reports, client.exchange, told, order)
        return await client.ask(f"fills of {order.venue_id}", call)

    async def _looked_up(
        self, what: str, call: Callable[[], Awaitable[Json | None]]
    ) -> VenueOrder | None:
        async def read() -> VenueOrder | None:
            try:
                told = await call()
            except base_error() as error:
                if is_missing(error):
                    return None
                raise
            return None if told is None else venue_order(told)

        return await self._client.ask(what, read)

    async def _balances(self) -> dict[str, Decimal]:
        async def read() -> dict[str, Decimal]:
            told = await self._client.exchange.fetch_balance()
            whole = ((coin, number(value)) for coin, value in told["total"].items())
            return {coin: value for coin, value in whole if value is not None}

        return await self._client.ask("balances", read)

    async def _prices(self, whole: Mapping[str, Decimal]) -> dict[str, Decimal]:
        """Last price of each symbol whose coin is held."""
        held = [symbol for symbol in self._settings.instruments if _coin(symbol) in whole]
        if not held:
            return {}

        async def read() -> dict[str, Decimal]:
            told = await self._client.exchange.fetch_tickers(held)
            return {symbol: Decimal(str(told[symbol]["last"])) for symbol in held}

        return await self._client.ask("prices", read)

    async def _check(self, ticket: Ticket) -> None:
        """Refuse what ccxt would round, and what it would turn into something else."""
        if self._dialect.repeats and ticket.client_id in self._names:
            raise DuplicateError(f"order {ticket.client_id} was sent before")
        market = await self._client.market(ticket.instrument)
        what = f"rule: order {ticket.client_id}"
        if len(ticket.client_id) > self._dialect.longest_client_id:
            raise RefuseError(f"{what}: its name is longer than the exchange takes")
        if ticket.kind in _STOPS and ticket.kind not in self._dialect.capabilities.stops:
            raise RefuseError(f"{what}: the exchange has no such stop")
        if ticket.stop is not None:
            raise RefuseError(f"{what}: no pairs of orders")
        for price in (ticket.price, ticket.limit):
            _on_grid(f"{what}: price", price, market["precision"]["price"])
        _on_grid(f"{what}: quantity", ticket.quantity, market["precision"]["amount"])
        worth = None if ticket.price is None else ticket.price * ticket.quantity
        for kind, value in (("amount", ticket.quantity), ("cost", worth)):
            least = number(market["limits"][kind]["min"])
            if value is not None and least is not None and value < least:
                raise RefuseError(f"{what}: {kind} {plain(value)} is below {plain(least)}")


def _coin(symbol: str) -> str:
    return symbol.partition("/")[0]


def _on_grid(what: str, value: Decimal | None, step: Json) -> None:
    grid = number(step)
    if value is not None and grid is not None and value % grid != 0:
        raise RefuseError(f"{what} {plain(value)} is not a multiple of {plain(grid)}")


def _activity(told: Json) -> Activity:
    quantity, price = Decimal(str(told["amount"])), Decimal(str(told["price"]))
    signed = quantity if told["side"] == "buy" else -quantity
    symbol = str(told["symbol"])
    return Activity(
        f"{symbol}:{told['id']}",
        ActivityKind.FILL,
        int(told["timestamp"]) * NS_MS,
        symbol,
        signed,
        price,
        -signed * price - fee_of(told, price, symbol),
        venue_id_of(symbol, str(told["order"])),
    )
