"""A stored history told as events, row by row: what a trader on the world's clock would hear."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from greenlight.domain import (
    BarConditions,
    BarsClosed,
    BarTime,
    Happened,
    Happening,
    SessionBegan,
)
from greenlight.engine.simulation import Surroundings
from greenlight.engine.tape import F32, Conditions, Tape


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One bar time: what comes `before` its orders are matched, then its bars."""

    before: tuple[SessionBegan | Happened, ...]
    bars: BarsClosed


def tell_rows(tape: Tape, score: F32, around: Surroundings) -> Iterator[Row]:
    """Rows of a tape in order, as `simulate` walks them; score: a value a cell (C)."""
    firsts = np.unique(tape.first)
    session: int | None = None
    due, events = 0, around.happenings
    for row in range(len(tape.close_ts)):
        columns = (tape.open_ts, tape.close_ts, tape.session, tape.elapsed)
        time = BarTime(*(int(column[row]) for column in columns))
        before: list[SessionBegan | Happened] = []
        if session is None or time.session > session:
            session = time.session
            rate = float("nan") if around.rates is None else float(around.rates[row])
            before.append(SessionBegan(time, rate))
        while events is not None and due < len(events.row) and events.row[due] <= row:
            which = (int(events.id[due]), int(events.symbol[due]))
            kind = Happening(int(events.kind[due]))
            numbers = (float(column[due]) for column in (events.a, events.b, events.c))
            before.append(Happened(time, *which, kind, *numbers))
            due += 1
        block = int(np.searchsorted(firsts, tape.first[row]))
        yield Row(tuple(before), _bars(tape, score, around.conditions, (row, block), time))


def _bars(
    tape: Tape, score: F32, known: Conditions | None, at: tuple[int, int], time: BarTime
) -> BarsClosed:
    row, block = at
    base, width = int(tape.base[row]), int(tape.width[row])
    cells = slice(base, base + width)
    return BarsClosed(
        time,
        block,
        open=tape.open[cells],
        high=tape.high[cells],
        low=tape.low[cells],
        close=tape.close[cells],
        volume=tape.volume[cells],
        score=score[cells],
        conditions=None if known is None else _conditions(known, cells),
    )


def _conditions(known: Conditions, cells: slice) -> BarConditions:
    odds = {
        name: getattr(known, name)[cells] if len(getattr(known, name)) > 0 else None
        for name in ("p_win", "win", "loss")
    }
    return BarConditions(
        sigma=known.sigma[cells],
        usual_volume=known.usual_volume[cells],
        rsi=known.rsi[cells],
        flags=known.flags[cells],
        returns=known.returns[cells],
        **odds,
    )
