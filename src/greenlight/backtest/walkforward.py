"""Walk-forward: parameters are chosen on what lay before, and used on what came after.

The objective is the Sharpe ratio, over bills, of the strategy's own votes alone, traded by the
engine with every gate and cost on the training part. The declared (or given) parameters stay unless
another set beats them by more than one standard error of their ratio: less than that is noise. The
training part ends before the cut by as many bars as a position may be held or a strategy looks
back, whichever is more, so that no outcome it was judged by reaches over the cut.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from greenlight.analytics import Sharpe, bill_returns, periods_a_year, sharpe, simple_returns
from greenlight.backtest.result import Fit
from greenlight.backtest.sessions import session_ends
from greenlight.domain import UserError
from greenlight.engine import Run, simulate_many
from greenlight.scoring import F32, I64, Assembled, Voice, cast, scores
from greenlight.signals import Value

Parameters = dict[str, Value]
#: Scores held at once while members are tried.
_MOST_BYTES = 200_000_000


@dataclass(frozen=True, slots=True)
class Window:
    """Sessions (places, not dates): trained on those from train[0] up to train[1], used likewise.

    Ends are exclusive. The first window is also used before its cut, where it is in sample.
    """

    train: tuple[int, int]
    use: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Search:
    """How parameters are searched: at most `tries` sets a strategy and window; 1 fits nothing."""

    split: float | None = 0.7
    windows: int = 1
    tries: int = 12
    cash: float = 100_000.0


def plan_windows(count: int, search: Search, gap: int) -> tuple[Window, ...]:
    """Divide `count` sessions: a first training part of `split`, then `windows` parts to use it on.

    Every window trains on as many sessions as the first, ending `gap` before its cut. None where
    there is no split or no session is left on one side of it.
    """
    if search.split is None:
        return ()
    length = int(count * search.split)
    if length < 1 or count - length < search.windows:
        return ()
    edges = np.linspace(length, count, search.windows + 1).astype(int).tolist()
    return tuple(
        Window((start - length, max(start - gap, start - length)), (start, stop))
        for start, stop in itertools.pairwise(edges)
    )


def purge_gap(assembled: Assembled, voices: Sequence[Voice]) -> int:
    """Sessions left out before a cut: the longest look-back or holding time, whichever is more."""
    lookback = max(voice.strategy.bars_needed(**voice.settings()) for voice in voices)
    bars = max(lookback, assembled.rules.limits.max_bars)
    a_session = len(assembled.sessions) / len(np.unique(assembled.sessions))
    return int(np.ceil(bars / max(a_session / len(assembled.history.blocks), 1.0)))


def members(voice: Voice, tries: int) -> tuple[Parameters, ...]:
    """Parameter sets to try: the declared (or given) one, then an even sample of the grid.

    What the user gave stays fixed. The grid is as fine as keeps it near `tries`.
    """
    default = voice.settings()
    free = [name for name in voice.strategy.parameters if name not in voice.given]
    if tries <= 1 or not free:
        return (default,)
    grid = list(_grid(voice, free, tries))
    step = len(grid) / min(len(grid), tries)
    sample = [grid[int(place * step)] for place in range(min(len(grid), tries))]
    chosen = [default]
    chosen += [default | one for one in sample if default | one != default]
    return tuple(chosen[:tries])


def _grid(voice: Voice, free: Sequence[str], tries: int) -> Iterator[Parameters]:
    fineness = 2
    while (fineness + 1) ** len(free) <= tries * 2:
        fineness += 1
    axes = [voice.strategy.parameters[name].grid(fineness) for name in free]
    for values in itertools.product(*axes):
        yield dict(zip(free, values, strict=True))


def fit(
    assembled: Assembled,
    voice: Voice,
    windows: Sequence[Window],
    search: Search,
    told: Callable[[str], None],
) -> tuple[F32, tuple[Fit, ...]]:
    """Votes (C) of a voice, each part with the parameters chosen before it, and what was chosen.

    Before the first cut the first choice votes: that part is in sample. Sets a strategy refuses
    (a fast average slower than its slow one) are skipped.
    """
    wanted = members(voice, search.tries) if windows else (voice.settings(),)
    if len(wanted) == 1:
        told(voice.name)
        return cast(assembled, voice), ()
    ends = session_ends(assembled.sessions)
    tried, ballots = _cast_all(assembled, voice, wanted, told)
    votes, fits = ballots[0].copy(), []
    for number, window in enumerate(windows):
        ratios = _ratios(assembled, ballots, window, search)
        best = choose(ratios)
        first = 0 if number == 0 else window.use[0]
        _replace(assembled, votes, ballots[best], (_row(ends, first), _row(ends, window.use[1])))
        label = assembled.sessions[ends]
        fits.append(
            Fit(
                strategy=voice.name,
                start=int(label[window.train[0]]),
                end=int(label[max(window.train[1] - 1, window.train[0])]),
                used_from=int(label[window.use[0]]),
                used_to=int(label[window.use[1] - 1]),
                tried=len(tried),
                chosen=tried[best],
                objective=ratios[best].ratio_ann,
                default_objective=ratios[0].ratio_ann,
            )
        )
    return votes, tuple(fits)


def _cast_all(
    assembled: Assembled, voice: Voice, wanted: Sequence[Parameters], told: Callable[[str], None]
) -> tuple[list[Parameters], list[F32]]:
    """Votes of every set the strategy takes; the first must be one, or its complaint is raised."""
    tried: list[Parameters] = []
    ballots: list[F32] = []
    for number, parameters in enumerate(wanted):
        told(f"{voice.name}: parameter set {number + 1} of {len(wanted)}")
        try:
            ballots.append(cast(assembled, voice.with_parameters(parameters)))
        except UserError:
            if number == 0:
                raise
            continue
        tried.append(parameters)
    return tried, ballots


def choose(ratios: Sequence[Sharpe]) -> int:
    """The best, unless it is within one standard error of the default (place 0)."""
    values = np.array([one.ratio for one in ratios])
    if np.all(np.isnan(values)):
        return 0
    best = int(np.nanargmax(values))
    default = ratios[0]
    if np.isnan(default.ratio):
        return best
    return best if values[best] > default.ratio + default.error else 0


def _ratios(
    assembled: Assembled, ballots: Sequence[F32], window: Window, search: Search
) -> list[Sharpe]:
    """The objective of each member on the window's training part."""
    ends = session_ends(assembled.sessions)
    part = assembled.between(_row(ends, window.train[0]), _row(ends, window.train[1]))
    if len(part.sessions) == 0:
        return [Sharpe(0)] * len(ballots)
    one = np.ones(1)
    batch = max(1, _MOST_BYTES // (4 * len(part.tape.close)))
    ratios: list[Sharpe] = []
    for start in range(0, len(ballots), batch):
        limits = part.rules.limits
        jobs = [(scores(part, [votes], one), limits) for votes in ballots[start : start + batch]]
        runs = simulate_many(part.tape, jobs, part.rules, search.cash, part.surroundings)
        ratios += [_ratio(part, run, search.cash) for run in runs]
    return ratios


def _ratio(part: Assembled, run: Run, cash: float) -> Sharpe:
    ends = session_ends(part.sessions)
    label = part.sessions[ends]
    returns = simple_returns(np.concatenate(([cash], run.equity[ends])))
    rates = part.surroundings.rates
    bills = bill_returns(np.full(len(ends), np.nan) if rates is None else rates[ends], label)
    return sharpe(returns - bills, periods_a_year(label))


def _row(ends: I64, session: int) -> int:
    """First row of a session."""
    return 0 if session == 0 else int(ends[session - 1]) + 1


def _replace(assembled: Assembled, votes: F32, other: F32, rows: tuple[int, int]) -> None:
    """Take the cells of rows rows[0] .. rows[1] - 1 from `other`."""
    tape = assembled.tape
    for base, width in zip(
        tape.base[rows[0] : rows[1]].tolist(), tape.width[rows[0] : rows[1]].tolist(), strict=True
    ):
        votes[base : base + width] = other[base : base + width]
