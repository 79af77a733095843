"""At a native venue the executor adds nothing and loses nothing: the same run to the last bit."""

import asyncio
from collections import deque

import numpy as np
from workbench import FakeJournal, FakeTimes, HandClock, Told, bench, universe

from engine.fold import desk_of
from greenlight.brokers.paper import SimulatedBroker, SimulatedMarket
from greenlight.domain import Event
from greenlight.engine import Trader, simulate, tell_rows
from greenlight.live.executor import Executor
from reference.markets import Market, random_market


class Stage:
    """A trader, an executor and a simulated broker, driven as a replay drives them."""

    def __init__(self, market: Market) -> None:
        desk = desk_of(market)
        count = sum(desk.widths)
        names = [f"S{n}" for n in range(count)]
        self.clock, self.told, self.times = HandClock(0), Told(), FakeTimes()
        venue = SimulatedMarket(names, desk.widths)
        self.broker = SimulatedBroker(market.rules, market.cash, venue, self.clock.now)
        self.journal = FakeJournal(self.clock)
        it = bench(self.broker, self.clock, self.told, self.journal, self.times, universe(names))
        self.executor = Executor(it)
        self.trader = Trader(market.rules, market.cash, desk)
        self.steps: list = []

    async def settle(self) -> None:
        queue = deque(event for event, _ in self.told.events)
        self.told.events.clear()
        while queue:
            self.tell(queue.popleft())
        await self.executor.quiet()
        if self.told.events:
            await self.settle()

    def tell(self, event: Event) -> None:
        self.executor.heard(event)
        step = self.trader.process(event)
        self.steps.append(step)
        self.executor.take(step.commands)

    async def run(self, market: Market) -> None:
        for told in tell_rows(market.tape, market.score, market.surroundings):
            self.times.time = told.bars.time
            for event in told.before:
                for report in self.broker.begin(event):
                    self.executor.hear(report, "exchange")
                await self.settle()
                self.tell(event)
                await self.settle()
            for report in self.broker.trade(told.bars):
                self.executor.hear(report, "exchange")
                await self.settle()
            self.tell(told.bars)
            await self.settle()

    def log(self, name: str) -> np.ndarray:
        return np.concatenate([getattr(step, name) for step in self.steps])


def test_a_run_through_the_executor_equals_the_loop() -> None:
    for seed in range(40):
        market = random_market(seed)
        run, stage = market.run(simulate), Stage(market)
        asyncio.run(stage.run(market))
        for name in ("fills", "flows", "adjustments"):
            ours, theirs = stage.log(name), getattr(run, name)
            assert ours.tobytes() == theirs.tobytes(), f"{market!r}: {name}"
        assert stage.steps[-1].cash == run.cash[-1], repr(market)
        assert stage.broker._matcher.cash == run.cash[-1], repr(market)
        assert stage.executor.is_quiet
