"""A whole market told to a trader event by event, with a simulated exchange on the other side."""

from dataclasses import dataclass, field

import numpy as np

from greenlight.brokers import SimulatedExchange
from greenlight.domain import (
    Event,
    Happening,
    RequestVerdicts,
    Ruling,
    Switch,
    Switched,
    Verdict,
    VerdictsReady,
)
from greenlight.engine import Desk, Step, Trader, tell_rows
from reference.markets import Market

PROCEED = Verdict(Ruling.PROCEED)


@dataclass
class Folded:
    """Every event and its step; equity and cash after each row."""

    trader: Trader
    exchange: SimulatedExchange
    events: list[Event] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    equity: list[float] = field(default_factory=list)
    cash: list[float] = field(default_factory=list)

    def tell(self, event: Event) -> Step:
        """Tell the trader; its orders go to the exchange at once."""
        step = self.trader.process(event)
        self.exchange.take(step.commands)
        self.events.append(event)
        self.steps.append(step)
        return step

    def log(self, name: str) -> np.ndarray:
        """A log of all steps together."""
        return np.concatenate([getattr(step, name) for step in self.steps])


def desk_of(market: Market, *, asks_verdicts: bool = False) -> Desk:
    """The market's blocks."""
    firsts, where = np.unique(market.tape.first, return_index=True)
    assert list(firsts) == sorted(firsts)
    widths = [int(market.tape.width[row]) for row in where]
    events = market.surroundings.happenings
    sectors = () if events is None else events.a[events.kind == Happening.SECTOR]
    return Desk(widths, int(max(sectors, default=-1)), asks_verdicts)


def fold(
    market: Market, *, asks_verdicts: bool = False, switch: tuple[int, Switch] | None = None
) -> Folded:
    """Drive the market through a trader and an exchange; switch: before which row one is thrown."""
    desk = desk_of(market, asks_verdicts=asks_verdicts)
    it = Folded(
        Trader(market.rules, market.cash, desk),
        SimulatedExchange(market.rules, market.cash, desk.widths),
    )
    for row, told in enumerate(tell_rows(market.tape, market.score, market.surroundings)):
        bar = told.bars
        for event in told.before:
            it.exchange.begin(event)
            it.tell(event)
        if switch is not None and switch[0] == row:
            it.tell(Switched(bar.time, switch[1]))
        for update in it.exchange.trade(bar):
            it.tell(update)
        step = it.tell(bar)
        for command in step.commands:
            if isinstance(command, RequestVerdicts):
                verdicts = {proposal.symbol: PROCEED for proposal in command.proposals}
                step = it.tell(VerdictsReady(command.block, command.close_ts, verdicts))
        it.equity.append(step.equity)
        it.cash.append(step.cash)
    return it
