"""Drills: what the trader asks of the world, and how it takes what the world does to its orders."""

from dataclasses import astuple, replace
from math import isnan

import numpy as np
import pytest
from stage import BUY, CASH, FALL, OPEN, Stage, bought

from greenlight.domain import (
    Action,
    CancelOrder,
    ExitAsked,
    Happening,
    OrderEnded,
    OrderFilled,
    OrderId,
    OrderKind,
    PlaceOrder,
    Reason,
    ReplaceOrder,
    Role,
    SessionBegan,
    Side,
    Switch,
)


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


def test_a_late_fill_is_not_taken_for_one_of_the_order_that_followed() -> None:
    stage = Stage(OPEN._replace(entry_kind=1, entry_offset=0.05))
    stage.bar(BUY)
    stage.switch(Switch.KILL)
    stage.switch(Switch.RESUME)
    stage.bar(BUY)
    filled(stage, OrderId(0, 1, Role.ENTRY, 0), Side.BUY, 4.0)
    assert stage.it.steps[-1].commands == ()
    stage.bar(prices={0: (94.0, 94.0, 94.0, 94.0)})
    assert stage.it.trader.quantity[0] == 14.0


def test_an_entry_filled_in_parts_is_protected_part_by_part() -> None:
    stage = Stage(OPEN._replace(stop=0.02))
    stage.bar(BUY)
    for quantity in (4.0, 6.0):
        filled(stage, OrderId(0, 1, Role.ENTRY, 0), Side.BUY, quantity)
    assert told(stage)[1:] == ["place STOP SELL STOP 4 at 98 (0)", "replace STOP 10 at 98 (1)"]


def test_a_stop_entry_filled_in_part_has_been_triggered_and_is_not_replaced() -> None:
    stage = Stage(OPEN._replace(entry_kind=2, entry_offset=0.01))
    stage.bar(BUY)
    assert told(stage) == ["place ENTRY BUY STOP 10 at 101 (0)"]
    filled(stage, OrderId(0, 1, Role.ENTRY, 0), Side.BUY, 4.0)
    assert stage.it.steps[-1].commands == ()
    assert stage.bar().commands == ()


def test_a_trail_is_laid_once_it_has_a_level() -> None:
    stage = Stage(OPEN._replace(trail=0.02, trail_from=0))
    stage.bar(BUY)
    stage.bar()
    by_fill, by_close = stage.it.steps[-2:]
    assert (len(by_fill.fills), by_fill.commands) == (1, ())
    assert [line(c) for c in by_close.commands] == ["place TRAIL SELL STOP 10 at 98 (1)"]


def test_an_entry_that_the_venue_ends_is_gone_and_what_protects_stays_wanted() -> None:
    stage = bought(Stage(OPEN._replace(stop=0.02)))
    stage.bar({1: 90.0})
    entry, stop = OrderId(1, 2, Role.ENTRY, 0), OrderId(0, 1, Role.STOP, 0)
    for order in (entry, entry, stop, OrderId(2, 9, Role.STOP, 0)):
        assert stage.it.tell(OrderEnded(stage.time, order, Reason.EXPIRED)).commands == ()
    cancels = [d for d in stage.it.log("decisions") if d["action"] == Action.CANCEL]
    assert [(d["symbol"], d["reason"], d["quantity"]) for d in cancels] == [(1, 49, 10.0)]
    assert stage.it.trader.level(Role.STOP)[0] == 98.0
    assert stage.it.trader.leaves(Role.ENTRY).tolist() == [0.0, 0.0, 0.0]


def test_an_entry_that_the_broker_refused_says_so() -> None:
    stage = Stage()
    stage.bar(BUY)
    stage.it.tell(OrderEnded(stage.time, OrderId(0, 1, Role.ENTRY, 0), Reason.REJECTED))
    assert stage.reasons() == [Reason.OK, Reason.REJECTED]


def test_an_exit_that_the_broker_refused_is_asked_for_again_at_the_next_close() -> None:
    stage = bought(Stage(OPEN._replace(max_bars=1)))
    order = OrderId(0, 1, Role.EXIT, 0)
    assert stage.it.tell(OrderEnded(stage.time, order, Reason.REJECTED)).commands == ()
    assert stage.it.trader.leaves(Role.EXIT)[0] == 0.0
    stage.it.exchange.take([CancelOrder(order)])
    assert [line(c) for c in stage.bar().commands] == ["place EXIT SELL MARKET 10 (1)"]


def asked(stage: Stage, symbol: int = 0, reason: Reason = Reason.NAKED) -> list[str]:
    return [line(c) for c in stage.it.tell(ExitAsked(stage.time, symbol, reason)).commands]


def test_an_exit_asked_for_between_closes_is_laid_at_once() -> None:
    stage = bought(Stage(OPEN._replace(stop=0.02)))
    assert asked(stage) == ["place EXIT SELL MARKET 10 (0)"]
    (decision,) = stage.it.steps[-1].decisions
    assert (decision["action"], decision["reason"]) == (Action.EXIT, Reason.NAKED)
    assert (decision["side"], decision["quantity"], decision["price"]) == (-1, 10.0, 100.0)
    assert (decision["intent"], decision["ts"]) == (1, stage.time.close_ts)
    assert isnan(decision["score"])
    assert asked(stage) == []
    assert len(stage.it.steps[-1].decisions) == 0
    stage.bar()
    assert stage.it.trader.quantity[0] == 0.0
    assert stage.it.log("fills")["reason"].tolist() == [Reason.ENTRY, Reason.NAKED]


def test_an_exit_asked_for_of_what_is_not_held_is_nothing() -> None:
    stage = Stage(OPEN._replace(entry_kind=1, entry_offset=0.5))
    stage.bar(BUY)  # an entry rests, far below
    assert asked(stage) == []
    assert len(stage.it.steps[-1].decisions) == 0


def test_an_exit_asked_for_takes_back_the_entry_that_would_add() -> None:
    limits = OPEN._replace(position=0.2, health_add=60.0, scrap=0.1, entry_kind=1, entry_offset=0.5)
    stage = Stage(limits)
    stage.happen(Happening.MANUAL, 0, 4.0, 100.0)
    stage.bar(BUY, {0: (102.0, 102.0, 102.0, 102.0)})
    assert told(stage) == ["place ENTRY BUY LIMIT 5 at 51 (0)"]
    assert asked(stage, reason=Reason.WATCH) == ["cancel ENTRY (0)", "place EXIT SELL MARKET 4 (1)"]
    written = [(d["action"], d["reason"]) for d in stage.it.steps[-1].decisions]
    assert written == [(Action.EXIT, Reason.WATCH), (Action.CANCEL, Reason.WATCH)]


def test_an_exit_asked_for_makes_a_trim_the_whole() -> None:
    stage = Stage(OPEN._replace(position=0.05, trim_above=1.0))
    stage.happen(Happening.MANUAL, 0, 10.0, 100.0)
    stage.bar()
    assert told(stage) == ["place EXIT SELL MARKET 5 (1)"]
    assert asked(stage, reason=Reason.MANUAL) == ["replace EXIT 10 at nan (2)"]
    stage.bar()
    assert stage.it.trader.quantity[0] == 0.0
    assert stage.it.log("fills")["reason"].tolist()[-1] == Reason.MANUAL


def test_a_session_told_twice_or_late_changes_nothing() -> None:
    stage = bought(Stage())
    begun = SessionBegan(replace(stage.time, session=stage.time.session + 1), rate=0.05)
    first = stage.it.tell(begun)
    for again in (begun, SessionBegan(stage.time, rate=0.05)):
        step = stage.it.tell(again)
        assert (len(first.flows), len(step.flows), step.commands) == (1, 0, ())
        assert (step.cash, step.equity) == (first.cash, first.equity)


@pytest.mark.parametrize(
    ("switch", "reason"),
    [
        (Switch.KILL, Reason.KILLED),
        (Switch.HALT, Reason.HALTED),
        (Switch.ANOMALY, Reason.ANOMALY),
    ],
)
def test_each_switch_names_itself_and_is_lifted_by_a_resumption(
    switch: Switch, reason: Reason
) -> None:
    stage = Stage()
    stage.switch(switch)
    assert astuple(stage.it.trader.switches).count(True) == 1
    stage.bar(BUY)
    assert stage.reasons() == [reason]
    stage.switch(Switch.RESUME)
    assert astuple(stage.it.trader.switches).count(True) == 0
    stage.bar(BUY)
    assert stage.reasons() == [reason, Reason.OK]


def test_only_a_resumption_from_a_drawdown_counts_it_anew() -> None:
    stage = bought(Stage(OPEN._replace(drawdown=0.02)))
    stage.bar(prices={0: (90.0, 90.0, 90.0, 90.0)})
    stage.switch(Switch.HALT)
    stage.switch(Switch.RESUME)
    stage.bar(prices={0: (80.0, 80.0, 80.0, 80.0)})  # 2 % below the first peak
    assert stage.it.trader.switches.drawdown
    stage.switch(Switch.RESUME)
    stage.bar(prices={0: (70.0, 70.0, 70.0, 70.0)})
    assert not stage.it.trader.switches.drawdown


def test_the_live_rooms_can_read_the_book() -> None:
    stage = bought(Stage(OPEN._replace(stop=0.02)))
    trader = stage.it.trader
    assert (trader.equity, trader.cash, trader.mark[0]) == (CASH, CASH - 1_000.0, 100.0)
    np.testing.assert_array_equal(trader.average, [100.0, np.nan, np.nan])
    np.testing.assert_array_equal(trader.level(Role.STOP), [98.0, np.nan, np.nan])
    np.testing.assert_array_equal(trader.leaves(Role.STOP), [10.0, 0.0, 0.0])


def test_a_holding_near_its_cap_is_not_topped_up_by_crumbs() -> None:
    limits = OPEN._replace(
        sizing=0, sizing_value=1.0, position=0.2, health_add=60.0, scrap=0.1, long_only=True
    )
    up = {0: (102.0, 102.0, 102.0, 102.0)}
    for held, action in ((17.0, Action.ADD), (18.0, Action.REFUSE)):  # of 19 that 20 % pay for
        stage = Stage(limits)
        stage.happen(Happening.MANUAL, 0, held, 100.0)
        assert stage.bar(BUY, up).decisions["action"].tolist() == [action]


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
