"""All measures of one series of returns together."""

from dataclasses import dataclass

import numpy as np

from greenlight.analytics.arrays import F64, I64
from greenlight.analytics.drawdown import calmar, max_drawdown
from greenlight.analytics.returns import (
    annual_return,
    periods_a_year,
    total_return,
    volatility_ann,
    wealth_index,
    years_between,
)
from greenlight.analytics.sharpe import Sharpe, sharpe
from greenlight.analytics.sortino import sortino_ann


@dataclass(frozen=True, slots=True)
class Performance:
    """Measures of T returns of sessions `first` to `end`; the wealth before them was of `start`.

    Sessions are days since 1970.
    max_drawdown in [0, 1] from session `peak` to `trough`; `recovery` None while under water.
    """

    start: int
    first: int
    end: int
    sessions: int
    total_return: float
    annual_return: float
    volatility_ann: float
    sharpe: Sharpe
    sortino_ann: float
    calmar: float
    max_drawdown: float
    peak: int
    trough: int
    recovery: int | None


def performance(returns: F64, bills: F64, session: I64, start: int) -> Performance:
    """Measure returns (T,) of sessions (T,) against what bills earned (T,).

    `start`: the date the wealth before the first return was had. Raises ValueError for no returns.
    """
    if len(returns) == 0:
        raise ValueError("performance of no returns")
    labels = np.concatenate(([start], session)).astype(np.int64)
    yearly = periods_a_year(labels)
    grown = annual_return(returns, years_between(labels))
    fall = max_drawdown(wealth_index(returns))
    return Performance(
        start=start,
        first=int(session[0]),
        end=int(session[-1]),
        sessions=len(returns),
        total_return=total_return(returns),
        annual_return=grown,
        volatility_ann=volatility_ann(returns, yearly),
        sharpe=sharpe(returns - bills, yearly),
        sortino_ann=sortino_ann(returns - bills, yearly),
        calmar=calmar(grown, fall.depth),
        max_drawdown=fall.depth,
        peak=int(labels[fall.peak]),
        trough=int(labels[fall.trough]),
        recovery=None if fall.recovery is None else int(labels[fall.recovery]),
    )
