"""A stretch of a scored history: simulated at once, or told row by row, the same either way."""

from dataclasses import replace

import numpy as np

from greenlight.domain import Happened, Happening, SessionBegan, UserError
from greenlight.engine import Row, Rules, Run, simulate, tell_rows
from greenlight.scoring.assembly import F32, Assembled


class Stretch:
    """Rows of a history whose session lies in [start, end], days since the epoch.

    What lies before is there to look back at; nothing is decided on it. Raises UserError where no
    bar lies inside.
    """

    def __init__(self, assembled: Assembled, score: F32, start: int, end: int) -> None:
        inside = np.flatnonzero((assembled.sessions >= start) & (assembled.sessions <= end))
        if len(inside) == 0:
            first, last = (np.datetime64(int(d), "D") for d in assembled.sessions[[0, -1]])
            raise UserError(f"no bars in that stretch; there are bars from {first} to {last}")
        self._whole, self._score = assembled, score
        self._first, self._stop = int(inside[0]), int(inside[-1]) + 1

    @property
    def count(self) -> int:
        """Number of rows."""
        return self._stop - self._first

    @property
    def start_ts(self) -> int:
        """Open of the first row."""
        return int(self._whole.tape.open_ts[self._first])

    @property
    def rules(self) -> Rules:
        """The rules, with each symbol's sector as it was when the stretch begins."""
        rules, due = self._whole.rules, self._whole.surroundings.happenings
        sector = rules.specs.sector.copy()
        if due is not None:
            for row, symbol, kind, name in zip(due.row, due.symbol, due.kind, due.a, strict=True):
                if row < self._first and kind == Happening.SECTOR:
                    sector[symbol] = int(name)
        return rules._replace(specs=rules.specs._replace(sector=sector))

    @property
    def last_sector(self) -> int:
        """The highest sector number that may be met, -1 for none."""
        due = self._whole.surroundings.happenings
        changes = () if due is None else due.a[due.kind == Happening.SECTOR].astype(np.int64)
        return int(max([*self._whole.rules.specs.sector, *changes], default=-1))

    def rows(self, warm: int) -> tuple[list[Row], list[Row]]:
        """Up to `warm` rows before the stretch, without scores, and its own."""
        begin = max(self._first - warm, 0)
        part = self._whole.between(begin, self._stop)
        told = list(tell_rows(part.tape, self._score, part.surroundings))
        count = self._first - begin
        own = told[count:]
        if count > 0:  # cash earns from the stretch's first session on, as in a simulation of it
            own[0] = replace(own[0], before=_unpaid(own[0].before))
        return [_silent(row) for row in told[:count]], own

    def simulate(self, cash: float) -> Run:
        """The stretch in history's loop."""
        part = self._whole.between(self._first, self._stop)
        return simulate(part.tape, self._score, self.rules, cash, part.surroundings)


def _silent(row: Row) -> Row:
    score = np.full_like(row.bars.score, np.nan)
    return Row(_unpaid(row.before), replace(row.bars, score=score))


def _unpaid(
    events: tuple[SessionBegan | Happened, ...],
) -> tuple[SessionBegan | Happened, ...]:
    """The same, but cash earns nothing."""
    return tuple(SessionBegan(e.time) if isinstance(e, SessionBegan) else e for e in events)
