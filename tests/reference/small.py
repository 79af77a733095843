"""One symbol, a handful of daily bars: what a hand-worked example needs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from greenlight.domain import Action
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
SHORT = PLAIN._replace(long_only=False)

FLAT = (100.0, 100.5, 99.5, 100.0, 1e6)
BUY: dict[int | tuple[int, int], float] = {0: 90.0}
SELL: dict[int | tuple[int, int], float] = {0: 10.0}


@dataclass(frozen=True)
class Small:
    """A market of one symbol, or of it and `others`; `scores` by row (or row, symbol), else 50."""

    bars: list[OHLCV | None]
    scores: dict[int | tuple[int, int], float]
    limits: Limits = PLAIN
    costs: Costs | None = None
    specs: Specs | None = None
    cash: float = 100_000.0
    happenings: list[tuple[int, int, int, int, float, float, float]] = field(default_factory=list)
    others: list[list[OHLCV | None]] = field(default_factory=list)
    conditions: dict[str, float] | None = None
    hours: bool = False

    def run(self, simulate: Callable[..., Any]) -> Any:
        """Run it through the engine or the reference; free of cost unless costs are given."""
        count = 1 + len(self.others)
        free = build_costs(count, half_spread=0.0, slippage=0.0, impact=0.0, borrow=0.0)
        rules = Rules(
            limits=self.limits,
            costs=self.costs if self.costs is not None else free,
            specs=self.specs if self.specs is not None else build_specs(count),
        )
        surroundings = Surroundings(
            conditions=None if self.conditions is None else self._known(self.conditions),
            happenings=build_happenings(self.happenings) if self.happenings else None,
            rates=None,
        )
        return simulate(self._tape(), self._score(), rules, self.cash, surroundings)

    def _tape(self) -> Tape:
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
        symbols = [self.bars, *self.others]
        cells = np.array([[missing if b is None else b for b in column] for column in symbols])
        o, h, low, c, v = (cells[:, :, k].T for k in range(5))
        return build_tape([(open_ts, close_ts, session, o, h, low, c, v)])

    def _score(self) -> F32:
        score = np.full((len(self.bars), 1 + len(self.others)), 50.0, dtype=np.float32)
        for place, value in self.scores.items():
            row, symbol = place if isinstance(place, tuple) else (place, 0)
            score[row, symbol] = value
        return score.reshape(-1)

    def _known(self, known: dict[str, float]) -> Conditions:
        """The same in every cell: what is given, the rest unknown."""
        cells = len(self.bars) * (1 + len(self.others))

        def every(name: str) -> F32:
            return np.full(cells, known.get(name, NAN), dtype=np.float32)

        none = np.zeros(0, dtype=np.float32)
        is_calibrated = "p_win" in known
        return Conditions(
            sigma=every("sigma"),
            usual_volume=every("usual_volume").astype(np.float64),
            rsi=every("rsi"),
            flags=np.zeros(cells, dtype=np.uint8),
            p_win=every("p_win") if is_calibrated else none,
            win=every("win") if is_calibrated else none,
            loss=every("loss") if is_calibrated else none,
            returns=np.zeros(cells, dtype=np.float32),
        )


def fills(run: Any) -> list[tuple[int, int, float, float]]:
    """(row, role, signed quantity, price) of every fill."""
    return [
        (
            int(f["row"]),
            int(f["role"]),
            float(f["side"] * f["quantity"]),
            round(float(f["price"]), 9),
        )
        for f in run.fills
    ]


def flows(run: Any) -> list[tuple[int, int, float]]:
    """(row, kind, amount) of every flow."""
    return [(int(f["row"]), int(f["kind"]), round(float(f["amount"]), 9)) for f in run.flows]


def decisions(run: Any, action: Action) -> list[tuple[int, int]]:
    """(row, reason) of every decision of that kind."""
    return [(int(d["row"]), int(d["reason"])) for d in run.decisions if d["action"] == action]
