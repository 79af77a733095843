"""What the engine reads: bars laid out as rows and cells, forecasts, conditions, happenings.

A row is one bar time of one block (symbols sharing calendar and time frame); rows of all blocks are
walked in order of `close_ts`. A cell is one symbol in one row. The cells of a block lie together,
row after row, so that the same symbol's bar `k` rows of its block earlier is `cell - k * width`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]
I64 = NDArray[np.int64]
U8 = NDArray[np.uint8]

# flags of a cell
FLAG_STALE = 1
FLAG_UNTRADABLE = 2
FLAG_UNIVERSE = 4
FLAG_REGIME = 8


class Tape(NamedTuple):
    """Rows (R) and cells (C) of all blocks; times in ns UTC.

    session: date label of the row in days since the epoch. elapsed: session time of the row's block
    up to and including it, ns. at: the row's number within its block. base: the row's first cell.
    first, width: the row's columns are first .. first + width - 1. NaN close: no bar.
    """

    open_ts: I64
    close_ts: I64
    session: I64
    elapsed: I64
    at: I64
    base: I64
    first: I64
    width: I64
    open: F64
    high: F64
    low: F64
    close: F64
    volume: F64


class Conditions(NamedTuple):
    """What is known of each cell at its close beyond the bar (C values each, NaN unknown).

    sigma: standard deviation of the return over one bar. usual_volume: units a bar, from the past.
    rsi: RSI(14). flags: FLAG_* bits. p_win, win, loss: calibrated forecast, empty arrays while
    nothing is calibrated. returns: of the symbol's own bars, corrected for actions; 0 where it has
    no bar, NaN up to its first return.
    """

    sigma: F32
    usual_volume: F64
    rsi: F32
    flags: U8
    p_win: F32
    win: F32
    loss: F32
    returns: F32


class Moment(NamedTuple):
    """One row as the verbs see it; the cell of symbol i is `origin + i`."""

    row: int
    open_ts: int
    close_ts: int
    session: int
    elapsed: int
    at: int
    first: int
    end: int
    origin: int


class Happenings(NamedTuple):
    """Corporate actions, flows and hand-made trades, by row; see docs/engine.md section 7."""

    row: I64
    id: I64
    symbol: I64
    kind: I64
    a: F64
    b: F64
    c: F64


class Candidates(NamedTuple):
    """Symbols whose score says buy or sell: those of row r are symbol[start[r] : start[r + 1]]."""

    start: I64
    symbol: NDArray[np.int32]


class Feed(NamedTuple):
    """All that a run reads. score: C values. rates: yearly bill rate of each row, NaN unknown."""

    tape: Tape
    score: F32
    candidates: Candidates
    happenings: Happenings
    rates: F64


Block = tuple[I64, I64, I64, F64, F64, F64, F64, F64]


def build_tape(blocks: list[Block]) -> Tape:
    """Lay out blocks of (open_ts[T], close_ts[T], session[T], open .. volume[T, N]).

    A single block is not copied. Rows are ordered by close_ts, ties by the order of the blocks.
    """
    cells, column = 0, 0
    parts: list[tuple[I64, ...]] = []
    for block in blocks:
        open_ts, close_ts, session = block[:3]
        count, width = block[3].shape
        at = np.arange(count, dtype=np.int64)
        first = np.full(count, column, dtype=np.int64)
        widths = np.full(count, width, dtype=np.int64)
        elapsed = np.cumsum(close_ts - open_ts)
        base = cells + at * width
        parts.append((open_ts, close_ts, session, elapsed, at, base, first, widths))
        cells += count * width
        column += width
    rows = [np.concatenate(field).astype(np.int64) for field in zip(*parts, strict=True)]
    if len(blocks) > 1:
        order = np.argsort(rows[1], kind="stable")
        rows = [field[order] for field in rows]
    return Tape(
        *(rows[0], rows[1], rows[2], rows[3], rows[4], rows[5], rows[6], rows[7]),
        open=_flatten([block[3] for block in blocks]),
        high=_flatten([block[4] for block in blocks]),
        low=_flatten([block[5] for block in blocks]),
        close=_flatten([block[6] for block in blocks]),
        volume=_flatten([block[7] for block in blocks]),
    )


def _flatten(arrays: list[F64]) -> F64:
    flat = [np.ascontiguousarray(a, dtype=np.float64).reshape(-1) for a in arrays]
    return flat[0] if len(flat) == 1 else np.concatenate(flat)


def build_happenings(rows: list[tuple[int, int, int, int, float, float, float]]) -> Happenings:
    """Build from tuples (row, id, symbol, kind, a, b, c), keeping the order given within a row."""
    ordered = sorted(rows, key=lambda row: row[0])
    columns = list(zip(*ordered, strict=True)) if ordered else [()] * 7
    row, number, symbol, kind = (np.array(column, dtype=np.int64) for column in columns[:4])
    a, b, c = (np.array(column, dtype=np.float64) for column in columns[4:])
    return Happenings(row, number, symbol, kind, a, b, c)
