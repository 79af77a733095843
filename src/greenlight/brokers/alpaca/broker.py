"""An Alpaca account as a broker: orders, positions, activities and the stream of reports."""

from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from greenlight.brokers.alpaca.accounts import activity, holding, venue_account
from greenlight.brokers.alpaca.assets import Assets
from greenlight.brokers.alpaca.orders import change_body, order_body, order_report, venue_order
from greenlight.brokers.alpaca.rest import Json, Request, Rest, understood
from greenlight.brokers.alpaca.settings import AlpacaSettings, base
from greenlight.brokers.alpaca.sockets import Connect, Session, dial
from greenlight.brokers.alpaca.texts import (
    NS_DAY,
    day_ns,
    is_crypto,
    new_york_day,
    time_ns,
    time_text,
)
from greenlight.domain import (
    Activity,
    Capabilities,
    HaltError,
    Holding,
    OrderKind,
    OrderReport,
    RefuseError,
    RetryError,
    Ticket,
    VenueAccount,
    VenueOrder,
)

if TYPE_CHECKING:
    import httpx

_EQUITY = Capabilities(
    stops=frozenset({OrderKind.STOP, OrderKind.STOP_LIMIT}),
    pairs=True,
    shorts=True,
    extended_hours=True,
)
_PAIR = Capabilities(stops=frozenset({OrderKind.STOP_LIMIT}), rests_fractions=True)
_ORDERS_A_PAGE = 500
_ACTIVITIES_A_PAGE = 100


class AlpacaBroker:
    """The live engine's `Broker` on one Alpaca account; retries nothing, holds no state of orders.

    transport, connect: what carries requests and sockets; by default the network.
    """

    name = "alpaca"
    requests_per_minute = 200

    def __init__(
        self,
        settings: AlpacaSettings,
        *,
        transport: "httpx.AsyncBaseTransport | None" = None,
        connect: Connect | None = None,
    ) -> None:
        self._settings = settings
        self._rest = Rest(settings, transport)
        self._url = base(settings.trading_url)
        self._assets = Assets(self._rest, self._url)
        self._connect = connect or dial(settings)

    def capabilities(self, instrument: str) -> Capabilities:
        """Equities: stops, pairs, whole units overnight. Crypto: stop-limits only."""
        return _PAIR if is_crypto(instrument) else _EQUITY

    async def submit(self, ticket: Ticket) -> VenueOrder:
        """Lay an order, or a pair where the ticket has a stop beside its limit."""
        body = order_body(ticket, await self._assets.grid(ticket.instrument))
        url = f"{self._url}/v2/orders"
        request = Request("POST", url, f"order {ticket.client_id}", body=body)
        return await self._rest.ask(request, venue_order)

    async def replace(self, venue_id: str, ticket: Ticket) -> VenueOrder:
        """Change price and quantity of an order; a pair is changed leg by leg.

        A success only means that the change was taken: the new order may still be rejected, and the
        old one then works on. Fractions of a share cannot be changed: a quantity with a fraction is
        sent only where it differs from what rests.
        """
        if ticket.stop is not None:
            raise RefuseError(f"rule: change {ticket.client_id}: one leg of a pair at a time")
        changes = True
        if ticket.quantity % 1 != 0:
            standing = await self.order(venue_id)
            changes = standing is None or standing.quantity != ticket.quantity
        grid = await self._assets.grid(ticket.instrument)
        body = change_body(ticket, grid, quantity=changes)
        url, what = self._order_url(venue_id), f"change {ticket.client_id}"
        request = Request("PATCH", url, what, body=body)
        return await self._rest.ask(request, venue_order)

    async def cancel(self, venue_id: str) -> None:
        """Ask for an order's end; an order on its way there already is left to it."""
        request = Request("DELETE", self._order_url(venue_id), f"cancel {venue_id}")
        try:
            await self._rest.ask(request, bool)
        except (RefuseError, RetryError) as error:
            if "pending_cancel" not in str(error) and "pending cancel" not in str(error):
                raise

    async def find(self, client_id: str) -> VenueOrder | None:
        """The order of that name, with its legs."""
        what = f"look-up of {client_id}"
        url = f"{self._url}/v2/orders:by_client_order_id"
        request = Request("GET", url, what, {"client_order_id": client_id})
        found = await self._rest.ask_if_any(request, _order_and_class)
        if found is None:
            return None
        order, order_class = found
        has_legs = order_class in ("oco", "bracket", "oto")
        return await self.order(order.venue_id) if has_legs and not order.legs else order

    async def order(self, venue_id: str) -> VenueOrder | None:
        """The order with that id, with its legs."""
        what = f"look-up of {venue_id}"
        request = Request("GET", self._order_url(venue_id), what, {"nested": "true"})
        return await self._rest.ask_if_any(request, venue_order)

    async def open_orders(self) -> tuple[VenueOrder, ...]:
        """Every open order, pairs with their legs.

        Asked nested and flat: a leg whose other half has ended already hangs on no open order and
        is only in the flat list.
        """
        nested = await self._orders("true")
        known = {leg.venue_id for order in nested for leg in (order, *order.legs)}
        loose = [one for one in await self._orders("false") if one.venue_id not in known]
        return tuple(one for one in (*nested, *loose) if one.state.is_open or one.legs)

    async def holdings(self) -> Mapping[str, Holding]:
        """Every position."""
        request = Request("GET", f"{self._url}/v2/positions", "positions")
        found = await self._rest.ask(request, lambda rows: [holding(row) for row in rows])
        return {one.instrument: one for one in found}

    async def account(self) -> VenueAccount:
        """The account."""
        request = Request("GET", f"{self._url}/v2/account", "account")
        return await self._rest.ask(request, venue_account)

    async def activities(self, since_ts: int) -> tuple[Activity, ...]:
        """What moved the account since then, oldest first.

        What has a day and no time comes for the whole day of `since_ts`; ids tell what is known.
        """
        day = day_ns(new_york_day(since_ts))
        params = {
            "after": time_text(day - 2 * NS_DAY),
            "direction": "asc",
            "page_size": str(_ACTIVITIES_A_PAGE),
        }
        found: dict[str, Activity] = {}
        while True:
            request = Request("GET", f"{self._url}/v2/account/activities", "activities", params)
            page = await self._rest.ask(request, _activities)
            fresh = [(name, one) for name, one in page if name not in found]
            found |= {name: one for name, one in fresh if one is not None}
            if len(page) < _ACTIVITIES_A_PAGE or not fresh:
                break
            params["page_token"] = str(page[-1][0])
        moved = [one for one in found.values() if one.ts >= (since_ts if one.venue_id else day)]
        return tuple(sorted(moved, key=lambda one: (one.ts, one.id)))

    async def now(self) -> int:
        """The venue's clock."""
        request = Request("GET", f"{self._url}/v2/clock", "clock")
        return await self._rest.ask(request, lambda clock: time_ns(clock["timestamp"]))

    async def reports(self) -> AsyncIterator[OrderReport]:
        """Trade updates of the account from now on; ends with RetryError or HaltError."""
        settings, access = self._settings, self._rest.access
        pair = access.pair
        keys = {"key_id": pair[0], "secret_key": pair[1]}
        async with Session(self._connect, settings.trading_stream_url) as session:
            await session.send({"action": "authenticate", "data": keys})
            told = await session.take("stream", "authorization", settings.timeout_s)
            if told.get("data", {}).get("status") != "authorized":
                if await access.renewed(pair):
                    raise RetryError("reports: the keys were replaced")
                raise HaltError("reports: the venue does not know the keys")
            await session.send({"action": "listen", "data": {"streams": ["trade_updates"]}})
            told = await session.take("stream", "listening", settings.timeout_s)
            if "trade_updates" not in told.get("data", {}).get("streams", ()):
                raise RetryError("reports: the venue does not tell of orders now")
            while True:
                message = await session.next()
                if message.get("stream") == "trade_updates":
                    yield understood("reports", _report, message)

    async def close(self) -> None:
        """Give up connections."""
        await self._rest.close()

    def _order_url(self, venue_id: str) -> str:
        if not venue_id:
            raise RefuseError("gone: an order without an id")
        return f"{self._url}/v2/orders/{quote(venue_id, safe='')}"

    async def _orders(self, nested: str) -> list[VenueOrder]:
        """Open orders, page by page. Pages meet at a time of submission: what both have counts
        once."""
        params = {
            "status": "open",
            "nested": nested,
            "direction": "asc",
            "limit": str(_ORDERS_A_PAGE),
        }
        found: dict[str, VenueOrder] = {}
        while True:
            request = Request("GET", f"{self._url}/v2/orders", "open orders", params)
            page = await self._rest.ask(request, _submitted)
            fresh = [one for one, _ in page if one.venue_id not in found]
            found |= {one.venue_id: one for one in fresh}
            if len(page) < _ORDERS_A_PAGE or not fresh:
                return list(found.values())
            params["after"] = time_text(page[-1][1] - 1)


def _order_and_class(told: Json) -> tuple[VenueOrder, str]:
    return venue_order(told), str(told.get("order_class") or "")


def _submitted(rows: Json) -> list[tuple[VenueOrder, int]]:
    return [(venue_order(row), time_ns(row["submitted_at"])) for row in rows]


def _activities(rows: Json) -> list[tuple[str, Activity | None]]:
    return [(str(row["id"]), activity(row)) for row in rows]


def _report(message: Json) -> OrderReport:
    return order_report(message["data"])
