"""Drills: every gate refuses for its own reason, and a switch until it is lifted."""

from collections.abc import Callable

import numpy as np
import pytest
from stage import AT_90, BUY, FALL, OPEN, Stage, answer, bought

from greenlight.domain import (
    Action,
    Happening,
    Reason,
    Ruling,
    Switch,
    Verdict,
)
from greenlight.engine import (
    FLAG_REGIME,
    FLAG_STALE,
    FLAG_UNIVERSE,
    FLAG_UNTRADABLE,
    build_specs,
)


def lost(stage: Stage) -> Stage:
    """Held, and the price has fallen to 90."""
    bought(stage).bar(prices={0: FALL})
    return stage


def three_day_trades() -> Stage:
    """Three times in and out within the session."""
    stage = Stage(OPEN._replace(pdt_equity=25_000.0, pdt_until=2**62, stop=0.01))
    stage.bar({0: 90.0, 1: 90.0, 2: 90.0})
    stage.bar(prices=dict.fromkeys(range(3), FALL))
    stage.bar(BUY)
    return stage


def correlated() -> Stage:
    """Something is held, and the correlation with it is unknown."""
    stage = bought(Stage(OPEN._replace(correlation=0.7)))
    stage.bar({1: 90.0})
    return stage


def cooling() -> Stage:
    stage = lost(Stage(OPEN._replace(stop=0.05, cooloff_loss=0.01, cooloff_ns=10**15)))
    stage.bar(BUY)
    return stage


def switched(switch: Switch) -> Stage:
    stage = Stage()
    stage.switch(switch)
    stage.bar(BUY)
    return stage


def drawn_down() -> Stage:
    stage = lost(Stage(OPEN._replace(drawdown=0.005)))
    stage.bar({1: 90.0}, {0: AT_90})
    return stage


def lost_today() -> Stage:
    stage = lost(Stage(OPEN._replace(daily_loss=0.005)))
    stage.bar({1: 90.0})
    return stage


def halted() -> Stage:
    stage = Stage()
    stage.happen(Happening.HALT, 0)
    stage.bar(BUY)
    return stage


def crowded() -> Stage:
    specs = build_specs(3, sector=np.zeros(3, dtype=np.int64))
    stage = Stage(OPEN._replace(sector=0.15), specs)
    stage.bar({0: 90.0, 1: 80.0})
    return stage


def refused_by_person() -> Stage:
    stage = Stage(asks_verdicts=True)
    answer(stage, stage.bar(BUY), {0: Verdict(Ruling.SKIP)})
    return stage


def once(scores: dict[int, float] | None = None, **limits: float) -> Callable[[], Stage]:
    def stage() -> Stage:
        it = Stage(OPEN._replace(**limits))
        it.bar(BUY if scores is None else scores)
        return it

    return stage


def known(**values: float) -> Callable[[], Stage]:
    def stage() -> Stage:
        it = Stage(OPEN._replace(rsi_high=70.0, volume_share=0.01))
        it.bar(BUY, **values)
        return it

    return stage


def shortless() -> Stage:
    stage = Stage(specs=build_specs(3, shortable=False))
    stage.bar({0: 10.0})
    return stage


def again() -> Stage:
    stage = bought(Stage())
    stage.bar(BUY)
    return stage


GATES: dict[Reason, Callable[[], Stage]] = {
    Reason.KILLED: lambda: switched(Switch.KILL),
    Reason.DISARMED: once(armed=False),
    Reason.STALE: known(flags=FLAG_STALE),
    Reason.ANOMALY: lambda: switched(Switch.ANOMALY),
    Reason.DAILY_LOSS: lost_today,
    Reason.DRAWDOWN: drawn_down,
    Reason.DEPLOYED: once(deployed=0.05),
    Reason.ENTRIES: once({0: 90.0, 1: 90.0}, entries_per_day=1),
    Reason.MARGIN: once(leverage=0.05),
    Reason.DAY_TRADES: three_day_trades,
    Reason.CORRELATION: correlated,
    Reason.SECTOR: crowded,
    Reason.COOLOFF: cooling,
    Reason.OVEREXTENDED: known(rsi=80.0),
    Reason.UNTRADABLE: halted,
    Reason.UNIVERSE: known(flags=FLAG_UNIVERSE),
    Reason.REGIME: known(flags=FLAG_REGIME),
    Reason.SHORT: shortless,
    Reason.SIZE: once(sizing_value=0.0),
    Reason.VOLUME: known(usual_volume=500.0),
    Reason.LOT: once(sizing_value=50.0),
    Reason.NOTIONAL: once(least_notional=2_000.0),
    Reason.HALTED: lambda: switched(Switch.HALT),
    Reason.HELD: again,
    Reason.VERDICT: refused_by_person,
}


@pytest.mark.parametrize("reason", GATES)
def test_each_gate_says_why_it_refuses(reason: Reason) -> None:
    decisions = GATES[reason]().it.log("decisions")
    assert decisions["reason"][-1] == reason
    assert decisions["action"][-1] == Action.REFUSE
    assert decisions["quantity"][-1] == 0.0


def test_no_gate_is_without_its_drill() -> None:
    by_person = {Reason.APPROVAL, Reason.RAMP}
    assert set(GATES) == {r for r in Reason if 0 < r < Reason.WATCH} - by_person


def test_untradable_by_flag_refuses_as_a_halt_does() -> None:
    assert known(flags=FLAG_UNTRADABLE)().reasons() == [Reason.UNTRADABLE]


@pytest.mark.parametrize("switch", [Switch.KILL, Switch.HALT, Switch.ANOMALY])
def test_resume_lets_entries_pass_again(switch: Switch) -> None:
    stage = switched(switch)
    stage.switch(Switch.RESUME)
    stage.bar(BUY)
    assert stage.reasons()[1:] == [Reason.OK]


def test_resume_counts_the_drawdown_from_there() -> None:
    stage = drawn_down()
    assert stage.reasons()[-1] == Reason.DRAWDOWN
    stage.switch(Switch.RESUME)
    stage.bar({1: 90.0}, {0: AT_90})
    assert stage.reasons()[-1] == Reason.OK
