"""Feeds of one row, which events fill again and again: history's loop walks it as one of its own.

The row is always number 0. Its cells lie at `base`; before them lie what the loop looks back at.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import BarsClosed, BarTime, Happened, SessionBegan
from greenlight.engine.limits import Limits
from greenlight.engine.tape import (
    Candidates,
    Conditions,
    Feed,
    Moment,
    Tape,
    build_happenings,
)


class OneRow:
    """Room for `depth` bars of the `width` symbols from `first` on; one of them is the row.

    `known` is None where the last bar came without conditions.
    """

    def __init__(self, first: int, width: int, depth: int) -> None:
        cells = width * depth
        zeros = np.zeros(8, dtype=np.int64)
        prices = np.full((5, cells), np.nan)
        unknown = np.full((7, cells), np.nan, dtype=np.float32)
        tape = Tape._make([*zeros.reshape(8, 1), *prices])
        tape.first[0], tape.width[0] = first, width
        self.feed = Feed(
            tape,
            unknown[0],
            Candidates(np.zeros(2, dtype=np.int64), np.zeros(width, dtype=np.int32)),
            build_happenings([]),
            np.empty(0),
        )
        self.conditions = Conditions(
            sigma=unknown[1],
            usual_volume=np.full(cells, np.nan),
            rsi=unknown[2],
            flags=np.zeros(cells, dtype=np.uint8),
            p_win=unknown[3],
            win=unknown[4],
            loss=unknown[5],
            returns=unknown[6],
        )
        self.known: Conditions | None = None
        self.width = width

    def write(self, bar: BarsClosed, at: int, base: int) -> None:
        """Make the bar, the block's number `at`, the row, with its cells from `base` on."""
        write_time(self.feed.tape, bar.time)
        self.feed.tape.at[0], self.feed.tape.base[0] = at, base
        cells, tape, known = slice(base, base + self.width), self.feed.tape, bar.conditions
        tape.open[cells], tape.high[cells], tape.low[cells] = bar.open, bar.high, bar.low
        tape.close[cells], tape.volume[cells] = bar.close, bar.volume
        self.feed.score[cells] = bar.score
        self.known = None if known is None else self.conditions
        for name in Conditions._fields:
            column: NDArray[Any] = getattr(self.conditions, name)
            value = getattr(known, name, None)
            column[cells] = (0 if name == "flags" else np.nan) if value is None else value


class Window(OneRow):
    """A block's last bars: enough of them, one after another, for the correlation gate."""

    def __init__(self, first: int, width: int, limits: Limits) -> None:
        super().__init__(first, width, 2 * limits.correlation_bars)
        self._buy = np.float32(limits.buy_score)
        self._sell = np.float32(-np.inf if limits.long_only else limits.sell_score)
        self._kept = (limits.correlation_bars - 1) * width
        self._first, self._base, self._at = first, 0, 0

    def append(self, bar: BarsClosed) -> None:
        """Make the bar the row, and list its candidates."""
        returns = self.conditions.returns
        if self._base == len(returns):  # returns are all that the verbs look back at
            returns[: self._kept] = returns[len(returns) - self._kept :]
            self._base = self._kept
        self.write(bar, self._at, self._base)
        self._base += self.width
        self._at += 1
        score = self.feed.score[self._base - self.width : self._base]
        found = np.flatnonzero((score >= self._buy) | (score <= self._sell))
        candidates = self.feed.candidates
        candidates.symbol[: len(found)] = found + self._first
        candidates.start[1] = len(found)


class Pane(OneRow):
    """The bar in sight, and before it what was last known of each symbol: impact asks its sigma."""

    def __init__(self, first: int, width: int) -> None:
        super().__init__(first, width, 2)

    def show(self, bar: BarsClosed) -> None:
        """Make the bar the row."""
        self._remember()
        self.write(bar, 1, self.width)

    def stand(self, time: BarTime) -> None:
        """A time after the bar in sight: it is over, and what is known of it is the last known."""
        self._remember()
        write_time(self.feed.tape, time)
        self.feed.tape.at[0], self.feed.tape.base[0] = 1, self.width

    def _remember(self) -> None:
        for column in (self.conditions.sigma, self.feed.tape.close):  # close last: it says which
            before, last = column[: self.width], column[self.width :]
            seen = ~np.isnan(self.feed.tape.close[self.width :])
            before[seen] = last[seen]


def occasion(event: SessionBegan | Happened) -> Feed:
    """The feed of a row in which a session begins or something happens, and no bar closes."""
    feed = OneRow(0, 1, 1).feed
    write_time(feed.tape, event.time)
    if isinstance(event, SessionBegan):
        return feed._replace(rates=np.full(1, event.rate))
    due = (0, event.id, event.symbol, int(event.kind), event.a, event.b, event.c)
    return feed._replace(happenings=build_happenings([due]))


def moment_between(time: BarTime) -> Moment:
    """A moment between closes: it has its times, but no row and no cells."""
    return Moment(0, time.open_ts, time.close_ts, time.session, time.elapsed, 0, 0, 0, 0)


def write_time(tape: Tape, time: BarTime) -> None:
    """Set the row's times."""
    tape.open_ts[0], tape.close_ts[0] = time.open_ts, time.close_ts
    tape.session[0], tape.elapsed[0] = time.session, time.elapsed
