"""History made ready for the engine once, for as many runs over it as one likes."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import Happening
from greenlight.engine import (
    FLAG_STALE,
    FLAG_UNIVERSE,
    FLAG_UNTRADABLE,
    Conditions,
    Happenings,
    Rules,
    Surroundings,
    Tape,
    build_happenings,
    build_tape,
)
from greenlight.indicators import returns, rsi, sigma, usual_volume
from greenlight.market import Bars, History, View, happenings, views

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]
I64 = NDArray[np.int64]
U8 = NDArray[np.uint8]

#: Fact with the yearly rate of a Treasury bill as a fraction; what idle cash earns.
BILL_RATE = "bill_rate"
#: A bar that follows more than this many missed bars rests on old prices: it opens nothing.
STALE_BARS = 5
ENDINGS = (int(Happening.CASH_MERGER), int(Happening.STOCK_MERGER), int(Happening.DELIST))


class Seen(NamedTuple):
    """One symbol's View and where its bars lie: block, column there, `rows` of the block, cells."""

    symbol: int
    block: int
    column: int
    view: View
    rows: I64
    cells: I64


@dataclass(frozen=True, slots=True)
class Assembled:
    """Tape and surroundings of a history under some rules; `seen` has each symbol with bars.

    `sessions`: date label of each row, never falling (a row of a late market belongs to the day
    the account has reached).
    """

    history: History
    tape: Tape
    rules: Rules
    surroundings: Surroundings
    seen: tuple[Seen, ...]
    sessions: I64

    def rows_of(self, one: Seen) -> I64:
        """Rows of the tape in which the bars of `one` lie."""
        own = self.history.blocks[one.block]
        first = sum(len(block.symbols) for block in self.history.blocks[: one.block])
        rows = np.flatnonzero(self.tape.first == first)
        return rows if own.count == len(one.rows) else rows[one.rows]

    def between(self, start: int, stop: int) -> "Assembled":
        """Rows start .. stop - 1 only; cells stay whole, so that scores keep their shape."""
        rows = slice(start, stop)
        tape = self.tape
        cut = tape._replace(
            **{name: getattr(tape, name)[rows] for name in tape._fields if name in _ROW_FIELDS}
        )
        around = self.surroundings
        due = around.happenings
        if due is not None:
            inside = (due.row >= start) & (due.row < stop)
            kept = {name: getattr(due, name)[inside] for name in due._fields}
            due = Happenings(**kept)._replace(row=kept["row"] - start)
        rates = None if around.rates is None else around.rates[rows]
        return replace(
            self,
            tape=cut,
            surroundings=replace(around, happenings=due, rates=rates),
            sessions=self.sessions[rows],
        )


_ROW_FIELDS = ("open_ts", "close_ts", "session", "elapsed", "at", "base", "first", "width")


def assemble(history: History, rules: Rules) -> Assembled:
    """Lay out bars, conditions, corporate actions and bill rates.

    Raises UserError where an action cannot be placed.
    """
    tape = build_tape([_layout(block) for block in history.blocks])
    due = build_happenings(happenings(history, tape.session, tape.first))
    seen = _seen(history)
    rates = history.facts.as_of(BILL_RATE, tape.open_ts)
    surroundings = Surroundings(
        conditions=_conditions(history, tape, due, seen),
        happenings=due,
        rates=rates if np.any(~np.isnan(rates)) else None,
    )
    sessions = np.maximum.accumulate(tape.session)
    return Assembled(history, tape, rules, surroundings, seen, sessions)


def _layout(block: Bars) -> tuple[I64, I64, I64, F64, F64, F64, F64, F64]:
    return (
        block.open_ts,
        block.close_ts,
        block.session,
        block.open,
        block.high,
        block.low,
        block.close,
        block.volume,
    )


def _seen(history: History) -> tuple[Seen, ...]:
    seen: list[Seen] = []
    cells = columns = 0
    for number, block in enumerate(history.blocks):
        width = len(block.symbols)
        for column, view, rows in views(history, block):
            places = cells + rows * width + column
            seen.append(Seen(columns + column, number, column, view, rows, places))
        cells += block.count * width
        columns += width
    return tuple(seen)


def _conditions(
    history: History, tape: Tape, due: Happenings, seen: tuple[Seen, ...]
) -> Conditions:
    count = len(tape.close)
    unknown = np.full(count, np.nan, dtype=np.float32)
    swing, strength = unknown.copy(), unknown.copy()
    moves = np.zeros(count, dtype=np.float32)
    usual = np.full(count, np.nan)
    flags = np.zeros(count, dtype=np.uint8)
    for one in seen:
        view, cells = one.view, one.cells
        swing[cells] = sigma(view.close)
        strength[cells] = rsi(view.close)
        moves[cells] = returns(view.close)
        usual[cells] = _usual_volume(history, one)
        flags[cells] = _flags(history, one)
    _flag_ended(history, tape, due, flags)
    empty = np.zeros(0, dtype=np.float32)
    return Conditions(swing, usual, strength, flags, empty, empty, empty, moves)


def _usual_volume(history: History, one: Seen) -> F64:
    """Usual volume in the units of each bar's own day (the view counts in those of the first)."""
    raw = history.blocks[one.block].volume[one.rows, one.column]
    scale = np.divide(raw, one.view.volume, out=np.ones(len(raw)), where=one.view.volume > 0.0)
    return np.asarray(usual_volume(one.view.volume) * scale, dtype=np.float64)


def _flags(history: History, one: Seen) -> U8:
    flags = np.zeros(len(one.rows), dtype=np.uint8)
    missed = np.diff(one.rows, prepend=one.rows[:1]) - 1
    flags[missed > STALE_BARS] |= FLAG_STALE
    if history.membership is not None:
        member = history.membership.flags(one.view.symbol, one.view.session)
        flags[~member] |= FLAG_UNIVERSE
    return flags


def _flag_ended(history: History, tape: Tape, due: Happenings, flags: U8) -> None:
    """Nothing is bought in or after the row in which a symbol was merged away or delisted."""
    offsets = _first_cells(history)
    for row, symbol, kind in zip(due.row, due.symbol, due.kind, strict=True):
        if int(kind) in ENDINGS:
            first, width, last = offsets[int(symbol)]
            start = first + int(tape.at[row]) * width
            flags[start : last + 1 : width] |= FLAG_UNTRADABLE


def _first_cells(history: History) -> list[tuple[int, int, int]]:
    """First cell, step and last cell of each symbol."""
    offsets, cells = [], 0
    for block in history.blocks:
        width = len(block.symbols)
        size = block.count * width
        offsets += [(cells + k, width, cells + size - width + k) for k in range(width)]
        cells += size
    return offsets
