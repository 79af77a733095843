"""What past scores were worth: every candidate followed to its end, and win odds made of the past.

A candidate counts whether or not a gate let it through, or the odds would be those of the gates.
The calibration of a row knows only trades that had finished by then (greenlight.forecast).
"""

from dataclasses import dataclass, replace

import numpy as np

from greenlight.engine import Entries, Limits, follow
from greenlight.forecast import Trades, calibrate
from greenlight.scoring.assembly import F32, I64, Assembled

#: Of a symbol's candidates within this share of the holding time one is followed: their outcomes
#: overlap, and would count for more than they tell. Which one depends on the past alone.
_APART = 0.5


@dataclass(frozen=True, slots=True)
class Followed:
    """How many candidates were followed, how many finished, share of candidate cells calibrated."""

    candidates: int
    finished: int
    calibrated: float


def calibrated(assembled: Assembled, score: F32) -> tuple[Assembled, Followed]:
    """The same assembly with win odds for every cell whose score had a past; NaN elsewhere."""
    conditions = assembled.surroundings.conditions
    cells, entries = candidates(assembled, score)
    if conditions is None or len(cells) == 0:
        return assembled, Followed(0, 0, 0.0)
    outcomes = follow(assembled.tape, score, entries, assembled.rules, assembled.surroundings)
    trades = Trades(
        outcomes.entry_ts, outcomes.finish_ts, score[cells].astype(np.float64), outcomes.result
    )
    odds = [np.full(len(score), np.nan, dtype=np.float32) for _ in range(3)]
    start = 0
    for block in assembled.history.blocks:
        stop = start + block.count * len(block.symbols)
        known = calibrate(
            block.close_ts, score[start:stop].reshape(block.count, len(block.symbols)), trades
        )
        for flat, field in zip(odds, known, strict=True):
            flat[start:stop] = field.reshape(-1)
        start = stop
    richer = conditions._replace(p_win=odds[0], win=odds[1], loss=odds[2])
    share = float(np.mean(~np.isnan(odds[0][cells])))
    finished = int(np.count_nonzero(outcomes.finished))
    around = replace(assembled.surroundings, conditions=richer)
    return replace(assembled, surroundings=around), Followed(len(cells), finished, share)


def candidates(assembled: Assembled, score: F32) -> tuple[I64, Entries]:
    """Cells whose score says buy (or sell), in the order of time, and the trades they would be."""
    limits = assembled.rules.limits
    side = sides(score, limits)
    parts = []
    for one in assembled.seen:
        hit = _apart(np.flatnonzero(side[one.cells]), gap_of(limits))
        parts.append(
            np.stack([assembled.rows_of(one)[hit], np.full(len(hit), one.symbol), one.cells[hit]])
        )
    rows, symbols, cells = np.concatenate(parts, axis=1) if parts else np.zeros((3, 0), np.int64)
    order = np.lexsort((symbols, rows))
    rows, symbols, cells = rows[order], symbols[order], cells[order]
    return cells, Entries(symbols, rows, side[cells])


def sides(score: F32, limits: Limits) -> I64:
    """1 where a score says buy, -1 where it says sell short, 0 elsewhere."""
    side = (score >= np.float32(limits.buy_score)).astype(np.int64)
    if not limits.long_only:
        side[score <= np.float32(limits.sell_score)] = -1
    return side


def gap_of(limits: Limits) -> int:
    """Bars of a symbol that lie between a candidate that is followed and the next at least."""
    return int(limits.max_bars * _APART)


def _apart(places: I64, gap: int) -> I64:
    """The first of `places`, and each that lies at least `gap` after the last one taken."""
    taken: list[int] = []
    free = 0
    for place in places.tolist():
        if place >= free:
            taken.append(place)
            free = place + gap
    return np.array(taken, dtype=np.int64)
