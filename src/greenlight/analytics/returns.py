"""Returns from wealth, and what they add up to. Simple returns; they compound across time."""

import math

import numpy as np

from greenlight.analytics.arrays import F64, I64

DAYS_A_YEAR = 365.25


def simple_returns(wealth: F64, flows: F64 | None = None) -> F64:
    """Return of each step, shape (T,) from wealth of shape (T + 1,).

    `flows` (T,): money put in (or, negative, taken out) during a step; it is no gain:
    ``r[t] = (w[t+1] - flow[t]) / w[t] - 1`` (time-weighted). After ruin (w <= 0) returns are 0.
    """
    after = wealth[1:] if flows is None else wealth[1:] - flows
    before = wealth[:-1]
    if len(before) > 0 and before.min() > 0.0:
        growth = after / before
    else:
        growth = np.ones_like(after)
        np.divide(after, before, out=growth, where=before > 0.0)
    growth -= 1.0
    return growth


def wealth_index(returns: F64) -> F64:
    """Growth of 1, shape (T + 1,), the first value being 1."""
    return np.concatenate(([1.0], np.cumprod(1.0 + returns)))


def total_return(returns: F64) -> float:
    """All returns compounded; 0 for none."""
    return float(np.prod(1.0 + returns)) - 1.0


def annual_return(returns: F64, years: float) -> float:
    """Compound growth a year: ``(1 + total) ** (1 / years) - 1``; NaN for no time, -1 for ruin."""
    growth = 1.0 + total_return(returns)
    if years <= 0.0:
        return math.nan
    return growth ** (1.0 / years) - 1.0 if growth > 0.0 else -1.0


def volatility_ann(returns: F64, periods_a_year: float) -> float:
    """Sample standard deviation times the root of the number of periods a year."""
    if len(returns) < 2:
        return math.nan
    return float(np.std(returns, ddof=1)) * math.sqrt(periods_a_year)


def years_between(session: I64) -> float:
    """Years from the first to the last date label (days since the epoch)."""
    return float(session[-1] - session[0]) / DAYS_A_YEAR if len(session) > 1 else 0.0


def periods_a_year(session: I64) -> float:
    """Observed number of sessions a year: 252 or so for equities, 365 for crypto."""
    years = years_between(session)
    return (len(session) - 1) / years if years > 0.0 else math.nan


def bill_returns(rate: F64, session: I64) -> F64:
    """What a bill earned in each step, shape (T,), from yearly simple rates and dates.

    Step t runs from the session before to session t: ``rate[t] * days / 365``; the first step has
    no days. Where no rate is known (NaN) the bill is taken to earn nothing.
    """
    days = np.diff(session, prepend=session[:1])
    return np.asarray(np.nan_to_num(rate, nan=0.0) * days / 365.0, dtype=np.float64)
