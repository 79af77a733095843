"""What a bot does again and again beside deciding: listen, compare, beat, look at clocks."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import numpy as np

from greenlight.domain import Quote, RetryError, Switch
from greenlight.ledger import Answer, Beat, FeedChanged, Reconciled, Record
from greenlight.live.charter import Charter, World
from greenlight.live.executor import Executor
from greenlight.live.reconciliation import Reconciler
from greenlight.live.runner import Runner
from greenlight.live.supervisor import Named
from greenlight.live.timekeeping import Timekeeper

_NS = 1_000_000_000
_AFTER_BOOKING_S = 5.0
_FOLLOW_S = 60.0
_BEFORE_S = 300.0  # before a session's open


class Owner(Protocol):
    """Whose rounds they are."""

    world: World
    charter: Charter
    times: Timekeeper
    executor: Executor
    runner: Runner
    reconciler: Reconciler

    def note(self, record: Record) -> None:
        """Write a record down."""
        ...

    def halt(self, by: str, why: str, switch: Switch = Switch.HALT) -> None:
        """Stop entries."""
        ...


class Rounds:
    """The tasks of one bot that never end."""

    def __init__(self, owner: Owner) -> None:
        self._it = owner
        self._due = asyncio.Event()
        self._resolve: Answer | None = None
        self._listeners: list[Callable[[Quote], None]] = []
        self._is_quoted = True

    def tasks(self) -> list[Named]:
        """Each with its name, to be supervised."""
        return [
            ("order reports", self._hear_reports),
            ("quotes", self._hear_quotes),
            ("reconciliation", self._keep_reconciling),
            ("heartbeat", self._keep_beating),
            ("clock", self._keep_time),
            ("sessions", self._keep_days),
        ]

    def listen(self, listener: Callable[[Quote], None]) -> None:
        """Let somebody see every quote, after the watch did."""
        self._listeners.append(listener)

    def compare(self, resolve: Answer | None = None) -> None:
        """Compare book and venue soon; resolve: a person's word on what nothing explains."""
        self._resolve = resolve or self._resolve
        self._due.set()

    async def _hear_reports(self) -> None:
        """The stream of order reports; the venue is asked what it said while nobody listened."""
        reports = self._it.world.broker.reports()
        await self._it.executor.catch_up()
        async for report in reports:
            self._it.executor.hear(report, "stream")
            if report.execution is not None and not self._it.executor.owns(report.order.venue_id):
                self._due.set()  # somebody else trades on this account

    async def _hear_quotes(self) -> None:
        """Quotes while a market is open; at night a silent feed is no news."""
        it = self._it
        while True:
            await self._wait_for_open()
            try:
                async for quote in it.world.feed.quotes(it.charter.universe.symbols):
                    self._mark_quotes(is_alive=True)
                    it.executor.quote(quote)
                    for listener in self._listeners:
                        listener(quote)
            except RetryError as error:
                if self._opens_in() <= 0.0:
                    self._mark_quotes(is_alive=False, detail=str(error))
                    raise

    def _mark_quotes(self, *, is_alive: bool, detail: str = "") -> None:
        """Write down when quotes end and when they come again."""
        if is_alive != self._is_quoted:
            name = f"{self._it.world.feed.name} quotes"
            self._it.note(FeedChanged(name, is_alive, detail))
        self._is_quoted = is_alive

    async def _wait_for_open(self) -> None:
        if (wait := self._opens_in()) > 0.0:
            await self._it.world.clock.sleep(wait)

    def _opens_in(self, before_s: float = 0.0) -> float:
        """Seconds until that long before a session opens, the next after now; 0 or less in one."""
        soon = self._it.world.clock.now() + int(before_s * _NS)
        hours = (
            self._it.times.hours(block.first, soon) for block in self._it.charter.universe.blocks
        )
        return (min(one.open_ts for one in hours) - soon) / _NS

    async def _keep_reconciling(self) -> None:
        """Compare now and then, and soon after what was booked."""
        clock = self._it.world.clock
        while True:
            try:
                await self._wait_until_due()
                resolve, self._resolve = self._resolve, None
                done = await self._it.reconciler.reconcile(resolve)
                self._weigh(done)
                for covered in self._it.executor.coverage():
                    self._it.note(covered)
            except RetryError:
                await clock.sleep(_AFTER_BOOKING_S)
                self._due.set()
                continue
            if any(one.answer in (Answer.EXPLAINED, Answer.ADOPTED) for one in done.drifts):
                await clock.sleep(_AFTER_BOOKING_S)

    def _weigh(self, done: Reconciled) -> None:
        """Let the watch on money compare, where book and venue hold the same."""
        if not done.drifts and self._it.runner.is_idle:
            trader = self._it.runner.trader
            held = trader.quantity
            worth = np.nansum(np.where(held != 0.0, held * trader.mark, 0.0))
            self._it.executor.worth(float(done.account.equity), trader.cash + float(worth))

    async def _wait_until_due(self) -> None:
        seconds = self._it.charter.settings.reconcile_s
        timer = asyncio.ensure_future(self._it.world.clock.sleep(seconds))
        asked = asyncio.ensure_future(self._due.wait())
        try:
            await asyncio.wait({timer, asked}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
            asked.cancel()
        self._due.clear()

    async def _keep_beating(self) -> None:
        it = self._it
        while True:
            trader = it.runner.trader
            it.note(Beat(trader.equity, trader.cash, {}))
            if (why := it.executor.anomaly()) is not None and not trader.switches.anomaly:
                it.halt("anomaly", why, Switch.ANOMALY)
            await it.world.clock.sleep(it.charter.settings.beat_s)

    async def _keep_time(self) -> None:
        """Follow the venue's clock, or halt entries when it and ours part, seen twice."""
        it, clock = self._it, self._it.world.clock
        limit = it.charter.settings.watch.clock_skew_s
        while True:
            if it.world.follow is not None:
                it.world.follow(await it.world.broker.now())
                await clock.sleep(_FOLLOW_S)
                continue
            skew = min(await self._skew(), await self._skew())
            if skew > limit and not it.runner.trader.switches.halted:
                why = f"the clock differs from the broker's by {skew:.1f} s; set this machine's"
                it.halt("clock", why)
            await clock.sleep(it.charter.settings.reconcile_s)

    async def _skew(self) -> float:
        """Seconds between the venue's clock and ours."""
        clock = self._it.world.clock
        before = clock.now()
        venue = await self._it.world.broker.now()
        return abs(venue - (before + clock.now()) // 2) / _NS

    async def _keep_days(self) -> None:
        """Compare before a session opens, so that a split is known before its prices are."""
        clock = self._it.world.clock
        while True:
            if (wait := self._opens_in(_BEFORE_S)) > 0.0:
                await clock.sleep(wait)
                self._due.set()
            await clock.sleep(_BEFORE_S + 1.0)
