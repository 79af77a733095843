"""A whole market told to a trader event by event, with a simulated exchange on the other side."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from greenlight.brokers import SimulatedExchange
from greenlight.domain import (
    BarConditions,
    BarsClosed,
    BarTime,
    Event,
    Happened,
    Happening,
    RequestVerdicts,
    Ruling,
    SessionBegan,
    Switch,
    Switched,
    Verdict,
    VerdictsReady,
)
from greenlight.engine import Desk, Step, Trader
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
    for row, (bar, before) in enumerate(told(market)):
        for event in before:
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


def told(market: Market) -> Iterator[tuple[BarsClosed, list[SessionBegan | Happened]]]:
    """Each row's bars, and what comes before they are traded."""
    tape, around = market.tape, market.surroundings
    firsts = np.unique(tape.first)
    session, due = None, 0
    events = around.happenings
    for row in range(len(tape.close_ts)):
        columns = (tape.open_ts, tape.close_ts, tape.session, tape.elapsed)
        time = BarTime(*(int(column[row]) for column in columns))
        before: list[SessionBegan | Happened] = []
        if session is None or time.session > session:
            session = time.session
            rate = float("nan") if around.rates is None else float(around.rates[row])
            before.append(SessionBegan(time, rate))
        while events is not None and due < len(events.row) and events.row[due] <= row:
            which = (int(events.id[due]), int(events.symbol[due]))
            kind = Happening(int(events.kind[due]))
            numbers = (float(column[due]) for column in (events.a, events.b, events.c))
            before.append(Happened(time, *which, kind, *numbers))
            due += 1
        block = int(np.searchsorted(firsts, tape.first[row]))
        yield bar_of(market, row, time, block), before


def bar_of(market: Market, row: int, time: BarTime, block: int) -> BarsClosed:
    """The row as an event."""
    tape, known = market.tape, market.surroundings.conditions
    base, width = int(tape.base[row]), int(tape.width[row])
    cells = slice(base, base + width)
    conditions = None
    if known is not None:
        forecast = {
            name: getattr(known, name)[cells] if len(getattr(known, name)) > 0 else None
            for name in ("p_win", "win", "loss")
        }
        conditions = BarConditions(
            sigma=known.sigma[cells],
            usual_volume=known.usual_volume[cells],
            rsi=known.rsi[cells],
            flags=known.flags[cells],
            returns=known.returns[cells],
            **forecast,
        )
    prices = (tape.open, tape.high, tape.low, tape.close, tape.volume)
    return BarsClosed(
        time, block, *(price[cells] for price in prices), market.score[cells], conditions
    )
