"""One backtest from history to result: every figure comes through the engine's own loop."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from greenlight.backtest.affording import require_affordable, unaffordable
from greenlight.backtest.attribution import Ballots, break_down
from greenlight.backtest.audit import audit, equal_scores, learned_scores
from greenlight.backtest.benchmarks import benchmarks
from greenlight.backtest.funnel import funnel, sizing_used
from greenlight.backtest.identity import Identity
from greenlight.backtest.measurement import Measured, segment
from greenlight.backtest.pictures import Pictures
from greenlight.backtest.picturing import picture
from greenlight.backtest.result import Audit, Fit, Halt, Provenance, Result, Segment, VoiceUsed
from greenlight.backtest.sensitivity import capacity, delisting
from greenlight.backtest.sessions import Sessions, by_session
from greenlight.backtest.transfers import trips_of
from greenlight.backtest.trials import TrialCount
from greenlight.backtest.walkforward import Search, Window, fit, plan_windows, purge_gap
from greenlight.domain import AssetClass, UserError
from greenlight.engine import Rules, Run, simulate, warm_up
from greenlight.market import History
from greenlight.scoring import (
    ENDINGS,
    F32,
    F64,
    Assembled,
    Followed,
    Voice,
    assemble,
    calibrated,
    scores,
    unchecked_share,
)

Told = Callable[[str], None]

#: A symbol without bars for this many days at the end of a run has stopped, not paused.
_LATE_DAYS = 10


@dataclass(frozen=True, slots=True)
class Plan:
    """What one backtest does. `rules`: limits, costs and specs of the history's symbols.

    `is_learned`: weights of the voices are learned on the past of each row. `is_calibrated`: half
    Kelly sizes entries once enough came of past scores. `is_audited`: the sampled look-ahead audit
    runs as well.
    """

    voices: tuple[Voice, ...]
    rules: Rules
    cash: float
    search: Search
    is_learned: bool = False
    is_calibrated: bool = False
    is_audited: bool = True


@dataclass(frozen=True, slots=True)
class Voted:
    """Votes of each voice (C each), the scores made of them (C), and what was fitted."""

    votes: tuple[F32, ...]
    score: F32
    fits: tuple[Fit, ...]
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What the judgement takes as given: identity, audit, trials so far, what was followed."""

    identity: Identity
    checked: Audit
    trials: TrialCount
    followed: Followed


@dataclass(frozen=True, slots=True)
class Backtest:
    """A finished backtest: the judgement, and what it was made from."""

    result: Result
    run: Run
    assembled: Assembled
    voted: Voted
    pictures: Pictures


def vote(assembled: Assembled, plan: Plan, told: Told) -> Voted:
    """Let every voice vote, its parameters chosen walk-forward, and make scores of the votes.

    Raises UserError where a strategy fails.
    """
    count = len(np.unique(assembled.sessions))
    windows = plan_windows(count, plan.search, purge_gap(assembled, plan.voices))
    votes: list[F32] = []
    fits: list[Fit] = []
    for voice in plan.voices:
        ballot, chosen = fit(assembled, voice, windows, plan.search, told)
        votes.append(ballot)
        fits += chosen
    score = scores(assembled, votes, _weights(plan), is_learned=plan.is_learned)
    return Voted(tuple(votes), score, tuple(fits), windows)


def backtest(
    history: History,
    plan: Plan,
    identity: Identity,
    count_trials: Callable[[int], TrialCount],
    told: Told = lambda _: None,
) -> Backtest:
    """Run, judge and picture one backtest.

    `count_trials` is told how many parameter sets were tried and gives back how many trials this
    history has seen; `told` hears what is being done. Raises UserError for what the user can mend.
    """
    warm_up()
    require_affordable(history, plan.rules, plan.cash)
    told("reading bars")
    assembled = assemble(history, plan.rules)
    checked = _audited(history, plan, told)
    voted = vote(assembled, plan, told)
    followed = Followed(0, 0, 0.0)
    if plan.is_calibrated:
        told("following what came of past scores")
        assembled, followed = calibrated(assembled, voted.score)
    told("trading")
    run = simulate(assembled.tape, voted.score, plan.rules, plan.cash, assembled.surroundings)
    if not np.all(np.isfinite(run.equity)):
        raise UserError("equity is not a number: the prices or costs given cannot be traded on")
    trials = count_trials(1 + sum(fitted.tried for fitted in voted.fits))
    told("measuring")
    days = by_session(assembled, run, plan.cash)
    trips = trips_of(assembled, run)
    cut = voted.windows[0].use[0] if voted.windows else None
    simpler = benchmarks(assembled, days, cut)
    measured = Measured(assembled, run, days, trips, simpler, trials.trials)
    facts = Known(identity, checked, trials, followed)
    result = _judge(plan, measured, voted, facts)
    pictures = picture(assembled, run, days, measured.benchmarks, plan.cash)
    return Backtest(result, run, assembled, voted, pictures)


def _judge(plan: Plan, measured: Measured, voted: Voted, known: Known) -> Result:
    assembled, run, days = measured.assembled, measured.run, measured.sessions
    cut = voted.windows[0].use[0] if voted.windows else None
    after, before = _halves(measured, cut)
    ballots = Ballots(tuple(v.name for v in plan.voices), _weights(plan), voted.votes)
    return Result(
        title=known.identity.title,
        symbols=assembled.history.symbols,
        start=int(days.label[0]),
        end=int(days.label[-1]),
        cash=plan.cash,
        final_equity=float(run.equity[-1]),
        cut=None if cut is None else int(days.label[cut]),
        out_of_sample=after,
        in_sample=before,
        whole=segment(measured, "whole", 0, days.observed),
        halt=_halt(assembled, run, days),
        trials=known.trials,
        voices=_voices_used(assembled, plan, voted),
        fits=voted.fits,
        breakdown=break_down(assembled, run, days, measured.trips, ballots),
        capacity=capacity(measured, voted.score, plan.cash),
        delisting=delisting(assembled, voted.score, plan.cash, run),
        funnel=funnel(assembled, run, voted.votes, voted.score),
        sizing=sizing_used(assembled, run, known.followed),
        audit=known.checked,
        provenance=_provenance(assembled, known.identity),
        notes=_notes(assembled, plan, voted),
    )


def _halves(measured: Measured, cut: int | None) -> tuple[Segment | None, Segment | None]:
    """Out of sample and in sample; None for a part of which nothing was observed."""
    observed = measured.sessions.observed
    if cut is None:
        return None, None
    after = segment(measured, "out of sample", cut, observed) if observed > cut else None
    return after, segment(measured, "in sample", 0, min(cut, observed))


def _weights(plan: Plan) -> F64:
    return np.array([voice.weight for voice in plan.voices], dtype=np.float64)


def _halt(assembled: Assembled, run: Run, days: Sessions) -> Halt | None:
    if run.halted_row < 0:
        return None
    session = int(assembled.sessions[run.halted_row])
    after = int(np.count_nonzero(days.label > session))
    return Halt(session, after / len(days.label))


def _voices_used(assembled: Assembled, plan: Plan, voted: Voted) -> tuple[VoiceUsed, ...]:
    last = {fitted.strategy: fitted.chosen for fitted in voted.fits}
    total = float(_weights(plan).sum())
    return tuple(
        VoiceUsed(
            name=voice.name,
            parameters=last.get(voice.name, voice.settings()),
            weight=voice.weight / total,
            is_fitted=last.get(voice.name, voice.settings()) != voice.settings(),
            unchecked=unchecked_share(assembled, voice, votes),
        )
        for voice, votes in zip(plan.voices, voted.votes, strict=True)
    )


def _audited(history: History, plan: Plan, told: Told) -> Audit:
    if not plan.is_audited:
        return Audit("not run", "It was switched off.")
    told("auditing for look-ahead")
    voices = [voice.strategy.tuned(voice.given) for voice in plan.voices]
    report = audit(history, voices, score=learned_scores if plan.is_learned else equal_scores)
    looked = f"{report.replays:,} replays of {len(report.strategies)} strategies"
    looked += f" on {report.scope}."
    if report.idle:
        looked += f" Too few bars to try {', '.join(report.idle)}."
    if report.is_clean:
        return Audit("passed", looked)
    return Audit("failed", f"{looked} " + " ".join(str(found) for found in report.findings[:5]))


def _provenance(assembled: Assembled, identity: Identity) -> Provenance:
    history = assembled.history
    return Provenance(
        key=identity.key,
        code_version=identity.code_version,
        fingerprint=identity.fingerprint,
        source=history.source,
        timeframes=_once([str(block.timeframe) for block in history.blocks]),
        adjustments=_once([str(block.adjustment) for block in history.blocks]),
        is_closes_only=any(block.closes_only for block in history.blocks),
        is_survivorship_controlled=history.membership is not None,
        has_volume=any(bool(np.any(block.volume > 0.0)) for block in history.blocks),
        has_rates=assembled.surroundings.rates is not None,
    )


def _notes(assembled: Assembled, plan: Plan, voted: Voted) -> tuple[str, ...]:
    silent = [
        voice.name
        for voice, votes in zip(plan.voices, voted.votes, strict=True)
        if not np.any(votes)
    ]
    notes = [f"{name} gave no vote on these bars." for name in silent]
    history = assembled.history
    if ended := _silent_endings(assembled):
        notes.append(ended)
    indices = [s for s in history.symbols if history.instruments[s].asset_class is AssetClass.INDEX]
    if indices:
        notes.append(
            f"Indices cannot be bought; traded here as if they could: {', '.join(indices)}."
        )
    small = unaffordable(history, plan.rules, plan.cash)
    if small:
        notes.append(f"The account is too small for one share of {', '.join(small)}.")
    if history.sectors is None:
        notes.append("No sector is known; the sector limit could not bind.")
    return tuple(notes)


def _silent_endings(assembled: Assembled) -> str:
    """One line on symbols whose bars end before the run does, though nothing says why."""
    final, due = int(assembled.sessions[-1]), assembled.surroundings.happenings
    told = set() if due is None else set(due.symbol[np.isin(due.kind, ENDINGS)].tolist())
    last = {
        one.view.symbol: int(one.view.session[-1])
        for one in assembled.seen
        if one.symbol not in told and int(one.view.session[-1]) < final - _LATE_DAYS
    }
    if not last:
        return ""
    named = ", ".join(f"{name} {np.datetime64(day, 'D')}" for name, day in list(last.items())[:3])
    more = f" and {len(last) - 3} more" if len(last) > 3 else ""
    return (
        f"Bars end before the run does: {named}{more}. From there on such a position, here and in "
        "buy and hold, stands at its last price."
    )


def _once(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
