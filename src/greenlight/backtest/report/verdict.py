"""The sentence a sceptic reads first."""

import math
from dataclasses import dataclass
from enum import StrEnum

from greenlight.backtest.report import text
from greenlight.backtest.report.naming import is_short, period, returned, sharpe_name
from greenlight.backtest.result import Comparison, Result, Segment

ENOUGH_TRADES = 30
ENOUGH_PROBABILITY = 0.95
ENOUGH_ERRORS = 2.0


class Tone(StrEnum):
    """What colour the verdict has."""

    FAILS = "fails"
    UNPROVEN = "unproven"
    HOLDS = "holds"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`claim` in a few words, `reasons` as sentences."""

    tone: Tone
    claim: str
    reasons: tuple[str, ...]


def judge(result: Result) -> Verdict:
    """Judge the headline part: it holds only where luck, costs and the benchmark do not explain it.

    Fails: no trade, a failed audit, or less than bills earned. Holds: at least 30 finished round
    trips, a deflated Sharpe ratio of 95 % and an alpha of two standard errors against every
    benchmark. Everything between is unproven.
    """
    part = result.headline
    reasons = (_earned(result, part), _against(part), _luck(result, part))
    sharpe = part.performance.sharpe.ratio
    if result.audit.outcome == "failed":
        return Verdict(Tone.FAILS, "It looks ahead. Nothing below means anything.", reasons)
    if part.trades.count + part.trades.open_count == 0:
        where = "" if result.out_of_sample is None else " out of sample"
        return Verdict(Tone.FAILS, f"It did not trade{where}.", (_idle(result), *reasons[1:2]))
    if math.isnan(sharpe) or sharpe <= 0.0:
        return Verdict(Tone.FAILS, _lost(result), reasons)
    if part.trades.count < ENOUGH_TRADES:
        count = f"Only {part.trades.count} finished round trips: too few to tell skill from luck."
        return Verdict(Tone.UNPROVEN, "Too few trades to tell.", (*reasons, count))
    errors = [c.versus.alpha_t for c in part.comparisons if c.versus is not None]
    is_alpha = bool(errors) and all(error >= ENOUGH_ERRORS for error in errors)
    if part.deflated >= ENOUGH_PROBABILITY and is_alpha:
        return Verdict(Tone.HOLDS, "It holds up so far.", reasons)
    return Verdict(Tone.UNPROVEN, "It made money, but luck could explain it.", reasons)


def _lost(result: Result) -> str:
    if result.provenance.has_rates:
        return "It earned less than Treasury bills."
    total = result.headline.performance.total_return
    if total > 0.0:  # on returns too few for a ratio
        return "Too few returns to tell."
    return "It lost money." if total < 0.0 else "It earned nothing."


def _earned(result: Result, part: Segment) -> str:
    measured = part.performance
    where = (
        "Over the whole span"
        if result.out_of_sample is None
        else f"Out of sample ({text.span(measured.first, measured.end)})"
    )
    sharpe = text.with_error(
        text.number(measured.sharpe.ratio_ann), text.number(measured.sharpe.error_ann)
    )
    return (
        f"{where} it returned {text.percent(returned(measured))} {period(measured)} after costs, "
        f"with a {sharpe_name(result)} of {sharpe} and a maximum drawdown of "
        f"{text.percent(measured.max_drawdown)}."
    )


def _against(part: Segment) -> str:
    plain = [c for c in part.comparisons if c.versus is not None]
    if not plain:
        return "There is no benchmark to hold it against."
    own = [c for c in part.comparisons if c.scaling == "at own exposure"]
    sentence = " and ".join(_one(c) for c in plain[:2])
    if own:
        scaled = text.percent(returned(own[0].performance))
        sentence += f"; {own[0].name.lower()} at its own exposure returned {scaled}"
    return sentence[:1].upper() + sentence[1:] + "."


def _one(comparison: Comparison) -> str:
    measured = comparison.performance
    is_brief = is_short(measured)
    figure = text.percent(returned(measured)) + (f" {period(measured)}" if is_brief else "")
    if comparison.versus is None or math.isnan(comparison.versus.alpha_ann):
        return f"{comparison.name.lower()} returned {figure}"
    versus = comparison.versus
    alpha = text.with_error(*text.percents(versus.alpha_ann, versus.alpha_error_ann))
    a_year = " a year" if is_brief else ""
    return f"{comparison.name.lower()} returned {figure} (alpha{a_year} against it {alpha})"


def _luck(result: Result, part: Segment) -> str:
    trials = result.trials.trials
    if trials <= 1:
        return (
            "It is the only trial recorded on this history; the chance that its true Sharpe ratio "
            f"is above zero is {text.probability(part.probabilistic)}."
        )
    return (
        f"After {trials:,} trials on this history, the chance that its true Sharpe ratio is above "
        f"zero is {text.probability(part.deflated)} (it would be "
        f"{text.probability(part.probabilistic)} had it been the only one)."
    )


def _idle(result: Result) -> str:
    refusals = [step for step in result.funnel if step.refused > 0]
    if not refusals:
        return "No strategy gave a signal."
    largest = max(refusals, key=lambda step: step.refused)
    done = result.whole.trades.count
    before = f" In sample it made {done:,} round trips." if result.out_of_sample is not None else ""
    return f"What stopped most candidates: {largest.label.lower()}.{before}"
