"""The two clocks decide alike: history's loop, and the trader told the same events one by one.

GREENLIGHT_SEEDS=5000 runs that many markets instead of the usual number.
"""

import os

import numba
import numpy as np
import pytest
from fold import Folded, desk_of, fold

from greenlight.domain import (
    Action,
    HaltError,
    Happening,
    OrderEnded,
    OrderFilled,
    Role,
    Switch,
    Switched,
)
from greenlight.engine import Run, Trader, simulate
from greenlight.engine import loop as engine_loop
from reference.markets import Market, random_market

SEEDS = int(os.environ.get("GREENLIGHT_SEEDS", "200"))
BATCH = 50
ENTERING = (Action.REFUSE, Action.ENTER, Action.ADD)


@pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
def test_loop_and_fold_decide_alike(first: int) -> None:
    for seed in range(first, min(first + BATCH, SEEDS)):
        market = random_market(seed)
        assert_alike(market, market.run(simulate), fold(market))


def test_hearing_proceed_is_not_asking() -> None:
    for seed in range(SEEDS // 5):
        market = random_market(seed)
        assert_alike(market, market.run(simulate), fold(market, asks_verdicts=True))


def assert_alike(market: Market, run: Run, it: Folded) -> None:
    """Equal to the last bit, row by row."""
    for name in ("fills", "flows", "adjustments"):
        assert_same(getattr(run, name), it.log(name), f"{market!r}: {name}")
    ours, theirs = it.log("decisions"), run.decisions
    # the loop closes each symbol before it matches the next: within a row symbols stand apart
    assert_same(by_symbol(theirs), by_symbol(ours), f"{market!r}: decisions")
    entering = [log[np.isin(log["action"], ENTERING)] for log in (theirs, ours)]
    assert_same(entering[0], entering[1], f"{market!r}: candidates in their order")
    np.testing.assert_array_equal(it.equity, run.equity, err_msg=f"{market!r}: equity")
    np.testing.assert_array_equal(it.cash, run.cash, err_msg=f"{market!r}: cash")
    np.testing.assert_array_equal(it.trader.quantity, run.quantity, err_msg=repr(market))
    assert it.exchange.cash == it.cash[-1], f"{market!r}: the exchange counts other cash"


def by_symbol(log: np.ndarray) -> np.ndarray:
    return log[np.lexsort((np.arange(len(log)), log["symbol"], log["row"]))]


def assert_same(theirs: np.ndarray, ours: np.ndarray, where: str) -> None:
    assert len(theirs) == len(ours), f"{where}: {len(theirs)} and {len(ours)}"
    for name in theirs.dtype.names:
        np.testing.assert_array_equal(theirs[name], ours[name], err_msg=f"{where}, {name}")


def test_random_markets_hold_what_the_fold_is_about() -> None:
    """Equality on quiet markets would prove nothing."""
    events: set[type] = set()
    commands: set[type] = set()
    roles: set[tuple[type, Role]] = set()
    same_bar = 0
    for seed in range(60):
        it = fold(random_market(seed))
        for event, step in zip(it.events, it.steps, strict=True):
            events.add(type(event))
            commands |= {type(command) for command in step.commands}
            if isinstance(event, OrderFilled | OrderEnded):
                roles.add((type(event), event.id.role))
        fills = it.log("fills")
        entered = {(f["row"], f["symbol"]) for f in fills if f["role"] == Role.ENTRY}
        same_bar += sum((f["row"], f["symbol"]) in entered for f in fills if f["role"] == Role.STOP)
    assert {kind.__name__ for kind in events} == {
        *("SessionBegan", "Happened", "BarsClosed", "OrderFilled", "OrderEnded"),
    }
    assert {kind.__name__ for kind in commands} == {"PlaceOrder", "ReplaceOrder", "CancelOrder"}
    assert roles == {
        *((OrderFilled, role) for role in Role if role is not Role.MANUAL),
        (OrderEnded, Role.ENTRY),
    }
    assert same_bar > 0  # a stop laid by a fill was live in the same bar


def test_recorded_events_replay_to_the_last_bit() -> None:
    for seed in range(SEEDS // 5):
        market = random_market(seed)
        it = fold(market, asks_verdicts=seed % 4 == 0)
        again = Trader(market.rules, market.cash, desk_of(market, asks_verdicts=seed % 4 == 0))
        for event, before in zip(it.events, it.steps, strict=True):
            step = again.process(event)
            assert repr(step.commands) == repr(before.commands), f"{market!r} {event}"
            for name in ("decisions", "fills", "flows", "adjustments"):
                assert getattr(step, name).tobytes() == getattr(before, name).tobytes(), name
            assert (step.equity, step.cash) == (before.equity, before.cash), f"{market!r} {event}"


def test_the_trader_walks_histories_own_machine_code() -> None:
    """Another layout of any array would compile the loop anew: half a minute at the first bar."""
    if numba.config.DISABLE_JIT:
        pytest.skip("nothing is compiled")
    markets = [random_market(seed) for seed in (2, 3)]
    for market in markets:
        market.run(simulate)
    before = set(engine_loop.run.signatures), set(engine_loop.begin.signatures)
    for market in markets:
        fold(market)
    assert (set(engine_loop.run.signatures), set(engine_loop.begin.signatures)) == before


@pytest.mark.parametrize("switch", [Switch.KILL, Switch.HALT, Switch.ANOMALY])
def test_after_a_switch_only_reducing_orders_pass(switch: Switch) -> None:
    cancelled = reduced = 0
    for seed in range(60):
        it = fold(random_market(seed), switch=(20, switch))
        at = next(k for k, event in enumerate(it.events) if isinstance(event, Switched))
        cancelled += len(it.steps[at].decisions)
        assert (it.steps[at].decisions["action"] == Action.CANCEL).all()
        assert all(command.id.role is Role.ENTRY for command in it.steps[at].commands)
        for event, step in zip(it.events[at:], it.steps[at:], strict=True):
            laid = [c for c in step.commands if type(c).__name__ == "PlaceOrder"]
            assert all(c.id.role is not Role.ENTRY for c in laid), f"seed {seed}: {event}"
            assert not np.isin(step.decisions["action"], [Action.ENTER, Action.ADD]).any()
            assert (step.fills["role"] != Role.ENTRY).all(), f"seed {seed}: {event}"
            reduced += int((step.fills["role"] != Role.MANUAL).sum())
    assert cancelled > 0
    assert reduced > 0


def test_a_happening_given_twice_halts() -> None:
    market = random_market(5)
    it = fold(market)
    events = [e for e in it.events if getattr(e, "kind", None) is Happening.DIVIDEND]
    with pytest.raises(HaltError, match="twice"):
        it.trader.process(events[-1])
