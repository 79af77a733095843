"""`coast`: run over bars on which nothing can happen to the one position held but a new mark.

A book of one symbol spends most of its time there. Each test that the whole row would make is made;
any doubt hands the row back. The result is the same to the last bit, and a test holds it to that.
"""

from greenlight.engine.codes import EXIT, TRAIL
from greenlight.engine.compiled import verb
from greenlight.engine.state import (
    CASH,
    DAY_START,
    ENTRIES_TODAY,
    EQUITY,
    GROSS,
    NEXT_HAPPENING,
    NONE,
    PAUSED,
    PEAK,
    SESSION,
    Rules,
    State,
)
from greenlight.engine.tape import Feed


@verb
def coast(state: State, rules: Rules, feed: Feed, row: int, end: int) -> int:
    """Close bars from `row` on while only the mark changes; returns the first row left to do.

    For a long position alone in the book, without conditions, rates or trailing stop at work.
    """
    book, limits, tape = state.book, rules.limits, feed.tape
    i, first = book.active[0], tape.first[row]
    if i < first or i >= first + tape.width[row] or not can_coast(state, i):
        return row
    end = min(end, horizon(state, rules, feed, row, i))
    quantity, average, cash = book.quantity[i], book.average[i], book.money[CASH]
    below, above = state.orders.below[i], state.orders.above[i]
    equity, peak, day_start = book.money[EQUITY], book.money[PEAK], book.money[DAY_START]
    session, extreme, mark, begun = book.counts[SESSION], book.extreme[i], book.mark[i], row
    start = feed.candidates.start
    while 0 <= row < end and start[row + 1] == start[row] and tape.first[row] == first:
        cell = tape.base[row] - first + i
        if cell < 0:  # never; spares the compiler the wrap-around of negative indices
            break
        low, high, close = tape.low[cell], tape.high[cell], tape.close[cell]
        if not (low > below and high < above and close - average > -limits.watch * average):
            break  # NaN ends here, too
        if feed.score[cell] <= limits.sell_score:
            break
        value = quantity * close
        if value > limits.trim_above * (limits.position * equity):
            break
        opening = equity if tape.session[row] > session else day_start
        lost = opening - (value + cash)
        top = max(peak, value + cash)
        if value + cash <= top * (1.0 - limits.drawdown):
            break
        if lost >= limits.daily_loss * opening or lost >= limits.daily_loss_money:
            break
        if tape.session[row] > session:
            session = tape.session[row]
            book.counts[ENTRIES_TODAY] = 0
            book.counts[PAUSED] = 0
        equity, peak, day_start, mark = value + cash, top, opening, close
        extreme = max(extreme, high)
        state.logs.equity[row] = equity
        state.logs.cash[row] = cash
        row += 1
    if row > begun:
        money = (equity, peak, day_start, mark, extreme)
        settle_coast(state, i, (row - begun, session), money)
    return row


@verb
def can_coast(state: State, i: int) -> bool:
    """Whether the position is long, and nothing rests but a stop and a target not yet reached."""
    book, orders = state.book, state.orders
    return (
        i >= 0
        and book.quantity[i] > 0.0
        and orders.urgent[i] == 0
        and book.halted[i] == 0
        and orders.state[i, EXIT] == NONE
        and orders.state[i, TRAIL] == NONE
    )


@verb
def horizon(state: State, rules: Rules, feed: Feed, row: int, i: int) -> int:
    """First row that cannot be coasted over: something happens, or the position grows too old."""
    book, events, limits = state.book, feed.happenings, rules.limits
    end = len(feed.tape.base)
    if book.counts[NEXT_HAPPENING] < len(events.row):
        end = min(end, events.row[book.counts[NEXT_HAPPENING]])
    if limits.max_bars > 0:
        end = min(end, row + limits.max_bars - 1 - book.age[i])
    return end


@verb
def settle_coast(
    state: State, i: int, counts: tuple[int, int], money: tuple[float, float, float, float, float]
) -> None:
    """Write back (bars, session) and (equity, peak, day start, mark, extreme) after coasting."""
    book = state.book
    book.age[i] += counts[0]
    book.counts[SESSION] = counts[1]
    book.money[EQUITY], book.money[PEAK], book.money[DAY_START] = money[0], money[1], money[2]
    book.mark[i], book.extreme[i] = money[3], money[4]
    value = book.quantity[i] * money[3]
    book.money[GROSS] = value
    if book.sector[i] >= 0:
        book.sector_value[book.sector[i]] = value
