"""`match`: which resting orders a bar fills, in what order, at what price.

Prices are mirrored by the side (`s * price`, high and low swapped for a short), so that a loss lies
below and a gain above for either side. docs/engine.md section 3 is the table this file follows.
"""

from math import inf, isnan, nan
from typing import NamedTuple

from greenlight.engine.accounts import Execution, apply, cancel_entry, protect
from greenlight.engine.codes import (
    ENTRY,
    EXIT,
    REASON_CASH,
    REASON_ENTRY,
    REASON_EXPIRED,
    REASON_STOP,
    STOP,
    TARGET,
    TRAIL,
)
from greenlight.engine.compiled import verb
from greenlight.engine.limits import (
    ENTRY_LIMIT,
    ENTRY_MARKET,
    ENTRY_STOP,
    ENTRY_STOP_LIMIT,
    PROTECT_FROM_NEXT_BAR,
)
from greenlight.engine.ordertable import cancel, make_market
from greenlight.engine.pricing import affordable, cap_by_volume, fee_of, fill_price
from greenlight.engine.state import (
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

OPEN, BAR, AFTER, LAST, OVER = 0, 1, 2, 3, 4  # stages of a bar

# STOP, TARGET and TRAIL follow each other in both enumerations
_ROLE_REASON = REASON_STOP - STOP
_STOPS = 1 << STOP | 1 << TRAIL  # they cover the same quantity: one is enough


class Progress(NamedTuple):
    """How far the matching of one symbol's bar has come; prices mirrored.

    start: the open, or the reference price of an ENTRY filled since. tried: bits of roles looked
    at. shielded: protection is not live in this bar. filled: quantity so far.
    """

    symbol: int
    cell: int
    stage: int
    tried: int
    shielded: bool
    side: float
    start: float
    top: float
    bottom: float
    filled: float


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
    progress = start_bar(state, rules, feed, now, i)
    while progress.stage != OVER:
        fill, progress = next_execution(state, rules, feed, conditions, now, progress)
        if progress.stage != OVER and fill.quantity > 0.0:
            take(state, rules, now, fill)


@verb
def take(state: State, rules: Rules, now: Moment, fill: Execution) -> None:
    """Book a fill of one of our orders: off the order, into the account, protected anew."""
    i, role = fill.symbol, fill.role
    orders = state.orders
    settle(state, i, role, orders.leaves[i, role] - fill.quantity, rules.specs.lot[i])
    apply(state, rules, now, fill)
    if state.book.quantity[i] != 0.0:
        protect(state, rules, i)


@verb
def start_bar(state: State, rules: Rules, feed: Feed, now: Moment, i: int) -> Progress:
    """Age the ENTRY and take down what matching needs to know of the bar."""
    book, orders, tape = state.book, state.orders, feed.tape
    cell = now.origin + i
    if orders.state[i, ENTRY] != NONE:
        age_entry(state, rules, now, i)
    flat = book.quantity[i] == 0.0
    side = 1.0 if book.quantity[i] > 0.0 or (flat and orders.side[i] > 0) else -1.0
    return Progress(
        symbol=i,
        cell=cell,
        stage=OPEN,
        tried=0,
        shielded=flat and rules.limits.protect_from == PROTECT_FROM_NEXT_BAR,
        side=side,
        start=side * tape.open[cell],
        top=side * (tape.high[cell] if side > 0.0 else tape.low[cell]),
        bottom=side * (tape.low[cell] if side > 0.0 else tape.high[cell]),
        filled=0.0,
    )


@verb
def next_execution(
    state: State,
    rules: Rules,
    feed: Feed,
    conditions: Conditions | None,
    now: Moment,
    at: Progress,
) -> tuple[Execution, Progress]:
    """The next fill of the bar, of quantity 0 where volume or cash allow none; stage OVER: no more.

    The caller books the fill before it asks again: what rests then may have changed.
    """
    i = at.symbol
    role, reference, stage = next_fill(state.orders, at)
    if role >= 0 and role != ENTRY and state.book.quantity[i] == 0.0:
        role = -1
    if role < 0:
        nothing = Execution(i, 0.0, 0, 0, 0.0, 0.0, 0.0, 0.0, 0, 0)
        return nothing, step(at, OVER, 0, at.start, 0.0)
    fill = execute(state, rules, feed, conditions, now, (at, role, at.side * reference))
    if role != ENTRY:
        bits = _STOPS if role in (STOP, TRAIL) else 1 << role
        return fill, step(at, stage, at.tried | bits, at.start, fill.quantity)
    tried = at.tried | 1 << ENTRY
    if fill.quantity <= 0.0:
        return fill, step(at, stage, tried, at.start, 0.0)
    stage = BAR if stage == OPEN else AFTER
    if at.shielded:
        stage = LAST
    return fill, step(at, stage, tried & ~_STOPS, reference, fill.quantity)


@verb
def step(at: Progress, stage: int, tried: int, start: float, filled: float) -> Progress:
    """The bar's progress after a look at an order."""
    return Progress(
        at.symbol,
        at.cell,
        stage,
        tried,
        at.shielded,
        at.side,
        start,
        at.top,
        at.bottom,
        at.filled + filled,
    )


@verb
def age_entry(state: State, rules: Rules, now: Moment, i: int) -> None:
    """Cancel a DAY entry of an earlier session; a limit out of time becomes a market order."""
    orders = state.orders
    if not rules.limits.good_till_cancelled:
        if orders.session[i] == NEVER:
            orders.session[i] = now.session
        elif orders.session[i] != now.session:
            cancel_entry(state, now, i, REASON_EXPIRED)
            return
    if (
        orders.kind[i] == ENTRY_LIMIT
        and orders.expiry[i] != NEVER
        and orders.expiry[i] <= now.open_ts
    ):
        make_market(orders, i)


@verb
def next_fill(orders: Orders, at: Progress) -> tuple[int, float, int]:
    """Find the next order that fills: (role, mirrored reference price, stage), role -1 for none."""
    i, side, start, tried, stage = at.symbol, at.side, at.start, at.tried, at.stage
    if stage == LAST:
        return -1, 0.0, OVER
    if stage == OPEN:
        role = fills_at_open(orders, at)
        if role >= 0:
            return role, start, OPEN
    if stage != AFTER and not at.shielded:
        role, level = crossed_stop(orders, i, side, at.bottom, tried)
        if role >= 0:
            return role, min(level, start), BAR
        target = side * orders.price[i, TARGET]
        if orders.state[i, TARGET] != NONE and not tried & (1 << TARGET) and at.top > target:
            return TARGET, max(target, start), BAR
    if stage != AFTER and orders.state[i, ENTRY] != NONE and not tried & (1 << ENTRY):
        reference = entry_in_bar(orders, i, side, at.top, at.bottom)
        if not isnan(reference):
            return ENTRY, reference, BAR
    if stage == AFTER and not at.shielded:
        level = side * orders.price[i, STOP]
        if orders.state[i, STOP] != NONE and not tried & (1 << STOP) and at.bottom <= level:
            return STOP, min(level, start), AFTER
    return -1, 0.0, OVER


@verb
def fills_at_open(orders: Orders, at: Progress) -> int:
    """The role that fills at the (mirrored) open, or -1."""
    i, side, start, tried = at.symbol, at.side, at.start, at.tried
    if orders.state[i, EXIT] != NONE and not tried & (1 << EXIT):
        return EXIT
    if not at.shielded:
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
    feed: Feed,
    conditions: Conditions | None,
    now: Moment,
    what: tuple[Progress, int, float],
) -> Execution:
    """Fill as much of an order (progress, role, reference price) as volume and cash allow."""
    at, role, reference = what
    i, orders = at.symbol, state.orders
    quantity = orders.leaves[i, role]
    if conditions is not None:
        volume, lot = feed.tape.volume[at.cell], rules.specs.lot[i]
        quantity = cap_by_volume(rules, quantity, volume, at.filled, lot)
    direction = at.side if role == ENTRY else -at.side
    intent, attempt = orders.intent[i, role], orders.attempt[i, role]
    if quantity <= 0.0:
        remain(orders, i, role)
        return Execution(i, direction, role, 0, 0.0, 0.0, reference, 0.0, intent, attempt)
    terms = (i, role, at.cell, direction, reference, quantity)
    price = fill_price(state, rules, now, terms, feed, conditions)
    if role == ENTRY and direction > 0.0 and rules.limits.leverage <= 1.0:
        paid = affordable(state, rules, i, price, quantity)
        if paid < quantity:
            orders.leaves[i, ENTRY] -= paid
            cancel_entry(state, now, i, REASON_CASH)
            orders.leaves[i, ENTRY] = quantity = paid
            terms = (i, role, at.cell, direction, reference, quantity)
            price = fill_price(state, rules, now, terms, feed, conditions)
    fee = fee_of(state, rules, now, (i, direction, quantity, price)) if quantity > 0.0 else 0.0
    reason = role + _ROLE_REASON
    if role == ENTRY:
        reason = REASON_ENTRY
    elif role == EXIT:
        reason = orders.reason[i, EXIT]
    return Execution(i, direction, role, reason, quantity, price, reference, fee, intent, attempt)


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
