"""What a backtest found: plain frozen values, the one source of console, result.json and report.

Dates are session numbers (days since 1970) inside and become ISO dates where they leave. NaN means
"cannot be said".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan

from greenlight.analytics import (
    AlphaBeta,
    Exposure,
    GroupReturns,
    GroupTrades,
    Performance,
    PeriodAverage,
    PeriodReturn,
    TradeStatistics,
)
from greenlight.backtest.trials import TrialCount

#: How a benchmark is made comparable.
SCALINGS = ("as it is", "at own exposure", "at equal volatility")

Parameters = Mapping[str, int | float | bool | str]


@dataclass(frozen=True, slots=True)
class CostsPaid:
    """Money paid to trade. `spread` is the half spread; `slippage` holds market impact as well.

    `traded`: notional of all fills. `a_year`: everything as a fraction of mean equity a year.
    """

    commission: float
    spread: float
    slippage: float
    borrow: float
    traded: float
    a_year: float

    @property
    def total(self) -> float:
        """All four together."""
        return self.commission + self.spread + self.slippage + self.borrow

    @property
    def bps(self) -> float:
        """Total in basis points of what was traded; NaN where nothing was."""
        return self.total / self.traded * 1e4 if self.traded > 0.0 else nan


@dataclass(frozen=True, slots=True)
class Comparison:
    """A benchmark as it is, or scaled by `share` of the money in it and the rest in bills.

    `scaling`: one of SCALINGS. `versus`: the strategy's
    alpha and beta against it, given once for each benchmark, with the unscaled one.
    """

    name: str
    scaling: str
    share: float
    performance: Performance
    versus: AlphaBeta | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of the run, measured: "out of sample", "in sample" or "whole".

    `deflated`: probability that the true Sharpe ratio is above 0 given all trials so far;
    `probabilistic`: the same as if it had been the only one.
    """

    name: str
    performance: Performance
    trades: TradeStatistics
    exposure: Exposure
    turnover: float
    costs: CostsPaid
    comparisons: tuple[Comparison, ...]
    probabilistic: float
    deflated: float


@dataclass(frozen=True, slots=True)
class Fit:
    """Parameters chosen for one strategy on [start, end] and used from `used_from` to `used_to`.

    `tried` parameter sets were compared by `objective`: `best` is the chosen one's, `default` that
    of the declared defaults.
    """

    strategy: str
    start: int
    end: int
    used_from: int
    used_to: int
    tried: int
    chosen: Parameters
    objective: float
    default_objective: float


@dataclass(frozen=True, slots=True)
class VoiceUsed:
    """A strategy as it voted: parameters in the last stretch, weight, whether it was fitted.

    `unchecked`: share of its votes cast without a condition it could not check.
    """

    name: str
    parameters: Parameters
    weight: float
    is_fitted: bool
    unchecked: float = 0.0


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The run by month, year, sector, regime and strategy."""

    months: tuple[PeriodReturn, ...]
    years: tuple[PeriodReturn, ...]
    month_average: PeriodAverage
    year_average: PeriodAverage
    sectors: tuple[GroupTrades, ...]
    strategies: tuple[GroupTrades, ...]
    regimes: tuple[GroupReturns, ...]
    exits: tuple[GroupTrades, ...]


@dataclass(frozen=True, slots=True)
class CapacityRow:
    """The same run with `multiple` times the money."""

    multiple: float
    cash: float
    annual_return: float
    sharpe_ann: float
    costs_bps: float
    fills: int
    refused_volume: int


@dataclass(frozen=True, slots=True)
class DelistingRow:
    """The same run with another return for delistings whose proceeds are unknown."""

    delist_return: float
    total_return: float
    annual_return: float
    affected: int


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """One step from signals to fills: how many were left, and how many it took away."""

    label: str
    reason: str
    count: int
    refused: int


@dataclass(frozen=True, slots=True)
class SizingUsed:
    """How entries were sized: by the fixed fraction, or by half Kelly where odds were known.

    `followed` past candidates were carried to their end, `finished` of them finished; `calibrated`:
    share of candidates whose odds were known. `capped`: half Kelly entries that the largest
    position cut. `declined`: candidates whose odds did not justify a bet.
    """

    followed: int = 0
    finished: int = 0
    calibrated: float = 0.0
    fixed: int = 0
    kelly: int = 0
    capped: int = 0
    declined: int = 0


@dataclass(frozen=True, slots=True)
class Audit:
    """The look-ahead audit of this run: "passed", "failed" or "not run", and what it found."""

    outcome: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Halt:
    """The drawdown gate stopped all entries on `session`; this share of rows went unobserved."""

    session: int
    unobserved: float


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where it all came from: enough to run it again."""

    key: str
    code_version: str
    fingerprint: str
    source: str
    timeframes: tuple[str, ...]
    adjustments: tuple[str, ...]
    is_closes_only: bool
    is_survivorship_controlled: bool
    has_volume: bool
    has_rates: bool


@dataclass(frozen=True, slots=True)
class Result:
    """Everything the report says, in one value. `cut`: first out-of-sample session, or None."""

    title: str
    symbols: tuple[str, ...]
    start: int
    end: int
    cash: float
    final_equity: float
    cut: int | None
    out_of_sample: Segment | None
    in_sample: Segment | None
    whole: Segment
    halt: Halt | None
    trials: TrialCount
    voices: tuple[VoiceUsed, ...]
    fits: tuple[Fit, ...]
    breakdown: Breakdown
    capacity: tuple[CapacityRow, ...]
    delisting: tuple[DelistingRow, ...]
    funnel: tuple[FunnelStep, ...]
    sizing: SizingUsed
    audit: Audit
    provenance: Provenance
    notes: tuple[str, ...] = ()

    @property
    def headline(self) -> Segment:
        """What leads: the out-of-sample part where there is one."""
        return self.whole if self.out_of_sample is None else self.out_of_sample
