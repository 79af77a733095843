"""A small market, and the exchange upon it: in process, or behind a real socket."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

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
