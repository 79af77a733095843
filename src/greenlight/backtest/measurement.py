"""A stretch of a run, measured: returns, trades, exposure, costs, and against every benchmark."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greenlight.analytics import (
    RoundTrips,
    alpha_beta,
    deflated_sharpe,
    equal_volatility_share,
    exposure,
    performance,
    periods_a_year,
    probabilistic_sharpe,
    scaled,
    trade_statistics,
    turnover,
    years_between,
)
from greenlight.backtest.result import SCALINGS, Comparison, CostsPaid, Segment
from greenlight.backtest.sessions import Sessions
from greenlight.domain import CashKind
from greenlight.engine import Run
from greenlight.scoring import F64, I64, Assembled


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Returns (T) a session of something simpler, after costs, on the sessions of the run."""

    name: str
    returns: F64


@dataclass(frozen=True, slots=True)
class Measured:
    """All that a stretch is measured from."""

    assembled: Assembled
    run: Run
    sessions: Sessions
    trips: RoundTrips
    benchmarks: tuple[Benchmark, ...]
    trials: int


def segment(whole: Measured, name: str, start: int, stop: int) -> Segment:
    """Measure sessions start .. stop - 1; a round trip belongs to the stretch it began in."""
    part = slice(start, stop)
    days = whole.sessions
    before = int(days.label[start - 1]) if start > 0 else int(days.label[0])
    measured = performance(days.returns[part], days.bills[part], days.label[part], before)
    first, last = days.rows_of(start, stop)
    costs = costs_paid(whole, first, last)
    mean_equity = float(np.mean(days.equity[part]))
    years = years_between(np.array([before, measured.end]))
    share = exposure(days.gross[part], days.held[part])
    return Segment(
        name=name,
        performance=measured,
        trades=trade_statistics(_begun_in(whole, first, last)),
        exposure=share,
        turnover=turnover(costs.traded, mean_equity, years),
        costs=costs,
        comparisons=_comparisons(whole, start, stop, share.mean),
        probabilistic=probabilistic_sharpe(measured.sharpe),
        deflated=deflated_sharpe(measured.sharpe, whole.trials),
    )


def costs_paid(whole: Measured, first: int, last: int) -> CostsPaid:
    """Costs of rows first .. last - 1, split by what they were paid for."""
    fills = _within(whole.run.fills, first, last)
    costs = whole.assembled.rules.costs
    traded = float(np.sum(fills["quantity"] * fills["price"]))
    worse = fills["quantity"] * np.abs(fills["price"] - fills["reference"])
    spread = fills["quantity"] * fills["reference"] * costs.half_spread[fills["symbol"]]
    paid_spread = float(np.sum(np.minimum(spread, worse)))
    flows = _within(whole.run.flows, first, last)
    borrow = -float(np.sum(flows["amount"][flows["kind"] == CashKind.BORROW]))
    paid = CostsPaid(
        commission=float(np.sum(fills["fee"])),
        spread=paid_spread,
        slippage=float(np.sum(worse)) - paid_spread,
        borrow=borrow,
        traded=traded,
        a_year=0.0,
    )
    return _spread_over_years(whole, paid, first, last)


def _spread_over_years(whole: Measured, paid: CostsPaid, first: int, last: int) -> CostsPaid:
    sessions = whole.assembled.sessions[first:last]
    equity = whole.run.equity[first:last]
    years = years_between(sessions)
    a_year = turnover(paid.total, float(np.mean(equity)) if len(equity) > 0 else 0.0, years)
    return CostsPaid(paid.commission, paid.spread, paid.slippage, paid.borrow, paid.traded, a_year)


def _comparisons(whole: Measured, start: int, stop: int, share: float) -> tuple[Comparison, ...]:
    part = slice(start, stop)
    days = whole.sessions
    bills, label = days.bills[part], days.label[part]
    before = int(days.label[start - 1]) if start > 0 else int(days.label[0])
    excess = days.returns[part] - bills
    yearly = periods_a_year(np.concatenate(([before], label)))
    rows: list[Comparison] = []
    for benchmark in whole.benchmarks:
        returns = benchmark.returns[part]
        versus = alpha_beta(excess, returns - bills, yearly)
        even = equal_volatility_share(excess, returns - bills)
        rows.append(
            Comparison(
                benchmark.name, SCALINGS[0], 1.0, performance(returns, bills, label, before), versus
            )
        )
        for scaling, part_in in ((SCALINGS[1], share), (SCALINGS[2], even)):
            if np.isfinite(part_in):
                mixed = performance(scaled(returns, bills, part_in), bills, label, before)
                rows.append(Comparison(benchmark.name, scaling, part_in, mixed))
    return tuple(rows)


def _begun_in(whole: Measured, first: int, last: int) -> RoundTrips:
    """Round trips whose first fill, or the action that gave the units, lies in these rows."""
    rows = opening_rows(whole.assembled, whole.run, whole.trips)
    return whole.trips.only(np.flatnonzero((rows >= first) & (rows < last)))


def opening_rows(assembled: Assembled, run: Run, trips: RoundTrips) -> I64:
    """Row of each trip's first fill, or of the action that gave its units (its bar's open)."""
    last = len(assembled.tape.close_ts) - 1
    rows = np.searchsorted(assembled.tape.close_ts, trips.opened_ts, side="right")
    filled = trips.first >= 0
    rows[filled] = run.fills["row"][trips.first[filled]]
    return np.minimum(rows, last)


def _within(log: NDArray[Any], first: int, last: int) -> NDArray[Any]:
    return log[(log["row"] >= first) & (log["row"] < last)]
