"""`match`: which resting orders a bar fills, in what order, at what price.

Prices are mirrored by the side (`s * price`, high and low swapped for a short), so that a loss lies
below and a gain above for either side. docs/engine.md section 3 is the table this file follows.
"""

from math import inf, isnan, nan, sqrt

from greenlight.engine.accounts import Execution, apply, cancel_entry, protect
from greenlight.engine.compiled import verb
from greenlight.engine.limits import (
    ENTRY_LIMIT,
    ENTRY_MARKET,
    ENTRY_STOP,
    ENTRY_STOP_LIMIT,
    PROTECT_FROM_NEXT_BAR,
)
from greenlight.engine.ordertable import (
    ENTRY,
    EXIT,
    STOP,
    TARGET,
    TRAIL,
    cancel,
    has_limit_price,
    make_market,
)
from greenlight.engine.rounding import lot_floor
from greenlight.engine.state import (
    CASH,
    FEE_ROW,
    NEVER,
    NONE,
    TARGET_DONE,
    TARGET_PARTLY,
    TRIGGERED,
    Orders,
    Rules,
    State,
)
from greenlight.engine.tape import Conditions, Feed, Moment

OPEN, BAR, AFTER, OVER = 0, 1, 2, 3  # stages of a bar

_STOPS = 1 << STOP | 1 << TRAIL  # they cover the same quantity: one is enough

_EXPIRED = 49  # Reason.EXPIRED
_CASH = 50  # Reason.CASH
_ENTRY_REASON = 51  # Reason.ENTRY
_ROLE_REASON = 45  # Reason.STOP - Role.STOP: STOP, TARGET and TRAIL follow each other in both


@verb
def match(
    state: State, rules: Rules, feed: Feed, conditions: Conditions | None, now: Moment, i: int
) -> None:
    """Fill what the bar of symbol i fills; each fill is applied and protected before the next."""
    book, orders, tape = state.book, state.orders, feed.tape
    cell = now.origin + i
    if i < 0 or cell < 0:  # never; spares the compiler the wrap-around of negative indices
        return
    high, low = tape.high[cell], tape.low[cell]
    if orders.urgent[i] == 0 and low > orders.below[i] and high < orders.above[i]:
        return
    if isnan(tape.close[cell]) or book.halted[i] != 0:
        return
    side = 1.0 if book.quantity[i] > 0.0 else -1.0
    if book.quantity[i] == 0.0:
        side = 1.0 if orders.side[i] > 0 else -1.0
    if orders.state[i, ENTRY] != NONE:
        age_entry(state, rules, now, i)
    top = side * (high if side > 0.0 else low)
    bottom = side * (low if side > 0.0 else high)
    shielded = book.quantity[i] == 0.0 and rules.limits.protect_from == PROTECT_FROM_NEXT_BAR
    stage, tried, filled, start = OPEN, 0, 0.0, side * tape.open[cell]
    while stage != OVER:
        role, reference, stage = next_fill(
            orders, i, (side, start, top, bottom), tried, stage, shielded
        )
        if role < 0:
            break
        tried |= _STOPS if role in (STOP, TRAIL) else 1 << role
        filled += execute(
            state, rules, now, (i, role, cell, side, side * reference, filled), feed, conditions
        )
        if book.quantity[i] == 0.0 and role != ENTRY:
            break
        if role == ENTRY:
            tried &= ~_STOPS
            stage, start = (BAR if stage == OPEN else AFTER), reference
            if shielded:
                break


@verb
def age_entry(state: State, rules: Rules, now: Moment, i: int) -> None:
    """Cancel a DAY entry of an earlier session; a limit out of time becomes a market order."""
    orders = state.orders
    if not rules.limits.good_till_cancelled:
        if orders.session[i] == NEVER:
            orders.session[i] = now.session
        elif orders.session[i] != now.session:
            cancel_entry(state, now, i, _EXPIRED)
            return
    if (
        orders.kind[i] == ENTRY_LIMIT
        and orders.expiry[i] != NEVER
        and orders.expiry[i] <= now.open_ts
    ):
        make_market(orders, i)


@verb
def next_fill(
    orders: Orders,
    i: int,
    bar: tuple[float, float, float, float],
    tried: int,
    stage: int,
    shielded: bool,  # noqa: FBT001  # compiled code takes no keywords
) -> tuple[int, float, int]:
    """Find the next order that fills: (role, mirrored reference price, stage), role -1 for none.

    bar: side, then mirrored open, high, low. tried: bits of the roles already looked at.
    """
    side, start, top, bottom = bar
    if stage == OPEN:
        role = fills_at_open(orders, i, (side, start), tried, shielded)
        if role >= 0:
            return role, start, OPEN
    if stage != AFTER and not shielded:
        role, level = crossed_stop(orders, i, side, bottom, tried)
        if role >= 0:
            return role, min(level, start), BAR
        target = side * orders.price[i, TARGET]
        if orders.state[i, TARGET] != NONE and not tried & (1 << TARGET) and top > target:
            return TARGET, max(target, start), BAR
    if stage != AFTER and orders.state[i, ENTRY] != NONE and not tried & (1 << ENTRY):
        reference = entry_in_bar(orders, i, side, top, bottom)
        if not isnan(reference):
            return ENTRY, reference, BAR
    if stage == AFTER and not shielded:
        level = side * orders.price[i, STOP]
        if orders.state[i, STOP] != NONE and not tried & (1 << STOP) and bottom <= level:
            return STOP, min(level, start), AFTER
    return -1, 0.0, OVER


@verb
def fills_at_open(
    orders: Orders,
    i: int,
    opening: tuple[float, float],
    tried: int,
    shielded: bool,  # noqa: FBT001  # compiled code takes no keywords
) -> int:
    """The role that fills at the (mirrored) open, or -1."""
    side, start = opening
    if orders.state[i, EXIT] != NONE and not tried & (1 << EXIT):
        return EXIT
    if not shielded:
        for role in (STOP, TRAIL):
            if orders.state[i, role] == TRIGGERED and not tried & (1 << role):
                return role
        role, _ = crossed_stop(orders, i, side, start, tried)
        if role >= 0:
            return role
        if (
            orders.state[i, TARGET] != NONE
            and not tried & (1 << TARGET)
            and start > side * orders.price[i, TARGET]
        ):
            return TARGET
    if orders.state[i, ENTRY] == NONE or tried & (1 << ENTRY):
        return -1
    kind, price = orders.kind[i], side * orders.price[i, ENTRY]
    if kind == ENTRY_MARKET or (kind == ENTRY_STOP and start >= price):
        return ENTRY
    if kind == ENTRY_LIMIT and start < price:
        return ENTRY
    if kind == ENTRY_STOP_LIMIT and start >= price:
        if start < side * orders.limit[i]:
            return ENTRY
        trigger_limit(orders, i)
    return -1


@verb
def crossed_stop(
    orders: Orders, i: int, side: float, price: float, tried: int
) -> tuple[int, float]:
    """STOP or TRAIL that a fall to the (mirrored) price crosses first, and its level."""
    role, level = -1, -inf
    if orders.state[i, STOP] != NONE and not tried & (1 << STOP):
        stop = side * orders.price[i, STOP]
        if price <= stop:
            role, level = STOP, stop
    if orders.state[i, TRAIL] != NONE and not tried & (1 << TRAIL):
        stop = side * orders.price[i, TRAIL]
        if price <= stop and stop > level:
            role, level = TRAIL, stop
    return role, level


@verb
def entry_in_bar(orders: Orders, i: int, side: float, top: float, bottom: float) -> float:
    """Mirrored reference price at which the ENTRY fills inside the bar, NaN if it does not."""
    kind, price = orders.kind[i], side * orders.price[i, ENTRY]
    if kind == ENTRY_LIMIT and bottom < price:
        return price
    if kind == ENTRY_STOP and top >= price:
        return price
    if kind == ENTRY_STOP_LIMIT and top >= price:
        if price < side * orders.limit[i]:
            return price
        trigger_limit(orders, i)
    return nan


@verb
def trigger_limit(orders: Orders, i: int) -> None:
    """A stop-limit was triggered and did not fill: it rests as a limit."""
    orders.kind[i] = ENTRY_LIMIT
    orders.price[i, ENTRY] = orders.limit[i]


@verb
def execute(
    state: State,
    rules: Rules,
    now: Moment,
    what: tuple[int, int, int, float, float, float],
    feed: Feed,
    conditions: Conditions | None,
) -> float:
    """Fill as much of an order as volume and cash allow; returns the quantity filled.

    what: symbol, role, cell, side of the position, reference price, filled so far in this bar.
    """
    i, role, cell, side, reference, filled = what
    book, orders, lot = state.book, state.orders, rules.specs.lot[i]
    quantity = orders.leaves[i, role]
    if conditions is not None:
        quantity = cap_by_volume(rules, quantity, feed.tape.volume[cell], filled, lot)
    if quantity <= 0.0:
        remain(orders, i, role)
        return 0.0
    direction = side if role == ENTRY else -side
    terms = (i, role, cell, direction, reference, quantity)
    price = fill_price(state, rules, now, terms, feed, conditions)
    leaves = orders.leaves[i, role] - quantity
    if role == ENTRY and side > 0.0 and rules.limits.leverage <= 1.0:
        paid = affordable(state, rules, i, price, quantity)
        if paid < quantity:
            orders.leaves[i, ENTRY] -= paid
            cancel_entry(state, now, i, _CASH)
            quantity, leaves = paid, 0.0
            if quantity <= 0.0:
                return 0.0
            terms = (i, role, cell, direction, reference, quantity)
            price = fill_price(state, rules, now, terms, feed, conditions)
    fee = fee_of(state, rules, now, (i, direction, quantity, price))
    intent, attempt = orders.intent[i, role], orders.attempt[i, role]
    reason = role + _ROLE_REASON
    if role == ENTRY:
        reason = _ENTRY_REASON
    elif role == EXIT:
        reason = orders.reason[i, EXIT]
    settle(state, i, role, leaves, lot)
    fill = Execution(i, direction, role, reason, quantity, price, reference, fee, intent, attempt)
    apply(state, rules, now, fill)
    if book.quantity[i] != 0.0:
        protect(state, rules, i)
    return quantity


@verb
def cap_by_volume(rules: Rules, quantity: float, volume: float, filled: float, lot: float) -> float:
    """Quantity that the bar's volume leaves to us; NaN volume caps nothing."""
    if isnan(volume) or rules.limits.bar_share == inf:
        return quantity
    return min(quantity, lot_floor(rules.limits.bar_share * volume, lot) - filled)


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
            return float(conditions.sigma[before])
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


@verb
def settle(state: State, i: int, role: int, leaves: float, lot: float) -> None:
    """Take a fill off its order; what is left goes on working."""
    orders = state.orders
    done = leaves < lot * 1e-6
    if role == TARGET:
        state.book.target_state[i] = TARGET_DONE if done else TARGET_PARTLY
    if done:
        cancel(orders, i, role)
    else:
        orders.leaves[i, role] = leaves
        remain(orders, i, role)


@verb
def remain(orders: Orders, i: int, role: int) -> None:
    """What a crossed order becomes while volume is short: stops trigger, a stop ENTRY is market."""
    if role in (STOP, TRAIL):
        orders.state[i, role] = TRIGGERED
        orders.urgent[i] = 1
    elif role == ENTRY and orders.kind[i] == ENTRY_STOP:
        make_market(orders, i)
    elif role == ENTRY and orders.kind[i] == ENTRY_STOP_LIMIT:
        trigger_limit(orders, i)
