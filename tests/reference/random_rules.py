"""Random limits and costs, sensible and extreme, and what is known of each cell."""

from math import inf
from typing import Any

import numpy as np

from greenlight.engine import Conditions, Costs, Limits, Specs, Tape, build_costs
from greenlight.engine.limits import PDT_ENDED_NS
from greenlight.engine.tape import FLAG_REGIME, FLAG_STALE, FLAG_UNIVERSE, FLAG_UNTRADABLE
from reference.random_bars import FIRST_SESSION, Block, Rng
from reference.small import DAY, HOUR

#: What each limit is drawn from; what is not named keeps its default.
CHOICES: dict[str, tuple[float, ...]] = {
    "daily_loss": (0.01, 0.05, inf),
    "daily_loss_money": (inf, inf, 2_000.0),
    "drawdown": (0.03, 0.15, 0.5, inf),
    "deployed": (0.2, 0.6, 1.0, 1.7, inf),
    "scrap": (0.0, 0.1, 0.5, 1.0),
    "entries_per_day": (1, 2, 20, 20),
    "leverage": (1.0, 1.0, 1.0, 2.0, 4.0),
    "pdt_equity": (25_000.0, 25_000.0, 1e9),
    "pdt_until": (PDT_ENDED_NS, FIRST_SESSION * DAY + 20 * DAY),
    "correlation": (0.3, 0.7, inf),
    "correlation_bars": (5, 20, 60),
    "sector": (0.1, 0.3, inf),
    "cooloff_loss": (0.0, 0.015, 0.05),
    "cooloff_ns": (0, 4 * HOUR, 5 * DAY),
    "rsi_high": (70.0, 90.0),
    "rsi_low": (30.0, 10.0),
    "long_only": (0, 1, 0),
    "buy_score": (60.0, 55.0, 75.0),
    "sell_score": (40.0, 45.0, 25.0),
    "sizing": (0, 0, 1, 2, 3),
    "position": (0.05, 0.2, 0.5, inf),
    "volume_share": (0.01, 0.2, inf),
    "least_notional": (0.0, 1.0, 500.0),
    "watch": (0.005, 0.015, 0.1, inf),
    "stop": (0.0, 0.005, 0.02, 0.1),
    "target": (0.0, 0.005, 0.03, 0.1),
    "target_share": (0.3, 0.5, 1.0),
    "trail": (0.0, 0.005, 0.02, 0.1),
    "trail_from": (0, 1),
    "protect_from": (0, 0, 1),
    "max_bars": (0, 1, 5, 20),
    "trim_above": (1.05, 1.25, inf),
    "momentum_bars": (1, 3, 10),
    "health_exit": (0.0, 25.0, 35.0),
    "health_trim": (0.0, 35.0, 50.0),
    "health_add": (0.0, 50.0, 75.0),
    "delist_return": (-0.30, -1.0),
    "entry_kind": (0, 0, 1, 2, 3),
    "entry_offset": (0.0, 0.001, 0.01, 0.03),
    "limit_offset": (0.0, 0.002, 0.01),
    "timeout_ns": (0, HOUR, 9 * HOUR, 40 * HOUR),
    "good_till_cancelled": (0, 1),
    "bar_share": (0.001, 0.1, inf),
}
#: In half of the markets the gates stand open, so that positions come and stay.
GENEROUS: dict[str, tuple[float, ...]] = {
    "daily_loss": (inf, 0.2),
    "daily_loss_money": (inf,),
    "drawdown": (inf, 0.6),
    "deployed": (1.0, 3.0, inf),
    "scrap": (0.0, 0.1),
    "entries_per_day": (20, 1000),
    "leverage": (1.0, 4.0, inf),
    "correlation": (inf, inf, 0.9),
    "sector": (inf, 0.8),
    "cooloff_loss": (inf, 0.05),
    "least_notional": (0.0,),
    "sell_score": (40.0, 20.0),
    "sizing": (0, 0, 1, 2),
    "position": (0.2, 0.5, inf),
    "volume_share": (0.2, inf),
    "stop": (0.0, 0.05, 0.1),
    "watch": (inf, 0.1),
    "max_bars": (0, 20, 60),
    "health_exit": (0.0, 25.0),
    "bar_share": (0.1, inf),
}
#: In one market of five a few limits are absurd.
ABSURD: dict[str, tuple[float, ...]] = {
    "daily_loss": (0.0001,),
    "drawdown": (0.0, 1.0),
    "deployed": (0.0, 0.01),
    "scrap": (2.0,),
    "entries_per_day": (0,),
    "leverage": (0.0, 100.0),
    "correlation": (0.0,),
    "correlation_bars": (2, 3),
    "sector": (0.0, 5.0),
    "cooloff_loss": (-0.02,),
    "rsi_high": (0.0,),
    "buy_score": (40.0, 100.0),
    "sell_score": (60.0, 0.0),
    "position": (0.0, 0.001),
    "volume_share": (0.0,),
    "least_notional": (1e9,),
    "watch": (0.0, -0.01),
    "stop": (0.9, 1.0, 1.5),
    "target": (1.0, 5.0),
    "target_share": (0.0, 0.001),
    "trail": (0.9, 1.0),
    "trim_above": (0.0, 0.5),
    "momentum_bars": (0,),
    "health_exit": (60.0, 100.0),
    "health_trim": (100.0,),
    "health_add": (1.0,),
    "delist_return": (0.0, 1.0),
    "entry_offset": (0.3, -0.02),
    "limit_offset": (-0.01,),
    "bar_share": (0.0, 50.0),
}
ABSURD_MARKETS, ABSURD_SHARE = 0.2, 0.15
BOOLEANS = ("long_only", "good_till_cancelled")
#: sizing -> what its value is drawn from
SIZES = {0: (0.05, 0.3, 1.0), 1: (200.0, 5_000.0, 50_000.0), 2: (1.0, 50.0), 3: (0.0005, 0.004)}


def random_limits(rng: Rng) -> Limits:
    """Every limit from its own list."""
    choices = CHOICES | GENEROUS if rng.random() < 0.5 else CHOICES
    drawn: dict[str, Any] = {name: _one(rng, values) for name, values in choices.items()}
    if rng.random() < ABSURD_MARKETS:
        for name, values in ABSURD.items():
            if rng.random() < ABSURD_SHARE:
                drawn[name] = _one(rng, values)
    for name in BOOLEANS:
        drawn[name] = bool(drawn[name])
    value = _one(rng, SIZES[int(drawn["sizing"])])
    is_armed = bool(rng.random() < 0.98)
    return Limits(armed=is_armed, sizing_value=value)._replace(**drawn)


def _one(rng: Rng, values: tuple[float, ...]) -> float:
    return values[int(rng.integers(len(values)))]


def random_specs(rng: Rng, blocks: list[Block]) -> Specs:
    """Lots and ticks of the symbols, some sectors, some that cannot be sold short."""
    symbols = [symbol for block in blocks for symbol in block.symbols]
    is_equity = [not block.is_crypto for block in blocks for _ in block.symbols]
    count = len(symbols)
    return Specs(
        lot=np.array([symbol.lot for symbol in symbols]),
        tick=np.array([symbol.tick for symbol in symbols]),
        sector=rng.integers(-1, 2, count).astype(np.int64),
        shortable=(rng.random(count) < 0.8).astype(np.int64),
        is_us_equity=np.array(is_equity, dtype=np.int64),
    )


def random_costs(rng: Rng, count: int, first_ts: int) -> Costs:
    """From free to dear; regulators' fees that change in the middle of the run."""
    schedule = [(-(1 << 62), 20e-6, 0.0001, 5.0), (first_ts + 20 * DAY, 30e-6, 0.0002, 0.05)]
    dear = float(rng.choice([0.0, 1.0, 1.0, 10.0]))
    return build_costs(
        count,
        half_spread=dear * rng.uniform(0, 0.0005, count),
        slippage=dear * 0.0002,
        impact=float(rng.choice([0.0, 0.1, 1.0])),
        per_share=float(rng.choice([0.0, 0.005])),
        percent=dear * float(rng.choice([0.0, 0.0005])),
        minimum=float(rng.choice([0.0, 0.35, 1.0])),
        borrow=rng.uniform(0, 0.3, count),
        regulatory=rng.integers(0, 2, count).astype(np.int64),
        schedule=schedule,
    )


def random_scores(rng: Rng, cells: int) -> np.ndarray:
    """Mostly whole scores, so that ties are common; plenty of candidates; some unknown."""
    scores = np.clip(rng.normal(52, float(rng.choice([8.0, 20.0])), cells), 0, 100)
    scores = np.round(scores) if rng.random() < 0.7 else scores
    scores[rng.random(cells) < 0.02] = np.nan
    return scores.astype(np.float32)


def random_conditions(rng: Rng, tape: Tape, blocks: list[Block]) -> Conditions:
    """What is known beyond the bars, with holes."""
    cells = len(tape.close)
    usual = np.nan_to_num(tape.volume, nan=1e4) * rng.uniform(0.5, 1.5, cells)
    flags = np.zeros(cells, dtype=np.uint8)
    for flag in (FLAG_STALE, FLAG_UNTRADABLE, FLAG_UNIVERSE, FLAG_REGIME):
        flags[rng.random(cells) < 0.02] |= flag
    is_calibrated = rng.random() < 0.5
    none = np.zeros(0, dtype=np.float32)
    return Conditions(
        sigma=_holed(rng, rng.uniform(0.0, 0.05, cells)),
        usual_volume=_holed(rng, usual).astype(np.float64),
        rsi=_holed(rng, rng.uniform(5, 95, cells)),
        flags=flags,
        p_win=_holed(rng, rng.uniform(0.45, 0.9, cells)) if is_calibrated else none,
        win=_holed(rng, rng.uniform(0.02, 0.06, cells)) if is_calibrated else none,
        loss=_holed(rng, rng.uniform(0.01, 0.06, cells)) if is_calibrated else none,
        returns=np.concatenate([_returns(block) for block in blocks]),
    )


def _holed(rng: Rng, values: np.ndarray) -> np.ndarray:
    values = values.astype(np.float32)
    values[rng.random(len(values)) < 0.05] = np.nan
    return values


def _returns(block: Block) -> np.ndarray:
    """Return of each symbol's own bars; 0 without a bar, NaN up to the first return."""
    returns = np.full(block.close.shape, np.nan, dtype=np.float32)
    for column in range(block.close.shape[1]):
        last, is_known = np.nan, False
        for row, close in enumerate(block.close[:, column]):
            if is_known:
                returns[row, column] = 0.0
            if np.isnan(close):
                continue
            if not np.isnan(last):
                returns[row, column], is_known = close / last - 1, True
            last = close
    return returns.reshape(-1)
