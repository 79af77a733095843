"""Every limit a gate or a verb obeys, and what trading costs. Fractions, never percent."""

from math import inf
from typing import NamedTuple

import numpy as np

from greenlight.domain import Sizing
from greenlight.engine.tape import F64, I64

# entry kinds
ENTRY_MARKET = 0
ENTRY_LIMIT = 1
ENTRY_STOP = 2
ENTRY_STOP_LIMIT = 3

# trail_from
TRAIL_FROM_ENTRY = 0
TRAIL_FROM_TARGET = 1

# protect_from
PROTECT_FROM_FILL = 0
PROTECT_FROM_NEXT_BAR = 1

_HOUR_NS = 3_600_000_000_000
PDT_ENDED_NS = 1_780_531_200_000_000_000  # 2026-06-04T00:00Z, end of the pattern-day-trader rule


class Limits(NamedTuple):
    """The gates' limits and the position's rules; docs/engine.md names the rule of each."""

    # system
    armed: bool = True
    # portfolio
    daily_loss: float = 0.05
    daily_loss_money: float = inf
    drawdown: float = 0.15
    deployed: float = 0.20
    scrap: float = 0.5
    entries_per_day: int = 20
    leverage: float = 1.0
    pdt_equity: float = 25_000.0
    pdt_until: int = PDT_ENDED_NS
    # cluster
    correlation: float = 0.70
    correlation_bars: int = 60
    sector: float = 0.10
    # symbol
    cooloff_loss: float = 0.015
    cooloff_ns: int = 4 * _HOUR_NS
    rsi_high: float = 70.0
    rsi_low: float = 30.0
    long_only: bool = True
    buy_score: float = 60.0
    sell_score: float = 40.0
    # position
    sizing: int = int(Sizing.FRACTION)
    sizing_value: float = 0.05
    position: float = 0.05
    volume_share: float = 0.01
    least_notional: float = 1.0
    watch: float = 0.015
    stop: float = 0.02
    target: float = 0.03
    target_share: float = 0.5
    trail: float = 0.02
    trail_from: int = TRAIL_FROM_TARGET
    protect_from: int = PROTECT_FROM_FILL
    max_bars: int = 20
    trim_above: float = 1.25
    momentum_bars: int = 10
    health_exit: float = 25.0
    health_trim: float = 35.0
    health_add: float = 75.0
    delist_return: float = -0.30
    # execution
    entry_kind: int = ENTRY_MARKET
    entry_offset: float = 0.0
    limit_offset: float = 0.0
    timeout_ns: int = 0
    good_till_cancelled: bool = False
    bar_share: float = 0.10


#: Every gate and every automatic exit off: what is left is the signal. For comparisons.
UNLIMITED = Limits(
    daily_loss=inf,
    drawdown=inf,
    deployed=inf,
    scrap=0.0,
    entries_per_day=2**62,
    leverage=inf,
    pdt_equity=0.0,
    correlation=inf,
    sector=inf,
    cooloff_loss=inf,
    rsi_high=inf,
    rsi_low=-inf,
    position=inf,
    volume_share=inf,
    least_notional=0.0,
    watch=inf,
    stop=0.0,
    target=0.0,
    trail=0.0,
    max_bars=0,
    trim_above=inf,
    health_exit=0.0,
    health_trim=0.0,
    health_add=0.0,
    bar_share=inf,
)


class Specs(NamedTuple):
    """What each of N symbols is: lot, tick, sector number (-1 unknown), rules that apply."""

    lot: F64
    tick: F64
    sector: I64
    shortable: I64
    is_us_equity: I64


class Costs(NamedTuple):
    """What trading costs, per symbol (N), and the regulatory fees on sells by date (K rows).

    half_spread, slippage, percent: fractions of notional. impact: coefficient of the square-root
    law (Almgren et al. 2005): impact * sigma * sqrt(quantity / volume). per_share, minimum: money
    a fill. borrow: yearly fraction of the short's value. sec_rate: fraction of notional; taf_rate:
    money a share, at most taf_cap a fill; in force from fee_from (ns UTC, ascending).
    """

    half_spread: F64
    slippage: F64
    impact: F64
    per_share: F64
    percent: F64
    minimum: F64
    borrow: F64
    regulatory: I64
    fee_from: I64
    sec_rate: F64
    taf_rate: F64
    taf_cap: F64


def build_specs(
    count: int,
    *,
    lot: float | F64 = 1.0,
    tick: float | F64 = 0.01,
    sector: I64 | None = None,
    shortable: bool | I64 = True,
    is_us_equity: bool | I64 = True,
) -> Specs:
    """Specs of `count` symbols, scalars spread over all."""
    return Specs(
        _floats(lot, count),
        _floats(tick, count),
        np.full(count, -1, dtype=np.int64) if sector is None else sector.astype(np.int64),
        _ints(shortable, count),
        _ints(is_us_equity, count),
    )


#: What trading costs where nothing else is said: never zero.
DEFAULT_COSTS = {
    "half_spread": 0.0001,
    "slippage": 0.0002,
    "impact": 0.1,
    "per_share": 0.0,
    "percent": 0.0,
    "minimum": 0.0,
    "borrow": 0.03,
}


#: What trading costs where nothing else is said: never zero.
DEFAULT_COSTS = {
    "half_spread": 0.0001,
    "slippage": 0.0002,
    "impact": 0.1,
    "per_share": 0.0,
    "percent": 0.0,
    "minimum": 0.0,
    "borrow": 0.03,
}


def build_costs(
    count: int,
    *,
    regulatory: bool | I64 = False,
    schedule: list[tuple[int, float, float, float]] | None = None,
    **terms: float | F64,
) -> Costs:
    """Costs of `count` symbols: any of DEFAULT_COSTS, a number for all or one for each.

    `schedule` rows are (from ns UTC, sec_rate, taf_rate, taf_cap). Raises TypeError for others.
    """
    if unknown := set(terms) - set(DEFAULT_COSTS):
        raise TypeError(f"costs know no {sorted(unknown)}")
    rows = schedule or [(-(1 << 62), 0.0, 0.0, 0.0)]
    start, sec, taf, cap = (list(column) for column in zip(*rows, strict=True))
    arrays = {name: _floats(terms.get(name, value), count) for name, value in DEFAULT_COSTS.items()}
    return Costs(
        **arrays,
        regulatory=_ints(regulatory, count),
        fee_from=np.array(start, dtype=np.int64),
        sec_rate=np.array(sec, dtype=np.float64),
        taf_rate=np.array(taf, dtype=np.float64),
        taf_cap=np.array(cap, dtype=np.float64),
    )


def _floats(value: float | F64, count: int) -> F64:
    return np.array(np.broadcast_to(np.asarray(value, dtype=np.float64), (count,)))


def _ints(value: bool | I64, count: int) -> I64:  # noqa: FBT001  # a flag, or one for each
    return np.array(np.broadcast_to(np.asarray(value, dtype=np.int64), (count,)))
