"""The bot: everything that waits, around the one runner that decides.

Start: rebuild from the journal, ask the venue about every open ticket, reconcile, only then trade.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from greenlight.domain import (
    BarsClosed,
    Event,
    Happened,
    LeaseError,
    RequestVerdicts,
    RetryError,
    Switch,
    Switched,
)
from greenlight.ledger import (
    Alerted,
    Answer,
    Beat,
    FeedChanged,
    FillSource,
    Halted,
    Record,
    Resumed,
    Stopped,
)
from greenlight.live.aggregator import Aggregator, Forecast, Sources
from greenlight.live.approvals import ApprovalDesk
from greenlight.live.booking import Bookkeeper, Books, Seen
from greenlight.live.executor import Bench, Executor, Permit
from greenlight.live.ports import Broker, Clock, Feed, Journal, Reviewer
from greenlight.live.reconciliation import Reconciler, Sides
from greenlight.live.recovery import Rebuilt, rebuild
from greenlight.live.reviewing import Review, ReviewDesk
from greenlight.live.rows import BlockRow
from greenlight.live.runner import Runner, Turn
from greenlight.live.settings import LiveSettings
from greenlight.live.supervisor import supervise
from greenlight.live.timekeeping import Timekeeper
from greenlight.live.universe import Universe

_NS = 1_000_000_000
_AFTER_BOOKING_S = 5.0
_PATIENCE_S = 15.0  # for the venue to answer, when the bot leaves


@dataclass(frozen=True, slots=True)
class World:
    """What a bot is given: the ports, and who listens. `alert`: level and text for the owner."""

    broker: Broker
    feed: Feed
    journal: Journal
    clock: Clock
    forecast: Forecast
    reviewer: Reviewer | None
    alert: Callable[[str, str], None]
    rng: np.random.Generator


@dataclass(frozen=True, slots=True)
class Charter:
    """What a bot does: universe, lease, settings. start_ts: of the run. warm: past rows that a new
    trader is shown before its first decision."""

    universe: Universe
    settings: LiveSettings
    fence: int
    start_ts: int
    approvals: ApprovalDesk
    warm: Sequence[BlockRow] = ()


class Bot:
    """One run in one process."""

    def __init__(self, world: World, charter: Charter) -> None:
        self.world, self.charter = world, charter
        entries = world.journal.entries()
        self._rebuilt: Rebuilt = rebuild(entries)
        self.times = Timekeeper(charter.universe, charter.start_ts)
        self.executor = Executor(self._bench())
        trader = self._rebuilt.trader
        self.runner = Runner(trader, world.journal, self.executor, self._ask, self._rebuilt.session)
        self.executor.recall(entries)
        charter.approvals.restore(entries)
        self.reviews = ReviewDesk(self._review())
        self.runner.precede(self.reviews.before)
        self.books = self._bookkeeper(Seen.recall(entries))
        self.reconciler = Reconciler(self._sides(), self.books)
        self._reconcile_now = asyncio.Event()
        self._ending = asyncio.Event()
        self._why = "stopped in order"
        self.killed: tuple[str, str] | None = None
        self._resolve: Answer | None = None
        self.runner.listen(self._after)
        self.aggregators = self._aggregators()

    # what others ask of a running bot

    def halt(self, by: str, why: str, switch: Switch = Switch.HALT) -> None:
        """Stop entries."""
        self.note(Halted(by, why))
        self.tell_switch(switch)
        self.alert("error", f"entries halted by {by}: {why}")

    def resume(self, by: str) -> None:
        """Allow entries again."""
        self.note(Resumed(by))
        self.tell_switch(Switch.RESUME)
        self.executor.permit(Permit.ALL)

    def answer(self, id: str, *, approved: bool, by: str) -> bool:  # noqa: A002  # the journal's word
        """Settle an ask; False where nothing of that id waits."""
        return self.reviews.answer(id, approved=approved, by=by)

    def kill(self, by: str, why: str) -> None:
        """Send nothing more and leave; whoever runs the bot empties the account then."""
        self.killed = by, why
        self.stand_down(f"killed by {by}")

    def stand_down(self, why: str) -> None:
        """Send nothing more and leave."""
        self._why = why
        self.executor.permit(Permit.NOTHING)
        self._ending.set()

    def stay_killed(self, by: str, why: str) -> None:
        """Nothing but reducing orders: the account was killed before this start."""
        self.executor.permit(Permit.REDUCING)
        if not self.runner.trader.switches.killed:
            self.tell_switch(Switch.KILL)
            self.alert("warning", f"killed by {by} ({why}); allow entries: greenlight resume")

    def stop(self) -> None:
        """Leave in order: entries are cancelled, stops stay."""
        self._ending.set()

    def reconcile(self, resolve: Answer | None = None) -> None:
        """Compare book and venue soon; resolve: a person's word on what nothing explains."""
        self._resolve = resolve or self._resolve
        self._reconcile_now.set()

    def note(self, record: Record) -> None:
        """Write a record down; one that the journal has no room for is told to the owner alone."""
        try:
            self.world.journal.append(record)
        except RetryError as error:
            self.world.alert("error", f"the journal takes nothing: {error}")

    def alert(self, level: str, text: str) -> None:
        """Tell the owner, and write down that it was told."""
        self.note(Alerted(level, text))
        self.world.alert(level, text)

    def tell_switch(self, switch: Switch) -> None:
        """Throw a switch of the trader's."""
        time = self.times.bar_time(0, self.world.clock.now())
        self.runner.put(Switched(time, switch))

    # the run

    async def run(self, stop: asyncio.Event | None = None) -> str:
        """Trade until told to leave, or the lease is lost; says why it ended."""
        self._ending = stop or self._ending
        await self.start()
        tasks = [asyncio.ensure_future(task) for task in self._tasks()]
        ending = asyncio.ensure_future(_until(self._ending))
        try:
            await asyncio.wait({*tasks, ending}, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        except LeaseError as error:
            self._why = str(error)
            self.executor.permit(Permit.NOTHING)
        else:
            await self._lay_down()
        finally:
            for task in (*tasks, ending):
                task.cancel()
            await asyncio.gather(*tasks, ending, return_exceptions=True)
        return self._why

    async def start(self) -> None:
        """Ask the venue about every ticket, show a new trader the past, throw what is in force."""
        if self._rebuilt.session < 0:
            self._warm()
        if self._rebuilt.switch is not self._rebuilt.told_switch and self._rebuilt.switch:
            self.tell_switch(self._rebuilt.switch)
        if self._rebuilt.switch is not None:
            self.executor.permit(Permit.REDUCING)
        self.runner.drain()
        await self.world.journal.durable()
        await self.executor.catch_up()
        self.runner.drain()
        self.reconcile()

    def _warm(self) -> None:
        """Show past bars without scores: nothing is decided on them."""
        for row in self.charter.warm:
            score = np.full(len(row.close), np.nan, dtype=np.float32)
            values = {name: getattr(row, name) for name in ("open", "high", "low", "close")}
            self.runner.put(
                BarsClosed(row.time, row.block, volume=row.volume, score=score, **values)
            )

    async def _lay_down(self) -> None:
        """Entries are cancelled, stops stay; what the venue does not answer to is left."""
        if not self._why.startswith("killed"):
            self.executor.permit(Permit.REDUCING)
            await _within(self.world.clock, _PATIENCE_S, self.executor.quiet())
        self.runner.drain()
        for covered in self.executor.coverage():
            self.note(covered)
        self.note(Stopped(self._why))
        await self.world.journal.durable()

    def _tasks(self) -> list[Awaitable[None]]:
        it = self
        named: list[tuple[str, Callable[[], Awaitable[None]]]] = [
            ("orders", it.executor.work),
            ("order reports", it._hear_reports),
            ("reviews", it.reviews.work),
            ("approvals", it.reviews.watch),
            ("reconciliation", it._keep_reconciling),
            ("heartbeat", it._keep_beating),
            ("quotes", it._hear_quotes),
            ("clock", it._keep_time),
        ]
        named += [(f"bars {nth}", one.work) for nth, one in enumerate(it.aggregators)]
        supervised = [supervise(name, task, it.world.clock, it.alert) for name, task in named]
        return [it.runner.run(it.world.clock), *supervised]

    async def _hear_reports(self) -> None:
        """The stream of order reports; after each connection the venue is asked for what it said
        meanwhile."""
        reports = self.world.broker.reports()
        await self.executor.catch_up()
        async for report in reports:
            self.executor.hear(report, "stream")

    async def _hear_quotes(self) -> None:
        name = self.world.feed.name
        try:
            async for quote in self.world.feed.quotes(self.charter.universe.symbols):
                self.executor.quote(quote)
        except RetryError as error:
            self.note(FeedChanged(name, is_alive=False, detail=str(error)))
            raise

    async def _keep_reconciling(self) -> None:
        """Compare now and then, and soon after what was booked."""
        while True:
            try:
                await self._wait_for_reconciliation()
                resolve, self._resolve = self._resolve, None
                done = await self.reconciler.reconcile(resolve)
            except RetryError:
                await self.world.clock.sleep(_AFTER_BOOKING_S)
                self._reconcile_now.set()
                continue
            if any(one.answer in (Answer.EXPLAINED, Answer.ADOPTED) for one in done.drifts):
                await self.world.clock.sleep(_AFTER_BOOKING_S)

    async def _wait_for_reconciliation(self) -> None:
        timer = asyncio.ensure_future(self.world.clock.sleep(self.charter.settings.reconcile_s))
        asked = asyncio.ensure_future(self._reconcile_now.wait())
        try:
            await asyncio.wait({timer, asked}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
            asked.cancel()
        self._reconcile_now.clear()

    async def _keep_beating(self) -> None:
        while True:
            trader = self.runner.trader
            self.note(Beat(trader.equity, trader.cash, {}))
            for covered in self.executor.coverage():
                self.note(covered)
            if (why := self.executor.anomaly()) is not None and not trader.switches.anomaly:
                self.halt("anomaly", why, Switch.ANOMALY)
            await self.world.clock.sleep(self.charter.settings.beat_s)

    async def _keep_time(self) -> None:
        """Halt entries when the venue's clock and ours part."""
        limit = self.charter.settings.watch.clock_skew_s
        while True:
            before = self.world.clock.now()
            venue = await self.world.broker.now()
            skew = abs(venue - (before + self.world.clock.now()) // 2) / _NS
            if skew > limit and not self.runner.trader.switches.halted:
                why = f"the clock differs from the broker's by {skew:.1f} s; set this machine's"
                self.halt("clock", why)
            await self.world.clock.sleep(self.charter.settings.reconcile_s)

    def _after(self, turn: Turn) -> None:
        """A fill is a reason to compare."""
        if len(turn.step.fills) > 0:
            self._reconcile_now.set()

    def _ask(self, request: RequestVerdicts) -> None:
        self.reviews.ask(request)

    # what the parts are given

    def _put(self, event: Event, source: FillSource | None) -> None:
        """The executor is made before the runner, and tells it all the same."""
        self.runner.put(event, source)

    def _bench(self) -> Bench:
        world, charter = self.world, self.charter
        return Bench(
            broker=world.broker,
            journal=world.journal,
            clock=world.clock,
            universe=charter.universe,
            times=self.times,
            settings=charter.settings.orders,
            watch=charter.settings.watch,
            fence=charter.fence,
            rng=world.rng,
            tell=self._put,
            alert=self.alert,
        )

    def _put(self, event: Event, source: FillSource | None) -> None:
        self.runner.put(event, source)

    def _review(self) -> Review:
        world = self.world
        return Review(
            reviewer=world.reviewer,
            approvals=self.charter.approvals,
            clock=world.clock,
            deadline_s=self.charter.settings.verdict_deadline_s,
            equity=lambda: self.runner.trader.equity,
            tell=self.runner.put,
            note=self.note,
        )

    def _bookkeeper(self, seen: Seen) -> Bookkeeper:
        def tell(event: Happened, *, activity: str = "") -> None:
            self.runner.put(event, None, activity)

        trader, universe = self.runner.trader, self.charter.universe
        books = Books(trader, universe, self.times, self.world.clock, tell)
        return Bookkeeper(books, seen, self.charter.start_ts)

    def _sides(self) -> Sides:
        return Sides(
            broker=self.world.broker,
            trader=self.runner.trader,
            tickets=self.executor,
            universe=self.charter.universe,
            times=self.times,
            clock=self.world.clock,
            settings=self.charter.settings.watch,
            tell=self.runner.put,
            note=self.note,
            is_idle=lambda: self.runner.is_idle,
        )

    def _aggregators(self) -> list[Aggregator]:
        sources = Sources(
            universe=self.charter.universe,
            times=self.times,
            feed=self.world.feed,
            clock=self.world.clock,
            forecast=self.world.forecast,
            tell=self.runner.put,
            note=self.note,
            settings=self.charter.settings,
        )
        closed = self._rebuilt.closed
        blocks = range(len(self.charter.universe.blocks))
        return [Aggregator(sources, nth, closed.get(nth, 0)) for nth in blocks]


async def _until(stop: asyncio.Event) -> None:
    await stop.wait()


async def _within(clock: Clock, seconds: float, task: Coroutine[Any, Any, None]) -> None:
    """Wait for a task, at the longest so many seconds of the clock."""
    work, limit = asyncio.ensure_future(task), asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({work, limit}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        work.cancel()
        limit.cancel()
        await asyncio.gather(work, limit, return_exceptions=True)
