"""The index of candidates: which scores say buy or sell, found once before the loop."""

import numpy as np
from numpy.typing import NDArray

from greenlight.engine.compiled import loop
from greenlight.engine.tape import F32, I64, Candidates, Tape

I32 = NDArray[np.int32]

_WIDE = 16  # symbols from which on searching cells costs less than walking rows


@loop
def fill_index(
    score: F32, rows: tuple[I64, I64], bounds: tuple[float, float], start: I64, symbol: I32
) -> int:
    """Write the symbols of each row whose score is a candidate; returns how many, or -1 when full.

    rows: first cell and width of each row. bounds: (buy from, sell up to). Branch-free: a cell is
    written always and counted only when it is a candidate.
    """
    base, width = rows
    buy, sell = np.float32(bounds[0]), np.float32(bounds[1])
    count = 0
    for row in range(len(base)):
        start[row] = count
        if count + width[row] >= len(symbol):
            return -1
        first = base[row]
        for k in range(width[row]):
            value = score[first + k]
            symbol[count] = k
            count += 1 if (value >= buy) | (value <= sell) else 0
    start[len(base)] = count
    return count


def find_candidates(tape: Tape, score: F32, buy: float, sell: float) -> Candidates:
    """Index the candidates of a run; `sell` is -inf where nothing is sold short."""
    rows = len(tape.base)
    width = int(tape.width[0]) if rows > 0 else 0
    if width >= _WIDE and rows * width == len(score) and not tape.first.any():
        return _of_one_block(score, (rows, width), (buy, sell))
    widest = int(tape.width.max(initial=0))
    size = max(len(score) // 16, 64) + 2 * widest
    start = np.zeros(rows + 1, dtype=np.int64)
    while True:
        symbol = np.empty(size, dtype=np.int32)
        if fill_index(score, (tape.base, tape.width), (buy, sell), start, symbol) >= 0:
            break
        size = size * 4
    if tape.first.any():
        symbol = _globalise(symbol, start, tape.first)
    return Candidates(start, symbol)


def _of_one_block(score: F32, shape: tuple[int, int], bounds: tuple[float, float]) -> Candidates:
    """The same for one whole block of many symbols, where NumPy's search is twice as fast."""
    found = score >= np.float32(bounds[0])
    if bounds[1] > -np.inf:
        found |= score <= np.float32(bounds[1])
    cells = np.flatnonzero(found)
    row = cells // shape[1]
    start = np.zeros(shape[0] + 1, dtype=np.int64)
    np.cumsum(np.bincount(row, minlength=shape[0]), out=start[1:])
    return Candidates(start, (cells - row * shape[1]).astype(np.int32))


def _globalise(symbol: I32, start: I64, first: I64) -> I32:
    counts = np.diff(start)
    symbol[: start[-1]] += np.repeat(first, counts).astype(np.int32)
    return symbol
