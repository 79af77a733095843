"""What the world does to the book other than trade; docs/engine.md section 7."""

from math import isnan

from greenlight.engine.accounts import (
    Execution,
    apply,
    cancel_entry,
    cancel_opposed,
    open_round_trip,
    protect,
    vanish,
)
from greenlight.engine.codes import (
    CASH_DELIST,
    CASH_DEPOSIT,
    CASH_DIVIDEND,
    CASH_FUNDING,
    CASH_LIEU,
    CASH_MERGER,
    ENTRY,
    EXIT,
    HAPPENS_CASH_MERGER,
    HAPPENS_DELIST,
    HAPPENS_DEPOSIT,
    HAPPENS_DIVIDEND,
    HAPPENS_FUNDING,
    HAPPENS_HALT,
    HAPPENS_MANUAL,
    HAPPENS_RECALL,
    HAPPENS_RESUME,
    HAPPENS_SECTOR,
    HAPPENS_SPIN_OFF,
    HAPPENS_SPLIT,
    HAPPENS_STOCK_MERGER,
    REASON_LOT,
    REASON_MANUAL,
    REASON_UNTRADABLE,
    ROLE_MANUAL,
    TARGET,
)
from greenlight.engine.compiled import verb
from greenlight.engine.ordertable import cancel, rearm, touch
from greenlight.engine.rounding import lot_floor
from greenlight.engine.state import (
    ACCOUNT_ID,
    AT_CLOSE,
    DAY_START,
    NEXT_HAPPENING,
    NONE,
    PEAK,
    REFUSED_ID,
    ROLES,
    Rules,
    State,
)
from greenlight.engine.tape import Happenings, Moment
from greenlight.engine.writing import move_cash, write_adjustment

_DUST = 1e-6  # of a lot: what float arithmetic leaves behind


@verb
def happen(state: State, rules: Rules, what: Happenings, now: Moment) -> bool:
    """Apply what is due in this row; False where an id came twice (counts[REFUSED_ID] names it)."""
    count = state.book.counts
    while count[NEXT_HAPPENING] < len(what.row) and what.row[count[NEXT_HAPPENING]] <= now.row:
        n = count[NEXT_HAPPENING]
        i = what.symbol[n]
        last = count[ACCOUNT_ID] if i < 0 else state.book.last_id[i]
        if what.id[n] <= last:
            count[REFUSED_ID] = what.id[n] + 1
            return False
        if i < 0:
            count[ACCOUNT_ID] = what.id[n]
        else:
            state.book.last_id[i] = what.id[n]
        happen_one(state, rules, now, (i, what.kind[n]), (what.a[n], what.b[n], what.c[n]))
        count[NEXT_HAPPENING] = n + 1
    return True


@verb
def happen_one(
    state: State,
    rules: Rules,
    now: Moment,
    which: tuple[int, int],
    by: tuple[float, float, float],
) -> None:
    """Apply one happening: which is (symbol, kind), by its three numbers."""
    book = state.book
    i, kind = which
    touch(book)
    if kind == HAPPENS_SPLIT:
        split(state, rules, now, i, by[0])
    elif kind == HAPPENS_DIVIDEND:
        move_cash(state, now, i, CASH_DIVIDEND, book.quantity[i] * by[0])
    elif kind == HAPPENS_FUNDING:
        move_cash(state, now, i, CASH_FUNDING, book.quantity[i] * by[0])
    elif kind == HAPPENS_CASH_MERGER:
        pay_out(state, now, (i, kind), by[0], CASH_MERGER)
    elif kind == HAPPENS_DELIST:
        price = by[0]
        if isnan(price):
            price = book.mark[i] * (1.0 + rules.limits.delist_return)
        pay_out(state, now, (i, kind), price, CASH_DELIST)
    elif kind == HAPPENS_STOCK_MERGER:
        exchange(state, rules, now, i, by)
    elif kind == HAPPENS_SPIN_OFF:
        spin_off(state, rules, now, i, by)
    elif kind == HAPPENS_DEPOSIT:
        move_cash(state, now, -1, CASH_DEPOSIT, by[0])
        book.money[DAY_START] += by[0]
        book.money[PEAK] += by[0]
    elif kind == HAPPENS_MANUAL:
        trade_by_hand(state, rules, now, i, by)
    elif kind == HAPPENS_RECALL:
        book.recalled[i] = 1
    elif kind == HAPPENS_SECTOR:
        book.sector[i] = int(by[0])
    elif kind in (HAPPENS_HALT, HAPPENS_RESUME):
        book.halted[i] = 1 if kind == HAPPENS_HALT else 0


@verb
def split(state: State, rules: Rules, now: Moment, i: int, ratio: float) -> None:
    """Rescale position, levels and orders; the fraction of a lot is sold at the mark."""
    book, orders, lot = state.book, state.orders, rules.specs.lot[i]
    book.average[i] /= ratio
    book.mark[i] /= ratio
    book.extreme[i] /= ratio
    orders.limit[i] /= ratio
    orders.decided[i] /= ratio
    for role in range(ROLES):
        orders.price[i, role] /= ratio
        orders.leaves[i, role] = lot_floor(orders.leaves[i, role] * ratio, lot)
    if orders.leaves[i, ENTRY] <= 0.0:
        cancel_entry(state, now, i, REASON_LOT)
    for role in (TARGET, EXIT):
        if orders.leaves[i, role] <= 0.0:
            cancel(orders, i, role)
    held = book.quantity[i]
    side = 1.0 if held > 0.0 or (held == 0.0 and orders.side[i] > 0) else -1.0
    if held != 0.0:
        whole = lot_floor(abs(held) * ratio, lot)
        sell_fraction(state, now, i, lot, (side, abs(held) * ratio - whole, book.mark[i]))
        book.quantity[i] = side * whole
        write_adjustment(state, now, i, HAPPENS_SPLIT, (held, side * whole))
        if whole == 0.0:
            vanish(state, now, i, REASON_UNTRADABLE)
            return
        resize(state, i, whole)
    rearm(orders, i, side)


@verb
def sell_fraction(
    state: State, now: Moment, i: int, lot: float, what: tuple[float, float, float]
) -> None:
    """Cash in lieu of (side, fraction, price); dust of float arithmetic is not paid."""
    side, fraction, price = what
    if fraction > _DUST * lot:
        move_cash(state, now, i, CASH_LIEU, side * fraction * price)
        state.book.realised[i] += side * fraction * (price - state.book.average[i])


@verb
def resize(state: State, i: int, whole: float) -> None:
    """Let stop and trail cover exactly the position, and no other order more than it."""
    orders = state.orders
    for role in range(1, ROLES):
        if orders.state[i, role] == NONE:
            continue
        if role in (TARGET, EXIT):
            orders.leaves[i, role] = min(orders.leaves[i, role], whole)
        else:
            orders.leaves[i, role] = whole


@verb
def pay_out(
    state: State, now: Moment, which: tuple[int, int], price: float, cash_kind: int
) -> None:
    """Close the position at `price` without a trade and cancel what rests."""
    book = state.book
    i, kind = which
    held = book.quantity[i]
    if held != 0.0:
        move_cash(state, now, i, cash_kind, held * price)
        book.realised[i] += held * (price - book.average[i])
        book.quantity[i] = 0.0
        write_adjustment(state, now, i, kind, (held, 0.0))
    vanish(state, now, i, REASON_UNTRADABLE)


@verb
def exchange(
    state: State, rules: Rules, now: Moment, i: int, by: tuple[float, float, float]
) -> None:
    """Turn a holding into by[1] units of symbol by[0] and by[2] cash a unit."""
    book = state.book
    other, ratio, cash = int(by[0]), by[1], by[2]
    held = book.quantity[i]
    if held != 0.0:
        move_cash(state, now, i, CASH_MERGER, held * cash)
        book.quantity[i] = 0.0
        write_adjustment(state, now, i, HAPPENS_STOCK_MERGER, (held, 0.0))
    vanish(state, now, i, REASON_UNTRADABLE)
    if held != 0.0:
        basis = (book.average[i] - cash) / ratio
        receive(
            state, rules, now, (other, HAPPENS_STOCK_MERGER, book.intent[i]), (held * ratio, basis)
        )


@verb
def spin_off(
    state: State, rules: Rules, now: Moment, i: int, by: tuple[float, float, float]
) -> None:
    """Hand the holder by[1] units of symbol by[0], which takes the share by[2] of the cost."""
    book, orders = state.book, state.orders
    other, ratio, share = int(by[0]), by[1], by[2]
    held = book.quantity[i]
    if held != 0.0:
        basis = book.average[i] * share / ratio
        receive(state, rules, now, (other, HAPPENS_SPIN_OFF, book.intent[i]), (held * ratio, basis))
    book.average[i] *= 1.0 - share
    book.mark[i] *= 1.0 - share
    book.extreme[i] *= 1.0 - share
    book.entered[i] *= 1.0 - share
    orders.limit[i] *= 1.0 - share
    orders.decided[i] *= 1.0 - share
    for role in range(ROLES):
        orders.price[i, role] *= 1.0 - share
    side = held if held != 0.0 else float(orders.side[i])
    rearm(orders, i, 1.0 if side > 0.0 else -1.0)


@verb
def receive(
    state: State,
    rules: Rules,
    now: Moment,
    which: tuple[int, int, int],
    what: tuple[float, float],
) -> None:
    """Book units that came without a trade, in whole lots; the fraction is paid in cash.

    which: symbol, kind of happening, intent of the giver. what: signed quantity, cost a unit.
    """
    book = state.book
    i, kind, intent = which
    signed, basis = what
    lot, held = rules.specs.lot[i], book.quantity[i]
    side = 1.0 if signed > 0.0 else -1.0
    whole = lot_floor(abs(signed), lot)
    fraction = abs(signed) - whole
    if fraction > _DUST * lot:
        price = basis if held == 0.0 else book.mark[i]
        move_cash(state, now, i, CASH_LIEU, side * fraction * price)
    if whole == 0.0:
        return
    opening = whole
    if held * side < 0.0:
        closing = min(whole, abs(held))
        opening = whole - closing
        book.realised[i] -= side * closing * (basis - book.average[i])
        book.quantity[i] = held + side * closing
        if abs(book.quantity[i]) <= _DUST * lot:
            book.quantity[i] = 0.0
            vanish(state, now, i, REASON_UNTRADABLE)
    if opening > _DUST * lot:
        gift = Execution(i, side, 0, 0, opening, basis, basis, 0.0, intent, 0)
        before = abs(book.quantity[i])
        if before == 0.0:
            open_round_trip(book, now, gift, opening)
        else:
            book.average[i] = (before * book.average[i] + opening * basis) / (before + opening)
            book.entered[i] += opening * basis
        book.quantity[i] += side * opening
    write_adjustment(state, now, i, kind, (held, book.quantity[i]))
    if book.quantity[i] != 0.0:
        cancel_opposed(state, now, i, REASON_UNTRADABLE)
        protect(state, rules, i)


@verb
def trade_by_hand(
    state: State, rules: Rules, now: Moment, i: int, by: tuple[float, float, float]
) -> None:
    """Book a trade (signed quantity, price) made outside; it moves neither peak nor daily loss."""
    book = state.book
    signed, price = by[0], by[1]
    value = book.quantity[i] * book.mark[i] if book.quantity[i] != 0.0 else 0.0
    apply(state, rules, now, by_hand(i, 1.0 if signed > 0.0 else -1.0, abs(signed), price))
    if book.cool_until[i] == AT_CLOSE:
        book.cool_until[i] = now.elapsed + max(1, rules.limits.cooloff_ns)
    if book.quantity[i] != 0.0:
        cancel_opposed(state, now, i, REASON_MANUAL)
        protect(state, rules, i)
        value -= book.quantity[i] * book.mark[i]
    made = -signed * price - value
    book.money[DAY_START] += made
    book.money[PEAK] += made


@verb
def by_hand(i: int, side: float, quantity: float, price: float) -> Execution:
    """The fill of a trade made outside."""
    return Execution(i, side, ROLE_MANUAL, REASON_MANUAL, quantity, price, price, 0.0, 0, 0)
