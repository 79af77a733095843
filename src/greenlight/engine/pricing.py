"""What a fill costs: spread, slippage, impact and fees; and what volume and cash allow.

Every cost of trading is charged here; the numbers come from `Costs`.
"""

from math import inf, isnan, nan, sqrt

import numpy as np

from greenlight.engine.codes import ENTRY
from greenlight.engine.compiled import verb
from greenlight.engine.limits import ENTRY_STOP_LIMIT
from greenlight.engine.ordertable import has_limit_price
from greenlight.engine.rounding import lot_floor
from greenlight.engine.state import CASH, FEE_ROW, Rules, State
from greenlight.engine.tape import Conditions, Feed, Moment

_DUST = 1e-6  # of a lot: what float arithmetic leaves behind


@verb
def cap_by_volume(rules: Rules, quantity: float, volume: float, filled: float, lot: float) -> float:
    """Quantity that the bar's volume leaves to us; NaN volume caps nothing."""
    if isnan(volume) or rules.limits.bar_share == inf:
        return quantity
    room = lot_floor(rules.limits.bar_share * volume, lot) - filled
    return min(quantity, room) if room > lot * _DUST else 0.0


@verb
def fill_price(
    state: State,
    rules: Rules,
    now: Moment,
    terms: tuple[int, int, int, float, float, float],
    feed: Feed,
    conditions: Conditions | None,
) -> float:
    """Reference price worsened by half spread, slippage and impact; a limit fills at its reference.

    terms: symbol, role, cell, direction, reference price, quantity. Where a cost is charged.
    """
    i, role, cell, direction, reference, quantity = terms
    orders, costs = state.orders, rules.costs
    if has_limit_price(orders, i, role):
        return reference
    worse = costs.half_spread[i] + costs.slippage[i]
    if conditions is not None:
        volume = feed.tape.volume[cell]
        sigma = last_sigma(feed, conditions, now, cell)
        if volume > 0.0 and not isnan(sigma):
            worse += costs.impact[i] * sigma * sqrt(quantity / volume)
    price = reference * (1.0 + direction * worse)
    if role == ENTRY and orders.kind[i] == ENTRY_STOP_LIMIT:
        limit = orders.limit[i]
        if direction * price > direction * limit:
            return limit
    return price


@verb
def last_sigma(feed: Feed, conditions: Conditions, now: Moment, cell: int) -> float:
    """Sigma at the symbol's last close before this bar, NaN where there is none."""
    width = now.end - now.first
    for back in range(1, now.at + 1):
        before = cell - back * width
        if not isnan(feed.tape.close[before]):
            return np.float64(conditions.sigma[before])
    return nan


@verb
def affordable(state: State, rules: Rules, i: int, price: float, quantity: float) -> float:
    """`quantity`, or as many whole lots as cash pays for at the price with the fee."""
    costs = rules.costs
    unit = price * (1.0 + costs.percent[i]) + costs.per_share[i]
    payable = (state.book.money[CASH] - costs.minimum[i]) / unit
    if payable >= quantity:
        return quantity
    return max(0.0, lot_floor(payable, rules.specs.lot[i]))


@verb
def fee_of(state: State, rules: Rules, now: Moment, what: tuple[int, float, float, float]) -> float:
    """Commission, and the regulatory fees on a sell that are in force. Where a fee is decided."""
    i, direction, quantity, price = what
    costs, count = rules.costs, state.book.counts
    notional = quantity * price
    fee = max(costs.minimum[i], costs.per_share[i] * quantity + costs.percent[i] * notional)
    if direction < 0.0 and costs.regulatory[i] != 0:
        k = count[FEE_ROW]
        while k + 1 < len(costs.fee_from) and costs.fee_from[k + 1] <= now.close_ts:
            k += 1
        count[FEE_ROW] = k
        if costs.fee_from[k] <= now.close_ts:
            fee += costs.sec_rate[k] * notional
            fee += min(costs.taf_rate[k] * quantity, costs.taf_cap[k])
    return fee
