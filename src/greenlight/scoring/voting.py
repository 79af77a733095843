"""Voices: strategies with parameters and weights, their votes, and the scores made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from greenlight.forecast import ensemble, learned_weights
from greenlight.scoring.assembly import F32, F64, Assembled
from greenlight.signals import Strategy, Value

#: Rows over which learned weights look whether a vote was right.
LEARNING_HORIZON = 10


@dataclass(frozen=True, slots=True)
class Voice:
    """A strategy that votes. `given`: parameters the user fixed; the rest may be searched."""

    strategy: Strategy
    given: Mapping[str, Value]
    weight: float = 1.0

    @property
    def name(self) -> str:
        """The strategy's name."""
        return self.strategy.name

    def settings(self) -> dict[str, Value]:
        """Every parameter's value."""
        return self.strategy.settings(self.given)

    def with_parameters(self, parameters: Mapping[str, Value]) -> "Voice":
        """The same voice with these parameters."""
        return replace(self, given=dict(parameters))


def cast(assembled: Assembled, voice: Voice) -> F32:
    """Votes of one voice for every cell of the tape (C)."""
    votes = np.zeros(len(assembled.tape.close), dtype=np.float32)
    settings = voice.settings()
    for one in assembled.seen:
        votes[one.cells] = voice.strategy.votes(one.view, **settings)
    return votes


def unchecked_share(assembled: Assembled, voice: Voice, votes: F32) -> float:
    """Share of a voice's votes cast without a condition it could not check; 0 without votes."""
    settings = voice.settings()
    blind = total = 0
    for one in assembled.seen:
        spoken = votes[one.cells] != 0.0
        total += int(np.count_nonzero(spoken))
        if np.any(spoken):
            blind += int(np.count_nonzero(spoken & voice.strategy.unchecked(one.view, **settings)))
    return blind / total if total > 0 else 0.0


def scores(
    assembled: Assembled, votes: Sequence[F32], weights: F64, *, is_learned: bool = False
) -> F32:
    """Scores of every cell (C) from the votes of each voice (C each)."""
    parts = []
    start = 0
    for number, block in enumerate(assembled.history.blocks):
        shape = (block.count, len(block.symbols))
        stop = start + shape[0] * shape[1]
        stack = np.stack([vote[start:stop].reshape(shape) for vote in votes])
        block_weights = weights
        if is_learned:
            close = adjusted_closes(assembled, number)
            block_weights = weights * learned_weights(stack, close, LEARNING_HORIZON)
        parts.append(ensemble(stack, block_weights).reshape(-1))
        start = stop
    return np.concatenate(parts)


def adjusted_closes(assembled: Assembled, block: int) -> F64:
    """Forward-adjusted closes (T, N) of a block, NaN where there is no bar."""
    bars = assembled.history.blocks[block]
    close = np.full((bars.count, len(bars.symbols)), np.nan)
    for one in assembled.seen:
        if one.block == block:
            close[one.rows, one.column] = one.view.close
    return close
