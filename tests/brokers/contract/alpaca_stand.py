"""The Alpaca adapter at the local exchange, in process and on virtual time."""

import asyncio
from collections.abc import Callable, Iterable
from decimal import Decimal
from urllib.parse import urlsplit

import httpx
import numpy as np
from broker_contract import Check

from greenlight.brokers.alpaca import AlpacaBroker, AlpacaFeed, AlpacaSettings
from greenlight.brokers.exchange import (
    Adversity,
    Fault,
    Faults,
    LocalExchange,
    PacedClock,
    Tape,
    Venue,
    build_app,
)
from greenlight.domain import AssetClass, ClientId, Instrument, Role, Timeframe
from greenlight.market import Adjustment, BarSpec, History, from_arrays
from greenlight.storm import run

NOON = 1_710_172_800_000_000_000
"""a Monday, 2024-03-11, 12:00 in New York: half the world trades"""
_PRICES = {"SPY": 100.0, "BTC/USD": 50_000.0}
_MINUTE = 60_000_000_000


class AlpacaStand:
    """A broker whose market stands still until it is moved."""

    def __init__(self, instrument: str, quantity: str, faults: Iterable[Fault] = ()) -> None:
        self.instrument = instrument
        self.quantity = Decimal(quantity)
        self.exchange = exchange_with(faults, asyncio.get_running_loop().time)
        self.wire = LossyTransport(self.exchange.transport())
        carried = {"transport": self.wire, "connect": self._dial}
        self.broker = AlpacaBroker(settings_at(), **carried)
        self.feed = AlpacaFeed(settings_at(), self.exchange.exchange.clock.now, **carried)
        self._serial = 0

    def name(self, role: Role) -> str:
        """See the contract."""
        self._serial += 1
        return str(ClientId(1, 0, 1, role, self._serial))

    async def price(self) -> Decimal:
        """See the contract."""
        quote = self.exchange.exchange.venue.quote(self.instrument)
        assert quote is not None
        return sum(quote) / 2

    async def move(self, price: Decimal) -> None:
        """See the contract."""
        exchange = self.exchange.exchange
        exchange.venue.trade(self.instrument, exchange.catch_up(), price)
        exchange.tell_changes()

    async def wait(self, seconds: float) -> None:
        """See the contract."""
        await asyncio.sleep(seconds)
        self.exchange.exchange.catch_up()

    async def lose(self, *, taken: bool) -> None:
        """See the contract."""
        self.wire.losing = "answer" if taken else "request"

    async def _dial(self, url: str):
        return await self.exchange.connect(urlsplit(url).path)


class LossyTransport(httpx.AsyncBaseTransport):
    """Loses one request, or its answer, where told."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self.losing = ""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry it, or lose it."""
        losing = self.losing if request.method == "POST" else ""
        self.losing = "" if losing else self.losing
        if losing == "request":
            await asyncio.sleep(3600)
        response = await self._inner.handle_async_request(request)
        if losing == "answer":
            await asyncio.sleep(3600)
        return response


def tried(check: Check, instrument: str, quantity: str, faults: Iterable[Fault] = ()) -> None:
    """Run a check on a fresh stand, on virtual time."""

    async def go() -> None:
        stand = AlpacaStand(instrument, quantity, faults)
        keeping = asyncio.ensure_future(stand.exchange.exchange.run())
        try:
            await check(stand)
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            await stand.broker.close()
            await stand.feed.close()

    run(go())


def settings_at(url: str = "http://127.0.0.1") -> AlpacaSettings:
    """Everything at one address of this machine."""
    stream = url.replace("http", "ws", 1)
    return AlpacaSettings(
        key="PKTEST",
        secret="secret",  # noqa: S106 - no secret of anybody
        trading_url=url,
        data_url=url,
        trading_stream_url=f"{stream}/stream",
        data_stream_url=stream,
    )


def exchange_with(
    given: Iterable[Fault], seconds: Callable[[], float], speed: float = 1.0
) -> LocalExchange:
    """A local exchange at noon with these faults; where it runs fast it trades often too."""
    tape, faults = Tape(_history(), 60 if speed == 1.0 else 1), Faults(given)
    venue = Venue(tape.assets, NOON, conditions=Adversity(faults))
    clock = PacedClock(NOON, speed, seconds)
    return build_app(venue, tape, clock, faults, requests_per_minute=0)


def _history() -> History:
    """An hour before noon and two after it, always at the same price."""
    ts = NOON + np.arange(-60, 120, dtype=np.int64) * _MINUTE
    blocks, instruments = [], {}
    for symbol, price in _PRICES.items():
        kind = AssetClass.CRYPTO if "/" in symbol else AssetClass.EQUITY
        calendar = "24/7" if kind is AssetClass.CRYPTO else "XNYS"
        prices = np.full((len(ts), 1), price)
        spec = BarSpec(calendar, Timeframe.M1, Adjustment.RAW)
        volume = np.full((len(ts), 1), 1e9)
        blocks.append(from_arrays(spec, (symbol,), ts, (prices,) * 4, volume))
        instruments[symbol] = Instrument(symbol, kind, calendar)
    return History(tuple(blocks), instruments)
