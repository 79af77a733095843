"""`propose`: a row's candidates through every gate. `enter`: orders for those that may go on."""

from math import isnan

import numpy as np

from greenlight.engine.codes import (
    ACTION_ADD,
    ACTION_ENTER,
    ACTION_REFUSE,
    ENTRY,
    EXIT,
    OK,
    REASON_HELD,
    REASON_LOT,
    REASON_VERDICT,
    SIZE_NOTIONAL,
    SIZE_UNITS,
    SIZE_VOLATILITY,
)
from greenlight.engine.compiled import verb
from greenlight.engine.gates import gates
from greenlight.engine.limits import (
    ENTRY_LIMIT,
    ENTRY_MARKET,
    ENTRY_STOP,
    ENTRY_STOP_LIMIT,
)
from greenlight.engine.ordertable import activate_many, rearm, rest
from greenlight.engine.rounding import lot_floor, tick_round
from greenlight.engine.state import (
    ACTIVE,
    COMMITTED,
    DECISIONS,
    ENTRIES_TODAY,
    EQUITY,
    GROSS,
    INTENT,
    NEVER,
    NONE,
    PLANNED,
    RESTING,
    Rules,
    State,
)
from greenlight.engine.tape import Conditions, Feed, Moment
from greenlight.engine.writing import write_decision

_KELLY_SHARE = 0.5  # half Kelly


@verb
def propose(
    state: State, rules: Rules, feed: Feed, conditions: Conditions | None, now: Moment
) -> int:
    """Give each candidate of the row a quantity and a reason, best score first; return how many."""
    book, scratch = state.book, state.scratch
    count = rank(state, rules, feed, now)
    if count == 0:
        return 0
    commit(state)
    book.counts[PLANNED] = 0
    for n in range(count):
        i, side = scratch.symbol[n], float(scratch.side[n])
        scratch.action[n], scratch.quantity[n] = ACTION_REFUSE, 0.0
        scratch.verdict[n] = 1.0
        wanted = want(state, rules, feed, conditions, now, n)
        if scratch.reason[n] != OK:
            continue
        quantity, reason = gates(state, rules, feed, conditions, now, (i, side, wanted))
        scratch.quantity[n], scratch.reason[n] = quantity, reason
        if reason == OK:
            reserve(state, i, quantity * feed.tape.close[now.origin + i])
            scratch.action[n] = ACTION_ENTER if book.quantity[i] == 0.0 else ACTION_ADD
            book.counts[PLANNED] += 1
    return count


@verb
def rank(state: State, rules: Rules, feed: Feed, now: Moment) -> int:
    """Collect the row's candidates by distance of their score from neutral, largest first."""
    book, scratch, limits = state.book, state.scratch, rules.limits
    count = 0
    start = feed.candidates.start
    for c in range(start[now.row], start[now.row + 1]):
        i = int(feed.candidates.symbol[c])
        score = np.float64(feed.score[now.origin + i])
        if isnan(feed.tape.close[now.origin + i]):
            continue
        side = 1 if score >= limits.buy_score else -1
        if state.orders.state[i, EXIT] != NONE or book.quantity[i] * side < 0.0:
            continue
        strength = abs(score - 50.0)
        k = count
        while k > 0 and scratch.wanted[k - 1] < strength:
            scratch.symbol[k], scratch.side[k] = scratch.symbol[k - 1], scratch.side[k - 1]
            scratch.wanted[k] = scratch.wanted[k - 1]
            k -= 1
        scratch.symbol[k], scratch.side[k], scratch.wanted[k] = i, side, strength
        count += 1
    return count


@verb
def commit(state: State) -> None:
    """Sum what was held at the row's close and what rests to be bought: whole, and each sector."""
    book, scratch = state.book, state.scratch
    for s in range(len(book.sector_value)):
        scratch.sector_committed[s] = book.sector_value[s]
    if book.counts[RESTING] > 0:
        commit_resting(state, book.money[GROSS])
    else:
        book.money[COMMITTED] = book.money[GROSS]


@verb
def commit_anew(state: State) -> None:
    """The same between closes, where fills may have come since the last."""
    book, held = state.book, state.scratch.sector_committed
    for s in range(len(held)):
        held[s] = 0.0
    gross = 0.0
    for a in range(book.counts[ACTIVE]):
        i = book.active[a]
        if book.quantity[i] != 0.0:
            value = abs(book.quantity[i]) * book.mark[i]
            gross += value
            if book.sector[i] >= 0:
                held[book.sector[i]] += value
    commit_resting(state, gross)


@verb
def commit_resting(state: State, committed: float) -> None:
    """Add what rests to be bought to what is held."""
    book, orders, scratch = state.book, state.orders, state.scratch
    for a in range(book.counts[ACTIVE]):
        i = book.active[a]
        if orders.state[i, ENTRY] != NONE:
            value = orders.leaves[i, ENTRY] * orders.decided[i]
            committed += value
            if book.sector[i] >= 0:
                scratch.sector_committed[book.sector[i]] += value
    book.money[COMMITTED] = committed


@verb
def reserve(state: State, i: int, notional: float) -> None:
    """Count an accepted candidate as committed for those after it."""
    state.book.money[COMMITTED] += notional
    sector = state.book.sector[i]
    if sector >= 0:
        state.scratch.sector_committed[sector] += notional


@verb
def want(
    state: State, rules: Rules, feed: Feed, conditions: Conditions | None, now: Moment, n: int
) -> float:
    """Wanted notional of candidate n; sets its reason to HELD where it may not add."""
    book, scratch, limits = state.book, state.scratch, rules.limits
    i = scratch.symbol[n]
    scratch.reason[n] = OK
    wanted = size(state, rules, feed, conditions, now.origin + i, n)
    if book.quantity[i] == 0.0 and state.orders.state[i, ENTRY] == NONE:
        return min(wanted, limits.position * book.money[EQUITY])
    calibrated = scratch.calibrated[n]
    scratch.reason[n], scratch.calibrated[n] = REASON_HELD, 0
    if conditions is None or state.orders.state[i, ENTRY] != NONE:
        return 0.0
    held, side = abs(book.quantity[i]) * book.mark[i], float(scratch.side[n])
    if limits.health_add <= 0.0 or book.health[i] < limits.health_add:
        return 0.0
    more = min(wanted, limits.position * book.money[EQUITY]) - held
    if side * (book.mark[i] - book.average[i]) <= 0.0 or more <= limits.scrap * held:
        return 0.0
    scratch.reason[n], scratch.calibrated[n] = OK, calibrated
    return more


@verb
def size(
    state: State,
    rules: Rules,
    feed: Feed,
    conditions: Conditions | None,
    cell: int,
    n: int,
) -> float:
    """Wanted notional by the sizing rule; half Kelly once the forecast is calibrated.

    Kelly fraction of a bet that wins W with probability p and loses L else: p/L - (1 - p)/W
    (Kelly 1956; Thorp 2006), taken by half and times the score's confidence.
    """
    limits, equity = rules.limits, state.book.money[EQUITY]
    state.scratch.calibrated[n] = 0
    price = feed.tape.close[cell]
    if limits.sizing == SIZE_NOTIONAL:
        return limits.sizing_value
    if limits.sizing == SIZE_UNITS:
        return limits.sizing_value * price
    if limits.sizing == SIZE_VOLATILITY:
        if conditions is None or not conditions.sigma[cell] > 0.0:
            return 0.0
        return equity * limits.sizing_value / np.float64(conditions.sigma[cell])
    if conditions is not None and len(conditions.p_win) > 0:
        p, win = np.float64(conditions.p_win[cell]), np.float64(conditions.win[cell])
        loss, score = np.float64(conditions.loss[cell]), np.float64(feed.score[cell])
        if p >= 0.0 and win > 0.0 and loss > 0.0:
            state.scratch.calibrated[n] = 1
            edge = max(0.0, p / loss - (1.0 - p) / win)
            return equity * _KELLY_SHARE * edge * abs(score - 50.0) / 50.0
    return limits.sizing_value * equity


@verb
def enter(state: State, rules: Rules, feed: Feed, now: Moment, count: int) -> None:
    """Write down every candidate's decision and place the orders of those that passed."""
    book, scratch = state.book, state.scratch
    fresh = 0
    for n in range(count):
        i = scratch.symbol[n]
        price = feed.tape.close[now.origin + i]
        intent = 0
        if scratch.reason[n] == OK:
            book.counts[INTENT] += 1
            book.counts[ENTRIES_TODAY] += 1
            intent = book.counts[INTENT]
            place(state, rules, now, n, price)
            if book.is_active[i] == 0:
                scratch.fresh[fresh] = i
                fresh += 1
        what = (scratch.side[n], scratch.action[n], scratch.reason[n])
        score = np.float64(feed.score[now.origin + i])
        write_decision(state, now, i, intent, what, (score, scratch.quantity[n], price))
        d = state.logs.decisions[book.counts[DECISIONS] - 1]
        d["calibrated"] = scratch.calibrated[n]
    if fresh > 0:
        activate_many(book, scratch.fresh, fresh)


@verb
def place(state: State, rules: Rules, now: Moment, n: int, price: float) -> None:
    """Put candidate n's ENTRY into the order table."""
    orders, limits, scratch = state.orders, rules.limits, state.scratch
    i, side = scratch.symbol[n], float(scratch.side[n])
    tick = rules.specs.tick[i]
    kind, level = limits.entry_kind, price
    orders.limit[i] = price
    orders.expiry[i] = NEVER
    if kind == ENTRY_LIMIT:
        level = tick_round(price * (1.0 - side * limits.entry_offset), tick)
        if limits.timeout_ns > 0:
            orders.expiry[i] = now.close_ts + limits.timeout_ns
            if limits.timeout_ns < now.close_ts - now.open_ts:
                kind = ENTRY_MARKET
    elif kind in (ENTRY_STOP, ENTRY_STOP_LIMIT):
        level = tick_round(price * (1.0 + side * limits.entry_offset), tick)
        orders.limit[i] = tick_round(level * (1.0 + side * limits.limit_offset), tick)
    orders.kind[i] = kind
    orders.side[i] = scratch.side[n]
    orders.decided[i] = price
    orders.session[i] = NEVER
    rest(orders, i, ENTRY, level, scratch.quantity[n], state.book.counts[INTENT])
    rearm(orders, i, side)


@verb
def review(
    state: State, rules: Rules, feed: Feed, conditions: Conditions | None, now: Moment, count: int
) -> None:
    """Apply the verdicts and run the gates again on the book as it is now; nothing ever grows.

    Between `propose` and `enter`, where verdicts were asked for or the book has changed since.
    """
    book, scratch = state.book, state.scratch
    commit_anew(state)
    book.counts[PLANNED] = 0
    for n in range(count):
        if scratch.reason[n] != OK:
            continue
        i, side = scratch.symbol[n], float(scratch.side[n])
        price = feed.tape.close[now.origin + i]
        quantity = lot_floor(scratch.quantity[n] * scratch.verdict[n], rules.specs.lot[i])
        reason = OK
        if quantity <= 0.0:
            reason = REASON_VERDICT if scratch.verdict[n] == 0.0 else REASON_LOT
        elif is_overtaken(state, n):
            reason = REASON_HELD
        else:
            room = rules.limits.position * book.money[EQUITY]
            if book.quantity[i] != 0.0:
                room -= abs(book.quantity[i]) * book.mark[i]
            wanted = min(quantity * price, room)
            allowed, reason = gates(state, rules, feed, conditions, now, (i, side, wanted))
            quantity = min(quantity, allowed)
        if reason != OK:
            scratch.reason[n], scratch.quantity[n] = reason, 0.0
            scratch.action[n] = ACTION_REFUSE
            continue
        scratch.quantity[n] = quantity
        reserve(state, i, quantity * price)
        book.counts[PLANNED] += 1


@verb
def is_overtaken(state: State, n: int) -> bool:
    """Whether candidate n would no longer open, or no longer add to, what it was proposed for."""
    scratch = state.scratch
    i = scratch.symbol[n]
    if state.orders.state[i, ENTRY] != NONE:
        return True
    if scratch.action[n] == ACTION_ADD:
        return state.book.quantity[i] * scratch.side[n] <= 0.0
    return state.book.quantity[i] != 0.0
