"""What an executor needs in a test: a clock moved by hand, a journal in memory, sessions."""

import asyncio
import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from greenlight.domain import (
    AssetClass,
    BarTime,
    Event,
    Instrument,
    LeaseError,
    Timeframe,
)
from greenlight.ledger import Entry, FillSource, Record
from greenlight.live.sending import Bench
from greenlight.live.settings import OrderSettings, WatchSettings
from greenlight.live.timekeeping import Hours
from greenlight.live.universe import Block, Universe

NS = 1_000_000_000
HOUR = 3_600 * NS


class HandClock:
    """Time stands until `move`, or until everybody sleeps (see `let`)."""

    def __init__(self, ts: int = 10 * HOUR) -> None:
        self.ts = ts
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> int:
        return self.ts

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self.ts + int(seconds * NS), self._count, future))
        await future

    def next_ts(self) -> int | None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    def wake(self) -> None:
        while (ts := self.next_ts()) is not None and ts <= self.ts:
            future = heapq.heappop(self._sleepers)[2]
            if not future.done():
                future.set_result(None)

    async def let(self, seconds: float) -> None:
        """Let so much time pass, stopping wherever somebody wakes up."""
        end = self.ts + int(seconds * NS)
        await rest()
        while (ts := self.next_ts()) is not None and ts <= end:
            self.ts = max(ts, self.ts)
            self.wake()
            await rest()
        self.ts = end


async def rest(rounds: int = 16) -> None:
    """Let every task go as far as it can without time."""
    for _ in range(rounds):
        await asyncio.sleep(0)


@dataclass
class FakeJournal:
    """Keeps records in memory. safe: how many are on disk; fault: what the next call raises."""

    clock: HandClock
    past: list[Entry] = field(default_factory=list)
    records: list[Entry] = field(default_factory=list)
    safe: int = 0
    lease: bool = True
    fault: Exception | None = None
    waits: Callable[[str], Any] | None = None

    def append(self, record: Record) -> int:
        self._raise()
        seq = len(self.past) + len(self.records) + 1
        self.records.append(Entry(seq, "r", self.clock.now(), self.clock.now(), record))
        return seq

    async def durable(self) -> None:
        self._raise()
        if self.waits is not None:
            await self.waits("durable")
        self._raise()
        self.safe = len(self.records)

    def entries(self) -> Sequence[Entry]:
        return self.past

    async def holds(self) -> bool:
        if self.waits is not None:
            await self.waits("holds")
        return self.lease

    def survived(self) -> list[Entry]:
        """What a crash leaves."""
        return self.past + self.records[: self.safe]

    def _raise(self) -> None:
        if not self.lease:
            raise LeaseError("lost")
        if self.fault is not None:
            raise self.fault

    def of(self, kind: type) -> list[Any]:
        return [e.record for e in self.past + self.records if isinstance(e.record, kind)]


@dataclass
class FakeTimes:
    """Sessions of `open_h` to `close_h` every day; one bar a session unless `time` says other."""

    open_h: int = 9
    close_h: int = 16
    time: BarTime | None = None

    def bar_time_of(self, symbol: int, ts: int) -> BarTime:
        if self.time is not None:
            return self.time
        hours = self.hours(symbol, ts)
        return BarTime(hours.open_ts, hours.close_ts, hours.day, hours.close_ts)

    def hours(self, _symbol: int, ts: int) -> Hours:
        day = ts // (24 * HOUR)
        if ts >= day * 24 * HOUR + self.close_h * HOUR:
            day += 1
        start = day * 24 * HOUR
        return Hours(day, start + self.open_h * HOUR, start + self.close_h * HOUR)

    def is_open(self, symbol: int, ts: int) -> bool:
        hours = self.hours(symbol, ts)
        return hours.open_ts <= ts < hours.close_ts


def universe(symbols: Sequence[str] = ("AAA",), lot: str = "1", tick: str = "0.01") -> Universe:
    made = tuple(
        Instrument(name, AssetClass.EQUITY, "XNYS", Decimal(lot), Decimal(tick)) for name in symbols
    )
    return Universe((Block("XNYS", Timeframe.D1, 0, made),))


@dataclass
class Told:
    """What the executor told the trader and the owner."""

    events: list[tuple[Event, FillSource | None]] = field(default_factory=list)
    alerts: list[tuple[str, str]] = field(default_factory=list)

    def tell(self, event: Event, source: FillSource | None) -> None:
        self.events.append((event, source))

    def alert(self, level: str, text: str) -> None:
        self.alerts.append((level, text))


def bench(
    broker: Any,
    clock: HandClock,
    told: Told,
    journal: FakeJournal | None = None,
    times: Any = None,
    whole: Universe | None = None,
    fence: int = 1,
    **settings: Any,
) -> Bench:
    return Bench(
        broker=broker,
        journal=FakeJournal(clock) if journal is None else journal,
        clock=clock,
        universe=universe() if whole is None else whole,
        times=FakeTimes() if times is None else times,
        settings=OrderSettings(**settings),
        watch=WatchSettings(),
        fence=fence,
        rng=np.random.default_rng(1),
        tell=told.tell,
        alert=told.alert,
    )
