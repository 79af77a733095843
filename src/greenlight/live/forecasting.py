"""Scores and conditions of each row as it closes: what a backtest would have had there.

Two ways to the same opinion. `Forecaster` keeps the last bars of every symbol and computes one row
in milliseconds. `AheadForecaster` computes all rows of a stored history at once, as a backtest does
(every step is causal, and audited to be), and serves them one by one: for replays.
"""

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import BarConditions, CorporateAction, UserError
from greenlight.engine import Conditions
from greenlight.live.method import Method
from greenlight.live.odds import Odds
from greenlight.live.ports import Opinion
from greenlight.live.rows import BlockRow
from greenlight.live.rowwise import RowForecaster
from greenlight.market import Bars, History
from greenlight.scoring import Assembled, adjusted_closes, assemble, calibrated, cast, scores

F32 = NDArray[np.float32]


class Forecaster:
    """Opinions row by row, warmed by stored bars. Rows of a block come in the order of time.

    Not to be called from two threads at once.
    """

    def __init__(self, history: History, method: Method) -> None:
        """history: what is stored; its actions may lie ahead. Raises UserError."""
        numbers = range(len(history.blocks))
        self._blocks = [RowForecaster(history, number, method) for number in numbers]
        self._odds: Odds | None = None
        if method.is_learned or method.is_calibrated:
            assembled, votes = _ballots(history, method)
            self._learn(history, assembled, votes)
        if method.is_calibrated:
            score = scores(assembled, votes, method.weights, is_learned=method.is_learned)
            self._odds = Odds(history, assembled, score)

    def advance(self, row: BlockRow) -> Opinion:
        """Take in a closed row of a block. Raises UserError where a strategy fails."""
        opinion = self._blocks[row.block].advance(row)
        return opinion if self._odds is None else self._odds.advance(row, opinion)

    def act(self, action: CorporateAction) -> None:
        """Hear of a corporate action; it scales the bars from its ex-date on. Twice is once."""
        for block in self._blocks:
            block.act(action)
        if self._odds is not None:
            self._odds.act(action)

    def refer(self, symbol: str, close_ts: int, close: float) -> None:
        """Hear of the close of a reference series, such as an index."""
        for block in self._blocks:
            block.refer(symbol, close_ts, close)

    def _learn(self, history: History, assembled: Assembled, votes: list[F32]) -> None:
        for number, block in enumerate(history.blocks):
            cells = _cells(history, number)
            shape = (len(votes), block.count, len(block.symbols))
            stack = np.stack([vote[cells] for vote in votes]).reshape(shape)
            self._blocks[number].learn(stack, adjusted_closes(assembled, number))


class AheadForecaster:
    """Opinions of a stored history, all computed beforehand, to the last bit a backtest's own."""

    def __init__(self, history: History, method: Method) -> None:
        """Raises UserError where a strategy fails or an action cannot be placed."""
        assembled, votes = _ballots(history, method)
        self._score = scores(assembled, votes, method.weights, is_learned=method.is_learned)
        if method.is_calibrated:
            assembled, _ = calibrated(assembled, self._score)
        self._history, self._conditions = history, assembled.surroundings.conditions

    def advance(self, row: BlockRow) -> Opinion:
        """The opinion of a stored row. Raises UserError for a row that is not what is stored."""
        block = self._history.blocks[row.block]
        nth = int(np.searchsorted(block.close_ts, row.time.close_ts))
        if nth == block.count or not _is_same(block, nth, row):
            raise UserError(
                f"replay: the row of block {row.block} that closed at {row.time.close_ts} is not "
                "the stored one; forecasts made beforehand are for stored bars alone"
            )
        width = len(block.symbols)
        begin = _cells(self._history, row.block).start + nth * width
        cells = slice(begin, begin + width)
        return Opinion(self._score[cells], _conditions(self._conditions, cells))

    def act(self, action: CorporateAction) -> None:
        """The stored history knows its actions."""

    def refer(self, symbol: str, close_ts: int, close: float) -> None:
        """The stored history knows its references."""


def _ballots(history: History, method: Method) -> tuple[Assembled, list[F32]]:
    """The history made ready, and what each voice votes on all of it."""
    assembled = assemble(history, method.rules)
    return assembled, [cast(assembled, voice) for voice in method.voices]


def _cells(history: History, number: int) -> slice:
    """Cells of a block."""
    sizes = [block.count * len(block.symbols) for block in history.blocks]
    begin = sum(sizes[:number])
    return slice(begin, begin + sizes[number])


def _is_same(block: Bars, nth: int, row: BlockRow) -> bool:
    return int(block.close_ts[nth]) == row.time.close_ts and np.array_equal(
        block.close[nth], row.close, equal_nan=True
    )


def _conditions(known: Conditions | None, cells: slice) -> BarConditions:
    """One row of conditions; None for what nothing is known of."""
    if known is None:
        raise UserError("replay: no conditions were computed")
    odds = [one[cells] if len(one) > 0 else None for one in (known.p_win, known.win, known.loss)]
    return BarConditions(
        known.sigma[cells],
        known.usual_volume[cells],
        known.rsi[cells],
        known.flags[cells],
        known.returns[cells],
        *odds,
    )
