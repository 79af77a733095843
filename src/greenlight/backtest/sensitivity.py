"""The same run again: with more money, and with other proceeds of delistings."""

from dataclasses import replace

import numpy as np

from greenlight.analytics import performance
from greenlight.backtest.measurement import Measured, costs_paid
from greenlight.backtest.result import CapacityRow, DelistingRow
from greenlight.backtest.sessions import by_session
from greenlight.domain import Happening, Reason
from greenlight.engine import Run, simulate
from greenlight.scoring import F32, Assembled

MULTIPLES = (1.0, 10.0, 100.0)
DELIST_RETURNS = (0.0, -0.3, -1.0)


def capacity(measured: Measured, score: F32, cash: float) -> tuple[CapacityRow, ...]:
    """The run at 1x (already there), 10x and 100x the money."""
    rows = []
    for multiple in MULTIPLES:
        money = cash * multiple
        run = measured.run if multiple == 1.0 else _again(measured.assembled, score, money)
        again = replace(measured, run=run, sessions=by_session(measured.assembled, run, money))
        days = again.sessions
        part = slice(0, days.observed)
        found = performance(
            days.returns[part], days.bills[part], days.label[part], int(days.label[0])
        )
        costs = costs_paid(again, 0, len(run.equity))
        rows.append(
            CapacityRow(
                multiple=multiple,
                cash=money,
                annual_return=found.annual_return,
                sharpe_ann=found.sharpe.ratio_ann,
                costs_bps=costs.bps,
                fills=len(run.fills),
                refused_volume=int(np.count_nonzero(run.decisions["reason"] == Reason.VOLUME)),
            )
        )
    return tuple(rows)


def delisting(assembled: Assembled, score: F32, cash: float, run: Run) -> tuple[DelistingRow, ...]:
    """The run with 0, -30, -100 % for delistings of unknown proceeds; empty where none struck."""
    affected = _struck(assembled, run)
    if affected == 0:
        return ()
    rows = []
    for value in DELIST_RETURNS:
        rules = assembled.rules._replace(
            limits=assembled.rules.limits._replace(delist_return=value)
        )
        again = _again(replace(assembled, rules=rules), score, cash)
        days = by_session(assembled, again, cash)
        part = slice(0, days.observed)
        found = performance(
            days.returns[part], days.bills[part], days.label[part], int(days.label[0])
        )
        rows.append(
            DelistingRow(value, found.total_return, found.annual_return, _struck(assembled, again))
        )
    return tuple(rows)


def _again(assembled: Assembled, score: F32, cash: float) -> Run:
    return simulate(assembled.tape, score, assembled.rules, cash, assembled.surroundings)


def _struck(assembled: Assembled, run: Run) -> int:
    """Positions that met a delisting whose proceeds nobody knows."""
    due = assembled.surroundings.happenings
    if due is None:
        return 0
    unknown = (due.kind == Happening.DELIST) & np.isnan(due.a)
    places = set(zip(due.row[unknown].tolist(), due.symbol[unknown].tolist(), strict=True))
    ended = run.adjustments[run.adjustments["kind"] == Happening.DELIST]
    return sum(
        place in places
        for place in zip(ended["row"].tolist(), ended["symbol"].tolist(), strict=True)
    )
