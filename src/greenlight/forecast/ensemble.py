"""Many voices, one score: 0..100, 50 neutral, buy from 60 up, sell from 40 down.

A vote v in [-1, 1] of a voice of weight w is evidence of w * |v|. With F the evidence for, A the
evidence against, and S = 6 that of silence:

    score = 50 + 50 * (F - A) / (F + A + S)

- Weights count by proportion: their mean (of those above 0) is 1, and none is more than 1.25.
- A voice that says nothing (0: no opinion, out of its regime, in its warm-up) is not in the
  denominator: it neither votes nor dilutes.
- No single voice decides: alone it reaches 57.1 at equal weights and 58.6 at the most. A buy needs
  F >= 1.5 + 1.5 * A: the better part of two voices, and half as much more again for what
  contradicts them.
- With exactly one voice configured, S = 0 and its vote is the score: 50 + 50 * v.

This is a weighted mean of the voices and a neutral one, each counted by how firmly it speaks. It
rises with every vote, and it is a sum of shares, so every score can be explained.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import UserError

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

NEUTRAL = 50.0
#: Evidence of silence: six full voices that say neither yes nor no.
SILENCE = 6.0
#: No voice weighs more than this; below SILENCE / 4, or one alone could reach 60.
MOST_WEIGHT = 1.25


class Share(NamedTuple):
    """What one voice adds to a score: `points` of all voices sum to score - 50."""

    voice: str
    vote: float
    weight: float
    points: float


def equal_weights(count: int) -> F64:
    """Weights of `count` voices that count alike."""
    return np.ones(count)


def ensemble(votes: F32, weights: F64) -> F32:
    """Scores (T, N) of votes (V, T, N); `weights` (V), or (T, V) where they change with time.

    Only the proportions of a row's weights matter. Raises UserError where there is no voice, and
    for weights that are not one a voice, negative, not finite, or all zero.
    """
    effective = _effective(len(votes), weights)
    pull, firmness = np.zeros(votes.shape[1:]), np.zeros(votes.shape[1:])
    for vote, weight in zip(votes, effective.T, strict=True):
        evidence = vote * weight[:, None]
        pull += evidence
        firmness += np.abs(evidence)
    return (NEUTRAL + NEUTRAL * _lean(pull, firmness, len(votes))).astype(np.float32)


def explain(names: Sequence[str], votes: F32, weights: F64) -> tuple[Share, ...]:
    """What stands behind the score of one cell: votes (V), weights (V) in force there."""
    effective = _effective(len(votes), weights)[0]
    evidence = effective * votes
    firmness = np.full(len(votes), np.abs(evidence).sum())
    points = NEUTRAL * _lean(evidence, firmness, len(votes))
    return tuple(
        Share(name, float(vote), float(weight), float(point))
        for name, vote, weight, point in zip(names, votes, effective, points, strict=True)
    )


def _lean(pull: F64, firmness: F64, voices: int) -> F64:
    """Pull over all evidence, in [-1, 1]; 0 where nobody speaks. A lone voice is its own vote."""
    return pull if voices == 1 else np.divide(pull, firmness + SILENCE)


def _effective(voices: int, weights: F64) -> F64:
    """Weights as they count, shape (T, V), or (1, V) where they never change."""
    rows = np.atleast_2d(np.asarray(weights, dtype=np.float64))
    if voices == 0 or rows.shape[1] != voices:
        raise UserError(f"ensemble: {voices} voices and {rows.shape[1]} weights; give one a voice")
    if not np.all(np.isfinite(rows)) or np.any(rows < 0):
        raise UserError("ensemble: a weight is negative or not a number")
    speaking = np.count_nonzero(rows, axis=1, keepdims=True)
    if np.any(speaking == 0):
        raise UserError("ensemble: all weights are 0; give at least one voice a weight above 0")
    mean = rows.sum(axis=1, keepdims=True) / speaking
    effective: F64 = np.minimum(rows / mean, MOST_WEIGHT)
    return effective
