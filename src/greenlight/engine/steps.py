"""The verbs that the world's clock calls one by one, where history's loop runs them in a row.

Each entry is compiled with all that it calls, so there are few, and they are small.
"""

from math import nan

from greenlight.engine.accounts import Execution, apply, cancel_entry, protect
from greenlight.engine.codes import ACTION_EXIT, EXIT
from greenlight.engine.compiled import loop
from greenlight.engine.entries import enter, review
from greenlight.engine.exits import leave
from greenlight.engine.loop import moment_of
from greenlight.engine.matching import Progress, next_execution, settle, start_bar
from greenlight.engine.state import ACTIVE, NONE, Rules, State
from greenlight.engine.tape import Conditions, Feed, Moment

UNSTARTED = -1  # stage of a Progress of which only the symbol is known


@loop
def book_fill(state: State, rules: Rules, now: Moment, fill: Execution) -> None:
    """Book a fill as `take` does; one of an order no longer in the table is a fact all the same."""
    i, role, orders = fill.symbol, fill.role, state.orders
    if orders.state[i, role] != NONE and orders.intent[i, role] == fill.intent:
        settle(state, i, role, orders.leaves[i, role] - fill.quantity, rules.specs.lot[i])
    apply(state, rules, now, fill)
    if state.book.quantity[i] != 0.0:
        protect(state, rules, i)


@loop
def end_entries(state: State, now: Moment, symbol: int, reason: int) -> None:
    """Cancel the resting ENTRY of a symbol, or with -1 every one, and write down why."""
    if symbol >= 0:
        cancel_entry(state, now, symbol, reason)
        return
    for a in range(state.book.counts[ACTIVE]):
        cancel_entry(state, now, state.book.active[a], reason)


@loop
def exit_now(state: State, now: Moment, symbol: int, reason: int) -> None:
    """Leave a position whole between closes; where an EXIT rests for part of it, for all of it."""
    size, orders = abs(state.book.quantity[symbol]), state.orders
    if size == 0.0:
        return
    if orders.state[symbol, EXIT] == NONE or orders.leaves[symbol, EXIT] < size:
        leave(state, now, symbol, (ACTION_EXIT, reason), (nan, size))
    cancel_entry(state, now, symbol, reason)


@loop
def decide(
    state: State,
    rules: Rules,
    feed: Feed,
    conditions: Conditions | None,
    count: int,
    is_stale: int,
) -> None:
    """Enter what row 0 proposed; where the book has changed, or a verdict counts, review it."""
    now = moment_of(feed.tape, 0)
    if is_stale != 0:
        review(state, rules, feed, conditions, now, count)
    enter(state, rules, feed, now, count)


@loop
def fill_next(
    state: State, rules: Rules, feed: Feed, conditions: Conditions | None, at: Progress
) -> tuple[Execution, Progress]:
    """The next fill of a symbol in the bars of row 0; see `next_execution`."""
    now = moment_of(feed.tape, 0)
    if at.stage == UNSTARTED:
        at = start_bar(state, rules, feed, now, at.symbol)
    return next_execution(state, rules, feed, conditions, now, at)
