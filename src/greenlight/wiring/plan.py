"""[strategies] and [backtest] to a plan: who votes, by which rules, judged on which part."""

import difflib
from collections.abc import Iterable

from greenlight.backtest import Plan, Search, Voice
from greenlight.config import Config, StrategiesConfig
from greenlight.domain import UserError
from greenlight.market import History
from greenlight.signals import load_strategy, shipped
from greenlight.wiring.rules import build_rules


def build_voices(config: Config) -> tuple[Voice, ...]:
    """The strategies that vote, with the parameters and weights given to them.

    Raises UserError for an unknown strategy, and for parameters or weights of one that does not
    vote.
    """
    chosen = config.strategies
    strategies = [load_strategy(name) for name in chosen.names or shipped()]
    names = [strategy.name for strategy in strategies]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"strategy {name} is named twice; one voice counts once")
    _require_known("parameters", chosen.parameters, names)
    _require_known("weights", chosen.weights, names)
    return tuple(
        Voice(strategy, chosen.parameters.get(strategy.name, {}), _weight(chosen, strategy.name))
        for strategy in strategies
    )


def silence(voices: Iterable[Voice], known: int) -> str | None:
    """In words, how many strategies cannot vote yet on so many bars; None: all can."""
    needs = [voice.strategy.bars_needed(**voice.settings()) for voice in voices]
    waiting = [need for need in needs if need > known]
    if not waiting:
        return None
    who = f"{len(waiting)} of {len(needs)} strategies" if waiting != needs else "all strategies"
    return f"{who} stay silent: {known} past bars are known, {max(waiting)} are needed"


def build_plan(config: Config, history: History) -> Plan:
    """What a backtest of `history` does. Raises UserError as `build_voices` does."""
    settings, cash = config.backtest, float(config.account.cash)
    split = None if settings.split == 0 else settings.split
    return Plan(
        voices=build_voices(config),
        rules=build_rules(config, history),
        cash=cash,
        search=Search(split, settings.windows, settings.tries, cash),
        is_learned=config.strategies.weighting == "learned",
        is_calibrated=config.limits.sizing == "kelly",
    )


def _weight(chosen: StrategiesConfig, name: str) -> float:
    return chosen.weights.get(name, 0.0) if chosen.weighting == "given" else 1.0


def _require_known(table: str, given: Iterable[str], names: list[str]) -> None:
    for name in given:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]}?" if near else f"voting are {', '.join(names)}"
            raise UserError(f"[strategies.{table}] {name} is no strategy that votes; {hint}")
