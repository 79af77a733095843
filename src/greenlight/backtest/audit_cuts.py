"""Where to cut: the bars at which a strategy that cheats most likely shows it."""

from math import ceil

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from greenlight.market import View

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

#: Bars ahead that a cheat may look for its reward.
_REWARDS = (1, 5)


def any_cuts(view: View, needed: int, sample: int | None, rng: Generator) -> I64:
    """Cuts (numbers of bars kept), ascending: `sample` of them at random; all where None."""
    every = np.arange(needed, view.count + 1, dtype=np.int64)
    if sample is None or len(every) <= sample:
        return every
    return np.sort(rng.choice(every, sample, replace=False))


def telling_cuts(view: View, full: F32, needed: int, sample: int, rng: Generator) -> I64:
    """About `sample` cuts, ascending, where the full run's votes or the facts suggest a look.

    Equal parts: right after the warm-up and before the end; where votes change, by how much; where
    they came before a move their way that is large for its time; where something is known later.
    """
    bars = np.arange(needed - 1, view.count - 1)
    if len(bars) == 0:
        return np.empty(0, dtype=np.int64)
    part = ceil(sample / 4)
    ends = np.concatenate((bars[: part // 2 + 1], bars[-(part // 2) - 1 :]))
    changes = np.abs(np.diff(full, prepend=np.float32(0.0)))[bars]
    chosen = [
        rng.permutation(ends)[:part],
        _drawn(bars, changes.astype(np.float64), part, rng),
        _drawn(bars, _rewards(view, full)[bars], part, rng),
        _before_news(view, bars, part, rng),
    ]
    cuts: I64 = np.unique(np.concatenate(chosen) + 1)
    return cuts


def _drawn(bars: I64, weights: F64, count: int, rng: Generator) -> I64:
    """`count` different bars, half of them the heaviest, the others by chance of their weight."""
    likely = np.flatnonzero(weights > 0)
    if len(likely) <= count:
        few: I64 = bars[likely]
        return few
    order = likely[np.argsort(-weights[likely], kind="stable")]
    top, rest = order[: count // 2], order[count // 2 :]
    chance = weights[rest] / weights[rest].sum()
    drawn: I64 = bars[np.append(top, rng.choice(rest, count - len(top), replace=False, p=chance))]
    return drawn


def _rewards(view: View, full: F32) -> F64:
    """How well each vote foretold: vote times the return ahead, in units of the usual move then."""
    best = np.zeros(view.count)
    for ahead in _REWARDS:
        move = np.zeros(view.count)
        move[:-ahead] = view.close[ahead:] / view.close[:-ahead] - 1.0
        best = np.maximum(best, full * move / _usual(np.abs(move)))
    return best


def _usual(moves: F64, bars: int = 63) -> F64:
    """Mean of the moves around each bar, so that calm years count like wild ones; never 0."""
    mean = np.convolve(moves, np.ones(bars) / bars, mode="same")[: len(moves)]
    return np.maximum(mean, 1e-12)


def _before_news(view: View, bars: I64, count: int, rng: Generator) -> I64:
    """Bars just before something became known that had happened, and before the sector changed."""
    ts = view.close_ts[bars]
    moments = [
        rng.choice(one.available_at[one.available_at > one.event_time], count)
        for one in view.background.facts.series.values()
        if np.any(one.available_at > one.event_time)
    ]
    days = [start for start, _ in view.background.sectors]
    rows = [np.searchsorted(ts, np.concatenate(moments)) - 1] if moments else []
    rows.append(np.searchsorted(view.session[bars], np.array(days, dtype=np.int64)) - 1)
    inside = np.concatenate(rows)
    inside = inside[(inside >= 0) & (inside < len(bars))]
    chosen: I64 = bars[rng.permutation(np.unique(inside))[:count]]
    return chosen
