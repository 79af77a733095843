"""One strategy on trial: replays first, then its full runs, and what does not fit together."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from greenlight.backtest.audit_cuts import any_cuts, telling_cuts
from greenlight.backtest.audit_replay import (
    F32,
    Fault,
    Finding,
    Replay,
    at_bar,
    differ,
    judged,
    replay,
)
from greenlight.domain import UserError
from greenlight.market import View
from greenlight.signals import Strategy, load_strategy

I64 = NDArray[np.int64]

#: Replays of a symbol that differ and are asked again to tell why.
_JUDGED = 5
#: Replays after which progress is told.
_STEP = 256


class Trial(NamedTuple):
    """What one strategy did: its votes in the full run (one array a symbol), replays, findings."""

    full: list[F32]
    replays: int
    findings: list[Finding]


def try_voice(
    voice: Strategy,
    subjects: Sequence[View],
    sample: int | None,
    rng: Generator,
    told: Callable[[float], None],
) -> Trial:
    """Replay first, when nothing later than a cut has been seen; then the full run; compare.

    `sample`: about as many cuts a symbol, None: all. `told` hears the share done.
    """
    needed = voice.bars_needed()
    fresh = _fresh(voice)
    blindly = None if sample is None else sample // 3
    blind = [any_cuts(view, needed, blindly, rng) for view in subjects]
    seen = _replays(fresh, subjects, blind, needed, told)
    full, findings = _full_runs(voice, fresh, subjects)
    if sample is not None:
        telling = [
            telling_cuts(view, votes, needed, sample - sample // 3, rng)
            for view, votes in zip(subjects, full, strict=True)
        ]
        seen += _replays(_fresh(voice), subjects, telling, needed, told)
    left = {view.symbol: _JUDGED for view in subjects}
    left.update({found.symbol: 0 for found in findings})
    for place, one in seen:
        view = subjects[place]
        if left[view.symbol] > 0 and not one.agrees(full[place]):
            found = judged(_fresh(voice), view, full[place], one, needed)
            left[view.symbol] -= _JUDGED if found.fault is Fault.LOOK_AHEAD else 1
            findings.append(found)
    told(1.0)
    return Trial(full, len(seen), findings)


def _fresh(voice: Strategy) -> Strategy:
    """The strategy as its file makes it, with no memory of earlier calls."""
    if voice.path is None:
        return voice
    return load_strategy(voice.path).tuned(voice.chosen)


def _replays(
    voice: Strategy,
    subjects: Sequence[View],
    cuts: Sequence[I64],
    needed: int,
    told: Callable[[float], None],
) -> list[tuple[int, Replay]]:
    """Replays at the cuts of each subject, with its place, in order of time over all of them."""
    moments = sorted(
        (int(view.close_ts[count - 1]), place, count)
        for place, (view, counts) in enumerate(zip(subjects, cuts, strict=True))
        for count in counts.tolist()
    )
    seen = []
    for number, (_, place, count) in enumerate(moments):
        seen.append((place, replay(voice, subjects[place], count, needed)))
        if number % _STEP == 0:
            told(number / len(moments))
    return seen


def _full_runs(
    voice: Strategy, fresh: Strategy, subjects: Sequence[View]
) -> tuple[list[F32], list[Finding]]:
    """Votes of each subject's whole view, asked twice in opposite order of symbols."""
    again = [_votes_or_error(fresh, view) for view in reversed(subjects)][::-1]
    other = _fresh(voice)
    full, findings = [], []
    for view, second in zip(subjects, again, strict=True):
        first = _votes_or_error(other, view)
        full.append(np.zeros(view.count, dtype=np.float32) if isinstance(first, str) else first)
        if isinstance(first, str) or isinstance(second, str):
            words = first if isinstance(first, str) else str(second)
            findings.append(Finding(Fault.FAILED, voice.name, view.symbol, detail=words))
        elif differ(first, second):
            bar = int(np.argmax(np.abs(first - second)))
            values = (float(first[bar]), float(second[bar]))
            findings.append(at_bar(Fault.NOT_REPEATABLE, voice, view, bar, values))
    return full, findings


def _votes_or_error(voice: Strategy, view: View) -> F32 | str:
    try:
        return voice.votes(view)
    except UserError as error:
        return str(error)
