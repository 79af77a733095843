"""The engine's Python face: one run, many runs."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import inf
from os import cpu_count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import HaltError, Happening
from greenlight.engine.candidates import find_candidates
from greenlight.engine.limits import Limits
from greenlight.engine.loop import WHOLE, begin, run
from greenlight.engine.state import (
    ACTIVE,
    ADJUSTMENTS,
    DECISIONS,
    FILLS,
    FLOWS,
    HALTED_ROW,
    NEXT_HAPPENING,
    REFUSED_ID,
    Logs,
    Room,
    Rules,
    State,
    build_state,
)
from greenlight.engine.tape import F32, F64, Conditions, Feed, Happenings, Tape, build_happenings

_NO_RATES: F64 = np.empty(0)


@dataclass(frozen=True, slots=True)
class Run:
    """What a simulation left behind: a value a row (R), the logs of engine/logs.py, the final book.

    halted_row: the row at whose close the drawdown gate halted the run, -1 if never.
    quantity, mark: signed units and last price of each symbol (N) at the end.
    """

    equity: F64
    cash: F64
    fills: NDArray[Any]
    decisions: NDArray[Any]
    flows: NDArray[Any]
    adjustments: NDArray[Any]
    halted_row: int
    quantity: F64
    mark: F64


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a run may know beyond bars and scores; everything may be absent."""

    conditions: Conditions | None = None
    happenings: Happenings | None = None
    rates: F64 | None = None


def simulate(
    tape: Tape,
    score: F32,
    rules: Rules,
    cash: float,
    surroundings: Surroundings = Surroundings(),  # frozen and empty
) -> Run:
    """Trade the scores over the tape in one compiled loop.

    Raises HaltError where a happening is applied twice.
    """
    rules = normalise(rules)
    feed = build_feed(tape, score, rules.limits, surroundings)
    rows = len(tape.close_ts)
    room = Room(rows, int(feed.candidates.start[-1]), _last_sector(feed.happenings))
    state = build_state(rules.specs, rules.limits, cash, room)
    return finish(walk_rows(state, rules, feed, surroundings.conditions, (0, rows)))


def simulate_many(
    tape: Tape,
    jobs: Sequence[tuple[F32, Limits]],
    rules: Rules,
    cash: float,
    surroundings: Surroundings = Surroundings(),  # frozen and empty
) -> list[Run]:
    """Run many (score, limits) over shared bars on all cores; results in the order of the jobs."""

    def one(job: tuple[F32, Limits]) -> Run:
        return simulate(tape, job[0], rules._replace(limits=job[1]), cash, surroundings)

    with ThreadPoolExecutor(cpu_count() or 1) as pool:
        return list(pool.map(one, jobs))


def build_feed(tape: Tape, score: F32, limits: Limits, surroundings: Surroundings) -> Feed:
    """Bundle what the loop reads; every array in the one layout the machine code was built for."""
    score = np.ascontiguousarray(score, dtype=np.float32).reshape(-1)
    if len(score) != len(tape.close):
        raise ValueError(f"{len(score)} scores for {len(tape.close)} cells")
    sell = -inf if limits.long_only else limits.sell_score
    happenings = surroundings.happenings
    return Feed(
        tape,
        score,
        find_candidates(tape, score, limits.buy_score, sell),
        build_happenings([]) if happenings is None else happenings,
        _NO_RATES if surroundings.rates is None else surroundings.rates,
    )


def normalise(rules: Rules) -> Rules:
    """Give every limit the type its default has: another type would compile the engine anew."""
    kinds = Limits()
    limits = Limits._make(type(k)(v) for k, v in zip(kinds, rules.limits, strict=True))
    return Rules(limits, rules.costs, rules.specs)


def _last_sector(events: Happenings) -> int:
    changes = events.a[events.kind == Happening.SECTOR]
    return int(changes.max(initial=-1.0))


def walk_rows(
    state: State, rules: Rules, feed: Feed, conditions: Conditions | None, span: tuple[int, int]
) -> State:
    """Run rows span[0] .. span[1] - 1, make room in the logs and let happen what is due."""
    row, end = span
    while (row := run(state, rules, feed, conditions, (row, end), WHOLE)) < end:
        due = is_due_at(state, feed, row)
        state = begin_row(state, rules, feed, row) if due else grow(state)
    return state


def is_due_at(state: State, feed: Feed, row: int) -> bool:
    """Whether the loop stopped because something happens in this row."""
    k = int(state.book.counts[NEXT_HAPPENING])
    return k < len(feed.happenings.row) and int(feed.happenings.row[k]) <= row


def begin_row(state: State, rules: Rules, feed: Feed, row: int) -> State:
    """Roll the session and apply the row's happenings.

    Raises HaltError where one is applied twice.
    """
    due = int(np.searchsorted(feed.happenings.row, row, side="right"))
    need = 8 * due + 8 * int(state.book.counts[ACTIVE])
    while (
        min(len(log) for log in state.logs[:4])
        < int(state.book.counts[FILLS : ADJUSTMENTS + 1].max()) + need
    ):
        state = grow(state)
    if not begin(state, rules, feed, row):
        raise HaltError(
            f"happening {state.book.counts[REFUSED_ID] - 1} in row {row} was applied before; "
            "a corporate action must not be given twice"
        )
    return state


def grow(state: State) -> State:
    """Double the logs; what they hold stays."""
    old = state.logs
    bigger = [
        np.concatenate([log, np.empty(len(log), dtype=log.dtype)])
        for log in (old.fills, old.decisions, old.flows, old.adjustments)
    ]
    return state._replace(logs=Logs._make([*bigger, old.equity, old.cash]))


def finish(state: State) -> Run:
    """Cut the logs to what was written."""
    book, logs = state.book, state.logs
    return Run(
        equity=logs.equity,
        cash=logs.cash,
        fills=logs.fills[: book.counts[FILLS]],
        decisions=logs.decisions[: book.counts[DECISIONS]],
        flows=logs.flows[: book.counts[FLOWS]],
        adjustments=logs.adjustments[: book.counts[ADJUSTMENTS]],
        halted_row=int(book.counts[HALTED_ROW]),
        quantity=book.quantity,
        mark=book.mark,
    )
