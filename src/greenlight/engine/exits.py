"""`exits`: the close of a bar for what is held. HOLD, ADD, TRIM, EXIT; never waits for anybody."""

from math import isnan, nan

import numpy as np

from greenlight.engine.accounts import cancel_entry, trail
from greenlight.engine.codes import (
    ACTION_EXIT,
    ACTION_TRIM,
    EXIT,
    OK,
    REASON_HEALTH,
    REASON_RECALL,
    REASON_SCORE,
    REASON_TIME,
    REASON_WATCH,
    REASON_WEIGHT,
)
from greenlight.engine.compiled import verb
from greenlight.engine.ordertable import rearm, rest
from greenlight.engine.rounding import lot_floor
from greenlight.engine.state import EQUITY, NONE, Rules, State
from greenlight.engine.tape import Conditions, Feed, Moment
from greenlight.engine.writing import write_decision


@verb
def close_bar(
    state: State, rules: Rules, feed: Feed, conditions: Conditions | None, now: Moment, i: int
) -> None:
    """Mark, trail, watch and judge symbol i at the close of its bar."""
    book, tape = state.book, feed.tape
    cell = now.origin + i
    if i < 0 or cell < 0:  # never; spares the compiler the wrap-around of negative indices
        return
    price = tape.close[cell]
    if isnan(price):
        return
    if book.quantity[i] == 0.0:
        book.mark[i] = price
        return
    book.age[i] += 1
    if rules.limits.trail > 0.0:
        trail(state, rules, i, tape.high[cell], tape.low[cell])
    if conditions is not None:
        before = book.average[i] if book.age[i] == 1 else book.mark[i]
        fresh = price / before - 1.0 - book.momentum[i]
        book.momentum[i] += fresh * 2.0 / (rules.limits.momentum_bars + 1)
    book.mark[i] = price
    if conditions is not None:
        book.health[i] = health(
            state, rules, np.float64(feed.score[cell]), np.float64(conditions.sigma[cell]), i
        )
    if state.orders.state[i, EXIT] == NONE:
        exits(state, rules, conditions, now, i, feed.score[cell])


@verb
def exits(
    state: State, rules: Rules, conditions: Conditions | None, now: Moment, i: int, score: float
) -> None:
    """Emit the reducing order that symbol i needs, if any."""
    book, limits = state.book, rules.limits
    size, price = abs(book.quantity[i]), book.mark[i]
    reason = exit_reason(state, rules, conditions, i, score)
    if reason != OK:
        leave(state, now, i, (ACTION_EXIT, reason), (score, size))
        cancel_entry(state, now, i, reason)
        return
    lot, allowed = rules.specs.lot[i], limits.position * book.money[EQUITY]
    if size * price > limits.trim_above * allowed:
        excess = lot_floor(size - allowed / price, lot)
        if excess > 0.0:
            leave(state, now, i, (ACTION_TRIM, REASON_WEIGHT), (score, min(excess, size)))
            return
    if (
        conditions is not None
        and limits.health_trim > 0.0
        and book.trimmed[i] == 0
        and book.health[i] < limits.health_trim
    ):
        half = lot_floor(size * 0.5, lot)
        if half > 0.0:
            book.trimmed[i] = 1
            leave(state, now, i, (ACTION_TRIM, REASON_HEALTH), (score, half))


@verb
def exit_reason(
    state: State, rules: Rules, conditions: Conditions | None, i: int, score: float
) -> int:
    """The first cause to leave the position whole, or OK."""
    book, limits = state.book, rules.limits
    side = 1.0 if book.quantity[i] > 0.0 else -1.0
    if side * (book.mark[i] - book.average[i]) <= -limits.watch * book.average[i]:
        return REASON_WATCH
    if (side > 0.0 and score <= limits.sell_score) or (side < 0.0 and score >= limits.buy_score):
        return REASON_SCORE
    if limits.max_bars > 0 and book.age[i] >= limits.max_bars:
        return REASON_TIME
    if side < 0.0 and book.recalled[i] != 0:
        return REASON_RECALL
    if conditions is not None and book.health[i] < limits.health_exit:
        return REASON_HEALTH
    return OK


@verb
def leave(
    state: State,
    now: Moment,
    i: int,
    why: tuple[int, int],
    numbers: tuple[float, float],
) -> None:
    """Place the market order that reduces, and log (action, reason) with (score, quantity)."""
    book, orders = state.book, state.orders
    side = 1 if book.quantity[i] > 0.0 else -1
    rest(orders, i, EXIT, nan, numbers[1], book.intent[i])
    orders.reason[i, EXIT] = why[1]
    rearm(orders, i, float(side))
    what = (-side, why[0], why[1])
    write_decision(state, now, i, book.intent[i], what, (numbers[0], numbers[1], book.mark[i]))


@verb
def health(state: State, rules: Rules, score: float, sigma: float, i: int) -> float:
    """How well a position does, 0..100 and 50 indifferent; docs/engine.md section 4.1."""
    book, limits = state.book, rules.limits
    side = 1.0 if book.quantity[i] > 0.0 else -1.0
    equity, price = book.money[EQUITY], book.mark[i]
    gain = side * (price / book.average[i] - 1.0)
    voice = 0.0 if isnan(score) else side * (score - 50.0) / 50.0
    drift = 0.0
    if sigma > 0.0:
        drift = side * book.momentum[i] / sigma
    age = book.age[i] / limits.max_bars if limits.max_bars > 0 else 0.0
    heavy = crowded = 0.0
    if limits.position > 0.0 and equity != 0.0:
        heavy = abs(book.quantity[i]) * price / equity / limits.position - 1.0
    sector = book.sector[i]
    if sector >= 0 and limits.sector > 0.0 and equity != 0.0:
        crowded = book.sector_value[sector] / equity / limits.sector - 1.0
    goal = limits.target if gain >= 0.0 else limits.stop
    way = gain / goal if goal > 0.0 else 0.0
    return (
        50.0
        + 25.0 * within(voice, -1.0)
        + 15.0 * within(drift, -1.0)
        - 10.0 * within(age, 0.0)
        - 5.0 * within(heavy, 0.0)
        - 5.0 * within(crowded, 0.0)
        + 10.0 * within(way, -1.0)
    )


@verb
def within(value: float, least: float) -> float:
    """Cut a term to [least, 1]."""
    return min(max(value, least), 1.0)
