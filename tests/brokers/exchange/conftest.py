"""A small market, a venue on it, and the exchange served on loopback for the real client."""

import asyncio
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pytest

from greenlight.brokers.exchange import (
    Adversity,
    Fault,
    Faults,
    LocalExchange,
    Tape,
    ToldClock,
    Venue,
    VenueSettings,
    build_app,
)
from greenlight.brokers.exchange.names import nanoseconds
from greenlight.domain import AssetClass, Instrument, Timeframe
from greenlight.market import Adjustment, BarSpec, History, from_arrays

OPEN = nanoseconds("2024-03-04T14:30:00Z")  # a Monday
SECOND = 1_000_000_000
DAY = 86_400 * SECOND


def market(*, days: int = 12) -> History:
    """SPY near 560 and AAPL near 180 by the session, BTC/USD near 58,000 by the day."""
    sessions = np.array(
        [d for d in range(19_783, 19_783 + 2 * days) if np.is_busday(np.datetime64(d, "D"))]
    )
    sessions = sessions[sessions != 19_811][:days]  # Good Friday
    stock = _block("XNYS", ("SPY", "AAPL"), sessions, (560.0, 180.0))
    coin = _block("24/7", ("BTC/USD",), np.arange(19_783, 19_783 + 2 * days), (58_000.0,))
    instruments = {s: Instrument(s, AssetClass.EQUITY, "XNYS") for s in stock.symbols}
    instruments["BTC/USD"] = Instrument("BTC/USD", AssetClass.CRYPTO, "24/7")
    return History((stock, coin), instruments)


def _block(calendar, symbols, days, levels):
    wave = np.sin(np.arange(len(days)))[:, None]
    opened = np.round(np.array(levels)[None, :] * (1 + 0.01 * wave), 2)
    close = np.round(opened * 1.004, 2)
    high, low = np.round(opened * 1.01, 2), np.round(opened * 0.99, 2)
    spec = BarSpec(calendar, Timeframe.D1, Adjustment.RAW)
    volume = np.full(opened.shape, 1_000_000.0)
    stamps = days.astype(np.int64) * DAY
    return from_arrays(spec, symbols, stamps, (opened, high, low, close), volume)


@dataclass
class Served:
    """The exchange behind a real socket, its time moved by the test."""

    url: str
    local: LocalExchange
    clock: ToldClock
    loop: asyncio.AbstractEventLoop

    @property
    def stream_url(self) -> str:
        return self.url.replace("http", "ws")

    def pass_time(self, seconds: float) -> None:
        """Let the exchange's time pass, on its own thread."""

        async def move() -> None:
            self.clock.move(self.clock.now() + int(seconds * SECOND))
            self.local.exchange.catch_up()

        asyncio.run_coroutine_threadsafe(move(), self.loop).result(30)

    def act(self, what: Callable[[], object]) -> None:
        """Do something to the exchange on its own thread."""

        async def once() -> None:
            what()
            self.local.exchange.tell_changes()

        asyncio.run_coroutine_threadsafe(once(), self.loop).result(30)


def build(
    faults: list[Fault] | None = None,
    settings: VenueSettings | None = None,
    start: int = OPEN,
    limit: int = 0,
    history: History | None = None,
) -> tuple[LocalExchange, ToldClock]:
    """The exchange in process, its clock at `start`."""
    tape, clock = Tape(history or market()), ToldClock(start)
    found = Faults(faults or [], seed=1)
    venue = Venue(tape.assets, start, settings, Adversity(found), tape.actions)
    return build_app(venue, tape, clock, found, limit), clock


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Serve an exchange on a free port of loopback; stops with the test."""
    from greenlight.brokers.exchange import serve as serving

    stops: list[Callable[[], None]] = []

    def start(**options: object) -> Served:
        local, clock = build(**options)
        loop, ready, urls = asyncio.new_event_loop(), threading.Event(), []

        def told(url: str) -> None:
            urls.append(url)
            ready.set()

        def run() -> None:
            asyncio.set_event_loop(loop)
            task = loop.create_task(serving(local, 0, told))
            stops.append(lambda: loop.call_soon_threadsafe(task.cancel))
            try:
                with suppress(asyncio.CancelledError):
                    loop.run_until_complete(task)
            finally:
                loop.close()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        assert ready.wait(20)
        stops.append(lambda: thread.join(20))
        return Served(urls[0], local, clock, loop)

    yield start
    for stop in stops:
        stop()


@pytest.fixture
def alpaca():
    """The real client library, whose import warns of its own web socket client."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="websockets.legacy")
        warnings.filterwarnings("ignore", message="websockets.legacy is deprecated")
        import alpaca.data.historical
        import alpaca.data.live
        import alpaca.trading.client
        import alpaca.trading.stream
    return alpaca
