"""One replay of the audit: a strategy on bars that end at a cut, against its full run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import UserError
from greenlight.market import View
from greenlight.signals import Strategy

F32 = NDArray[np.float32]

#: Votes nearer than this are the same.
TOLERANCE = 1e-6
#: Bars a replay sees beyond the look-back: as many votes are compared in one call.
EXTRA_BARS = 32


class Fault(StrEnum):
    """What an audit may find."""

    LOOK_AHEAD = "looks ahead"
    LOOK_BACK = "needs more than its look-back"
    NOT_REPEATABLE = "is not repeatable"
    IMPURE = "reaches for more than its view"
    FAILED = "fails"


#: What "asked again" means, by fault.
_MEANT = {
    Fault.LOOK_AHEAD: "without what came after",
    Fault.LOOK_BACK: "on its look-back alone",
    Fault.NOT_REPEATABLE: "when asked again",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A promise broken: the value of `bar` (index; `ts`: its close, ns UTC) is `old` in the full
    run and `new` when asked again as the fault says. `series`: the inputs that are read ahead, or
    the place in the source. Where a fault has no bar, `bar` is -1 and the values are NaN.
    """

    fault: Fault
    strategy: str
    symbol: str = ""
    series: str = ""
    bar: int = -1
    ts: int = 0
    old: float = float("nan")
    new: float = float("nan")
    detail: str = ""

    def told(self, clock: Callable[[int], str]) -> str:
        """The finding in one line; `clock` says a time (ns UTC) in words."""
        where = f"{self.strategy} {self.fault}"
        if self.bar < 0:
            parts = (where, self.symbol, self.series, self.detail)
            return ": ".join(part for part in parts if part)
        at = f"{self.symbol}, bar {self.bar}, closed {clock(self.ts)}"
        values = f"{self.old:.6g} in the full run, {self.new:.6g} {_MEANT[self.fault]}"
        read = f", which it reads ahead of time: {self.series}" if self.series else ""
        return f"{where}: {at}: {values}{read}"

    def __str__(self) -> str:
        return self.told(_utc)


@dataclass(frozen=True, slots=True)
class Replay:
    """What a strategy said on bars that end after `count` of them: its last votes, or why not."""

    count: int
    votes: F32
    error: str = ""

    def agrees(self, full: F32) -> bool:
        """Whether the full run's votes are the same."""
        expected = full[self.count - len(self.votes) : self.count]
        return not self.error and not differ(self.votes, expected)


def _utc(ts: int) -> str:
    return f"{np.datetime64(ts, 'ns').astype('datetime64[m]').item():%Y-%m-%d %H:%M} UTC"


def replay(voice: Strategy, view: View, count: int, needed: int) -> Replay:
    """Ask `voice` on the last `needed` + EXTRA_BARS of the first `count` bars."""
    try:
        votes = voice.votes(severed(view, count, needed + EXTRA_BARS))
    except UserError as error:
        return Replay(count, np.empty(0, dtype=np.float32), str(error))
    return Replay(count, votes[needed - 1 :])


def judged(voice: Strategy, view: View, full: F32, seen: Replay, needed: int) -> Finding:
    """Why a replay does not agree with the `full` run's votes; `voice` is asked again for that."""
    again = replay(voice, view, seen.count, needed)
    if again.error != seen.error or differ(again.votes, seen.votes):
        return Finding(Fault.NOT_REPEATABLE, voice.name, view.symbol, detail=again.error)
    try:
        prefix = voice.votes(severed(view, seen.count, seen.count))
    except UserError as error:
        return Finding(Fault.FAILED, voice.name, view.symbol, detail=str(error))
    ahead = np.abs(prefix - full[: seen.count])
    bar = int(np.argmax(ahead))
    if ahead[bar] > TOLERANCE:
        series = ", ".join(_leaks(voice, view, full, bar))
        return at_bar(Fault.LOOK_AHEAD, voice, view, bar, (full[bar], prefix[bar]), series)
    if seen.error:
        return Finding(Fault.LOOK_BACK, voice.name, view.symbol, detail=seen.error)
    first = seen.count - len(seen.votes)
    place = int(np.argmax(np.abs(seen.votes - full[first : seen.count])))
    values = (full[first + place], seen.votes[place])
    return at_bar(Fault.LOOK_BACK, voice, view, first + place, values)


def at_bar(
    fault: Fault,
    voice: Strategy,
    view: View,
    bar: int,
    values: tuple[float, float],
    series: str = "",
) -> Finding:
    """A finding about the (old, new) vote of one bar."""
    old, new = values
    ts = int(view.close_ts[bar])
    return Finding(fault, voice.name, view.symbol, series, bar, ts, float(old), float(new))


def severed(view: View, count: int, bars: int) -> View:
    """The last `bars` of the first `count` bars, as `view.until(count).last(bars)`, in own memory.

    A slice would still hold the bars after it, within reach as `array.base`.
    """
    rows = slice(max(count - bars, 0), count)
    arrays = {name: getattr(view, name)[rows].copy() for name in (*_TIMES, *_VALUES)}
    known = view.background.until(int(view.close_ts[count - 1]), int(view.session[count - 1]))
    indices = {name: (ts.copy(), close.copy()) for name, (ts, close) in known.indices.items()}
    series = {
        key: replace(one, **{name: getattr(one, name).copy() for name in _FACT_ARRAYS})
        for key, one in known.facts.series.items()
    }
    background = replace(known, indices=indices, facts=replace(known.facts, series=series))
    return replace(view, **arrays, background=background)


_TIMES = ("open_ts", "close_ts", "session")
_VALUES = ("open", "high", "low", "close", "volume")
_FACT_ARRAYS = ("event_time", "available_at", "value")


def _leaks(voice: Strategy, view: View, full: F32, bar: int) -> list[str]:
    """Inputs whose values after `bar`, changed alone, change the vote of `bar`."""
    changed = []
    for name in (*_VALUES, "facts", "indices", "sectors"):
        others = _with_another_future(view, name, bar)
        if any(_vote(voice, other, bar) not in (full[bar], None) for other in others):
            changed.append(name)
    return changed or ["the number of bars, or what it remembers"]


def _with_another_future(view: View, name: str, bar: int) -> Iterator[View]:
    """The view with other values of one input after `bar`."""
    if name not in _VALUES:
        known: dict[str, Any] = {name: getattr(view.until(bar + 1).background, name)}
        yield replace(view, background=replace(view.background, **known))
        return
    values = getattr(view, name)
    later = values[bar + 1 :]
    for future in (np.full(len(later), values[bar]), later * 2.0, later * 0.5):
        other: dict[str, Any] = {name: np.concatenate((values[: bar + 1], future))}
        yield replace(view, **other)


def _vote(voice: Strategy, view: View, bar: int) -> float | None:
    """The vote of `bar`, None where the strategy fails."""
    try:
        return float(voice.votes(view)[bar])
    except UserError:
        return None


def differ(one: F32, other: F32) -> bool:
    """Whether two answers to the same question are not the same."""
    return len(one) != len(other) or bool(np.any(np.abs(one - other) > TOLERANCE))
