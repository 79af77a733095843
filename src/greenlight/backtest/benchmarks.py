"""What one could have had without thinking: buy and hold, and equal weight rebalanced monthly.

Both trade the run's own universe, in fractions of a share, at closes, and pay half spread, slippage
and commission on every change. Prices are total returns (dividends stay in the symbol that paid
them); a symbol that was delisted or taken over turns into cash, and cash earns bills.
"""

from dataclasses import dataclass

import numpy as np

from greenlight.analytics import wealth_index
from greenlight.backtest.measurement import Benchmark
from greenlight.backtest.sessions import BOOL, Sessions
from greenlight.domain import Happening
from greenlight.scoring import F64, I64, STALE_BARS, Assembled, Seen

BUY_AND_HOLD = "Buy and hold"
EQUAL_WEIGHT = "Monthly equal weight"


@dataclass(frozen=True, slots=True)
class Universe:
    """Symbols by session: total-return `price` (T, N) and `cost` (T, N) of a change.

    `price` stays at its last value without a bar, NaN before the first. `is_traded` (T, N): it can
    be bought and sold; `is_wanted` (T, N): it is a member as well. `ended` (N): session from which
    only cash is left of it, T where it never ended.
    """

    price: F64
    is_traded: BOOL
    is_wanted: BOOL
    cost: F64
    ended: I64


def benchmarks(assembled: Assembled, days: Sessions, cut: int | None) -> tuple[Benchmark, ...]:
    """Both benchmarks over all sessions of the run, bought anew where out of sample begins.

    Held on from the start of the training part, the weights out of sample would be those of its
    winners, which nobody who starts at the cut would hold.
    """
    universe = build_universe(assembled, days)
    month = days.label.astype("datetime64[D]").astype("datetime64[M]")
    monthly = np.flatnonzero(np.concatenate(([True], month[1:] != month[:-1])))
    return (
        Benchmark(BUY_AND_HOLD, hold(universe, days.bills, *_purchases(universe, cut))),
        Benchmark(EQUAL_WEIGHT, hold(universe, days.bills, monthly, monthly >= 0)),
    )


def arrivals(universe: Universe) -> I64:
    """The first session, and each in which a symbol is wanted that never was before."""
    known = np.maximum.accumulate(universe.is_wanted, axis=0).sum(axis=1)
    return np.flatnonzero(np.diff(known, prepend=-1) > 0)


def _purchases(universe: Universe, cut: int | None) -> tuple[I64, BOOL]:
    """When buy and hold buys, and whether all in equal parts: at the start and before the cut."""
    afresh = np.array([0] if cut is None else [0, max(cut - 1, 0)])
    dates = np.union1d(arrivals(universe), afresh)
    return dates, np.isin(dates, afresh)


def hold(universe: Universe, bills: F64, dates: I64, even: BOOL) -> F64:
    """Returns (T) of a portfolio changed at each of `dates` and held in between.

    `even` (a flag each date): back to equal parts in all that is wanted. Else only what is wanted
    for the first time is bought, an equal part of each, and what is held makes room in proportion.

    Bought at the close of that session; the first session's return is what buying cost. What is
    held and does not trade (its file may have ended) stays as it is: nobody would buy it.
    """
    count, width = universe.price.shape
    wealth = np.ones(count)
    value, idle = np.zeros(width), 1.0
    for number, at in enumerate(dates.tolist()):
        stop = int(dates[number + 1]) if number + 1 < len(dates) else count - 1
        wanted = universe.is_wanted[at]
        kept = np.where(universe.is_traded[at], 0.0, value)
        free = float(value.sum()) - float(kept.sum()) + idle
        target = _parts(wanted, value - kept, evens=bool(even[number]))
        changed = np.abs(target * free - (value - kept))
        free -= float(np.sum(np.nan_to_num(universe.cost[at] * changed)))
        value, idle = kept + target * free, free * (1.0 - float(target.sum()))
        wealth[at] = float(value.sum()) + idle
        span = slice(at, stop + 1)
        paths, cash = _grow(universe, span, value, idle, bills)
        wealth[at + 1 : stop + 1] = (paths.sum(axis=1) + cash)[1:]
        value, idle = paths[-1], float(cash[-1])
    before = np.concatenate(([1.0], wealth[:-1]))
    return np.asarray(wealth / before - 1.0, dtype=np.float64)


def _parts(wanted: BOOL, held: F64, *, evens: bool) -> F64:
    """Shares (N) of the money to be in each symbol; they add up to 1, or to 0 with none wanted."""
    if evens or not np.any(held > 0.0):
        return np.asarray(wanted / max(int(wanted.sum()), 1), dtype=np.float64)
    fresh = wanted & (held == 0.0)
    count = int(fresh.sum()) + int(np.count_nonzero(held))
    rest = 1.0 - float(fresh.sum()) / count
    return np.asarray(fresh / count + rest * held / held.sum(), dtype=np.float64)


def _grow(universe: Universe, span: slice, value: F64, idle: float, bills: F64) -> tuple[F64, F64]:
    """Value of each holding (n, N) and of cash (n) over a span, starting as given."""
    held = np.flatnonzero(value > 0.0)
    paths = np.zeros((span.stop - span.start, len(value)))
    prices = universe.price[span][:, held]
    paths[:, held] = value[held] * prices / prices[0]
    growth = wealth_index(bills[span][1:])
    cash = idle * growth
    for column in held.tolist():
        at = int(universe.ended[column]) - span.start
        if at < len(paths):
            at = max(at, 0)
            cash[at:] += paths[at, column] * growth[at:] / growth[at]
            paths[at:, column] = 0.0
    return paths, cash


def build_universe(assembled: Assembled, days: Sessions) -> Universe:
    """Prices, what may be bought, and costs of each session, with the endings of symbols."""
    history, costs = assembled.history, assembled.rules.costs
    width, count = len(history.symbols), len(days.label)
    price = np.full((count, width), np.nan)
    raw = np.full((count, width), np.nan)
    fresh = np.zeros((count, width), dtype=np.bool_)
    member = np.zeros((count, width), dtype=np.bool_)
    for one in assembled.seen:
        at = np.searchsorted(days.last_row, assembled.rows_of(one))
        price[at, one.symbol] = one.view.close
        raw[at, one.symbol] = assembled.tape.close[one.cells]
        fresh[at, one.symbol] = True
        member[:, one.symbol] = _is_member(assembled, one, days.label)
    price, raw = _carried(price), _carried(raw)
    ended = _endings(assembled, days, price, raw)
    is_traded = _recently(fresh) & (np.arange(count)[:, None] < ended)
    share = costs.half_spread + costs.slippage + costs.percent
    return Universe(price, is_traded, is_traded & member, share + costs.per_share / raw, ended)


def _is_member(assembled: Assembled, one: Seen, label: I64) -> BOOL:
    membership = assembled.history.membership
    if membership is None:
        return np.ones(len(label), dtype=np.bool_)
    return membership.flags(one.view.symbol, label)


def _endings(assembled: Assembled, days: Sessions, price: F64, raw: F64) -> I64:
    """Session each symbol ended in; its price there becomes what a holder was paid."""
    count, width = price.shape
    ended = np.full(width, count, dtype=np.int64)
    due = assembled.surroundings.happenings
    if due is None:
        return ended
    unknown = 1.0 + assembled.rules.limits.delist_return
    for row, symbol, kind, amount in zip(due.row, due.symbol, due.kind, due.a, strict=True):
        if kind not in (Happening.CASH_MERGER, Happening.STOCK_MERGER, Happening.DELIST):
            continue
        at, i = int(np.searchsorted(days.last_row, row)), int(symbol)
        last = max(at - 1, 0)
        if kind == Happening.STOCK_MERGER:
            paid = 1.0  # taken at the market's last word on it
        elif np.isnan(amount):
            paid = unknown
        else:
            paid = float(amount) / float(raw[last, i])
        price[at:, i] = price[last, i] * paid
        ended[i] = at
    return ended


def _carried(values: F64) -> F64:
    """Each column's last known value; NaN before the first."""
    known = np.where(np.isnan(values), 0, np.arange(len(values))[:, None])
    return np.asarray(np.take_along_axis(values, np.maximum.accumulate(known), axis=0))


def _recently(fresh: BOOL) -> BOOL:
    """Whether there was a bar in this session or the few before it."""
    recent = fresh.copy()
    for lag in range(1, STALE_BARS + 1):
        recent[lag:] |= fresh[:-lag]
    return recent
