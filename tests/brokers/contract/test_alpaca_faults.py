"""What the adapter makes of an exchange that does everything wrong that one can do."""

import asyncio
import time
from decimal import Decimal

import pytest
from alpaca_stand import NOON, AlpacaStand, exchange_with, settings_at, tried

from greenlight.brokers.alpaca import AlpacaBroker, AlpacaFeed
from greenlight.brokers.exchange import Fault, FaultKind, serve
from greenlight.domain import (
    FeedBar,
    HaltError,
    OrderKind,
    OrderReport,
    OrderState,
    RetryError,
    Role,
    Side,
    Span,
    Ticket,
    Timeframe,
    UnknownError,
)

MINUTE = 60_000_000_000
POST = "POST /v2/orders"


def market(stand: AlpacaStand, quantity: str = "10") -> Ticket:
    return Ticket(
        stand.name(Role.ENTRY),
        stand.instrument,
        Side.BUY,
        OrderKind.MARKET,
        Decimal(quantity),
        Span.DAY,
    )


def limit(stand: AlpacaStand) -> Ticket:
    terms = (Side.BUY, OrderKind.LIMIT, Decimal(10), Span.DAY, Decimal(50))
    return Ticket(stand.name(Role.ENTRY), stand.instrument, *terms)


def suffer(check, *faults: Fault, instrument: str = "SPY"):
    tried(check, instrument, "10", faults)


async def heard(stand: AlpacaStand, seconds: float = 30.0) -> tuple[list[OrderReport], str]:
    """What the stream tells in some seconds, and what ended it before, if anything did."""
    reports: list[OrderReport] = []
    try:
        async with asyncio.timeout(seconds):
            async for one in stand.broker.reports():
                reports.append(one)  # noqa: PERF401 - what came before the end has to be kept
    except TimeoutError:
        return reports, ""
    except RetryError as error:
        return reports, str(error)
    raise AssertionError("a stream ended without an error")


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.LOST_ANSWER, about=POST, times=1),
        Fault(FaultKind.HANG, about=POST, times=1, seconds=60.0),
        Fault(FaultKind.HANG, about=POST, times=1, seconds=1.0),
    ],
    ids=["lost", "hangs for long", "hangs"],
)
def test_an_order_that_was_taken_without_an_answer_is_unknown_and_can_be_found(fault):
    async def check(stand):
        ticket = limit(stand)
        with pytest.raises(UnknownError):
            await stand.broker.submit(ticket)
        found = await stand.broker.find(ticket.client_id)
        assert found is not None
        assert found.state.is_open
        assert len(await stand.broker.open_orders()) == 1

    suffer(check, fault)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_before_the_order_was_taken_is_unknown_and_it_is_absent(status):
    async def check(stand):
        ticket = limit(stand)
        with pytest.raises(UnknownError):
            await stand.broker.submit(ticket)
        assert await stand.broker.find(ticket.client_id) is None

    suffer(check, Fault(FaultKind.SERVER_ERROR, about=POST, times=1, status=status))


def test_the_rate_limit_says_how_long_to_wait():
    async def check(stand):
        with pytest.raises(RetryError) as caught:
            await stand.broker.submit(limit(stand))
        assert caught.value.wait_s == 7.0
        assert await stand.broker.open_orders() == ()

    suffer(check, Fault(FaultKind.RATE_LIMIT, about=POST, times=1, seconds=7.0))


def test_in_an_outage_nothing_was_sent_and_no_stream_comes_about():
    async def check(stand):
        for call in (stand.broker.submit(limit(stand)), stand.broker.account()):
            with pytest.raises(RetryError):
                await call
        assert (await heard(stand))[1] != ""
        await stand.wait(60.0)
        assert await stand.broker.open_orders() == ()

    suffer(check, Fault(FaultKind.OUTAGE, seconds=30.0, times=1))


def test_keys_that_are_refused_halt_on_every_way():
    async def check(stand):
        for call in (stand.broker.submit(limit(stand)), stand.broker.account()):
            with pytest.raises(HaltError):
                await call
        with pytest.raises(HaltError):
            await anext(stand.broker.reports())

    suffer(check, Fault(FaultKind.REFUSE_KEYS))


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.DOUBLE_UPDATE,
        FaultKind.REPLAY_FILL,
        FaultKind.REORDER_UPDATE,
        FaultKind.DELAY_UPDATE,
    ],
)
def test_updates_that_are_doubled_replayed_or_shuffled_still_tell_of_one_fill(kind):
    async def check(stand):
        hearing = asyncio.ensure_future(heard(stand))
        await stand.wait(1.0)
        order = await stand.broker.submit(market(stand))
        reports, _ = await hearing
        fills = {one.execution.id: one.execution for one in reports if one.execution is not None}
        assert sum(one.quantity for one in fills.values()) == 10
        assert max(one.order.filled for one in reports) == 10
        assert {one.order.venue_id for one in reports} == {order.venue_id}

    suffer(check, Fault(kind, seconds=3.0, times=1 if kind is FaultKind.REORDER_UPDATE else 0))


def test_an_update_that_is_dropped_is_found_by_asking():
    async def check(stand):
        hearing = asyncio.ensure_future(heard(stand))
        await stand.wait(1.0)
        order = await stand.broker.submit(market(stand))
        assert (await hearing)[0] == []
        found = await stand.broker.order(order.venue_id)
        assert found is not None
        assert (found.state, found.filled) == (OrderState.FILLED, 10)

    suffer(check, Fault(FaultKind.DROP_UPDATE))


def test_a_stream_that_is_cut_ends_with_an_error():
    async def check(stand):
        hearing = asyncio.ensure_future(heard(stand))
        await stand.wait(1.0)
        await stand.broker.submit(market(stand))
        assert (await hearing)[1] != ""

    suffer(check, Fault(FaultKind.DISCONNECT))


def test_a_part_that_has_filled_stays_when_the_rest_is_cancelled():
    async def check(stand):
        ticket = Ticket(
            stand.name(Role.ENTRY),
            "SPY",
            Side.BUY,
            OrderKind.LIMIT,
            Decimal(10),
            Span.DAY,
            Decimal(99),
        )
        order = await stand.broker.submit(ticket)
        await stand.wait(1.0)
        await stand.move(Decimal("98.5"))
        found = await stand.broker.find(ticket.client_id)
        assert found is not None
        assert found.state is OrderState.WORKING
        assert found.filled == 4
        await stand.broker.cancel(order.venue_id)
        await stand.wait(1.0)
        ended = await stand.broker.order(order.venue_id)
        assert ended is not None
        assert (ended.state, ended.filled) == (OrderState.CANCELLED, 4)
        assert (await stand.broker.holdings())["SPY"].quantity == 4

    suffer(check, Fault(FaultKind.PARTIAL_FILL, share=0.4))


def test_an_order_rejected_after_it_was_taken_is_reported_so():
    async def check(stand):
        hearing = asyncio.ensure_future(heard(stand))
        await stand.wait(1.0)
        order = await stand.broker.submit(limit(stand))
        reports, _ = await hearing
        assert reports[-1].order.venue_id == order.venue_id
        assert reports[-1].order.state is OrderState.REJECTED

    suffer(check, Fault(FaultKind.REJECT_ORDER))


def test_a_clock_that_is_wrong_is_told_as_it_is():
    async def check(stand):
        assert await stand.broker.now() < NOON - 30_000_000_000

    suffer(check, Fault(FaultKind.STALE_CLOCK, seconds=60.0))


def test_quotes_that_fall_silent_end_the_stream():
    async def check(stand):
        with pytest.raises(RetryError, match="silent"):
            async for _ in stand.feed.quotes(["SPY"]):
                pass

    suffer(check, Fault(FaultKind.SILENCE, seconds=3600.0))


def test_quotes_and_bars_of_both_kinds_come_from_the_exchange():
    async def check(stand):
        both = {"SPY": [], "BTC/USD": []}
        async with asyncio.timeout(300.0):
            async for one in stand.feed.quotes(list(both)):
                both[one.instrument].append(one)
                if all(both.values()):
                    break
        assert all(one.bid <= one.ask for quotes in both.values() for one in quotes)
        start = NOON - 5 * MINUTE
        bars = await stand.feed.bars(list(both), Timeframe.M1, start, NOON + 1000 * MINUTE)
        now = await stand.broker.now()
        assert all(start <= one.open_ts and one.open_ts + MINUTE <= now for one in bars)
        first = {one.instrument: one for one in reversed(bars)}
        assert first["SPY"] == FeedBar("SPY", start, 100.0, 100.0, 100.0, 100.0, 1e9)
        assert len([one for one in bars if one.instrument == "BTC/USD"]) >= 5

    suffer(check)


def test_everything_holds_over_real_sockets_too():
    async def go():
        local = exchange_with((), time.monotonic)
        address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        serving = asyncio.ensure_future(serve(local, ready=address.set_result))
        settings = settings_at(await address)
        broker = AlpacaBroker(settings)
        feed = AlpacaFeed(settings, local.exchange.clock.now)
        stream = broker.reports()
        first = asyncio.ensure_future(anext(stream))
        quotes = feed.quotes(["SPY"])
        while not local.exchange._trades.sessions:
            await asyncio.sleep(0.01)
        ticket = Ticket(
            "gl1-0-1E0", "SPY", Side.BUY, OrderKind.LIMIT, Decimal(1), Span.DAY, Decimal(50)
        )
        async with asyncio.timeout(10.0):
            order = await broker.submit(ticket)
            assert (await first).order.venue_id == order.venue_id
            await broker.cancel(order.venue_id)
            while (await anext(stream)).order.state is not OrderState.CANCELLED:
                pass
            assert (await broker.account()).equity == 100_000
            assert len(await feed.bars(["SPY"], Timeframe.M1, NOON - MINUTE, NOON)) == 1
        await stream.aclose()
        await quotes.aclose()
        await broker.close()
        await feed.close()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    asyncio.run(go())
