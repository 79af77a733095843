"""The order table's few moves. Whoever changes an order calls `rearm`."""

from math import inf, nan

from greenlight.engine.codes import (
    ENTRY,
    EXIT,
    STOP,
    TARGET,
    TRAIL,
)
from greenlight.engine.compiled import verb
from greenlight.engine.limits import ENTRY_LIMIT, ENTRY_MARKET
from greenlight.engine.state import (
    ACTIVE,
    NEVER,
    NONE,
    ROLES,
    STAMP,
    TRIGGERED,
    WINDOWS_AT,
    WORKING,
    Book,
    Orders,
)
from greenlight.engine.tape import I64


@verb
def rearm(orders: Orders, i: int, side: float) -> None:
    """Recompute the prices between which nothing rests, and whether the next bar must be looked at.

    An ENTRY is always looked at: it may expire. `side` is that of the position or its entry.
    """
    state, price = orders.state, orders.price
    urgent = state[i, EXIT] != NONE or state[i, ENTRY] != NONE
    against, along = -inf, inf  # mirrored: losses lie below, gains above
    if state[i, STOP] != NONE:
        against = side * price[i, STOP]
        urgent = urgent or state[i, STOP] == TRIGGERED
    if state[i, TRAIL] != NONE:
        level = side * price[i, TRAIL]
        if level > against:
            against = level
        urgent = urgent or state[i, TRAIL] == TRIGGERED
    if state[i, TARGET] != NONE:
        along = side * price[i, TARGET]
    if side > 0:
        orders.below[i], orders.above[i] = against, along
    else:
        orders.below[i], orders.above[i] = -along, -against
    orders.urgent[i] = 1 if urgent else 0


@verb
def rest(orders: Orders, i: int, role: int, price: float, quantity: float, intent: int) -> None:
    """Place, or replace, the order of a slot; a change counts as a further attempt."""
    fresh = orders.state[i, role] == NONE
    if not fresh and orders.price[i, role] == price and orders.leaves[i, role] == quantity:
        return
    if fresh and orders.intent[i, role] != intent:
        orders.attempt[i, role] = 0
    else:
        orders.attempt[i, role] += 1
    if fresh:
        orders.state[i, role] = WORKING
    orders.intent[i, role] = intent
    orders.price[i, role] = price
    orders.leaves[i, role] = quantity


@verb
def cancel(orders: Orders, i: int, role: int) -> None:
    """Empty a slot."""
    orders.state[i, role] = NONE


@verb
def cancel_all(orders: Orders, i: int) -> None:
    """Empty every slot of a symbol."""
    for role in range(ROLES):
        orders.state[i, role] = NONE


@verb
def has_limit_price(orders: Orders, i: int, role: int) -> bool:
    """Whether the order fills at its own price without spread and slippage."""
    return role == TARGET or (role == ENTRY and orders.kind[i] == ENTRY_LIMIT)


@verb
def make_market(orders: Orders, i: int) -> None:
    """Turn an ENTRY into a market order."""
    orders.kind[i] = ENTRY_MARKET
    orders.price[i, ENTRY] = nan


@verb
def activate(book: Book, i: int) -> None:
    """Insert a symbol into the active list, which stays ascending: order decides float sums."""
    if book.is_active[i] != 0:
        return
    book.is_active[i] = 1
    k = book.counts[ACTIVE]
    book.counts[ACTIVE] = k + 1
    while k > 0 and book.active[k - 1] > i:
        book.active[k] = book.active[k - 1]
        k -= 1
    book.active[k] = i


@verb
def activate_many(book: Book, fresh: I64, count: int) -> None:
    """Merge the first `count` of `fresh`, none of them active, into the active list in one pass."""
    for n in range(1, count):
        i, k = fresh[n], n
        while k > 0 and fresh[k - 1] > i:
            fresh[k] = fresh[k - 1]
            k -= 1
        fresh[k] = i
    old = book.counts[ACTIVE] - 1
    end = old + count
    book.counts[ACTIVE] = end + 1
    for n in range(count - 1, -1, -1):
        i = fresh[n]
        book.is_active[i] = 1
        while old >= 0 and book.active[old] > i:
            book.active[end] = book.active[old]
            old -= 1
            end -= 1
        book.active[end] = i
        end -= 1


@verb
def touch(book: Book) -> None:
    """Mark that the book changed in a way that could alter a gate's answer."""
    book.counts[STAMP] += 1
    book.counts[WINDOWS_AT] = NEVER
