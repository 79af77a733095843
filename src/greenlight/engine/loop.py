"""One row, and the loop over rows: the order in which the verbs run. docs/engine.md section 2."""

from math import isnan

from greenlight.engine.accounts import cancel_entry
from greenlight.engine.coasting import coast
from greenlight.engine.codes import (
    CASH_BORROW,
    CASH_INTEREST,
    ENTRY,
    REASON_DAILY_LOSS,
    REASON_DRAWDOWN,
)
from greenlight.engine.compiled import loop, verb
from greenlight.engine.entries import enter, propose
from greenlight.engine.exits import close_bar
from greenlight.engine.happenings import happen
from greenlight.engine.matching import match
from greenlight.engine.state import (
    ACTIVE,
    ADJUSTMENTS,
    AT_CLOSE,
    CASH,
    DAY_START,
    DECISIONS,
    ENTRIES_TODAY,
    EQUITY,
    FILLS,
    FLOWS,
    GROSS,
    HALTED,
    HALTED_ROW,
    NEVER,
    NEXT_HAPPENING,
    NONE,
    PAUSED,
    PEAK,
    RESTING,
    ROLES,
    SESSION,
    Rules,
    State,
)
from greenlight.engine.tape import Conditions, Feed, Moment, Tape
from greenlight.engine.writing import move_cash

# phases of a row, as bits: what the caller leaves to the engine
MATCH = 1  # fills come from the simulated exchange
ENTER = 2  # no verdicts are awaited
WHOLE = MATCH | ENTER

_DAYS_A_YEAR = 365.0


@loop
def run(
    state: State,
    rules: Rules,
    feed: Feed,
    conditions: Conditions | None,
    span: tuple[int, int],
    phases: int,
) -> int:
    """Walk rows span[0] .. span[1] - 1; returns the next row.

    That is earlier than the end where the logs are full (the caller makes room) or where something
    is due to happen (the caller lets `begin` see to it); then it calls again. Happenings are rare
    and their code is large: kept apart, they are compiled only where there are any.
    """
    row, end = span
    book = state.book
    is_quiet = len(feed.rates) == 0  # cash does not move by itself
    while 0 <= row < end:
        if is_due(state, feed, row) or is_full(state, feed, row):
            return row
        one_row(state, rules, feed, conditions, moment_of(feed.tape, row), phases)
        row += 1
        if is_quiet and book.counts[ACTIVE] == 0:
            row = skip_idle(state, feed, row, end)
        # tested alone, so that the other pattern never compiles `coast`
        if conditions is None:  # noqa: SIM102
            if is_quiet and book.counts[ACTIVE] == 1 and row < end:
                row = coast(state, rules, feed, row, end)
    return row


@loop
def begin(state: State, rules: Rules, feed: Feed, row: int) -> bool:
    """Roll the session and apply what happens in a row; False where a happening came twice."""
    now = moment_of(feed.tape, row)
    if now.session > state.book.counts[SESSION]:
        roll(state, rules, feed, now)
    return happen(state, rules, feed.happenings, now)


@verb
def is_due(state: State, feed: Feed, row: int) -> bool:
    """Whether something happens in this row that has not been applied."""
    k = state.book.counts[NEXT_HAPPENING]
    return k < len(feed.happenings.row) and feed.happenings.row[k] <= row


@verb
def moment_of(tape: Tape, row: int) -> Moment:
    """The row as the verbs see it."""
    first = tape.first[row]
    return Moment(
        row,
        tape.open_ts[row],
        tape.close_ts[row],
        tape.session[row],
        tape.elapsed[row],
        tape.at[row],
        first,
        first + tape.width[row],
        tape.base[row] - first,
    )


@verb
def one_row(
    state: State,
    rules: Rules,
    feed: Feed,
    conditions: Conditions | None,
    now: Moment,
    phases: int,
) -> None:
    """Everything that happens in one row."""
    book = state.book
    if now.session > book.counts[SESSION]:
        roll(state, rules, feed, now)
    walk(state, rules, feed, conditions, now, phases)
    watch_account(state, rules, now)
    if feed.candidates.start[now.row + 1] > feed.candidates.start[now.row]:
        count = propose(state, rules, feed, conditions, now)
        if phases & ENTER:
            enter(state, rules, feed, now, count)


@verb
def roll(state: State, rules: Rules, feed: Feed, now: Moment) -> None:
    """Begin a session: day start, entries, pause; interest and borrow for the days since."""
    book = state.book
    count = book.counts
    if count[SESSION] != NEVER:
        days = float(now.session - count[SESSION])
        rate = feed.rates[now.row] if len(feed.rates) > 0 else 0.0
        cash = book.money[CASH]
        if cash > 0.0 and rate != 0.0 and not isnan(rate):
            move_cash(state, now, -1, CASH_INTEREST, cash * rate * days / _DAYS_A_YEAR)
        for a in range(count[ACTIVE]):
            i = book.active[a]
            if book.quantity[i] < 0.0:
                owed = (
                    -book.quantity[i] * book.mark[i] * rules.costs.borrow[i] * days / _DAYS_A_YEAR
                )
                move_cash(state, now, i, CASH_BORROW, -owed)
    count[SESSION] = now.session
    count[ENTRIES_TODAY] = 0
    count[PAUSED] = 0
    book.money[DAY_START] = book.money[EQUITY]


@verb
def walk(
    state: State,
    rules: Rules,
    feed: Feed,
    conditions: Conditions | None,
    now: Moment,
    phases: int,
) -> None:
    """Match and close the bar of every active symbol, drop those that are done, sum the account."""
    book, held = state.book, state.scratch.sector_committed
    before, equity, gross = book.counts[ACTIVE], 0.0, 0.0
    for s in range(len(held)):
        held[s] = 0.0
    kept = resting = 0
    for a in range(before):
        i = book.active[a]
        if i < 0:  # never; spares the compiler the wrap-around of negative indices
            continue
        if now.first <= i < now.end:
            if phases & MATCH:
                match(state, rules, feed, conditions, now, i)
            close_bar(state, rules, feed, conditions, now, i)
        quantity = book.quantity[i]
        if quantity == 0.0 and is_done(state, rules, now, i):
            book.is_active[i] = 0
            continue
        book.active[kept] = i
        kept += 1
        if state.orders.state[i, ENTRY] != NONE:
            resting += 1
        if quantity != 0.0:
            value = quantity * book.mark[i]
            equity += value
            gross += abs(value)
            if book.sector[i] >= 0:
                held[book.sector[i]] += abs(value)
    for s in range(len(held)):
        book.sector_value[s] = held[s]
    book.counts[ACTIVE], book.counts[RESTING] = kept, resting
    equity += book.money[CASH]
    book.money[EQUITY] = equity
    book.money[GROSS] = gross
    state.logs.equity[now.row] = equity
    state.logs.cash[now.row] = book.money[CASH]


@verb
def is_done(state: State, rules: Rules, now: Moment, i: int) -> bool:
    """Whether a flat symbol can be dropped; a loss in this bar starts its cool-off first.

    The cool-off begins here, at the close, so that history and the world count it from one moment.
    """
    book = state.book
    if book.cool_until[i] == AT_CLOSE:
        if not now.first <= i < now.end:
            return False
        # at least one bar, however short the cool-off
        book.cool_until[i] = now.elapsed + max(1, rules.limits.cooloff_ns)
    return state.orders.state[i, ENTRY] == NONE


@verb
def watch_account(state: State, rules: Rules, now: Moment) -> None:
    """Pause after a daily loss, halt at a drawdown; either cancels resting entries."""
    book, limits = state.book, rules.limits
    money, count = book.money, book.counts
    equity = money[EQUITY]
    if equity > money[PEAK]:
        money[PEAK] = equity
    begins = 0
    if count[HALTED] == 0 and equity <= money[PEAK] * (1.0 - limits.drawdown):
        count[HALTED], count[HALTED_ROW] = 1, now.row
        begins = REASON_DRAWDOWN
    lost = money[DAY_START] - equity
    if count[PAUSED] == 0 and (
        lost >= limits.daily_loss * money[DAY_START] or lost >= limits.daily_loss_money
    ):
        count[PAUSED] = 1
        begins = begins if begins != 0 else REASON_DAILY_LOSS
    if begins == 0:
        return
    for a in range(count[ACTIVE]):
        cancel_entry(state, now, book.active[a], begins)


@verb
def is_full(state: State, feed: Feed, row: int) -> bool:
    """Whether the logs might not hold all that this row can write."""
    count, logs = state.book.counts, state.logs
    start = feed.candidates.start
    need = (ROLES + 3) * (count[ACTIVE] + 1) + (start[row + 1] - start[row])
    return (
        count[FILLS] + need > len(logs.fills)
        or count[DECISIONS] + need > len(logs.decisions)
        or count[FLOWS] + need > len(logs.flows)
        or count[ADJUSTMENTS] + need > len(logs.adjustments)
    )


@verb
def skip_idle(state: State, feed: Feed, row: int, end: int) -> int:
    """With nothing held, ordered or due, the next row with a candidate; the curve stays flat."""
    book, start, events = state.book, feed.candidates.start, feed.happenings
    stop = end
    if book.counts[NEXT_HAPPENING] < len(events.row):
        stop = min(end, events.row[book.counts[NEXT_HAPPENING]])
    equity, cash = book.money[EQUITY], book.money[CASH]
    while row < stop and start[row + 1] == start[row]:
        state.logs.equity[row] = equity
        state.logs.cash[row] = cash
        row += 1
    return row
