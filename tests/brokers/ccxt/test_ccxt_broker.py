"""Three exchanges at their own protocols, spoken by the real ccxt over loopback."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

import pytest

from brokers.ccxt.ccxt_binance import BinanceVenue
from brokers.ccxt.ccxt_coinbase import CoinbaseVenue
from brokers.ccxt.ccxt_kraken import KrakenVenue
from brokers.ccxt.ccxt_venue import NOW_MS, Fault, Venue, serving
from greenlight.brokers.ccxt import CcxtBroker, CcxtFeed, CcxtSettings
from greenlight.domain import (
    DuplicateError,
    HaltError,
    OrderKind,
    OrderReport,
    OrderState,
    RefuseError,
    RetryError,
    Side,
    Span,
    Ticket,
    Timeframe,
    UnknownError,
)

VENUES = (BinanceVenue, KrakenVenue, CoinbaseVenue)
SYMBOL = "BTC/USD"
NS_MS = 1_000_000
HOUR = 3_600_000 * NS_MS

Scenario = Callable[[Venue, CcxtBroker], Awaitable[None]]


def settings(venue: Venue, url: str, timeout_s: float = 5.0) -> CcxtSettings:
    keys = {"key": venue.key, "secret": venue.secret}
    urls = {"rest_url": f"http://{url}", "stream_url": f"ws://{url}"}
    return CcxtSettings(venue.name, (SYMBOL,), **keys, **urls, timeout_s=timeout_s)


@asynccontextmanager
async def connected(
    kind: type[Venue], timeout_s: float = 5.0
) -> AsyncIterator[tuple[Venue, CcxtBroker]]:
    async with serving(kind()) as venue:
        broker = CcxtBroker(settings(venue, venue.url, timeout_s))
        try:
            yield venue, broker
        finally:
            await broker.close()


def play(kind: type[Venue], scenario: Scenario, timeout_s: float = 5.0) -> None:
    async def whole() -> None:
        async with connected(kind, timeout_s) as (venue, broker):
            await scenario(venue, broker)

    asyncio.run(whole())


def ticket(name: str = "gl1-0-1E1", **terms: object) -> Ticket:
    plain = Ticket(
        name, SYMBOL, Side.BUY, OrderKind.LIMIT, Decimal("0.5"), Span.GTC, Decimal("90.25")
    )
    return replace(plain, **terms)


def stop_of(broker: CcxtBroker, name: str = "gl1-0-1S1", price: str = "95") -> Ticket:
    """The stop that the exchange takes."""
    limited = OrderKind.STOP not in broker.capabilities(SYMBOL).stops
    kind = OrderKind.STOP_LIMIT if limited else OrderKind.STOP
    limit = Decimal("80.5") if limited else None
    terms = {"side": Side.SELL, "kind": kind, "price": Decimal(price), "limit": limit}
    return ticket(name, quantity=Decimal("0.25"), **terms)


@pytest.mark.parametrize("kind", VENUES)
def test_a_limit_is_laid_found_by_its_name_and_cancelled(kind: type[Venue]) -> None:
    async def scenario(venue: Venue, broker: CcxtBroker) -> None:
        laid = await broker.submit(ticket())
        assert laid.state in (OrderState.WORKING, OrderState.PENDING)
        assert (laid.client_id, laid.instrument) == ("gl1-0-1E1", SYMBOL)
        (in_book,) = venue.orders.values()
        assert (in_book.client_id, in_book.side) == ("gl1-0-1E1", "buy")
        assert (in_book.quantity, in_book.price) == (Decimal("0.5"), Decimal("90.25"))
        found = await broker.find("gl1-0-1E1")
        assert found is not None
        assert found == await broker.order(laid.venue_id)
        assert await broker.open_orders() == (found,)
        assert (found.state, found.kind) == (OrderState.WORKING, OrderKind.LIMIT)
        assert (found.quantity, found.price, found.filled) == (
            *(Decimal("0.5"), Decimal("90.25"), Decimal(0)),
        )
        await broker.cancel(laid.venue_id)
        gone = await broker.find("gl1-0-1E1")
        assert gone is not None
        assert gone.state is OrderState.CANCELLED
        assert await broker.open_orders() == ()
        with pytest.raises(RefuseError, match=r"^gone: "):
            await broker.cancel(laid.venue_id)

    play(kind, scenario)


@pytest.mark.parametrize("kind", VENUES)
def test_what_was_never_taken_is_absent(kind: type[Venue]) -> None:
    async def scenario(_: Venue, broker: CcxtBroker) -> None:
        for n in range(3):
            await broker.submit(ticket(f"gl1-0-{n}E1", quantity=Decimal("0.1")))
        assert await broker.find("gl1-0-9E1") is None
        assert await broker.find("a-stranger") is None
        assert await broker.order(f"{SYMBOL}:999") is None
        assert len(await broker.open_orders()) == 3
        assert (await broker.find("gl1-0-0E1")) is not None

    play(kind, scenario)


@pytest.mark.parametrize("kind", VENUES)
def test_a_market_order_fills_and_a_partly_filled_limit_says_how_much(kind: type[Venue]) -> None:
    async def scenario(venue: Venue, broker: CcxtBroker) -> None:
        terms = {"kind": OrderKind.MARKET, "price": None, "quantity": Decimal("0.75")}
        bought = await broker.submit(ticket("gl1-0-1E1", **terms))
        found = await broker.order(bought.venue_id)
        assert found is not None
        assert (found.state, found.filled, found.average) == (
            *(OrderState.FILLED, Decimal("0.75"), Decimal(100)),
        )
        assert found.kind is OrderKind.MARKET
        resting = await broker.submit(ticket("gl1-0-2E1"))
        (in_book,) = (o for o in venue.orders.values() if o.client_id == "gl1-0-2E1")
        venue.fill(in_book.id, Decimal("0.125"), Decimal(90))
        venue.fill(in_book.id, Decimal("0.125"), Decimal(89))
        partly = await broker.order(resting.venue_id)
        assert partly is not None
        assert (partly.state, partly.filled, partly.average) == (
            *(OrderState.WORKING, Decimal("0.25"), Decimal("89.5")),
        )
        await broker.cancel(resting.venue_id)
        left = await broker.order(resting.venue_id)
        assert left is not None
        assert (left.state, left.filled) == (OrderState.CANCELLED, Decimal("0.25"))

    play(kind, scenario)


@pytest.mark.parametrize("kind", VENUES)
def test_stops_rest_with_their_trigger(kind: type[Venue]) -> None:
    async def scenario(venue: Venue, broker: CcxtBroker) -> None:
        wanted = stop_of(broker)
        laid = await broker.submit(wanted)
        (in_book,) = venue.orders.values()
        assert (in_book.stop, in_book.side) == (Decimal(95), "sell")
        assert in_book.price == wanted.limit
        found = await broker.order(laid.venue_id)
        assert found is not None
        assert (found.kind, found.price, found.limit) == (wanted.kind, Decimal(95), wanted.limit)
        with pytest.raises(RefuseError, match=r"^through: "):
            await broker.submit(stop_of(broker, "gl1-0-1S2", "105"))
        if OrderKind.STOP in broker.capabilities(SYMBOL).stops:
            terms = {"kind": OrderKind.STOP_LIMIT, "limit": Decimal("80.5")}
            limited = await broker.submit(replace(stop_of(broker, "gl1-0-1S3"), **terms))
            told = await broker.order(limited.venue_id)
            assert told is not None
            assert (told.kind, told.price, told.limit) == (
                *(OrderKind.STOP_LIMIT, Decimal(95), Decimal("80.5")),
            )
        else:
            with pytest.raises(RefuseError, match=r"^rule: .*no such stop"):
                await broker.submit(
                    replace(stop_of(broker, "gl1-0-1S4"), kind=OrderKind.STOP, limit=None)
                )

    play(kind, scenario)


@pytest.mark.parametrize("kind", VENUES)
def test_a_name_is_taken_once(kind: type[Venue]) -> None:
    async def scenario(venue: Venue, broker: CcxtBroker) -> None:
        laid = await broker.submit(ticket())
        with pytest.raises(DuplicateError):
            await broker.submit(ticket())
        assert (await broker.find("gl1-0-1E1")) == await broker.order(laid.venue_id)
        assert len(venue.orders) == 1

    play(kind, scenario)


@pytest.mark.parametrize("kind", VENUES)
def test_too_little_money_is_refused_and_rounding_is_not_left_to_ccxt(kind: type[Venue]) -> None:
    async def scenario(venue: Venue, broker: CcxtBroker) -> None:
        with pytest.raises(RefuseError, match=r"^funds: "):
            await broker.submit(ticket(quantity=Decimal(5000)))
        before = len(venue.asked)
        for terms, words in (
            ({"quantity": Decimal("0.12345")}, "quantity 0.12345 is not a multiple of 0.0001"),
            ({"price": Decimal("90.255")}, "price 90.255 is not a multiple of 0.01"),
            ({"quantity": Decimal("0.01")}, "cost 0.9025 is below 5"),
            ({"stop": Decimal(80)}, "no pairs"),
            ({"client_id": "x" * 65}, "name is longer"),
        ):
            with pytest.raises(RefuseError, match=rf"^rule: .*{words}"):
                await broker.submit(ticket(**terms))
        with pytest.raises(RefuseError, match=r"^halted: .*no spot market ETH/USD"):
            await broker.submit(ticket(instrument="ETH/USD"))
        with pytest.raises(RefuseError, match=r"^rule: "):
            await broker.replace(f"{SYMBOL}:1", ticket())
        with pytest.raises(RefuseError, match=r"^gone: "):
            await broker.cancel("nothing")
        assert len(venue.asked) == before
        assert venue.orders == {}

    play(kind, scenario)


@pytest.mark.parametrize("kind", VENUES)
@pytest.mark.parametrize("way", ["hang", "drop"])
def test_no_answer_to_an_order_is_unknown_and_its_name_tells(kind: type[Venue], way: str) -> None:
    async def scenario(venue: Venue, broker: CcxtBroker) -> None:
        assert await broker.open_orders() == ()  # the markets are known
        venue.faults = [Fault(is_done=True, way=way), Fault(way=way)]
        with pytest.raises(UnknownError):
            await broker.submit(ticket("gl1-0-1E1"))
        with pytest.raises(UnknownError):
            await broker.submit(ticket("gl1-0-1E2"))
        assert (await broker.find("gl1-0-1E1")) is not None
        assert await broker.find("gl1-0-1E2") is None
        assert len(venue.orders) == 1

    play(kind, scenario, timeout_s=0.4)


@pytest.mark.parametrize("kind", VENUES)
def test_failures_say_whether_the_order_may_stand(kind: type[Venue]) -> None:
    async def scenario(venue: Venue, broker: CcxtBroker) -> None:
        assert await broker.open_orders() == ()
        slow = Fault(429, {}, {"Retry-After": "7"})
        venue.faults = [slow, Fault(503, {}), Fault(200, "not an order")]
        with pytest.raises(RetryError) as caught:
            await broker.submit(ticket())
        assert caught.value.wait_s == 7.0
        for name in ("gl1-0-1E1", "gl1-0-1E2"):
            with pytest.raises(UnknownError) as unknown:
                await broker.submit(ticket(name))
            assert "\n" not in str(unknown.value)
        assert venue.orders == {}

    play(kind, scenario)


@pytest.mark.parametrize("kind", VENUES)
def test_wrong_keys_halt_and_are_never_shown(kind: type[Venue]) -> None:
    async def whole() -> None:
        async with serving(kind()) as venue:
            right = settings(venue, venue.url)
            wrong = replace(right, secret=kind.wrong_secret)
            assert wrong.secret not in repr(wrong)
            broker = CcxtBroker(wrong)
            try:
                with pytest.raises(HaltError) as caught:
                    await broker.account()
                shown = f"{caught.value!r} {caught.value.__cause__!r}"
                assert wrong.secret not in shown
                assert "signature=" not in shown
            finally:
                await broker.close()

    asyncio.run(whole())


@pytest.mark.parametrize("kind", VENUES)
def test_a_venue_that_is_not_there_was_surely_not_reached(kind: type[Venue]) -> None:
    async def whole() -> None:
        async with serving(kind()) as venue:
            broker = CcxtBroker(settings(venue, venue.url))
            assert await broker.open_orders() == ()
        await asyncio.sleep(0.01)  # the connections that were open are known to be gone
        try:
            with pytest.raises(RetryError, match="not sent"):
                await broker.submit(ticket())
            with pytest.raises(RetryError):
                await broker.find("gl1-0-1E1")
        finally:
            await broker.close()

    asyncio.run(whole())


@pytest.mark.parametrize("kind", VENUES)
def test_account_holdings_fills_and_clock(kind: type[Venue]) -> None:
    async def scenario(venue: Venue, broker: CcxtBroker) -> None:
        account = await broker.account()
        assert (account.cash, account.equity) == (Decimal(10_000), Decimal(10_050))
        assert account.id.startswith(f"{kind.name}-")
        assert venue.key not in account.id
        assert (await broker.holdings())[SYMBOL].quantity == Decimal("0.5")
        laid = []
        for name, side in (("gl1-0-1E1", Side.BUY), ("gl1-0-1X1", Side.SELL)):
            terms = {"kind": OrderKind.MARKET, "price": None, "quantity": Decimal("0.25")}
            laid.append(await broker.submit(ticket(name, side=side, **terms)))
        bought, sold = await broker.activities((NOW_MS - 1000) * NS_MS)
        assert {bought.venue_id, sold.venue_id} == {one.venue_id for one in laid}
        assert {bought.quantity, sold.quantity} == {Decimal("0.25"), Decimal("-0.25")}
        assert {bought.amount, sold.amount} == {Decimal("-25.025"), Decimal("24.975")}
        assert bought.price == 100
        assert await broker.activities((NOW_MS + 1000) * NS_MS) == ()
        assert await broker.now() == NOW_MS * NS_MS

    play(kind, scenario)


@pytest.mark.parametrize("kind", VENUES)
def test_the_stream_tells_of_fills_and_breaks_with_a_retry(kind: type[Venue]) -> None:
    async def scenario(venue: Venue, broker: CcxtBroker) -> None:
        laid = await broker.submit(ticket())
        stream = broker.reports()
        first = asyncio.ensure_future(anext(stream))
        await asyncio.wait_for(venue.subscribed.wait(), 5)
        (in_book,) = venue.orders.values()
        venue.fill(in_book.id, Decimal("0.125"), Decimal(90))
        await asyncio.sleep(0)
        await venue.tell(in_book)
        report: OrderReport = await asyncio.wait_for(first, 5)
        assert (report.order.venue_id, report.order.client_id) == (laid.venue_id, "gl1-0-1E1")
        assert (report.order.filled, report.order.average) == (Decimal("0.125"), Decimal(90))
        assert report.execution is not None
        assert report.execution.quantity == Decimal("0.125")
        assert report.execution.fee == Decimal("0.01125")
        following = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        for socket in list(venue.sockets):
            await socket.close()
        with pytest.raises(RetryError):
            await asyncio.wait_for(following, 5)

    play(kind, scenario)


@pytest.mark.parametrize("kind", VENUES)
def test_the_feed_gives_closed_bars_and_quotes_without_keys(kind: type[Venue]) -> None:
    async def whole() -> None:
        async with serving(kind()) as venue:
            feed = CcxtFeed(settings(venue, venue.url), lambda: 42)
            try:
                end = NOW_MS * NS_MS // HOUR * HOUR
                bars = await feed.bars([SYMBOL], Timeframe.H1, end - 400 * HOUR, end + HOUR // 2)
                stamps = [bar.open_ts for bar in bars]
                assert sorted(stamps) == [end - n * HOUR for n in range(400, 0, -1)]
                assert (bars[0].open, bars[0].high, bars[0].low, bars[0].close) == (
                    *(1.0, 2.0, 0.5, 1.5),
                )
                assert bars[0].volume == 10.0
                stream = feed.quotes([SYMBOL])
                quote = await asyncio.wait_for(anext(stream), 5)
                assert (quote.instrument, quote.bid, quote.ask) == (
                    *(SYMBOL, Decimal("99.5"), Decimal("100.5")),
                )
                assert quote.ts > 0
                await stream.aclose()
            finally:
                await feed.close()
            assert not any("private" in path or "account" in path for _, path in venue.asked)

    asyncio.run(whole())
