"""Whose trade it was: round trips by sector, strategy and exit; sessions by regime."""

from dataclasses import dataclass

import numpy as np

from greenlight.analytics import (
    GroupReturns,
    GroupTrades,
    RoundTrips,
    average,
    by_month,
    by_year,
    periods_a_year,
    returns_by,
    shared_trades,
    trades_by,
)
from greenlight.backtest.measurement import opening_rows
from greenlight.backtest.result import Breakdown
from greenlight.backtest.sessions import Sessions
from greenlight.domain import Reason
from greenlight.engine import Run
from greenlight.indicators import Regime, market_regimes
from greenlight.scoring import F32, F64, I64, Assembled, adjusted_closes

UNKNOWN = "unknown"
_EXITS = {
    Reason.STOP: "stop",
    Reason.TARGET: "target",
    Reason.TRAIL: "trailing stop",
    Reason.WATCH: "watch (loss at a close)",
    Reason.SCORE: "score turned",
    Reason.TIME: "time",
    Reason.HEALTH: "health",
    Reason.WEIGHT: "weight",
    Reason.RECALL: "borrow recalled",
    Reason.MANUAL: "by hand",
}


@dataclass(frozen=True, slots=True)
class Ballots:
    """Names, weights (V) and votes (C each) of all voices, as attribution reads them."""

    names: tuple[str, ...]
    weights: F64
    votes: tuple[F32, ...]


def break_down(
    assembled: Assembled,
    run: Run,
    days: Sessions,
    trips: RoundTrips,
    ballots: Ballots,
) -> Breakdown:
    """The whole observed run by month, year, sector, strategy, regime and exit."""
    part = slice(0, days.observed)
    returns, label, held = days.returns[part], days.label[part], days.held[part]
    months, years = by_month(returns, label, held), by_year(returns, label, held)
    return Breakdown(
        months=months,
        years=years,
        month_average=average(months),
        year_average=average(years),
        sectors=trades_by(trips, _sectors(assembled, run, trips)),
        strategies=_by_voice(assembled, run, trips, ballots),
        regimes=_by_regime(assembled, days),
        exits=trades_by(trips, _exits(run, trips)),
    )


def _sectors(assembled: Assembled, run: Run, trips: RoundTrips) -> list[str]:
    sectors, symbols = assembled.history.sectors, assembled.history.symbols
    if sectors is None:
        return [UNKNOWN] * len(trips.net)
    sessions = assembled.sessions[opening_rows(assembled, run, trips)]
    return [
        sectors.at(symbols[symbol], session) or UNKNOWN
        for symbol, session in zip(trips.symbol.tolist(), sessions.tolist(), strict=True)
    ]


def _exits(run: Run, trips: RoundTrips) -> list[str]:
    reasons = [int(run.fills["reason"][last]) if last >= 0 else -1 for last in trips.last.tolist()]
    return [
        "corporate action" if reason < 0 else _EXITS.get(Reason(reason), "other")
        for reason in reasons
    ]


def _by_voice(
    assembled: Assembled, run: Run, trips: RoundTrips, ballots: Ballots
) -> tuple[GroupTrades, ...]:
    """A trip belongs to the voices that voted for its side at its decision, by weighted vote."""
    cells = _decision_cells(assembled, run, trips)
    known = cells >= 0
    support = np.zeros((len(ballots.names), len(cells)))
    for place, votes in enumerate(ballots.votes):
        agreed = trips.side * votes[np.where(known, cells, 0)]
        support[place] = np.where(known, ballots.weights[place] * np.maximum(agreed, 0.0), 0.0)
    total = support.sum(axis=0)
    shares = np.divide(support, total, out=np.zeros_like(support), where=total > 0.0)
    by_name = {name: shares[place] for place, name in enumerate(ballots.names)}
    by_name[UNKNOWN] = (total <= 0.0).astype(np.float64)
    return shared_trades(trips, by_name)


def _decision_cells(assembled: Assembled, run: Run, trips: RoundTrips) -> I64:
    """Cell whose score decided the entry of each trip; -1 where no decision did."""
    decided = run.decisions[(run.decisions["quantity"] > 0.0) & (run.decisions["intent"] > 0)]
    order = np.argsort(decided["intent"], kind="stable")
    intents = decided["intent"][order]
    if len(intents) == 0 or len(run.fills) == 0:
        return np.full(len(trips.net), -1, dtype=np.int64)
    wanted = np.where(trips.first >= 0, run.fills["intent"][np.maximum(trips.first, 0)], -1)
    at = np.minimum(np.searchsorted(intents, wanted), len(intents) - 1)
    found = decided[order][at]
    tape = assembled.tape
    cell = tape.base[found["row"]] + found["symbol"] - tape.first[found["row"]]
    return np.where(intents[at] == wanted, cell, -1).astype(np.int64)


def _by_regime(assembled: Assembled, days: Sessions) -> tuple[GroupReturns, ...]:
    """Sessions by the regime of the first block's market at the close of the session before."""
    regimes = market_regimes(adjusted_closes(assembled, 0))
    rows = np.flatnonzero(assembled.tape.first == 0)
    session = assembled.sessions[rows]
    at = np.searchsorted(session, days.label[: days.observed], side="left") - 1
    labels = [
        Regime(int(regimes[place])).name.lower().replace("_", " ") if place >= 0 else UNKNOWN
        for place in at.tolist()
    ]
    part = slice(0, days.observed)
    excess = days.returns[part] - days.bills[part]
    return returns_by(days.returns[part], excess, labels, periods_a_year(days.label[part]))
