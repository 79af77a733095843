"""The same results by month, year, and by any label: sector, strategy, regime."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from greenlight.analytics.arrays import BOOL, F64, I64
from greenlight.analytics.returns import total_return
from greenlight.analytics.trades import RoundTrips


@dataclass(frozen=True, slots=True)
class PeriodReturn:
    """A month (``month`` 1..12) or a whole year (``month`` 0) with its compounded return.

    `is_held`: a position was held at some time in it. Those without one are shown, but stay out of
    every average.
    """

    year: int
    month: int
    total: float
    sessions: int
    is_held: bool


@dataclass(frozen=True, slots=True)
class PeriodAverage:
    """Over the periods with a position: their number, mean return, share above zero, extremes."""

    count: int
    without_position: int
    mean: float
    share_positive: float
    best: float
    worst: float


@dataclass(frozen=True, slots=True)
class GroupTrades:
    """Finished round trips under one label. `net` in money; the rest as in TradeStatistics."""

    label: str
    count: float
    net: float
    win_rate: float
    expectancy: float


@dataclass(frozen=True, slots=True)
class GroupReturns:
    """Sessions under one label: how many, what they compounded to, their Sharpe ratio a year."""

    label: str
    sessions: int
    total: float
    sharpe_ann: float


def by_month(returns: F64, session: I64, held: BOOL) -> tuple[PeriodReturn, ...]:
    """Every calendar month with a session; arrays of shape (T,), `session` in days since 1970."""
    return _by_key(
        returns, held, session.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    )


def by_year(returns: F64, session: I64, held: BOOL) -> tuple[PeriodReturn, ...]:
    """Every calendar year with a session."""
    year = session.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)
    months = _by_key(returns, held, year * 12)
    return tuple(PeriodReturn(p.year, 0, p.total, p.sessions, p.is_held) for p in months)


def average(periods: Sequence[PeriodReturn]) -> PeriodAverage:
    """Average over the periods with a position only; NaN where there is none."""
    totals = [period.total for period in periods if period.is_held]
    empty = len(periods) - len(totals)
    if not totals:
        return PeriodAverage(0, empty, *[math.nan] * 4)
    positive = sum(total > 0.0 for total in totals) / len(totals)
    mean = sum(totals) / len(totals)
    return PeriodAverage(len(totals), empty, mean, positive, max(totals), min(totals))


def trades_by(trips: RoundTrips, labels: Sequence[str]) -> tuple[GroupTrades, ...]:
    """Finished round trips by label (one for each of K trips), largest profit first."""
    return shared_trades(trips, {label: _indicator(labels, label) for label in set(labels)})


def shared_trades(trips: RoundTrips, shares: dict[str, F64]) -> tuple[GroupTrades, ...]:
    """Finished round trips by label where a trip may belong to several.

    `shares`: for each label the share (K,) of each trip in [0, 1]; counts and money are weighted by
    it, so that the groups add up to the whole. Labels without any share are left out.
    """
    done = ~trips.is_open
    net, returns = trips.net[done], trips.returns[done]
    groups = []
    for label in sorted(shares):
        weight = shares[label][done]
        count = float(np.sum(weight))
        if count <= 0.0:
            continue
        wins = float(np.sum(weight * (net > 0.0))) / count
        money = float(np.sum(weight * net))
        expectancy = float(np.sum(weight * returns)) / count
        groups.append(GroupTrades(label, count, money, wins, expectancy))
    return tuple(sorted(groups, key=lambda group: -group.net))


def returns_by(
    returns: F64, excess: F64, labels: Sequence[str], periods_a_year: float
) -> tuple[GroupReturns, ...]:
    """Sessions by the label known BEFORE each began (shift it yourself); largest group first."""
    groups = []
    for label in sorted(set(labels)):
        chosen = _indicator(labels, label) > 0.0
        inside = excess[chosen]
        deviation = float(np.std(inside, ddof=1)) if len(inside) > 2 else 0.0
        ratio = float(np.mean(inside)) / deviation if deviation > 1e-14 else math.nan
        scaled = ratio * math.sqrt(periods_a_year)
        groups.append(GroupReturns(label, len(inside), total_return(returns[chosen]), scaled))
    return tuple(sorted(groups, key=lambda group: -group.sessions))


def _indicator(labels: Sequence[str], label: str) -> F64:
    return np.array([other == label for other in labels], dtype=np.float64)


def _by_key(returns: F64, held: BOOL, month: I64) -> tuple[PeriodReturn, ...]:
    """Compound by month number since 1970-01."""
    periods = []
    for key in np.unique(month).tolist():
        chosen = month == key
        periods.append(
            PeriodReturn(
                year=1970 + key // 12,
                month=key % 12 + 1,
                total=total_return(returns[chosen]),
                sessions=int(np.sum(chosen)),
                is_held=bool(np.any(held[chosen])),
            )
        )
    return tuple(periods)
