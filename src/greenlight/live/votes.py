"""Votes of every voice on the last bar of every symbol of a block."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from greenlight.indicators import (
    REGIME_LOOKBACK,
    TREND_BARS,
    YEAR_BARS,
    Regime,
    latest_regimes,
)
from greenlight.live.rolling import CLOSE, SWING, Rolling
from greenlight.market import Background
from greenlight.scoring import Voice
from greenlight.signals import Strategy, Value

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]

#: A strategy that is asked about one symbol at a time sees at least as many bars.
LEAST_BARS = 500
_CELLS = 8192  # bars of a stack: as many as stay in the processor's cache


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """A voice made ready. own: bars that its function looks back at; needed: before it votes at
    all; may_vote: by regime, None for everywhere."""

    strategy: Strategy
    settings: Mapping[str, Value]
    own: int
    needed: int
    may_vote: NDArray[np.bool_] | None

    @property
    def depth(self) -> int:
        """Bars to keep for it."""
        return self.own if self.strategy.stacks else max(self.needed, LEAST_BARS)


def ready(voice: Voice) -> Ready:
    """Resolve a voice's parameters once."""
    strategy, settings = voice.strategy, voice.settings()
    regimes = strategy.regimes
    may_vote = None if regimes is None else np.array([one in regimes for one in Regime])
    own, needed = strategy.own_bars(**settings), strategy.bars_needed(**settings)
    return Ready(strategy, settings, own, needed, may_vote)


def latest_votes(
    voices: Sequence[Ready], rolling: Rolling, present: I64, known: Sequence[Background]
) -> F32:
    """Votes (V, N) on the last bars of the symbols that are present; 0 of others.

    known: what each symbol's view knows beside its bars. Raises UserError where a strategy fails.
    """
    votes = np.zeros((len(voices), len(rolling.count)), dtype=np.float32)
    regime = _regimes(voices, rolling, present)
    for voice, vote in zip(voices, votes, strict=True):
        asked = present[rolling.count[present] >= voice.needed]
        if voice.may_vote is not None:
            asked = asked[voice.may_vote[regime[asked]]]
        if voice.strategy.stacks:
            _ask_together(voice, rolling, asked, known, vote)
        else:
            _ask_apart(voice, rolling, asked, known, vote)
    return votes


def _regimes(voices: Sequence[Ready], rolling: Rolling, present: I64) -> NDArray[np.int8]:
    """Regime of the last bar of each symbol (N)."""
    regime = np.zeros(len(rolling.count), dtype=np.int8)
    if any(voice.may_vote is not None for voice in voices):
        known = present[rolling.count[present] >= REGIME_LOOKBACK]
        close = rolling.window(CLOSE, known, TREND_BARS)
        regime[known] = latest_regimes(close, rolling.window(SWING, known, YEAR_BARS))
    return regime


def _ask_together(
    voice: Ready, rolling: Rolling, asked: I64, known: Sequence[Background], vote: F32
) -> None:
    size = max(1, _CELLS // voice.own)
    for begin in range(0, len(asked), size):
        some = asked[begin : begin + size]
        stack = rolling.stack(some, voice.own, known[int(some[0])])
        ends = np.arange(1, len(some) + 1) * voice.own - 1
        vote[some] = voice.strategy.votes_at(stack, ends, voice.settings)


def _ask_apart(
    voice: Ready, rolling: Rolling, asked: I64, known: Sequence[Background], vote: F32
) -> None:
    for symbol in asked.tolist():
        view = rolling.view(symbol, voice.depth, known[symbol])
        last = np.array([view.count - 1])
        vote[symbol] = voice.strategy.votes_at(view, last, voice.settings)[0]
