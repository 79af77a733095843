"""Weights of the voices, learned from what had come of their votes by each row.

The rule: a voice's information coefficient IC is the correlation of its votes (where not 0) with
the symbol's return over the next `horizon` rows, less the mean return of all symbols and rows so
far, so that a rising market flatters nobody. Only returns that had finished by the row count
(expanding window). With n finished votes the IC is shrunk towards 0 by n / (n + 5,000), and the
weight is

    2 ** (IC / 0.05), at least 1/2 and at most 2:

The 5,000 are many because votes on neighbouring bars and symbols share most of their outcome. With
nothing learned all are equal, and no past is good enough to silence the others. An IC of 0.05
is a good one (Grinold and Kahn, Active Portfolio Management, 1999).
"""

from collections import deque
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from greenlight.forecast.ensemble import F32, F64

_GOOD_IC = 0.05
_SHRINK_VOTES = 5000.0


def learned_weights(votes: F32, close: F64, horizon: int) -> F64:
    """Weights (T, V) from votes (V, T, N) and adjusted closes (T, N; NaN: no bar)."""
    later = _later(close, horizon)
    known = ~np.isnan(later)
    finished = _so_far(known, horizon)
    mean = _so_far(np.where(known, later, 0.0), horizon) / np.maximum(finished, 1.0)
    return np.stack([_weight(vote, later, mean, horizon) for vote in votes], axis=1)


def _later(close: F64, horizon: int) -> F64:
    """Return over the next `horizon` rows (T, N), NaN where it has not come."""
    later = np.full(close.shape, np.nan)
    later[:-horizon] = close[horizon:] / close[:-horizon] - 1.0
    return later


def _weight(vote: F32, later: F64, mean: F64, horizon: int) -> F64:
    """Weight (T) of one voice; `mean` (T) is that of all returns finished by the row."""
    return _weight_of(_sums(vote, later, horizon), mean)


def _sums(vote: F32, later: F64, horizon: int) -> "_Sums":
    """Sums of one voice over what had finished by each row (T)."""
    counts = (vote != 0.0) & ~np.isnan(later)
    v, r = np.where(counts, vote, 0.0).astype(np.float64), np.where(counts, later, 0.0)
    return _Sums(*(_so_far(one, horizon) for one in (counts, v, r, v * r, v * v, r * r)))


class _Sums(NamedTuple):
    """What the weight is made of: votes counted, sums of votes v, returns r and their products."""

    n: F64
    v: F64
    r: F64
    vr: F64
    vv: F64
    rr: F64


def _weight_of(sums: _Sums, mean: F64) -> F64:
    """Weights by sums and mean return, element by element."""
    n, sum_v, sum_r, sum_vr, sum_vv, sum_rr = sums
    together = sum_vr - mean * sum_v
    apart = np.sqrt(sum_vv * np.maximum(sum_rr - 2.0 * mean * sum_r + n * mean * mean, 0.0))
    ic = np.divide(together, apart, out=np.zeros(len(n)), where=apart > 0)
    shrunk = ic * n / (n + _SHRINK_VOTES)
    weight: F64 = np.exp2(np.clip(shrunk / _GOOD_IC, -1.0, 1.0))
    return weight


def _so_far(values: F64 | NDArray[np.bool_], horizon: int) -> F64:
    """Sum over all cells (T, N) whose return had finished by each row."""
    total = np.zeros(len(values))
    total[horizon:] = np.cumsum(values.sum(axis=1, dtype=np.float64))[: len(values) - horizon]
    return total


class Learner:
    """The same weights learned row by row, as the rows close; equal to `learned_weights`."""

    def __init__(self, voices: int, horizon: int) -> None:
        self._waiting: deque[tuple[F32, F64]] = deque()
        self._horizon = horizon
        self._sums = np.zeros((len(_Sums._fields), voices))
        self._finished, self._total = 0.0, 0.0

    def begin(self, votes: F32, close: F64) -> None:
        """Learn from all rows before the first step: votes (V, T, N), adjusted closes (T, N)."""
        self._waiting.extend((votes[:, t], close[t]) for t in range(len(close))[-self._horizon :])
        if len(close) <= self._horizon:
            return
        later = _later(close, self._horizon)
        known = ~np.isnan(later)
        self._finished = float(_so_far(known, self._horizon)[-1])
        self._total = float(_so_far(np.where(known, later, 0.0), self._horizon)[-1])
        for k, vote in enumerate(votes):
            self._sums[:, k] = [one[-1] for one in _sums(vote, later, self._horizon)]

    def step(self, votes: F32, close: F64) -> F64:
        """Weights (V) of the row that closed with these votes (V, N) and adjusted closes (N)."""
        if len(self._waiting) == self._horizon:
            past, before = self._waiting.popleft()
            self._learn(past, close / before - 1.0)
        self._waiting.append((votes, close))
        mean = np.full(self._sums.shape[1], self._total / max(self._finished, 1.0))
        return _weight_of(_Sums(*self._sums), mean)

    def _learn(self, votes: F32, later: F64) -> None:
        known = ~np.isnan(later)
        self._finished += float(known.sum(dtype=np.float64))
        self._total += float(np.where(known, later, 0.0).sum())
        for k, vote in enumerate(votes):
            counts = (vote != 0.0) & known
            v, r = np.where(counts, vote, 0.0).astype(np.float64), np.where(counts, later, 0.0)
            self._sums[:, k] += [
                x.sum(dtype=np.float64) for x in (counts, v, r, v * r, v * v, r * r)
            ]
