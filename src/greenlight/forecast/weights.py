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

import numpy as np
from numpy.typing import NDArray

from greenlight.forecast.ensemble import F32, F64

_GOOD_IC = 0.05
_SHRINK_VOTES = 5000.0


def learned_weights(votes: F32, close: F64, horizon: int) -> F64:
    """Weights (T, V) from votes (V, T, N) and adjusted closes (T, N; NaN: no bar)."""
    later = np.full(close.shape, np.nan)
    later[:-horizon] = close[horizon:] / close[:-horizon] - 1.0
    known = ~np.isnan(later)
    finished = _so_far(known, horizon)
    mean = _so_far(np.where(known, later, 0.0), horizon) / np.maximum(finished, 1.0)
    return np.stack([_weight(vote, later, mean, horizon) for vote in votes], axis=1)


def _weight(vote: F32, later: F64, mean: F64, horizon: int) -> F64:
    """Weight (T) of one voice; `mean` (T) is that of all returns finished by the row."""
    counts = (vote != 0.0) & ~np.isnan(later)
    v, r = np.where(counts, vote, 0.0).astype(np.float64), np.where(counts, later, 0.0)
    n, sum_v, sum_r = (_so_far(one, horizon) for one in (counts, v, r))
    sum_vr, sum_vv, sum_rr = (_so_far(one, horizon) for one in (v * r, v * v, r * r))
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
