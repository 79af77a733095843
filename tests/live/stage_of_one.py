"""Executor, model trader and model venue together, on a clock moved by hand."""

import asyncio
from collections import deque
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
from model_trader import ModelTrader
from model_venue import ModelVenue
from workbench import HOUR, FakeJournal, FakeTimes, HandClock, Told, bench, rest, universe

from greenlight.domain import (
    Capabilities,
    Command,
    OrderFilled,
    OrderReport,
    OrderState,
    Role,
    Side,
)
from greenlight.ledger import Decided, Heard
from greenlight.live.executor import Executor, Permit

ZERO = Decimal(0)
EMPTY = np.zeros(0)


class StageOfOne:
    """One symbol from trader to venue. is_deaf: no report arrives by the stream."""

    def __init__(self, capabilities: Capabilities, seed: int = 0, **settings: Any) -> None:
        self.clock = HandClock(10 * HOUR)
        self.venue = ModelVenue(self.clock, capabilities, seed=seed)
        self.trader = ModelTrader()
        self.rng = np.random.default_rng(seed)
        self.settings = settings
        self.journal = FakeJournal(self.clock)
        self.times = FakeTimes()
        self.lot = "1"
        self.fence = 0
        self.is_deaf = False
        self.is_messy = False
        self.is_quoting = False
        self.exposed_ns = self.longest_ns = 0
        self.crashed = asyncio.Event()
        self._old: list[OrderReport] = []
        self.start()

    # the process

    def start(self) -> None:
        self.fence += 1
        self.told = Told()
        made = bench(
            self.venue,
            self.clock,
            self.told,
            self.journal,
            self.times,
            universe(lot=self.lot),
            self.fence,
            **self.settings,
        )
        self.executor = Executor(made)
        self.queue: deque[Any] = deque()
        self.task: asyncio.Task[None] | None = None

    def work(self) -> None:
        self.task = asyncio.get_running_loop().create_task(self.executor.work())

    async def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
            self.task = None

    async def crash(self) -> None:
        """Lose everything but what is on disk, and begin again from it."""
        survived = self.journal.survived()
        await self.stop()
        self.venue.boundary = None
        self.journal = FakeJournal(self.clock, past=survived)
        target, stop, share = self.trader.target, self.trader.stop, self.trader.share
        self.trader = ModelTrader(stop=stop, target=target, share=share)
        commands: list[Command] = []
        undecided = False
        for entry in survived:
            if isinstance(entry.record, Heard):
                commands, undecided = self._again(entry.record.event), True
            elif isinstance(entry.record, Decided):
                undecided = False
        self.start()
        self.executor.recall(survived)
        if undecided:
            self.executor.take(commands)
        catching = asyncio.get_running_loop().create_task(self.executor.catch_up())
        while not catching.done():
            await self.let(1.0)
        await catching
        self.work()

    def _again(self, event: Any) -> list[Command]:
        return self.act(event) if isinstance(event, tuple) else self.trader.process(event)

    # the runner

    def act(self, what: tuple[str, Any]) -> list[Command]:
        """What the trader decides by itself stands in the journal as an event of its own."""
        name, argument = what
        made = getattr(self.trader, name)
        return list(made() if argument is None else made(argument))

    def do(self, name: str, argument: Any = None) -> None:
        self.queue.append(((name, argument), None))
        self.pump()

    def pump(self) -> None:
        self.queue.extend(self.told.events)
        self.told.events.clear()
        while self.queue:
            event, source = self.queue.popleft()
            self.journal.append(Heard(event, source))
            if isinstance(event, tuple):
                commands = self.act(event)
            else:
                self.executor.heard(event)
                commands = self.trader.process(event)
            logs = (EMPTY, EMPTY, EMPTY, EMPTY)
            self.journal.append(Decided(tuple(commands), *logs, 0.0, 0.0))
            if isinstance(event, tuple):  # a bar would be told again; here nobody would
                self.journal.safe = len(self.journal.records)
            self.executor.take(commands)

    # the world

    async def let(self, seconds: float, step: float = 0.25) -> None:
        """Let time pass in small steps, delivering reports and turning the runner."""
        end = self.clock.ts + int(seconds * 1e9)
        while self.clock.ts < end:
            before = self.clock.ts
            self.exposure(0)
            await self.clock.let(min(step, (end - before) / 1e9))
            self.deliver()
            if self.is_quoting:
                self.executor.quote(self.venue.quote())
            self.pump()
            await rest(6)
            self.pump()
            self.exposure(self.clock.ts - before)
            if self.crashed.is_set():
                self.crashed.clear()
                await self.crash()

    def deliver(self) -> None:
        reports, self.venue.reports = self.venue.reports, []
        if self.is_deaf:
            return
        if self.is_messy:
            self._old.extend(reports)
            again = [r for r in self._old if self.rng.random() < 0.2]
            reports = [r for r in reports if self.rng.random() < 0.6] + again
            self.rng.shuffle(reports)  # type: ignore[arg-type]
        for report in reports:
            self.executor.hear(report, "stream")

    def see(self, price: str) -> None:
        self.venue.move(price)
        self.executor.quote(self.venue.quote())

    def exposure(self, span: int) -> None:
        """Measure at the venue how long units were without a stop or an exit."""
        held = abs(self.venue.position)
        guarded = sum((one.left for one in self.venue._open() if self._guards(one)), start=ZERO)
        if held > guarded and self.trader.stop > 0.0:
            self.exposed_ns += span
            self.longest_ns = max(self.longest_ns, self.exposed_ns)
        else:
            self.exposed_ns = 0

    def _guards(self, one: Any) -> bool:
        is_stop = one.ticket.kind.name.startswith("STOP")
        role = None if one.ticket.order is None else one.ticket.order.role
        out = one.order.side is (Side.SELL if self.venue.position > 0 else Side.BUY)
        return out and (is_stop or role is Role.EXIT)

    def stops(self) -> list[tuple[str, Decimal, Decimal | None]]:
        return [
            (one.ticket.kind.name, one.left, one.order.price)
            for one in self.venue._open()
            if one.ticket.kind.name.startswith("STOP")
        ]

    def open(self) -> list[str]:
        """Open orders, a short line each."""
        return sorted(
            f"{one.order.side.name} {one.ticket.kind.name} {one.left} {one.order.price}"
            for one in self.venue._open()
        )

    def filled(self) -> list[tuple[str, float]]:
        events = [
            e.record.event
            for e in self.journal.past + self.journal.records
            if isinstance(e.record, Heard)
        ]
        return [(e.id.role.name, e.quantity) for e in events if isinstance(e, OrderFilled)]


__all__ = ["OrderState", "Permit", "StageOfOne", "replace"]
