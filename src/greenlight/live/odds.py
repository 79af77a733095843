"""Odds of winning as rows close: what came of past candidates, as a backtest would know it."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import BarTime, CorporateAction
from greenlight.engine import Entries, Outcomes, Rules, follow
from greenlight.forecast import Calibrator, Trades, month_of
from greenlight.live.ports import Opinion
from greenlight.live.rows import BlockRow
from greenlight.live.tail import Tail, Told
from greenlight.market import History
from greenlight.scoring import Assembled, candidates, gap_of, sides

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

#: Bars beyond the longest holding time after which a candidate that is not over never will be.
_SPARE_BARS = 250


class _Candidate(NamedTuple):
    """A trade to follow: its symbol, the close that decided it, that bar's number, side, score."""

    symbol: int
    entry_ts: int
    bar: int
    side: int
    score: float


class Odds:
    """Follows candidates, and refits each block's odds at its first row of a month (UTC).

    Of rows of several blocks that close at one time, those told later count from the next refit on.
    """

    def __init__(self, history: History, assembled: Assembled, score: F32) -> None:
        """assembled, score: of the stored history, whole."""
        self._rules: Rules = assembled.rules
        self._firsts = np.cumsum([0, *(len(block.symbols) for block in history.blocks)])
        self._actions = list(history.actions)
        self._tail = Tail(history)
        self._open: list[_Candidate] = []
        self._over: list[tuple[_Candidate, int, float]] = []
        self._bars = np.zeros(int(self._firsts[-1]), dtype=np.int64)
        self._free = np.zeros(int(self._firsts[-1]), dtype=np.int64)
        self._calibrators = [Calibrator() for _ in history.blocks]
        self._months = [-1 for _ in history.blocks]
        self._warm(history, assembled, score)

    def act(self, action: CorporateAction) -> None:
        """Hear of an action that trades in progress live through."""
        if action not in self._actions:
            self._actions.append(action)

    def advance(self, row: BlockRow, opinion: Opinion) -> Opinion:
        """The same opinion with odds, after the row's own candidates were taken down."""
        self._tail.append(Told(row, opinion.score, opinion.conditions.sigma))
        self._take_down(row, opinion.score)
        month = int(month_of(np.array([row.time.close_ts]))[0])
        calibrator = self._calibrators[row.block]
        if month != self._months[row.block]:
            self._months[row.block] = month
            self._follow()
            calibrator.refit(row.time.close_ts, self._trades())
        known = calibrator.odds(opinion.score[None, :])
        p_win, win, loss = (one[0].astype(np.float32) for one in known)
        richer = replace(opinion.conditions, p_win=p_win, win=win, loss=loss)
        return Opinion(opinion.score, richer)

    def _warm(self, history: History, assembled: Assembled, score: F32) -> None:
        """Follow the candidates of the stored rows, and let each block's months pass."""
        cells, entries = candidates(assembled, score)
        around, bars = assembled.surroundings, np.zeros(len(cells), dtype=np.int64)
        for one in assembled.seen:
            own = entries.symbol == one.symbol
            bars[own] = np.searchsorted(one.cells, cells[own])
            self._bars[one.symbol] = len(one.cells)
            if np.any(own):
                self._free[one.symbol] = int(bars[own][-1]) + gap_of(self._rules.limits)
        outcomes = follow(assembled.tape, score, entries, assembled.rules, around)
        columns = (entries.symbol, outcomes.entry_ts, bars, entries.side, score[cells])
        rows = zip(*(column.tolist() for column in columns), strict=True)
        self._sort_out([_Candidate(*row) for row in rows], outcomes)
        trades = self._trades()
        for number, block in enumerate(history.blocks):
            months = month_of(block.close_ts)
            starts = np.flatnonzero(np.diff(months, prepend=-1))
            for ts in block.close_ts[starts].tolist():
                self._calibrators[number].refit(ts, trades)
            self._months[number] = int(months[-1]) if block.count > 0 else -1
        self._keep_rows(history, assembled, score)

    def _keep_rows(self, history: History, assembled: Assembled, score: F32) -> None:
        """Take the stored rows that trades in progress need into the tail."""
        known = assembled.surroundings.conditions
        since = min((one.entry_ts for one in self._open), default=None)
        if since is None or known is None:
            return
        cells = 0
        for number, block in enumerate(history.blocks):
            width = len(block.symbols)
            for t in range(int(np.searchsorted(block.close_ts, since)), block.count):
                place = slice(cells + t * width, cells + (t + 1) * width)
                when = (int(block.open_ts[t]), int(block.close_ts[t]), int(block.session[t]), 0)
                prices = (block.open, block.high, block.low, block.close, block.volume)
                row = BlockRow(number, BarTime(*when), *(price[t] for price in prices))
                self._tail.append(Told(row, score[place], known.sigma[place]))
            cells += block.count * width

    def _take_down(self, row: BlockRow, score: F32) -> None:
        """Note the row's candidates that lie far enough after the last of their symbol."""
        first, side = int(self._firsts[row.block]), sides(score, self._rules.limits)
        present = np.flatnonzero(~np.isnan(row.close))
        for column in present[side[present] != 0].tolist():
            symbol = first + column
            if self._bars[symbol] >= self._free[symbol]:
                self._free[symbol] = self._bars[symbol] + gap_of(self._rules.limits)
                when = (row.time.close_ts, int(self._bars[symbol]))
                what = (int(side[column]), float(score[column]))
                self._open.append(_Candidate(symbol, *when, *what))
        self._bars[first + present] += 1

    def _follow(self) -> None:
        """Carry what is open to its end, as far as there are rows."""
        if not self._open:
            return
        tape, score, around = self._tail.lay_out(self._actions)
        symbol = np.array([one.symbol for one in self._open], dtype=np.int64)
        side = np.array([one.side for one in self._open], dtype=np.int64)
        rows = np.zeros(len(symbol), dtype=np.int64)
        for n, one in enumerate(self._open):
            own = np.flatnonzero(tape.first == self._first_of(one.symbol))
            rows[n] = own[np.searchsorted(tape.close_ts[own], one.entry_ts)]
        outcomes = follow(tape, score, Entries(symbol, rows, side), self._rules, around)
        self._sort_out(self._open, outcomes)
        latest = int(tape.close_ts[-1]) + 1
        self._tail.drop(min((one.entry_ts for one in self._open), default=latest))

    def _sort_out(self, followed: list[_Candidate], outcomes: Outcomes) -> None:
        """Keep what is not over yet; what is over counts from its end on."""
        still = []
        for k, one in enumerate(followed):
            if outcomes.finished[k]:
                self._over.append((one, int(outcomes.finish_ts[k]), float(outcomes.result[k])))
            elif self._is_young(one):
                still.append(one)
        self._open = still

    def _is_young(self, one: _Candidate) -> bool:
        longest = self._rules.limits.max_bars
        return longest == 0 or self._bars[one.symbol] - one.bar <= longest + _SPARE_BARS

    def _first_of(self, symbol: int) -> int:
        """Number of the first symbol of its block."""
        return int(self._firsts[np.searchsorted(self._firsts, symbol, side="right") - 1])

    def _trades(self) -> Trades:
        """All that is over, in the order of decisions."""
        ordered = sorted(self._over, key=lambda over: (over[0].entry_ts, over[0].symbol))
        return Trades(
            entry_ts=np.array([one.entry_ts for one, _, _ in ordered], dtype=np.int64),
            finish_ts=np.array([ts for _, ts, _ in ordered], dtype=np.int64),
            score=np.array([one.score for one, _, _ in ordered], dtype=np.float64),
            outcome=np.array([result for _, _, result in ordered], dtype=np.float64),
        )
