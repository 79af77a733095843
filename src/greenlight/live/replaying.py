"""Stored bars told as if live, with the simulated exchange: a row at a time, all or nothing.

Nothing leaves the process, so a row's records become durable together. A replay that was killed is
told again from its first row, in silence, and every event and decision is held against the journal
until the journal ends: it goes on exactly where it was, or says that it does not repeat itself.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from greenlight.domain import (
    BarsClosed,
    Event,
    ExitAsked,
    HaltError,
    Happened,
    OrderReport,
    SessionBegan,
    Switched,
    VerdictsReady,
)
from greenlight.engine import Row
from greenlight.ledger import Beat, Decided, Entry, Heard, Record, encode
from greenlight.live.ports import Journal
from greenlight.live.runner import Runner

_NS = 1_000_000_000


class SteppedClock:
    """A clock that stands at each row's time and moves when told."""

    def __init__(self, ts: int) -> None:
        self._ts = ts
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> int:
        """Now, ns UTC."""
        return self._ts

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock was moved so far."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self._ts + int(seconds * _NS), self._count, future))
        await future

    def move(self, ts: int) -> None:
        """Move to `ts`, and wake who has slept enough."""
        self._ts = max(ts, self._ts)
        while self._sleepers and self._sleepers[0][0] <= self._ts:
            future = heapq.heappop(self._sleepers)[2]
            if not future.done():
                future.set_result(None)


class RowJournal:
    """Keeps a row's records back until it is over; repeats, and checks, what was written before."""

    def __init__(self, journal: Journal, past: Sequence[Entry]) -> None:
        self._journal = journal
        told = (one.record for one in past)
        self._past = deque(one for one in told if isinstance(one, Heard | Decided))
        self._row: list[Record] = []

    @property
    def is_repeating(self) -> bool:
        """Whether the journal has more to repeat."""
        return bool(self._past)

    def outside(self) -> Heard | None:
        """What the journal heard next from outside the stored bars: a person, a reviewer."""
        if not self._past or not isinstance(self._past[0], Heard):
            return None
        event = self._past[0].event
        return self._past[0] if isinstance(event, Switched | VerdictsReady | ExitAsked) else None

    def append(self, record: Record) -> int:
        """Keep a record for the row's end; while repeating, hold it against the journal."""
        if not self._past:
            self._row.append(record)
            return 0
        if isinstance(record, Heard | Decided):
            expected = self._past.popleft()
            if encode(record) != encode(expected):
                raise HaltError(
                    "the replay does not repeat itself: the journal was written with other bars, "
                    "strategies or code; start a new run"
                )
        return 0

    async def durable(self) -> None:
        """Nothing leaves the process within a row: there is nothing to wait for."""

    async def commit(self) -> None:
        """Write the row down, and wait until it is on disk."""
        for record in self._row:
            self._journal.append(record)
        if self._row:
            self._row.clear()
            await self._journal.durable()

    def entries(self) -> Sequence[Entry]:
        """None: a replay is told again from its beginning."""
        return ()

    async def holds(self) -> bool:
        """The account is this process's own."""
        return True


class Exchange(Protocol):
    """The simulated exchange, asked row by row."""

    def begin(self, event: SessionBegan | Happened) -> Iterable[OrderReport]:
        """Let a session begin or something happen."""
        ...

    def trade(self, bar: BarsClosed) -> Iterator[OrderReport]:
        """What a bar does to the orders."""
        ...


class Carrier(Protocol):
    """What a replay asks of the executor."""

    def hear(self, report: OrderReport, by: str) -> None:
        """Take a report."""
        ...

    async def quiet(self) -> None:
        """Wait until all is as wanted."""
        ...


@dataclass(frozen=True, slots=True)
class Stage:
    """Who plays. `between` is awaited after every row: pace, control, progress."""

    runner: Runner
    orders: Carrier
    exchange: Exchange
    journal: RowJournal
    clock: SteppedClock
    between: Callable[[Row], Awaitable[None]]


async def replay(rows: Iterable[Row], stage: Stage) -> None:
    """Tell every row. Raises HaltError where what is repeated does not equal the journal."""
    session = -1
    for row in rows:
        stage.clock.move(row.bars.time.open_ts)
        for event in row.before:
            for report in stage.exchange.begin(event):
                stage.orders.hear(report, "exchange")
            await _tell(event, stage)
        for report in stage.exchange.trade(row.bars):
            stage.orders.hear(report, "exchange")
            await _settle(stage)
        stage.clock.move(row.bars.time.close_ts)
        await _tell(row.bars, stage)
        if row.bars.time.session != session:
            session = row.bars.time.session
            stage.journal.append(Beat(stage.runner.trader.equity, stage.runner.trader.cash, {}))
        await stage.journal.commit()
        await stage.between(row)


async def _tell(event: Event, stage: Stage) -> None:
    await _settle(stage)
    stage.runner.put(event)
    await _settle(stage)


async def _settle(stage: Stage) -> None:
    """Let everything that was told be decided and carried out."""
    while True:
        stage.runner.drain()
        await stage.orders.quiet()
        if (heard := stage.journal.outside()) is not None:
            stage.runner.put(heard.event, heard.source, heard.activity)
        if stage.runner.is_idle:
            return
