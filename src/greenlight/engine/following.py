"""`follow`: hypothetical trades, each carried to its end alone by the engine's own verbs and costs.

Past scores are judged by what came of them, also of those that a gate refused. So every trade has
the same notional, every gate is off, and what ends it are the position's own rules.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import Reason
from greenlight.engine.lane import CASH_AT_HAND, Lane, build_lane, limits_of_a_trade, rows_of
from greenlight.engine.simulation import Surroundings, normalise, walk_rows
from greenlight.engine.state import (
    ACTIVE,
    ADJUSTMENTS,
    CASH,
    DECISIONS,
    FILLS,
    Rules,
    State,
    build_state,
)
from greenlight.engine.tape import F32, F64, I64, Tape

#: `finish_ts` of a trade that the data leave open.
UNFINISHED = np.iinfo(np.int64).max

_STRIDE = 64  # rows walked before asking whether the trade is over


class Entries(NamedTuple):
    """K trades to follow: the symbol, the tape's row whose close decided it, side +1 or -1."""

    symbol: I64
    row: I64
    side: I64


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of K trades, in the order of the entries.

    entry_ts: the close that decided it. finish_ts: close of the bar in which it ended, so that from
    then on it is known; UNFINISHED where the data, a merger for shares or a spin-off came first, or
    where it never filled. result: money made after all costs, dividends and borrow, as a fraction
    of the entry's notional; NaN unless finished. bars: bars of the symbol from the one it filled in
    to the last. reason: of the last fill; UNTRADABLE where a delisting or cash merger ended it;
    that of the last decision where it never filled.
    """

    entry_ts: I64
    finish_ts: I64
    result: F64
    bars: I64
    reason: I64
    finished: NDArray[np.bool_]


def follow(
    tape: Tape,
    score: F32,
    entries: Entries,
    rules: Rules,
    surroundings: Surroundings = Surroundings(),  # noqa: B008  # frozen and empty
) -> Outcomes:
    """Carry each trade of one unit of notional to its end under the position's rules of `rules`.

    A decision at a close fills in a later bar as in `simulate`. No gate refuses, neither volume nor
    cash cut; scores end a trade as they would end a position. Nothing after the data is invented.
    Raises ValueError where a symbol is not in the block of its row.
    """
    rules = normalise(rules)._replace(limits=limits_of_a_trade(rules.limits))
    score = np.ascontiguousarray(score, dtype=np.float32).reshape(-1)
    count = len(entries.row)
    outcomes = Outcomes(
        entry_ts=tape.close_ts[entries.row],
        finish_ts=np.full(count, UNFINISHED, dtype=np.int64),
        result=np.full(count, np.nan),
        bars=np.zeros(count, dtype=np.int64),
        reason=np.zeros(count, dtype=np.int64),
        finished=np.zeros(count, dtype=np.bool_),
    )
    order = np.lexsort((entries.row, entries.symbol))
    starts = np.flatnonzero(np.diff(entries.symbol[order], prepend=-1))
    for group in np.split(order, starts[1:]) if count > 0 else ():
        symbol = int(entries.symbol[group[0]])
        rows = rows_of(tape, symbol)
        lane = build_lane((tape, score, rows), symbol, rules, surroundings)
        places = np.searchsorted(rows, entries.row[group])
        if not np.array_equal(rows[places % len(rows)], entries.row[group]):
            raise ValueError(f"symbol {symbol} is not in the block of each of its rows")
        state = build_state(lane.rules.specs, lane.rules.limits, CASH_AT_HAND, lane.room)
        for k, row in zip(group, places, strict=True):
            state = _carry(lane, state, int(row), int(entries.side[k]))
            _note(lane, state, outcomes, int(k))
    return outcomes


def _carry(lane: Lane, state: State, row: int, side: int) -> State:
    """Enter at the close of `row` and walk until the trade is over or the data are."""
    feed = lane.feed
    for used, fresh in zip(_arrays(state), _arrays(lane.fresh), strict=True):
        used[...] = fresh
    feed.candidates.start[: row + 1] = 0
    feed.candidates.start[row + 1 :] = 1
    forecast = feed.score[row]
    feed.score[row] = side * np.inf  # the side is given: this close enters, whatever was forecast
    at, last, stride = row, _last_row(lane, row), _STRIDE
    while at < last:
        end = min(at + stride, last)
        state = walk_rows(state, lane.rules, feed, lane.conditions, (at, end))
        at, stride = end, 2 * stride
        if state.book.counts[ACTIVE] == 0:
            break
    feed.score[row] = forecast
    return state


def _arrays(state: State) -> Iterator[NDArray[Any]]:
    """All that the engine changes but the logs, whose counters are in the book."""
    return chain(state.book, state.orders, state.scratch)


def _last_row(lane: Lane, row: int) -> int:
    """One past the last row that a trade decided in `row` may be carried through."""
    later = lane.partings[lane.partings > row]
    return int(later[0]) if len(later) > 0 else len(lane.feed.tape.close)


def _note(lane: Lane, state: State, outcomes: Outcomes, k: int) -> None:
    """Take down what became of trade k."""
    book, tape = state.book, lane.feed.tape
    fills = state.logs.fills[: book.counts[FILLS]]
    decisions = state.logs.decisions[: book.counts[DECISIONS]]
    if len(fills) == 0:
        outcomes.reason[k] = decisions["reason"][-1] if len(decisions) > 0 else Reason.OK
        return
    outcomes.reason[k], outcomes.bars[k] = fills["reason"][-1], book.age[0]
    if book.quantity[0] != 0.0:
        return
    finish = int(fills["row"][-1])
    adjustments = state.logs.adjustments[: book.counts[ADJUSTMENTS]]
    if len(adjustments) > 0 and adjustments["after"][-1] == 0.0:
        outcomes.reason[k], finish = Reason.UNTRADABLE, int(adjustments["row"][-1])
    lived = tape.close[int(fills["row"][0]) : finish + 1]
    outcomes.bars[k] = np.count_nonzero(~np.isnan(lived))
    outcomes.finished[k] = True
    outcomes.finish_ts[k] = tape.close_ts[finish]
    outcomes.result[k] = (book.money[CASH] - CASH_AT_HAND) / book.entered[0]
