"""One symbol, a handful of daily bars: what a hand-worked example needs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from greenlight.engine import Rules, Surroundings
from greenlight.engine.limits import (
    UNLIMITED,
    Costs,
    Limits,
    Specs,
    build_costs,
    build_specs,
)
from greenlight.engine.tape import (
    F32,
    Conditions,
    Happenings,
    Tape,
    build_happenings,
    build_tape,
)

DAY = 86_400_000_000_000
HOUR = DAY // 24
FIRST_SESSION = 20_000
NAN = float("nan")

OHLCV = tuple[float, float, float, float, float]

#: Every gate off and whole-share entries of 100 units at the market: the example sets the rest.
PLAIN = UNLIMITED._replace(sizing=2, sizing_value=100.0, good_till_cancelled=True)
FREE = build_costs(1, half_spread=0.0, slippage=0.0, impact=0.0, borrow=0.0)


@dataclass(frozen=True)
class Small:
    """A market of one symbol; `scores` 50 where not given."""

    bars: list[OHLCV | None]
    scores: dict[int, float]
    limits: Limits = PLAIN
    costs: Costs = FREE
    specs: Specs = field(default_factory=lambda: build_specs(1, lot=1.0, tick=0.01))
    cash: float = 100_000.0
    happenings: list[tuple[int, int, int, int, float, float, float]] = field(default_factory=list)
    is_full: bool = False
    sigma: float = NAN
    hours: bool = False

    def run(self, simulate: Callable[..., Any]) -> Any:  # Run or Result
        """Run it through the engine or the reference."""
        rules = Rules(limits=self.limits, costs=self.costs, specs=self.specs)
        surroundings = Surroundings(
            conditions=self.conditions() if self.is_full else None,
            happenings=self._happenings(),
            rates=None,
        )
        return simulate(self.tape(), self.score(), rules, self.cash, surroundings)

    def tape(self) -> Tape:
        """Daily bars from 14:30 to 21:00, or four hourly ones a session."""
        count = len(self.bars)
        numbers = np.arange(count, dtype=np.int64)
        if self.hours:
            session = FIRST_SESSION + numbers // 4
            open_ts = session * DAY + (14 + numbers % 4) * HOUR
            close_ts = open_ts + HOUR
        else:
            session = FIRST_SESSION + numbers
            open_ts = session * DAY + 14 * HOUR + HOUR // 2
            close_ts = session * DAY + 21 * HOUR
        missing: OHLCV = (NAN,) * 5
        rows = np.array([missing if bar is None else bar for bar in self.bars])
        o, h, low, c, v = (rows[:, k].reshape(count, 1) for k in range(5))
        return build_tape([(open_ts, close_ts, session, o, h, low, c, v)])

    def score(self) -> F32:
        """Scores of the cells."""
        score = np.full(len(self.bars), 50.0, dtype=np.float32)
        for row, value in self.scores.items():
            score[row] = value
        return score

    def conditions(self) -> Conditions:
        """Nothing flagged, volumes unknown."""
        count = len(self.bars)
        unknown = np.full(count, NAN)
        none = np.zeros(0, dtype=np.float32)
        sigma = np.full(count, self.sigma, dtype=np.float32)
        flags = np.zeros(count, dtype=np.uint8)
        rsi = unknown.astype(np.float32)
        returns = np.zeros(count, dtype=np.float32)
        return Conditions(sigma, unknown, rsi, flags, none, none, none, returns)

    def _happenings(self) -> Happenings | None:
        return build_happenings(self.happenings) if self.happenings else None
