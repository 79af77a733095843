"""`apply`: what a fill does to the book. And `protect`: what must rest for what is held."""

from math import isnan, nan
from typing import NamedTuple

from greenlight.engine.codes import (
    ACTION_CANCEL,
    ENTRY,
    EXIT,
    STOP,
    TARGET,
    TRAIL,
)
from greenlight.engine.compiled import verb
from greenlight.engine.limits import TRAIL_FROM_ENTRY
from greenlight.engine.ordertable import activate, cancel, cancel_all, rearm, rest, touch
from greenlight.engine.rounding import lot_ceil, tick_round
from greenlight.engine.state import (
    AT_CLOSE,
    CASH,
    DAY_TRADE_1,
    DAY_TRADE_2,
    DAY_TRADE_3,
    FILLS,
    NONE,
    SLOTS,
    TARGET_DONE,
    TARGET_PARTLY,
    TARGET_WHOLE,
    Book,
    Rules,
    State,
)
from greenlight.engine.tape import Moment
from greenlight.engine.writing import write_decision

_DUST = 1e-6  # of a lot: what float arithmetic leaves behind


class Execution(NamedTuple):
    """One fill on its way into the book; side +1 buys, -1 sells."""

    symbol: int
    side: float
    role: int
    reason: int
    quantity: float
    price: float
    reference: float
    fee: float
    intent: int
    attempt: int


@verb
def apply(state: State, rules: Rules, now: Moment, fill: Execution) -> None:
    """Book a fill: cash, quantity, average entry, realised P&L, fees; flat ends the round trip."""
    book, i = state.book, fill.symbol
    held, signed = book.quantity[i], fill.side * fill.quantity
    book.money[CASH] -= signed * fill.price + fill.fee
    write_fill(state, now, fill)
    touch(book)
    closing = min(abs(held), fill.quantity) if held * signed < 0.0 else 0.0
    opening = fill.quantity - closing
    if closing > 0.0 and opening < rules.specs.lot[i] * _DUST:
        opening = 0.0  # what float sums leave behind opens nothing
    if closing > 0.0:
        book.fees[i] += fill.fee
        book.realised[i] -= fill.side * closing * (fill.price - book.average[i])
        book.quantity[i] = held + fill.side * closing
        if abs(book.quantity[i]) < rules.specs.lot[i] * _DUST:
            book.quantity[i] = 0.0
            close_round_trip(state, rules, now, i, fill.reason)
    if opening > 0.0:
        if book.quantity[i] == 0.0:
            open_round_trip(book, now, fill, opening)
        else:
            whole = abs(held) + opening
            book.average[i] = (abs(held) * book.average[i] + opening * fill.price) / whole
            book.entered[i] += opening * fill.price
        book.fees[i] += fill.fee
        book.quantity[i] += fill.side * opening


@verb
def open_round_trip(book: Book, now: Moment, fill: Execution, quantity: float) -> None:
    """Start what is kept with a position from flat to flat."""
    i = fill.symbol
    book.average[i] = fill.price
    book.extreme[i] = fill.price
    book.mark[i] = fill.price
    book.entered[i] = quantity * fill.price
    book.intent[i] = fill.intent
    book.opened[i] = now.session
    book.realised[i] = 0.0
    book.fees[i] = 0.0
    book.momentum[i] = 0.0
    book.age[i] = 0
    book.trimmed[i] = 0
    book.recalled[i] = 0
    book.target_state[i] = TARGET_WHOLE
    activate(book, i)


@verb
def close_round_trip(state: State, rules: Rules, now: Moment, i: int, reason: int) -> None:
    """The position is flat: cool off after a loss, count a day trade, cancel what rests."""
    book, limits = state.book, rules.limits
    result = (book.realised[i] - book.fees[i]) / book.entered[i]
    if result < -limits.cooloff_loss:
        book.cool_until[i] = AT_CLOSE
    if book.opened[i] == now.session and rules.specs.is_us_equity[i] != 0:
        book.counts[DAY_TRADE_3] = book.counts[DAY_TRADE_2]
        book.counts[DAY_TRADE_2] = book.counts[DAY_TRADE_1]
        book.counts[DAY_TRADE_1] = now.session
    vanish(state, now, i, reason)


@verb
def vanish(state: State, now: Moment, i: int, reason: int) -> None:
    """Nothing is held any more: cancel what rests, give the correlation window back."""
    cancel_entry(state, now, i, reason)
    cancel_all(state.orders, i)
    release_slot(state, i)


@verb
def cancel_entry(state: State, now: Moment, i: int, reason: int) -> None:
    """Cancel a resting ENTRY, if there is one, and write down why."""
    orders = state.orders
    if orders.state[i, ENTRY] == NONE:
        return
    numbers = (nan, orders.leaves[i, ENTRY], orders.decided[i])
    what = (orders.side[i], ACTION_CANCEL, reason)
    write_decision(state, now, i, orders.intent[i, ENTRY], what, numbers)
    cancel(orders, i, ENTRY)
    rearm(orders, i, 1.0 if state.book.quantity[i] >= 0.0 else -1.0)


@verb
def cancel_opposed(state: State, now: Moment, i: int, reason: int) -> None:
    """Cancel an ENTRY against the side now held: it would close, not open."""
    if state.book.quantity[i] * state.orders.side[i] < 0.0:
        cancel_entry(state, now, i, reason)


@verb
def release_slot(state: State, i: int) -> None:
    """Give the symbol's correlation window back; the last slot moves into the hole."""
    book, scratch = state.book, state.scratch
    k = scratch.slot[i]
    if k < 0:
        return
    final = book.counts[SLOTS] - 1
    other = scratch.owner[final]
    for t in range(scratch.returns.shape[0]):
        scratch.returns[t, k] = scratch.returns[t, final]
    scratch.upto[k] = scratch.upto[final]
    scratch.total[k] = scratch.total[final]
    scratch.square[k] = scratch.square[final]
    scratch.owner[k] = other
    scratch.slot[other] = k
    scratch.slot[i] = -1
    book.counts[SLOTS] = final


@verb
def protect(state: State, rules: Rules, i: int) -> None:
    """Lay stop, target and trail for what is held; no level ever moves away from the price.

    This is where a stop is decided.
    """
    book, orders, limits, specs = state.book, state.orders, rules.limits, rules.specs
    side = 1.0 if book.quantity[i] > 0.0 else -1.0
    size, average, intent = abs(book.quantity[i]), book.average[i], book.intent[i]
    if limits.stop > 0.0:
        level = tick_round(average * (1.0 - side * limits.stop), specs.tick[i])
        before = orders.price[i, STOP]
        if orders.state[i, STOP] != NONE and side * before > side * level:
            level = before
        rest(orders, i, STOP, level, size, intent)
    if limits.target > 0.0 and book.target_state[i] != TARGET_DONE:
        wanted = min(lot_ceil(size * limits.target_share, specs.lot[i]), size)
        if book.target_state[i] == TARGET_PARTLY:
            wanted = min(orders.leaves[i, TARGET], size)
        level = tick_round(average * (1.0 + side * limits.target), specs.tick[i])
        if wanted > 0.0:
            rest(orders, i, TARGET, level, wanted, intent)
    if limits.trail > 0.0 and (
        limits.trail_from == TRAIL_FROM_ENTRY or book.target_state[i] == TARGET_DONE
    ):
        level = orders.price[i, TRAIL] if orders.state[i, TRAIL] != NONE else nan
        rest(orders, i, TRAIL, level, size, intent)
    if orders.state[i, EXIT] != NONE and orders.leaves[i, EXIT] > size:
        orders.leaves[i, EXIT] = size
    rearm(orders, i, side)


@verb
def trail(state: State, rules: Rules, i: int, high: float, low: float) -> None:
    """Move the trail with the best price of the closed bar; never back."""
    book, orders = state.book, state.orders
    long = book.quantity[i] > 0.0
    side = 1.0 if long else -1.0
    best = high if long else low
    if side * best > side * book.extreme[i]:
        book.extreme[i] = best
    if orders.state[i, TRAIL] == NONE:
        return
    level = tick_round(book.extreme[i] * (1.0 - side * rules.limits.trail), rules.specs.tick[i])
    before = orders.price[i, TRAIL]
    if isnan(before) or side * level > side * before:
        orders.price[i, TRAIL] = level
        orders.attempt[i, TRAIL] += 1
        rearm(orders, i, side)


@verb
def write_fill(state: State, now: Moment, fill: Execution) -> None:
    """Log a fill."""
    count = state.book.counts
    f = state.logs.fills[count[FILLS]]
    count[FILLS] += 1
    f["row"] = now.row
    f["ts"] = now.open_ts
    f["symbol"] = fill.symbol
    f["side"] = 1 if fill.side > 0 else -1
    f["role"] = fill.role
    f["reason"] = fill.reason
    f["quantity"] = fill.quantity
    f["price"] = fill.price
    f["reference"] = fill.reference
    f["fee"] = fill.fee
    f["intent"] = fill.intent
    f["attempt"] = fill.attempt
