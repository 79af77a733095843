from pathlib import Path

import pytest

from greenlight.config import Config, load
from greenlight.domain import UserError
from greenlight.signals import shipped
from greenlight.wiring import build_plan, build_voices, load_history
from greenlight.wiring.plan import silence


def configured(**overrides: object) -> Config:
    keys = {key.replace("__", "."): value for key, value in overrides.items()}
    return load(Path("/dev/null"), {}, keys).config


def test_unnamed_every_shipped_strategy_votes_alike():
    voices = build_voices(Config())
    assert tuple(sorted(voice.name for voice in voices)) == shipped()
    assert {voice.weight for voice in voices} == {1.0}


def test_parameters_and_weights_go_to_the_strategy_they_name():
    voices = build_voices(
        configured(
            strategies__names=["momentum_breakout", "rsi_bounce"],
            strategies__parameters__momentum_breakout__channel=70,
            strategies__weighting="given",
            strategies__weights__momentum_breakout=2,
        )
    )
    assert [voice.name for voice in voices] == ["momentum_breakout", "rsi_bounce"]
    assert dict(voices[0].given) == {"channel": 70}
    assert [voice.weight for voice in voices] == [2.0, 0.0]


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"strategies__names": ["rsi_bunce"]}, "did you mean rsi_bounce?"),
        ({"strategies__names": ["rsi_bounce", "rsi_bounce"]}, "named twice"),
        (
            {"strategies__names": ["rsi_bounce"], "strategies__parameters__rsi_bunce__bars": 3},
            "[strategies.parameters] rsi_bunce is no strategy that votes; did you mean rsi_bounce?",
        ),
        (
            {"strategies__names": ["rsi_bounce"], "strategies__weights__chart_patterns": 3},
            "[strategies.weights] chart_patterns is no strategy that votes; voting are rsi_bounce",
        ),
    ],
)
def test_a_strategy_that_does_not_vote_is_named_with_the_nearest(overrides, words):
    with pytest.raises(UserError) as caught:
        build_voices(configured(**overrides))
    assert words in str(caught.value)


def test_a_plan_holds_the_money_the_split_and_the_rules_of_each_symbol():
    config = configured(
        account__cash=5_000,
        backtest__windows=3,
        backtest__tries=5,
        data__symbols=["AAPL", "JPM"],
        strategies__weighting="learned",
    )
    plan = build_plan(config, load_history(config))
    assert plan.cash == plan.search.cash == 5_000.0
    assert (plan.search.split, plan.search.windows, plan.search.tries) == (0.7, 3, 5)
    assert plan.rules.specs.lot.tolist() == [1.0, 1.0]
    assert plan.is_learned


def test_a_split_of_0_divides_nothing():
    config = configured(backtest__split=0, data__symbols=["AAPL"])
    assert build_plan(config, load_history(config)).search.split is None


def test_strategies_that_cannot_vote_yet_are_counted():
    voices = build_voices(Config())
    longest = max(voice.strategy.bars_needed(**voice.settings()) for voice in voices)
    assert silence(voices, longest) is None
    said = silence(voices, longest - 1) or ""
    assert said.endswith(f"{longest - 1} past bars are known, {longest} are needed")
    assert (silence(voices, 1) or "").startswith("all strategies stay silent")
