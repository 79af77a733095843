"""Drills: what the trader answers when the world misbehaves, gate by gate and order by order."""

from collections.abc import Callable
from math import isnan

import numpy as np
import pytest
from stage import CASH, OPEN, Stage

from greenlight.domain import (
    Action,
    CancelOrder,
    Happening,
    OrderEnded,
    OrderFilled,
    OrderId,
    OrderKind,
    PlaceOrder,
    Reason,
    ReplaceOrder,
    RequestVerdicts,
    Role,
    Ruling,
    Side,
    Switch,
    Verdict,
    VerdictsReady,
)
from greenlight.engine import (
    FLAG_REGIME,
    FLAG_STALE,
    FLAG_UNIVERSE,
    FLAG_UNTRADABLE,
    build_specs,
)

BUY = {0: 90.0}
FALL = (100.0, 100.0, 80.0, 90.0)
AT_90 = (90.0, 90.0, 90.0, 90.0)


def bought(stage: Stage) -> Stage:
    """Ten units of symbol 0 are held at 100, entered by intent 1."""
    stage.bar(BUY)
    stage.bar()
    assert stage.it.trader.quantity[0] == 10.0
    return stage


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
    by_broker_or_person = {Reason.APPROVAL, Reason.RAMP}
    assert set(GATES) == {r for r in Reason if 0 < r < Reason.WATCH} - by_broker_or_person


def test_untradable_by_flag_refuses_as_a_halt_does() -> None:
    assert known(flags=FLAG_UNTRADABLE)().reasons() == [Reason.UNTRADABLE]


def told(stage: Stage) -> list[str]:
    """Commands so far, one short line each."""
    return [line(command) for command in stage.commands()]


def line(command: object) -> str:
    match command:
        case PlaceOrder(id, side, kind, quantity, price):
            level = "" if isnan(price) else f" at {price:g}"
            return (
                f"place {id.role.name} {side.name} {kind.name} {quantity:g}{level} ({id.attempt})"
            )
        case ReplaceOrder(id, quantity, price):
            return f"replace {id.role.name} {quantity:g} at {price:g} ({id.attempt})"
        case CancelOrder(id):
            return f"cancel {id.role.name} ({id.attempt})"
    return type(command).__name__


def test_a_fill_is_protected_at_once_and_what_is_flat_is_cleared() -> None:
    stage = bought(Stage(OPEN._replace(stop=0.02, target=0.05, target_share=0.5)))
    assert told(stage) == [
        "place ENTRY BUY MARKET 10 (0)",
        "place STOP SELL STOP 10 at 98 (0)",
        "place TARGET SELL LIMIT 5 at 105 (0)",
    ]
    stage.bar(prices={0: (100.0, 100.0, 90.0, 90.0)})
    assert told(stage)[3:] == ["cancel TARGET (0)"]
    assert stage.it.trader.quantity[0] == 0.0
    assert stage.it.exchange.cash == CASH - 20.0


def test_a_target_that_fills_makes_stop_and_trail_follow() -> None:
    limits = OPEN._replace(stop=0.02, target=0.05, target_share=0.5, trail=0.02, trail_from=1)
    stage = bought(Stage(limits))
    stage.bar(prices={0: (100.0, 106.0, 100.0, 106.0)})
    assert told(stage)[3:] == [
        "replace STOP 5 at 98 (1)",
        "place TRAIL SELL STOP 5 at 103.88 (1)",
    ]
    stage.bar(prices={0: (106.0, 110.0, 106.0, 110.0)})
    assert told(stage)[5:] == ["replace TRAIL 5 at 107.8 (2)"]


def test_a_short_is_protected_by_buying_orders() -> None:
    stage = Stage(OPEN._replace(stop=0.02, target=0.05, target_share=1.0))
    stage.bar({0: 10.0})
    stage.bar()
    assert told(stage) == [
        "place ENTRY SELL MARKET 10 (0)",
        "place STOP BUY STOP 10 at 102 (0)",
        "place TARGET BUY LIMIT 10 at 95 (0)",
    ]


def test_an_exit_is_a_market_order() -> None:
    stage = bought(Stage(OPEN._replace(max_bars=1)))
    assert told(stage)[1:] == ["place EXIT SELL MARKET 10 (0)"]


def test_a_limit_entry_carries_its_price_and_time_out() -> None:
    limits = OPEN._replace(entry_kind=1, entry_offset=0.01, timeout_ns=7_200_000_000_000)
    stage = Stage(limits)
    close = stage.time.close_ts
    stage.bar(BUY)
    (order,) = stage.commands()
    assert isinstance(order, PlaceOrder)
    assert (order.kind, order.price) == (OrderKind.LIMIT, 99.0)
    assert order.expiry_ts == close + limits.timeout_ns
    stage.bars(2)
    assert stage.it.trader.quantity[0] == 0.0
    stage.bar()
    assert stage.it.trader.quantity[0] == 10.0


def test_a_stop_limit_entry_carries_both_prices() -> None:
    stage = Stage(OPEN._replace(entry_kind=3, entry_offset=0.01, limit_offset=0.02))
    stage.bar(BUY)
    (order,) = stage.commands()
    assert isinstance(order, PlaceOrder)
    assert (order.kind, order.price, order.limit) == (OrderKind.STOP_LIMIT, 101.0, 103.02)


def test_a_kill_cancels_what_would_enter_and_keeps_what_protects() -> None:
    stage = bought(Stage(OPEN._replace(stop=0.02, entry_kind=1, entry_offset=-0.01)))
    stage.bar({1: 90.0})
    step = stage.switch(Switch.KILL)
    assert [line(command) for command in step.commands] == ["cancel ENTRY (0)"]
    assert step.decisions["reason"].tolist() == [Reason.KILLED]
    stage.bar({2: 90.0}, {0: FALL})
    assert stage.reasons()[-1] == Reason.KILLED
    assert stage.it.trader.quantity.tolist() == [0.0, 0.0, 0.0]


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


def answer(stage: Stage, step: object, verdicts: dict[int, Verdict]) -> None:
    """Answer the request in a step."""
    (request,) = step.commands  # type: ignore[attr-defined]
    assert isinstance(request, RequestVerdicts)
    stage.it.tell(VerdictsReady(request.block, request.close_ts, verdicts))


@pytest.mark.parametrize(
    ("verdicts", "quantity"),
    [
        ({0: Verdict(Ruling.PROCEED)}, 10.0),
        ({0: Verdict(Ruling.PROCEED, confidence=0.7)}, 7.0),
        ({0: Verdict(Ruling.REDUCE)}, 5.0),
        ({}, 5.0),  # silence abstains
    ],
)
def test_a_verdict_can_only_shrink(verdicts: dict[int, Verdict], quantity: float) -> None:
    stage = Stage(asks_verdicts=True)
    step = stage.bar(BUY)
    (request,) = step.commands
    assert isinstance(request, RequestVerdicts)
    (proposal,) = request.proposals
    assert (proposal.symbol, proposal.side, proposal.quantity) == (0, Side.BUY, 10.0)
    assert (proposal.price, proposal.score, len(step.decisions)) == (100.0, 90.0, 0)
    answer(stage, step, verdicts)
    stage.bar()
    assert stage.it.trader.quantity[0] == quantity


def test_nobody_is_asked_about_what_the_gates_refuse() -> None:
    stage = Stage(OPEN._replace(armed=False), asks_verdicts=True)
    assert stage.bar(BUY).commands == ()
    assert stage.reasons() == [Reason.DISARMED]


def test_a_kill_between_question_and_answer_holds() -> None:
    stage = Stage(asks_verdicts=True)
    step = stage.bar(BUY)
    stage.switch(Switch.KILL)
    answer(stage, step, {0: Verdict(Ruling.PROCEED)})
    assert stage.reasons() == [Reason.KILLED]


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"deployed": 0.15}, Reason.DEPLOYED),
        ({"sector": 0.15}, Reason.SECTOR),
        ({"leverage": 0.15}, Reason.MARGIN),
    ],
)
def test_a_purchase_between_question_and_answer_takes_its_room(limits, reason) -> None:
    specs = build_specs(3, sector=np.zeros(3, dtype=np.int64))
    stage = Stage(OPEN._replace(**limits), specs, asks_verdicts=True)
    step = stage.bar(BUY)
    stage.happen(Happening.MANUAL, 1, 10.0, 100.0)
    answer(stage, step, {0: Verdict(Ruling.PROCEED)})
    assert stage.reasons() == [reason]


def test_what_is_bought_between_question_and_answer_is_not_bought_again() -> None:
    stage = Stage(asks_verdicts=True)
    step = stage.bar(BUY)
    stage.happen(Happening.MANUAL, 0, 10.0, 100.0)
    answer(stage, step, {0: Verdict(Ruling.PROCEED)})
    assert stage.reasons() == [Reason.HELD]


def test_an_add_between_question_and_answer_never_exceeds_the_position() -> None:
    limits = OPEN._replace(position=0.2, health_add=60.0, scrap=0.1)
    stage = Stage(limits, asks_verdicts=True)
    stage.happen(Happening.MANUAL, 0, 4.0, 100.0)
    up = {0: (102.0, 102.0, 102.0, 102.0)}
    step = stage.bar(BUY, up)
    stage.happen(Happening.MANUAL, 0, 14.0, 102.0)
    answer(stage, step, {0: Verdict(Ruling.PROCEED)})
    (decision,) = stage.it.log("decisions")
    assert (decision["action"], decision["quantity"]) == (Action.ADD, 1.0)


def test_an_answer_that_never_comes_is_a_refusal_at_the_next_close() -> None:
    stage = Stage(asks_verdicts=True)
    late = stage.bar(BUY)
    decisions = stage.bar().decisions
    assert (decisions["reason"][0], decisions["row"][0]) == (Reason.VERDICT, 0)
    answer(stage, late, {0: Verdict(Ruling.PROCEED)})
    assert stage.it.trader.quantity[0] == 0.0
    assert len(stage.reasons()) == 1


def filled(stage: Stage, order: OrderId, side: Side, quantity: float) -> None:
    event = OrderFilled(stage.time, order, side, quantity, 100.0, 100.0, 0.0)
    stage.it.tell(event)


def test_a_fill_of_an_order_taken_back_is_a_fact() -> None:
    stage = Stage()
    stage.bar(BUY)
    stage.switch(Switch.KILL)
    filled(stage, OrderId(0, 1, Role.ENTRY, 0), Side.BUY, 10.0)
    assert stage.it.trader.quantity[0] == 10.0
    assert stage.it.log("fills")["intent"].tolist() == [1]


def test_an_entry_filled_in_parts_is_protected_part_by_part() -> None:
    stage = Stage(OPEN._replace(stop=0.02))
    stage.bar(BUY)
    for quantity in (4.0, 6.0):
        filled(stage, OrderId(0, 1, Role.ENTRY, 0), Side.BUY, quantity)
    assert told(stage)[1:] == ["place STOP SELL STOP 4 at 98 (0)", "replace STOP 10 at 98 (1)"]


def test_an_order_that_the_venue_ends_is_gone_from_the_table() -> None:
    stage = bought(Stage(OPEN._replace(stop=0.02)))
    stage.bar({1: 90.0})
    entry, stop = OrderId(1, 2, Role.ENTRY, 0), OrderId(0, 1, Role.STOP, 0)
    for order in (entry, entry, stop, OrderId(2, 9, Role.STOP, 0)):
        assert stage.it.tell(OrderEnded(stage.time, order, Reason.EXPIRED)).commands == ()
    cancels = [d for d in stage.it.log("decisions") if d["action"] == Action.CANCEL]
    assert [(d["symbol"], d["reason"], d["quantity"]) for d in cancels] == [(1, 49, 10.0)]


def test_what_is_written_down_never_overflows() -> None:
    stage = Stage(OPEN._replace(armed=False))
    for _ in range(300):  # many times what the logs hold
        assert stage.bar({0: 90.0, 1: 80.0, 2: 70.0}).decisions["symbol"].tolist() == [0, 1, 2]
    assert stage.it.steps[-1].decisions["row"].tolist() == [299] * 3


def test_a_split_moves_what_rests() -> None:
    stage = bought(Stage(OPEN._replace(stop=0.02)))
    step = stage.happen(Happening.SPLIT, 0, 2.0)
    assert [line(command) for command in step.commands] == ["replace STOP 20 at 49 (0)"]
    assert stage.it.trader.quantity[0] == 20.0
    stage.bar(prices={0: (50.0, 50.0, 40.0, 45.0)})
    assert stage.it.trader.quantity[0] == 0.0
    assert stage.it.exchange.cash == CASH - 20.0
