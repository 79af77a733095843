"""`follow`: a hypothetical trade ends as a real one would that stood alone."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from greenlight.domain import Happening, Reason
from greenlight.engine import (
    UNFINISHED,
    UNLIMITED,
    Entries,
    Outcomes,
    Rules,
    Surroundings,
    build_costs,
    follow,
    simulate,
)
from greenlight.engine.lane import CASH_AT_HAND, LOT, NOTIONAL
from reference.markets import Market, random_market
from reference.small import NAN, PLAIN, Small

STILL = (100.0, 100.0, 100.0, 100.0, 1e6)
SEEDS = range(60)
TRADES_A_MARKET = 12


def one(market: Small, row: int = 0, side: int = 1) -> Outcomes:
    """Follow one trade of a small market."""
    entries = Entries(*(np.array([number], dtype=np.int64) for number in (0, row, side)))
    return market.run(
        lambda tape, score, rules, _, around: follow(tape, score, entries, rules, around)
    )


def told(outcomes: Outcomes) -> tuple[bool, float, int, int]:
    return (
        bool(outcomes.finished[0]),
        float(outcomes.result[0]),
        int(outcomes.bars[0]),
        int(outcomes.reason[0]),
    )


def test_a_long_trade_loses_what_its_stop_says():
    market = Small([STILL, STILL, (100, 101, 90, 95, 1e6)], {}, PLAIN._replace(stop=0.02))
    outcomes = one(market)
    assert told(outcomes) == (True, pytest.approx(-0.02), 2, Reason.STOP)
    closes = market.run(lambda tape, *_: tape.close_ts)
    assert (outcomes.entry_ts[0], outcomes.finish_ts[0]) == (closes[0], closes[2])


def test_a_short_trade_wins_when_the_price_falls_to_its_target():
    limits = PLAIN._replace(target=0.05, target_share=1.0)
    outcomes = one(Small([STILL, STILL, (100, 101, 90, 95, 1e6)], {}, limits), side=-1)
    assert told(outcomes) == (True, pytest.approx(0.05), 2, Reason.TARGET)


def test_costs_of_both_sides_are_in_the_result():
    costs = build_costs(1, half_spread=0.001, slippage=0.0, impact=0.0, percent=0.01, borrow=0.0)
    market = Small([STILL] * 4, {}, PLAIN._replace(max_bars=1), costs)
    bought, sold = 100 * 1.001, 100 * 0.999
    expected = (sold - bought - 0.01 * (sold + bought)) / bought
    assert told(one(market)) == (True, pytest.approx(expected), 2, Reason.TIME)


def test_the_score_of_its_close_is_not_asked_but_later_scores_are():
    bars, limits = [STILL] * 5, PLAIN._replace(buy_score=60.0, sell_score=40.0)
    assert told(one(Small(bars, {0: NAN, 2: 39.0}, limits))) == (True, 0.0, 3, Reason.SCORE)
    assert told(one(Small(bars, {0: 20.0, 2: 61.0}, limits), side=-1)) == (
        *(True, 0.0, 3),
        Reason.SCORE,
    )


def test_a_trade_that_the_data_leave_open_is_not_finished():
    outcomes = one(Small([STILL] * 5, {}))
    assert not outcomes.finished[0]
    assert np.isnan(outcomes.result[0])
    assert outcomes.finish_ts[0] == UNFINISHED
    assert (outcomes.bars[0], outcomes.reason[0]) == (4, Reason.ENTRY)


def test_an_entry_that_never_fills_says_why():
    limits = PLAIN._replace(entry_kind=1, entry_offset=0.05)
    day = limits._replace(good_till_cancelled=False)
    assert told(one(Small([STILL] * 4, {}, limits)))[2:] == (0, Reason.OK)
    assert told(one(Small([STILL] * 4, {}, day)))[2:] == (0, Reason.EXPIRED)
    assert not one(Small([STILL] * 4, {}, day)).finished[0]


def test_a_decision_without_a_bar_comes_to_nothing():
    assert told(one(Small([None, STILL, STILL], {})))[2:] == (0, Reason.OK)


@pytest.mark.parametrize(
    ("kind", "numbers", "result"),
    [
        (Happening.DELIST, (NAN, 0.0, 0.0), -0.30),
        (Happening.DELIST, (0.0, 0.0, 0.0), -1.0),
        (Happening.CASH_MERGER, (120.0, 0.0, 0.0), 0.20),
    ],
)
def test_a_delisting_and_a_cash_merger_finish_a_trade(kind, numbers, result):
    market = Small([STILL] * 4, {}, happenings=[(3, 1, 0, int(kind), *numbers)])
    assert told(one(market)) == (True, pytest.approx(result), 3, Reason.UNTRADABLE)


def test_a_split_changes_nothing_and_a_dividend_is_earned_or_paid():
    halves = [STILL, STILL, *[(50.0, 50.0, 50.0, 50.0, 1e6)] * 3]
    happenings = [(2, 1, 0, int(Happening.SPLIT), 2.0, 0.0, 0.0)]
    happenings += [(3, 2, 0, int(Happening.DIVIDEND), 1.0, 0.0, 0.0)]
    market = Small(halves, {}, PLAIN._replace(max_bars=3), happenings=happenings)
    assert told(one(market)) == (True, pytest.approx(0.02), 4, Reason.TIME)
    assert told(one(market, side=-1)) == (True, pytest.approx(-0.02), 4, Reason.TIME)


@pytest.mark.parametrize("kind", [Happening.STOCK_MERGER, Happening.SPIN_OFF])
def test_no_trade_is_carried_into_shares_of_another(kind):
    happenings = [(3, 1, 0, int(kind), 1.0, 0.5, 0.2)]
    late = Small([STILL] * 6, {}, PLAIN._replace(max_bars=4), happenings=happenings)
    assert told(one(late))[2:] == (2, Reason.ENTRY)
    assert not one(late).finished[0]
    before = Small([STILL] * 6, {}, PLAIN._replace(max_bars=1), happenings=happenings)
    assert one(before).finished[0]
    assert one(late, row=3).bars[0] == 2


def test_the_accounts_own_affairs_do_not_touch_a_trade():
    happenings = [
        (1, 1, -1, int(Happening.DEPOSIT), -1e9, 0.0, 0.0),
        (2, 2, 0, int(Happening.MANUAL), 50.0, 90.0, 0.0),
    ]
    market = Small([STILL] * 4, {}, PLAIN._replace(max_bars=1), happenings=happenings)
    assert told(one(market)) == (True, 0.0, 2, Reason.TIME)


def test_a_symbol_that_is_not_in_its_rows_block_is_refused():
    market = next(m for m in map(random_market, range(50)) if len(np.unique(m.tape.first)) > 1)
    entries = Entries(np.array([0]), np.array([int(np.argmax(market.tape.first > 0))]), np.ones(1))
    with pytest.raises(ValueError, match="block"):
        follow(market.tape, market.score, entries, market.rules)


def usual_market(seed: int) -> Market:
    """A random market in which a neutral score enters nothing."""
    market = random_market(seed)
    limits = market.rules.limits._replace(buy_score=60.0, sell_score=40.0)
    return replace(market, rules=market.rules._replace(limits=limits))


def random_entries(market: Market, count: int) -> Entries:
    """Trades anywhere in the market, long and short."""
    rng = np.random.default_rng([market.seed, 1])
    row = rng.integers(0, len(market.tape.close_ts), count)
    symbol = market.tape.first[row] + rng.integers(0, market.tape.width[row])
    return Entries(symbol, row, rng.choice(np.array([-1, 1]), count))


def alone(market: Market, symbol: int, row: int, side: int) -> Any:
    """The same trade as the only one of a whole simulation, everything else held away from it."""
    tape, around = market.tape, market.surroundings
    score = np.full(len(market.score), 50.0, dtype=np.float32)
    if side > 0:  # exits by score; low scores enter nothing in a long-only book
        score = np.minimum(market.score, np.float32(50.0))
    score[tape.base[row] + symbol - tape.first[row]] = 50.0 + side * 50.0
    limits = UNLIMITED._replace(
        **{name: getattr(market.rules.limits, name) for name in POSITION},
        long_only=side > 0,
        sizing=1,
        sizing_value=NOTIONAL,
    )
    count = len(market.rules.specs.lot)
    specs = market.rules.specs._replace(
        lot=np.full(count, LOT), shortable=np.ones(count, dtype=np.int64)
    )
    events, conditions = around.happenings, around.conditions
    if events is not None:
        kept = (events.symbol == symbol) & ~np.isin(
            events.kind, [Happening.MANUAL, Happening.SECTOR]
        )
        events = events._replace(**{k: getattr(events, k)[kept] for k in events._fields})
    if conditions is not None:
        conditions = conditions._replace(
            flags=np.zeros_like(conditions.flags),
            usual_volume=np.full_like(conditions.usual_volume, np.nan),
        )
    rules = Rules(limits, market.rules.costs, specs)
    return simulate(tape, score, rules, CASH_AT_HAND, Surroundings(conditions, events))


POSITION = [
    "buy_score",
    "sell_score",
    "watch",
    "stop",
    "target",
    "target_share",
    "trail",
    "trail_from",
    "protect_from",
    "max_bars",
    "momentum_bars",
    "health_exit",
    "health_trim",
    "delist_return",
    "entry_kind",
    "entry_offset",
    "limit_offset",
    "timeout_ns",
    "good_till_cancelled",
]


def test_a_followed_trade_is_the_round_trip_of_a_run_in_which_it_is_alone():
    finished = 0
    for market in map(usual_market, SEEDS):
        quiet = market.score.copy()
        entries = random_entries(market, TRADES_A_MARKET)
        for k, (symbol, row, side) in enumerate(zip(*entries, strict=True)):
            if parts_from_its_shares(market, symbol, row):
                continue
            score = np.minimum(quiet, np.float32(50.0)) if side > 0 else np.full_like(quiet, 50.0)
            entry = Entries(*(column[k : k + 1] for column in entries))
            outcomes = follow(market.tape, score, entry, market.rules, market.surroundings)
            run = alone(market, symbol, row, side)
            where = f"{market!r}, trade {k}"
            if len(run.fills) == 0 or run.quantity[symbol] != 0.0:
                assert not outcomes.finished[0], where
                continue
            entered = run.fills[run.fills["role"] == 0]
            notional = (entered["quantity"] * entered["price"]).sum()
            signed = run.fills["side"] * run.fills["quantity"] * run.fills["price"]
            made = run.flows["amount"].sum() - (signed + run.fills["fee"]).sum()
            assert outcomes.finished[0], where
            assert outcomes.result[0] == pytest.approx(made / notional, rel=1e-9, abs=1e-10), where
            finished += 1
    assert finished > 200


def parts_from_its_shares(market: Market, symbol: int, row: int) -> bool:
    events = market.surroundings.happenings
    if events is None:
        return False
    parting = np.isin(events.kind, [Happening.STOCK_MERGER, Happening.SPIN_OFF])
    return bool((parting & (events.symbol == symbol) & (events.row > row)).any())


def test_what_is_finished_does_not_change_when_later_bars_are_cut_off():
    changed = 0
    for market in map(random_market, SEEDS):
        entries = random_entries(market, TRADES_A_MARKET)
        whole = follow(market.tape, market.score, entries, market.rules, market.surroundings)
        middle = len(market.tape.close_ts) // 2
        cut, around = up_to(market, middle)
        early = Entries(*(column[entries.row < middle] for column in entries))
        then = follow(cut, market.score, early, market.rules, around)
        now = Outcomes(
            *(getattr(whole, k)[entries.row < middle] for k in Outcomes.__slots__),
        )
        was_known = now.finish_ts <= market.tape.close_ts[middle - 1]
        np.testing.assert_array_equal(then.finished, was_known, err_msg=repr(market))
        for name in ("finish_ts", "result", "bars", "reason"):
            before, after = getattr(then, name)[was_known], getattr(now, name)[was_known]
            np.testing.assert_array_equal(before, after, err_msg=f"{market!r} {name}")
        changed += int((now.finished & ~was_known).sum())
    assert changed > 20  # the cut must matter


def up_to(market: Market, middle: int) -> tuple[Any, Surroundings]:
    """The market's first rows; what lies beyond them is turned into other prices."""
    tape, around = market.tape, market.surroundings
    rows = {
        k: getattr(tape, k)[:middle]
        for k in ("open_ts", "close_ts", "session", "elapsed", "at", "base", "first", "width")
    }
    known = np.zeros(len(tape.close), dtype=np.bool_)
    for base, width in zip(rows["base"], rows["width"], strict=True):
        known[base : base + width] = True
    prices = {
        k: np.where(known, getattr(tape, k), 1.0)
        for k in ("open", "high", "low", "close", "volume")
    }
    events = around.happenings
    if events is not None:
        events = events._replace(
            **{k: getattr(events, k)[events.row < middle] for k in events._fields}
        )
    return tape._replace(**rows, **prices), Surroundings(around.conditions, events)


def test_nothing_to_follow_is_no_error():
    none = Entries(*(np.empty(0, dtype=np.int64) for _ in range(3)))
    outcomes = Small([STILL], {}).run(
        lambda tape, score, rules, *_: follow(tape, score, none, rules)
    )
    assert len(outcomes.result) == 0
