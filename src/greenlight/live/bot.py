"""The bot: everything that waits, around the one runner that decides.

Start: rebuild from the journal, ask the venue about every open ticket, reconcile, only then trade.
"""

import asyncio
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any

import numpy as np

from greenlight.domain import (
    BarsClosed,
    Event,
    Happened,
    LeaseError,
    Quote,
    RequestVerdicts,
    RetryError,
    Switch,
    Switched,
)
from greenlight.ledger import (
    Alerted,
    Answer,
    DriftKind,
    FillSource,
    Halted,
    Killed,
    Record,
    Resumed,
    Stopped,
)
from greenlight.live.aggregator import Aggregator, Sources
from greenlight.live.booking import Bookkeeper, Books, Difference, Seen
from greenlight.live.charter import Charter, World
from greenlight.live.executor import Bench, Executor, Permit
from greenlight.live.ports import Clock
from greenlight.live.reconciliation import Reconciler, Sides
from greenlight.live.recovery import Rebuilt, rebuild
from greenlight.live.reviewing import Review, ReviewDesk
from greenlight.live.rounds import Rounds
from greenlight.live.runner import Runner, Turn
from greenlight.live.supervisor import supervise
from greenlight.live.timekeeping import Timekeeper

_AGAIN_S = 5.0  # between two tries of a venue that does not answer
_PATIENCE_S = 15.0  # for the venue to answer, when the bot leaves


class Bot:
    """One run in one process; it goes on where its journal ends."""

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
        self.books = self._bookkeeper(Seen.recall(entries))
        self.reconciler = Reconciler(self._sides(), self.books)
        self.rounds = Rounds(self)
        self._ending = asyncio.Event()
        self._why = "stopped in order"
        self.killed: tuple[str, str] | None = None
        self.runner.precede(self.reviews.before)
        self.runner.listen(self._after)

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

    def reconcile(self, resolve: Answer | None = None) -> None:
        """Compare book and venue soon; resolve: a person's word on what nothing explains."""
        self.rounds.compare(resolve)

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
            self.note(Killed(by, why))
            self.tell_switch(Switch.KILL)
            self.alert("warning", f"killed by {by} ({why}); allow entries: greenlight resume")

    def stop(self) -> None:
        """Leave in order: entries are cancelled, stops stay."""
        self._ending.set()

    def listen_quotes(self, listener: Callable[[Quote], None]) -> None:
        """Let somebody see every quote, after the watch did."""
        self.rounds.listen(listener)

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
        if not await self._has_started():
            return self._why
        ending = asyncio.ensure_future(_until(self._ending))
        tasks = [asyncio.ensure_future(task) for task in self._tasks()]
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

    async def _has_started(self) -> bool:
        """Start; False where it was told to leave before all had answered."""
        starting = asyncio.ensure_future(self.start())
        ending = asyncio.ensure_future(_until(self._ending))
        try:
            await asyncio.wait({starting, ending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            is_up = starting.done()
            starting.cancel()
            ending.cancel()
            await asyncio.gather(starting, ending, return_exceptions=True)
        if is_up:
            starting.result()
            return True
        self.note(Stopped(self._why))
        await _within(self.world.clock, _PATIENCE_S, self.world.journal.durable())
        return False

    async def start(self) -> None:
        """Take up what the journal leaves open, ask the venue, compare: only then may it work."""
        past = self._rebuilt
        if past.undecided is not None:
            self.runner.take_up(*past.undecided)
        if past.session < 0:
            self._warm()
        if past.switch is not None:
            self.executor.permit(Permit.REDUCING)
            if past.switch is not past.told_switch:
                self.tell_switch(past.switch)
        self.runner.drain()
        await self.world.journal.durable()
        await self.executor.catch_up()
        self.runner.drain()
        await self._compare_first()
        if past.undecided is None:
            for request in past.asked.values():
                self.reviews.ask(request)

    async def _compare_first(self) -> None:
        """Compare until the venue has answered and what it explained is booked."""
        is_told = False
        while True:
            try:
                done = await self.reconciler.reconcile()
            except RetryError as error:
                if not is_told:
                    self.alert("warning", f"the venue does not answer yet: {error}")
                is_told = True
                await self.world.clock.sleep(_AGAIN_S)
                continue
            self.runner.drain()
            booked = [d for d in done.drifts if d.kind is not DriftKind.ORDER]
            if not any(d.answer in (Answer.EXPLAINED, Answer.ADOPTED) for d in booked):
                return
            if all(d.subject not in (*self.charter.universe.symbols, "") for d in booked):
                return

    def _warm(self) -> None:
        """Show past bars without scores, and what the venue holds already."""
        for row in self.charter.warm:
            score = np.full(len(row.close), np.nan, dtype=np.float32)
            values = {name: getattr(row, name) for name in ("open", "high", "low", "close")}
            self.runner.put(
                BarsClosed(row.time, row.block, volume=row.volume, score=score, **values)
            )
        for held in self.charter.holdings:
            self.books.adopt(Difference(held.instrument, Decimal(0), held.quantity), held)

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

    def _tasks(self) -> list[Coroutine[Any, Any, None]]:
        named = [
            ("orders", self.executor.work),
            ("reviews", self.reviews.work),
            ("approvals", self.reviews.watch),
            *self.rounds.tasks(),
            *((f"bars {nth}", one.work) for nth, one in enumerate(self._aggregators())),
        ]
        clock = self.world.clock
        supervised = [supervise(name, task, clock, self.alert) for name, task in named]
        return [self.runner.run(clock), *supervised]

    def _after(self, turn: Turn) -> None:
        """A fill is a reason to compare."""
        if len(turn.step.fills) > 0:
            self.rounds.compare()

    def _ask(self, request: RequestVerdicts) -> None:
        self.reviews.ask(request)

    def _put(self, event: Event, source: FillSource | None) -> None:
        """The executor is made before the runner, and tells it all the same."""
        self.runner.put(event, source)

    # what the parts are given

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
            differ=self.reconcile,
        )

    def _review(self) -> Review:
        return Review(
            reviewer=self.world.reviewer,
            approvals=self.charter.approvals,
            clock=self.world.clock,
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
            safe=self._make_safe,
            fence=self.charter.fence,
        )

    async def _make_safe(self) -> None:
        """See that all is on disk and the lease is ours. Raises LeaseError."""
        await self.world.journal.durable()
        if not await self.world.journal.holds():
            raise LeaseError("the lease on the account was lost: nothing more is sent")

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
        closed, blocks = self._rebuilt.closed, range(len(self.charter.universe.blocks))
        begun = self.charter.start_ts
        return [Aggregator(sources, nth, closed.get(nth, begun)) for nth in blocks]


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
