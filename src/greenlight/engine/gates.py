"""The gates: every entry passes all of them, in this order; the first that refuses is the reason.

A gate never stops an order that reduces. docs/engine.md section 5 is the table.
"""

from math import inf, isnan, sqrt

import numpy as np

from greenlight.engine.codes import (
    OK,
    REASON_ANOMALY,
    REASON_COOLOFF,
    REASON_CORRELATION,
    REASON_DAILY_LOSS,
    REASON_DAY_TRADES,
    REASON_DEPLOYED,
    REASON_DISARMED,
    REASON_DRAWDOWN,
    REASON_ENTRIES,
    REASON_HALTED,
    REASON_KILLED,
    REASON_LOT,
    REASON_MARGIN,
    REASON_NOTIONAL,
    REASON_OVEREXTENDED,
    REASON_REGIME,
    REASON_SECTOR,
    REASON_SHORT,
    REASON_SIZE,
    REASON_STALE,
    REASON_UNIVERSE,
    REASON_UNTRADABLE,
    REASON_VOLUME,
)
from greenlight.engine.compiled import verb
from greenlight.engine.rounding import lot_floor
from greenlight.engine.state import (
    ACTIVE,
    ANOMALY,
    COMMITTED,
    DAY_TRADE_3,
    ENTRIES_TODAY,
    EQUITY,
    HALTED,
    KILLED,
    ORDERED_HALT,
    PAUSED,
    PLANNED,
    SLOTS,
    WINDOWS_AT,
    Rules,
    State,
)
from greenlight.engine.tape import (
    FLAG_REGIME,
    FLAG_STALE,
    FLAG_UNIVERSE,
    FLAG_UNTRADABLE,
    Conditions,
    Feed,
    Moment,
)

_ROUNDING = 1.0 + 1e-9  # a size cut to fit exactly must not fail by the last bit
_PDT_TRADES_DAYS = 7  # calendar days that hold five business days


@verb
def gates(
    state: State,
    rules: Rules,
    feed: Feed,
    conditions: Conditions | None,
    now: Moment,
    order: tuple[int, float, float],
) -> tuple[float, int]:
    """Quantity and reason for an entry: order is (symbol, side, wanted notional)."""
    i, side, wanted = order
    reason = system_gate(state, rules, feed, conditions, now.origin + i)
    if reason != OK:
        return 0.0, reason
    wanted, reason = portfolio_gate(state, rules, now, i, wanted)
    if reason != OK:
        return 0.0, reason
    if conditions is not None and correlated(state, rules, conditions, now, i, side):
        return 0.0, REASON_CORRELATION
    wanted, reason = sector_gate(state, rules, i, wanted)
    if reason != OK:
        return 0.0, reason
    reason = symbol_gate(state, rules, conditions, now, i, side)
    if reason != OK:
        return 0.0, reason
    return position_gate(rules, feed, conditions, now.origin + i, i, wanted)


@verb
def system_gate(
    state: State, rules: Rules, feed: Feed, conditions: Conditions | None, cell: int
) -> int:
    """Kill switch, arming, stale data, anomaly, daily loss, drawdown, a halt by order."""
    count = state.book.counts
    if count[KILLED] != 0:
        return REASON_KILLED
    if not rules.limits.armed:
        return REASON_DISARMED
    if isnan(feed.score[cell]):
        return REASON_STALE
    if conditions is not None and conditions.flags[cell] & FLAG_STALE:
        return REASON_STALE
    if count[ANOMALY] != 0:
        return REASON_ANOMALY
    if count[PAUSED] != 0:
        return REASON_DAILY_LOSS
    if count[HALTED] != 0:
        return REASON_DRAWDOWN
    if count[ORDERED_HALT] != 0:
        return REASON_HALTED
    return OK


@verb
def portfolio_gate(
    state: State, rules: Rules, now: Moment, i: int, wanted: float
) -> tuple[float, int]:
    """Deployed share, entries a day, margin, pattern day trades."""
    limits, count, money = rules.limits, state.book.counts, state.book.money
    equity, committed = money[EQUITY], money[COMMITTED]
    room = limits.deployed * equity - committed
    if room < limits.scrap * wanted or room <= 0.0:
        return wanted, REASON_DEPLOYED
    wanted = min(wanted, room)
    if count[ENTRIES_TODAY] + count[PLANNED] >= limits.entries_per_day:
        return wanted, REASON_ENTRIES
    if committed + wanted > limits.leverage * equity * _ROUNDING:
        return wanted, REASON_MARGIN
    if (
        rules.specs.is_us_equity[i] != 0
        and equity < limits.pdt_equity
        and now.close_ts < limits.pdt_until
        and count[DAY_TRADE_3] > now.session - _PDT_TRADES_DAYS
    ):
        return wanted, REASON_DAY_TRADES
    return wanted, OK


@verb
def sector_gate(state: State, rules: Rules, i: int, wanted: float) -> tuple[float, int]:
    """Share of one sector; an unknown sector passes."""
    sector = state.book.sector[i]
    if sector < 0:
        return wanted, OK
    room = rules.limits.sector * state.book.money[EQUITY] - state.scratch.sector_committed[sector]
    if room < rules.limits.scrap * wanted or room <= 0.0:
        return wanted, REASON_SECTOR
    return min(wanted, room), OK


@verb
def symbol_gate(
    state: State, rules: Rules, conditions: Conditions | None, now: Moment, i: int, side: float
) -> int:
    """Cool-off, overextended, untradable, not in the universe, wrong regime, no short."""
    book, limits, cell = state.book, rules.limits, now.origin + i
    if now.elapsed < book.cool_until[i]:
        return REASON_COOLOFF
    if conditions is not None:
        strength = conditions.rsi[cell]
        if (side > 0.0 and strength > limits.rsi_high) or (
            side < 0.0 and strength < limits.rsi_low
        ):
            return REASON_OVEREXTENDED
    if book.halted[i] != 0:
        return REASON_UNTRADABLE
    if conditions is not None:
        flags = conditions.flags[cell]
        if flags & FLAG_UNTRADABLE:
            return REASON_UNTRADABLE
        if flags & FLAG_UNIVERSE:
            return REASON_UNIVERSE
        if flags & FLAG_REGIME:
            return REASON_REGIME
    if side < 0.0 and (limits.long_only or rules.specs.shortable[i] == 0):
        return REASON_SHORT
    return OK


@verb
def position_gate(
    rules: Rules,
    feed: Feed,
    conditions: Conditions | None,
    cell: int,
    i: int,
    wanted: float,
) -> tuple[float, int]:
    """Size, share of the usual volume, whole lots, least notional."""
    limits, price = rules.limits, feed.tape.close[cell]
    if not wanted > 0.0:
        return 0.0, REASON_SIZE
    if conditions is not None:
        usual = conditions.usual_volume[cell]
        if not isnan(usual):
            most = limits.volume_share * usual * price
            if most < limits.scrap * wanted or most <= 0.0:
                return 0.0, REASON_VOLUME
            wanted = min(wanted, most)
    quantity = lot_floor(wanted / price, rules.specs.lot[i])
    if quantity <= 0.0:
        return 0.0, REASON_LOT
    if quantity * price < limits.least_notional:
        return 0.0, REASON_NOTIONAL
    return quantity, OK


@verb
def correlated(
    state: State, rules: Rules, conditions: Conditions, now: Moment, i: int, side: float
) -> bool:
    """Whether the candidate moves with anything held in its block; unknown counts as yes."""
    book, scratch, n = state.book, state.scratch, rules.limits.correlation_bars
    if rules.limits.correlation == inf:
        return False
    if not hold_windows(state, conditions, now, i, n):
        return False
    if now.at + 1 < n:
        return True
    width, slots = now.end - now.first, book.counts[SLOTS]
    cell = now.origin + i - (n - 1) * width
    total, square = 0.0, 0.0
    for k in range(slots):
        scratch.cross[k] = 0.0
    for t in range(n):
        r = np.float64(conditions.returns[cell + t * width])
        total += r
        square += r * r
        row = scratch.returns[(now.at - n + 1 + t) % n]
        for k in range(slots):
            scratch.cross[k] += r * row[k]
    spread = n * square - total * total
    if isnan(spread):
        return True
    if spread <= 1e-12 * n * square:
        return False
    for k in range(slots):
        j = scratch.owner[k]
        if j == i or j < now.first or j >= now.end:
            continue
        other = n * scratch.square[k] - scratch.total[k] * scratch.total[k]
        if isnan(other):
            return True
        if other <= 1e-12 * n * scratch.square[k]:
            continue
        shared = n * scratch.cross[k] - total * scratch.total[k]
        same = side if book.quantity[j] > 0.0 else -side
        if same * shared / sqrt(spread * other) > rules.limits.correlation:
            return True
    return False


@verb
def hold_windows(state: State, conditions: Conditions, now: Moment, i: int, n: int) -> bool:
    """Bring the windows of this block's held symbols up to date; False if none but i is held."""
    book, scratch = state.book, state.scratch
    width, found = now.end - now.first, False
    fresh = book.counts[WINDOWS_AT] != now.row
    for a in range(book.counts[ACTIVE]):
        j = book.active[a]
        if j < now.first or j >= now.end or book.quantity[j] == 0.0:
            continue
        found = found or j != i
        if not fresh:
            continue
        k = scratch.slot[j]
        if k < 0:
            k = book.counts[SLOTS]
            book.counts[SLOTS] = k + 1
            scratch.slot[j], scratch.owner[k] = k, j
            scratch.upto[k] = -1
        begin = max(scratch.upto[k] + 1, now.at - n + 1, 0)
        for at in range(begin, now.at + 1):
            cell = now.origin + j - (now.at - at) * width
            scratch.returns[at % n, k] = conditions.returns[cell]
        scratch.upto[k] = now.at
    if fresh and found:
        sum_windows(state, n)
        book.counts[WINDOWS_AT] = now.row
    return found


@verb
def sum_windows(state: State, n: int) -> None:
    """Sums and sums of squares of every window, time by time so that each adds up in one order."""
    scratch, slots = state.scratch, state.book.counts[SLOTS]
    for k in range(slots):
        scratch.total[k] = 0.0
        scratch.square[k] = 0.0
    for t in range(n):
        row = scratch.returns[t]
        for k in range(slots):
            scratch.total[k] += row[k]
            scratch.square[k] += row[k] * row[k]
