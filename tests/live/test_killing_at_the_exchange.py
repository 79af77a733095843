"""The kill switch through the Alpaca adapter at the local exchange, with its rules and faults."""

import asyncio
from decimal import Decimal

import numpy as np
import pytest

from greenlight.brokers.alpaca import AlpacaBroker, AlpacaSettings
from greenlight.brokers.exchange import (
    Adversity,
    Fault,
    FaultKind,
    Faults,
    Tape,
    Venue,
    build_app,
)
from greenlight.domain import AssetClass, Instrument, OrderKind, Side, Span, Ticket, Timeframe
from greenlight.live import KillOrder, kill
from greenlight.market import Adjustment, BarSpec, History, from_arrays
from greenlight.storm import VirtualClock, run

SECOND = 1_000_000_000
DAY = 86_400 * SECOND
MONDAY = 19_786  # 2024-03-04
OPEN = MONDAY * DAY + (14 * 60 + 30) * 60 * SECOND
NOON, SATURDAY = OPEN + 90 * 60 * SECOND, (MONDAY + 5) * DAY + 15 * 3600 * SECOND
SETTINGS = AlpacaSettings(
    "key",
    "secret",
    "http://127.0.0.1:1",
    "http://127.0.0.1:1",
    "ws://127.0.0.1:1/stream",
    "ws://127.0.0.1:1",
)
ORDERS = "POST /v2/orders"


def history():
    stock = _block("XNYS", ("SPY", "AAPL"), [MONDAY + n for n in range(12) if n % 7 < 5], 180.0)
    coin = _block("24/7", ("BTC/USD",), range(MONDAY, MONDAY + 12), 58_000.0)
    instruments = {s: Instrument(s, AssetClass.EQUITY, "XNYS") for s in stock.symbols}
    instruments["BTC/USD"] = Instrument("BTC/USD", AssetClass.CRYPTO, "24/7")
    return History((stock, coin), instruments)


def _block(calendar, symbols, days, level):
    days = np.array(list(days), dtype=np.int64)
    opened = np.full((len(days), len(symbols)), level)
    prices = (opened, opened * 1.01, opened * 0.99, opened)
    spec = BarSpec(calendar, Timeframe.D1, Adjustment.RAW)
    return from_arrays(spec, symbols, days * DAY, prices, np.full(opened.shape, 1e6))


def buy(name, instrument, quantity):
    return Ticket(name, instrument, Side.BUY, OrderKind.MARKET, Decimal(quantity), Span.DAY)


def stop(name, instrument, quantity):
    return Ticket(
        name, instrument, Side.SELL, OrderKind.STOP, Decimal(quantity), Span.GTC, Decimal(150)
    )


def killed(faults=(), at=None, late=None, patience_s=120.0):
    """Buy at noon, then kill at `at`; returns outcome, what the venue holds, and the minutes."""

    async def main():
        clock = VirtualClock(NOON)
        tape, found = Tape(history()), Faults(list(faults), seed=1)
        venue = Venue(tape.assets, NOON, None, Adversity(found), tape.actions)
        local = build_app(venue, tape, clock, found)
        broker = AlpacaBroker(SETTINGS, transport=local.transport())
        keeping = asyncio.ensure_future(local.exchange.run())
        for ticket in (buy("gl1-0-1E1", "SPY", 10), buy("gl1-2-3E1", "BTC/USD", "0.5")):
            await broker.submit(ticket)
        await broker.submit(buy("by-hand", "AAPL", "2.5"))
        await clock.sleep(60.0)
        await broker.submit(stop("gl1-0-1S1", "SPY", 10))
        assert len(await broker.holdings()) == 3
        await clock.sleep(1.5)
        if at is not None:
            await clock.sleep((at - clock.now()) / SECOND)
        if late is not None:

            async def send_late():
                await clock.sleep(late)
                await broker.submit(buy("gl1-0-9E1", "SPY", 3))

            asyncio.ensure_future(send_late())  # noqa: RUF006  # the loop ends with the test
        fills, began = venue.account.activities, clock.now()
        bought = [line for line in fills if line.type == "FILL" and line.qty > 0]
        outcome = await kill(broker, clock, None, KillOrder("ann", "", patience_s))
        local.exchange.catch_up()
        held = {name: one.qty for name, one in venue.account.positions.items() if one.qty != 0}
        again = [line for line in fills if line.type == "FILL" and line.qty > 0]
        assert late is not None or len(again) == len(bought), "it sold too much and bought back"
        keeping.cancel()
        return outcome, held, (clock.now() - began) / SECOND, found.log

    return run(main())


def test_in_a_session_the_account_is_flat_within_seconds():
    outcome, held, took, _ = killed()
    assert outcome.is_flat
    assert held == {}
    assert took < 30.0
    assert {name: -units for name, units in outcome.closed.items()} == {
        "SPY": 10,
        "BTC/USD": pytest.approx(Decimal("0.5"), rel=Decimal("0.01")),
        "AAPL": Decimal("2.5"),
    }


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.LOST_ANSWER, first_s=61.0, times=4, about=ORDERS),
        Fault(FaultKind.HANG, first_s=61.0, times=2, about=ORDERS),
        Fault(FaultKind.RATE_LIMIT, first_s=61.0, times=5, status=429),
        Fault(FaultKind.SERVER_ERROR, first_s=61.0, times=6, status=502),
        Fault(FaultKind.OUTAGE, first_s=62.0, last_s=70.0, seconds=20.0, times=1),
        Fault(FaultKind.PARTIAL_FILL, probability=0.7, first_s=61.0, share=0.3),
        Fault(FaultKind.REJECT_ORDER, first_s=61.0, times=3),
        Fault(FaultKind.STALE_POSITIONS, first_s=61.0, seconds=4.0, times=1),
    ],
    ids=lambda fault: fault.kind.value,
)
def test_whatever_the_exchange_does_the_account_ends_flat_and_was_never_short(fault):
    outcome, held, _, log = killed([fault])
    assert outcome.is_flat
    assert held == {}
    assert log, "the fault did not strike"


def test_what_a_stale_bot_sends_after_the_first_look_is_closed_too():
    outcome, held, _, _ = killed(late=4.0)
    assert outcome.is_flat
    assert held == {}


def test_on_a_weekend_equities_are_queued_for_the_open_and_crypto_is_closed():
    outcome, held, _, _ = killed(at=SATURDAY, patience_s=60.0)
    assert not outcome.is_flat
    assert set(held) == {"SPY", "AAPL"}
    assert {line.split()[0] for line in outcome.queued} == {"SPY", "AAPL"}
    assert outcome.orders == ()


def test_refused_keys_are_the_alarm():
    fault = Fault(FaultKind.REFUSE_KEYS, first_s=61.0, seconds=1e9)
    outcome, held, _, _ = killed([fault], patience_s=30.0)
    assert not outcome.is_flat
    assert not outcome.seen
    assert outcome.trouble
    assert held
