"""The last rows of every block as they were told, to follow candidates over."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import CorporateAction
from greenlight.engine import Conditions, Surroundings, Tape, build_happenings, build_tape
from greenlight.live.rows import BlockRow
from greenlight.market import Bars, History, happenings

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

_PRICES = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """A row, what it was scored, and the swings known then."""

    row: BlockRow
    score: F32
    sigma: F32


class Tail:
    """Rows of all blocks from some time on."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._rows: list[deque[Told]] = [deque() for _ in history.blocks]

    def append(self, told: Told) -> None:
        """Add a block's next row."""
        self._rows[told.row.block].append(told)

    def drop(self, ts: int) -> None:
        """Forget the rows that closed before `ts`."""
        for rows in self._rows:
            while rows and rows[0].row.time.close_ts < ts:
                rows.popleft()

    def lay_out(self, actions: Sequence[CorporateAction]) -> tuple[Tape, F32, Surroundings]:
        """Tape, scores and surroundings of the rows; what only gates look at is left out."""
        blocks = tuple(
            _block(block, rows)
            for block, rows in zip(self._history.blocks, self._rows, strict=True)
        )
        tape = build_tape([_layout(block) for block in blocks])
        history = replace(self._history, blocks=blocks, actions=tuple(actions))
        due = build_happenings(happenings(history, tape.session, tape.first))
        told = [one for rows in self._rows for one in rows]
        score = np.concatenate([np.empty(0, np.float32), *(one.score for one in told)])
        sigma = np.concatenate([np.empty(0, np.float32), *(one.sigma for one in told)])
        return tape, score, Surroundings(_swings(sigma), due)


def _block(block: Bars, rows: Sequence[Told]) -> Bars:
    times = np.array(
        [(t.row.time.open_ts, t.row.time.close_ts, t.row.time.session) for t in rows],
        dtype=np.int64,
    ).reshape(-1, 3)
    shape = (5, len(rows), len(block.symbols))
    values = [[getattr(told.row, name) for told in rows] for name in _PRICES]
    opened, high, low, close, volume = np.array(values, dtype=np.float64).reshape(shape)
    return replace(
        block,
        open_ts=times[:, 0],
        close_ts=times[:, 1],
        session=times[:, 2],
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=volume,
    )


def _layout(block: Bars) -> tuple[I64, I64, I64, F64, F64, F64, F64, F64]:
    times = (block.open_ts, block.close_ts, block.session)
    return (*times, block.open, block.high, block.low, block.close, block.volume)


def _swings(sigma: F32) -> Conditions:
    unknown, none = np.full(len(sigma), np.nan, dtype=np.float32), np.empty(0, dtype=np.float32)
    flags = np.zeros(len(sigma), dtype=np.uint8)
    return Conditions(sigma, np.full(len(sigma), np.nan), unknown, flags, none, none, none, unknown)
