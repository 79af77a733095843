"""One block's opinions row by row, from the last bars of its symbols."""

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import CorporateAction
from greenlight.forecast import Learner, ensemble
from greenlight.indicators import RSI_BARS
from greenlight.live.adjusting import Adjuster, day_of_action
from greenlight.live.knowledge import Flags, latest_conditions, take_swing
from greenlight.live.method import Method
from greenlight.live.ports import Opinion
from greenlight.live.rolling import CLOSE, Rolling, Series
from greenlight.live.rows import BlockRow
from greenlight.live.votes import latest_votes, ready
from greenlight.market import Background, Bars, History, View, forward_factors, views
from greenlight.scoring import LEARNING_HORIZON

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


class RowForecaster:
    """Opinions of one block, warmed by its stored bars."""

    def __init__(self, history: History, number: int, method: Method) -> None:
        block, table = history.blocks[number], history.sectors
        self._columns = {symbol: column for column, symbol in enumerate(block.symbols)}
        self._voices = [ready(voice) for voice in method.voices]
        self._weights = method.weights
        self._learner: Learner | None = None
        if method.is_learned:
            self._learner = Learner(len(method.voices), LEARNING_HORIZON)
        sectors = tuple(() if table is None else table.changes(one) for one in block.symbols)
        series = Series(block.symbols, block.timeframe, block.closes_only, sectors)
        depth = max([RSI_BARS, *(voice.depth for voice in self._voices)])
        self._rolling = Rolling(series, depth)
        self._adjuster = Adjuster(len(block.symbols))
        self._flags = Flags(block.symbols, history.membership)
        self._indices: dict[str, tuple[I64, F64]] = {}
        self._known = [Background(history.facts, self._indices, own) for own in sectors]
        self._warm(history, block)

    def advance(self, row: BlockRow) -> Opinion:
        """Take in the next closed row. Raises UserError where a strategy fails."""
        present = np.flatnonzero(~np.isnan(row.close))
        self._append(row, present)
        votes = latest_votes(self._voices, self._rolling, present, self._known)
        weights = self._weights
        if self._learner is not None:
            weights = weights * self._learner.step(votes, self._adjusted(present))
        score = ensemble(votes[:, None, :], weights)[0]
        flags = self._flags.step(row.time.session, present)
        return Opinion(score, latest_conditions(self._rolling, present, row.volume, flags))

    def act(self, action: CorporateAction) -> None:
        """Hear of an action; of those of other blocks, and of those heard before, nothing."""
        column = self._columns.get(action.symbol)
        if column is None or action in self._told:
            return
        self._told.add(action)
        self._flags.note(column, action, self._first_session)
        day = day_of_action(action)
        if self._rolling.count[column] == 0 or day > self._rolling.last_session(column):
            self._adjuster.note(column, action)
            return
        before = self._rolling.close_before(column, day) / float(self._adjuster.price[column])
        price, volume = self._adjuster.note_late(column, action, before)
        self._rolling.rescale(column, day, price, volume)

    def refer(self, symbol: str, close_ts: int, close: float) -> None:
        """Hear of a reference's close."""
        times, closes = self._indices.get(symbol, (np.empty(0, np.int64), np.empty(0)))
        if len(times) == 0 or close_ts > times[-1]:
            self._indices[symbol] = (np.append(times, close_ts), np.append(closes, close))

    def learn(self, votes: F32, close: F64) -> None:
        """Say what was voted on the stored bars: votes (V, T, N), adjusted closes (T, N)."""
        if self._learner is not None:
            self._learner.begin(votes, close)

    def _warm(self, history: History, block: Bars) -> None:
        self._first_session = int(block.session[0]) if block.count > 0 else 0
        self._told: set[CorporateAction] = set()
        actions = history.actions_by_symbol()
        seen = np.full(len(block.symbols), -1, dtype=np.int64)
        for column, view, rows in views(history, block):
            self._indices.update(view.background.indices)
            seen[column] = rows[-1]
            self._begin(column, view, block.close[rows, column], actions.get(view.symbol, []))
        self._flags.begin(block.count, seen)
        for action in history.actions:
            if action.symbol in self._columns and action not in self._told:
                self.act(action)

    def _begin(self, column: int, view: View, close: F64, actions: list[CorporateAction]) -> None:
        """Begin one symbol: what its bars have been adjusted for already is told."""
        self._rolling.fill(column, view)
        price, volume = forward_factors(actions, view.symbol, view.session, close)
        adjuster = self._adjuster
        adjuster.price[column], adjuster.volume[column] = price[-1], volume[-1]
        adjuster.close[column] = close[-1]
        for action in actions:
            if day_of_action(action) <= view.session[-1]:
                self._told.add(action)
                self._flags.note(column, action, self._first_session)

    def _append(self, row: BlockRow, present: I64) -> None:
        self._adjuster.step(row.time.session, row.close)
        raw = np.stack([row.open, row.high, row.low, row.close, row.volume])[:, present]
        price, volume = self._adjuster.price[present], self._adjuster.volume[present]
        raw[:4] *= price
        raw[4] *= volume
        times = (row.time.open_ts, row.time.close_ts, row.time.session)
        self._rolling.append(present, raw, times)
        take_swing(self._rolling, present)

    def _adjusted(self, present: I64) -> F64:
        """Adjusted closes of the row (N)."""
        close = np.full(len(self._columns), np.nan)
        close[present] = self._rolling.window(CLOSE, present, 1)[:, 0]
        return close
