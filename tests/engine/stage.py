"""A small stage for drills: three symbols at a price of 100, one trader, one exchange."""

from typing import Any

import numpy as np
from fold import Folded

from greenlight.brokers import SimulatedExchange
from greenlight.domain import (
    BarConditions,
    BarsClosed,
    BarTime,
    Command,
    Happened,
    Happening,
    RequestVerdicts,
    Switch,
    Switched,
    Verdict,
    VerdictsReady,
)
from greenlight.engine import (
    UNLIMITED,
    Desk,
    Limits,
    Rules,
    Specs,
    Step,
    Trader,
    build_costs,
    build_specs,
)

HOUR = 3_600_000_000_000
DAY = 24 * HOUR
FIRST_SESSION = 20_000
COUNT = 3
CASH = 10_000.0
STILL = (100.0, 100.0, 100.0, 100.0)
FALL = (100.0, 100.0, 80.0, 90.0)
AT_90 = (90.0, 90.0, 90.0, 90.0)
BUY = {0: 90.0}

#: Every gate off; an entry is 1,000 of money in single units at the market.
OPEN = UNLIMITED._replace(
    sizing=1, sizing_value=1_000.0, good_till_cancelled=True, long_only=False, scrap=1.0
)


class Stage:
    """Tells a trader hourly bars, four a session, one after another; what is not said is still."""

    def __init__(
        self, limits: Limits = OPEN, specs: Specs | None = None, *, asks_verdicts: bool = False
    ) -> None:
        free = build_costs(COUNT, half_spread=0.0, slippage=0.0, impact=0.0, borrow=0.0)
        rules = Rules(limits, free, build_specs(COUNT) if specs is None else specs)
        desk = Desk([COUNT], asks_verdicts=asks_verdicts)
        self.it = Folded(Trader(rules, CASH, desk), SimulatedExchange(rules, CASH, desk.widths))
        self.row = self.happened = 0

    @property
    def time(self) -> BarTime:
        """The bar time that comes next."""
        session = FIRST_SESSION + self.row // 4
        open_ts = session * DAY + (14 + self.row % 4) * HOUR
        return BarTime(open_ts, open_ts + HOUR, session, (self.row + 1) * HOUR)

    def bar(
        self,
        scores: dict[int, float] | None = None,
        prices: dict[int, tuple[float, float, float, float]] | None = None,
        **known: Any,
    ) -> Step:
        """Trade and close the next bar; `known` changes conditions (a value for all symbols)."""
        rows = np.array([(prices or {}).get(i, STILL) for i in range(COUNT)])
        score = np.array([(scores or {}).get(i, 50.0) for i in range(COUNT)], dtype=np.float32)
        ohlc = (rows[:, k].copy() for k in range(4))
        bar = BarsClosed(self.time, 0, *ohlc, np.full(COUNT, 1e6), score, conditions(**known))
        self.row += 1
        for update in self.it.exchange.trade(bar):
            self.it.tell(update)
        return self.it.tell(bar)

    def bars(self, count: int) -> None:
        """Let some bars pass in which nothing is said."""
        for _ in range(count):
            self.bar()

    def happen(self, kind: Happening, symbol: int, *numbers: float) -> Step:
        """Let something happen before the next bar."""
        self.happened += 1
        event = Happened(self.time, self.happened, symbol, kind, *numbers)
        self.it.exchange.begin(event)
        return self.it.tell(event)

    def switch(self, switch: Switch) -> Step:
        """Throw a switch before the next bar."""
        return self.it.tell(Switched(self.time, switch))

    def reasons(self) -> list[int]:
        """Reasons of all decisions so far."""
        return self.it.log("decisions")["reason"].tolist()

    def commands(self) -> list[Command]:
        """All commands so far."""
        return [command for step in self.it.steps for command in step.commands]


def conditions(**known: float) -> BarConditions:
    """Nothing that would refuse, but for what is said."""
    values = {
        "sigma": 0.01,
        "usual_volume": 1e6,
        "rsi": 50.0,
        "flags": 0,
        "returns": 0.0,
        **known,
    }
    kinds = {"usual_volume": np.float64, "flags": np.uint8}
    return BarConditions(
        **{k: np.full(COUNT, v, dtype=kinds.get(k, np.float32)) for k, v in values.items()}
    )


def bought(stage: Stage) -> Stage:
    """Ten units of symbol 0 are held at 100, entered by intent 1."""
    stage.bar(BUY)
    stage.bar()
    assert stage.it.trader.quantity[0] == 10.0
    return stage


def answer(stage: Stage, step: Step, verdicts: dict[int, Verdict]) -> None:
    """Answer the request in a step."""
    (request,) = step.commands
    assert isinstance(request, RequestVerdicts)
    stage.it.tell(VerdictsReady(request.block, request.close_ts, verdicts))
