"""Fills small enough to work out by hand: engine and reference must both find the numbers.

Unless said otherwise a score of 90 at the close of row 0 buys 100 units at the open of row 1, free
of cost.
"""

from collections.abc import Callable
from typing import Any

import pytest

from greenlight import engine
from greenlight.domain import Action, Reason, Role
from greenlight.engine.limits import build_costs
from reference import simulate as reference_simulate
from reference.small import (
    BUY,
    FIRST_SESSION,
    FLAT,
    HOUR,
    PLAIN,
    SELL,
    SHORT,
    Small,
    decisions,
    fills,
)

Simulate = Callable[..., Any]


@pytest.fixture(params=["reference", "engine"])
def simulate(request: pytest.FixtureRequest) -> Simulate:
    return reference_simulate if request.param == "reference" else engine.simulate


def test_an_entry_decided_at_a_close_fills_at_the_next_open(simulate: Simulate) -> None:
    run = Small([FLAT, (101, 103, 100, 102, 1e6), FLAT], BUY).run(simulate)
    assert fills(run) == [(1, Role.ENTRY, 100, 101)]
    # 100,000 - 100 * 101 = 89,900; marked at 102, then at 100
    assert list(run.cash) == [100_000, 89_900, 89_900]
    assert list(run.equity) == [100_000, 100_100, 99_900]
    assert run.quantity[0] == 100


def test_a_buy_pays_spread_and_slippage_and_fee_and_a_sell_receives_less(
    simulate: Simulate,
) -> None:
    costs = build_costs(1, half_spread=0.001, slippage=0.002, per_share=0.01, minimum=0.5)
    limits = PLAIN._replace(max_bars=1)
    run = Small([FLAT, FLAT, FLAT], BUY, limits, costs).run(simulate)
    # buys at 100 * 1.003, sells at 100 * 0.997; each fee max(0.5, 100 * 0.01) = 1
    assert fills(run) == [(1, Role.ENTRY, 100, 100.3), (2, Role.EXIT, -100, 99.7)]
    assert run.cash[-1] == pytest.approx(100_000 - 10_030 - 1 + 9_970 - 1)


def test_a_gap_through_the_stop_fills_at_the_open(simulate: Simulate) -> None:
    limits = PLAIN._replace(stop=0.05)
    bars = [FLAT, FLAT, (90, 97, 88, 96, 1e6)]
    run = Small(bars, BUY, limits).run(simulate)
    # stop at 95, open at 90
    assert fills(run) == [(1, Role.ENTRY, 100, 100), (2, Role.STOP, -100, 90)]


def test_where_stop_and_target_lie_in_one_bar_the_stop_comes_first(simulate: Simulate) -> None:
    limits = PLAIN._replace(stop=0.05, target=0.05, target_share=1.0)
    run = Small([FLAT, FLAT, (100, 110, 90, 100, 1e6)], BUY, limits).run(simulate)
    assert fills(run)[1:] == [(2, Role.STOP, -100, 95)]


def test_a_short_is_stopped_above_and_takes_profit_below(simulate: Simulate) -> None:
    limits = SHORT._replace(stop=0.05, target=0.05, target_share=1.0)
    stopped = Small([FLAT, FLAT, (100, 105, 99, 100, 1e6)], SELL, limits).run(simulate)
    assert fills(stopped) == [(1, Role.ENTRY, -100, 100), (2, Role.STOP, 100, 105)]
    paid = Small([FLAT, FLAT, (100, 101, 94.99, 100, 1e6)], SELL, limits).run(simulate)
    assert fills(paid)[1:] == [(2, Role.TARGET, 100, 95)]
    touched = Small([FLAT, FLAT, (100, 101, 95, 100, 1e6)], SELL, limits).run(simulate)
    assert fills(touched)[1:] == []  # a limit fills only when traded through


def test_an_entry_at_the_open_is_protected_in_its_own_bar(simulate: Simulate) -> None:
    limits = PLAIN._replace(stop=0.05)
    bars = [FLAT, (100, 101, 94, 100, 1e6), FLAT]
    run = Small(bars, BUY, limits).run(simulate)
    assert fills(run) == [(1, Role.ENTRY, 100, 100), (1, Role.STOP, -100, 95)]
    later = Small(bars, BUY, limits._replace(protect_from=1)).run(simulate)
    assert fills(later) == [(1, Role.ENTRY, 100, 100)]


def test_half_is_sold_at_the_target_and_the_trail_takes_the_rest(simulate: Simulate) -> None:
    limits = PLAIN._replace(stop=0.05, target=0.05, target_share=0.5, trail=0.02)
    bars = [
        FLAT,
        FLAT,  # in at 100
        (
            104,
            106,
            103,
            105.5,
            1e6,
        ),  # target 105 traded through: 50 sold; trail 106 * 0.98 = 103.88
        (105, 108, 104.5, 107, 1e6),  # trail rises to 108 * 0.98 = 105.84 at the close
        (107, 107, 105, 105, 1e6),  # low below it: 50 sold at 105.84
    ]
    run = Small(bars, BUY, limits).run(simulate)
    assert fills(run) == [
        (1, Role.ENTRY, 100, 100),
        (2, Role.TARGET, -50, 105),
        (4, Role.TRAIL, -50, 105.84),
    ]
    assert run.quantity[0] == 0
    assert run.equity[-1] == pytest.approx(100_000 + 50 * 5 + 50 * 5.84)


def test_a_trail_from_the_entry_cannot_fill_in_the_bar_that_set_its_level(
    simulate: Simulate,
) -> None:
    limits = PLAIN._replace(trail=0.05, trail_from=0)
    bars = [FLAT, (100, 110, 99, 100, 1e6), (103, 104, 102, 103, 1e6)]
    run = Small(bars, BUY, limits).run(simulate)
    # level 110 * 0.95 = 104.5 from the close of row 1; row 2 opens below it
    assert fills(run) == [(1, Role.ENTRY, 100, 100), (2, Role.TRAIL, -100, 103)]


def test_volume_caps_each_bar_and_the_rest_works_on(simulate: Simulate) -> None:
    limits = PLAIN._replace(bar_share=0.1, max_bars=3)
    bars = [
        FLAT,
        (100, 101, 99, 100, 450.0),  # 45 of 100
        (101, 102, 100, 101, 1000.0),  # the other 55
        (102, 103, 101, 102, 1e6),  # age 3: leave
        (102, 103, 101, 102, 307.0),  # 30
        (101, 103, 101, 102, 1e6),  # 70
    ]
    run = Small(bars, BUY, limits, conditions={}).run(simulate)
    assert fills(run) == [
        (1, Role.ENTRY, 45, 100),
        (2, Role.ENTRY, 55, 101),
        (4, Role.EXIT, -30, 102),
        (5, Role.EXIT, -70, 101),
    ]


def test_a_triggered_stop_that_found_no_volume_sells_at_the_next_open(simulate: Simulate) -> None:
    limits = PLAIN._replace(bar_share=0.1, stop=0.05)
    bars = [FLAT, FLAT, (100, 100, 94, 99, 400.0), (99, 100, 98, 99, 1e6)]
    run = Small(bars, BUY, limits, conditions={}).run(simulate)
    assert fills(run)[1:] == [(2, Role.STOP, -40, 95), (3, Role.STOP, -60, 99)]


def test_impact_grows_with_the_root_of_the_volume_share(simulate: Simulate) -> None:
    costs = build_costs(1, half_spread=0.0, slippage=0.0, impact=0.5)
    bars = [FLAT, (100, 101, 99, 100, 10_000.0), FLAT]
    run = Small(bars, BUY, costs=costs, conditions={"sigma": 0.25}).run(simulate)
    # 0.5 * 0.25 * sqrt(100 / 10,000) = 0.0125
    assert fills(run) == [(1, Role.ENTRY, 100, 101.25)]


def test_a_limit_fills_only_when_traded_through(simulate: Simulate) -> None:
    limits = PLAIN._replace(entry_kind=1, entry_offset=0.02)
    bars = [FLAT, (100, 101, 98, 99, 1e6), (99, 99, 97, 98, 1e6), FLAT]
    run = Small(bars, BUY, limits).run(simulate)
    assert fills(run) == [(2, Role.ENTRY, 100, 98)]
    gapped = Small([FLAT, (96, 101, 95, 99, 1e6)], BUY, limits).run(simulate)
    assert fills(gapped) == [(1, Role.ENTRY, 100, 96)]


def test_a_day_limit_expires_after_its_session(simulate: Simulate) -> None:
    limits = PLAIN._replace(entry_kind=1, entry_offset=0.02, good_till_cancelled=False)
    bars = [FLAT, (100, 101, 99, 99, 1e6), (99, 99, 97, 98, 1e6)]
    run = Small(bars, BUY, limits).run(simulate)
    assert fills(run) == []
    assert decisions(run, Action.CANCEL) == [(2, Reason.EXPIRED)]


def test_a_limit_out_of_time_becomes_a_market_order(simulate: Simulate) -> None:
    limits = PLAIN._replace(entry_kind=1, entry_offset=0.02, timeout_ns=2 * HOUR)
    bars = [FLAT, FLAT, FLAT, (101, 102, 100, 101, 1e6), FLAT]
    run = Small(bars, BUY, limits, hours=True).run(simulate)
    # placed at 15:00, expiry 17:00; the bar that opens at 17:00 is row 3
    assert fills(run) == [(3, Role.ENTRY, 100, 101)]
    short = Small(bars, BUY, limits._replace(timeout_ns=HOUR // 2), hours=True).run(simulate)
    assert fills(short) == [(1, Role.ENTRY, 100, 100)]  # shorter than a bar: a market order


def test_a_stop_entry_buys_the_breakout_and_is_stopped_in_the_same_bar(simulate: Simulate) -> None:
    limits = PLAIN._replace(entry_kind=2, entry_offset=0.02, stop=0.05)
    run = Small([FLAT, (100, 103, 96, 100, 1e6), FLAT], BUY, limits).run(simulate)
    # in at 102, stop tick_round(96.9) = 96.9, low 96
    assert fills(run) == [(1, Role.ENTRY, 100, 102), (1, Role.STOP, -100, 96.9)]


def test_a_stop_limit_that_opens_above_its_limit_rests_as_a_limit(simulate: Simulate) -> None:
    limits = PLAIN._replace(entry_kind=3, entry_offset=0.02, limit_offset=0.01)
    # stop 102, limit 103.02
    above = [FLAT, (105, 106, 104, 105, 1e6), (104, 104, 102, 103, 1e6)]
    assert fills(Small(above, BUY, limits).run(simulate)) == [(2, Role.ENTRY, 100, 103.02)]
    inside = [FLAT, (100, 104, 99, 103, 1e6)]
    assert fills(Small(inside, BUY, limits).run(simulate)) == [(1, Role.ENTRY, 100, 102)]


def test_a_stop_limit_never_pays_more_than_its_limit(simulate: Simulate) -> None:
    limits = PLAIN._replace(entry_kind=3, entry_offset=0.02, limit_offset=0.01)
    costs = build_costs(1, half_spread=0.02, slippage=0.0)
    run = Small([FLAT, (100, 104, 99, 103, 1e6)], BUY, limits, costs).run(simulate)
    # 102 * 1.02 = 104.04 is more than 103.02
    assert fills(run) == [(1, Role.ENTRY, 100, 103.02)]


def test_a_buy_is_cut_to_what_the_cash_pays_for(simulate: Simulate) -> None:
    costs = build_costs(1, half_spread=0.0, slippage=0.0, percent=0.01, per_share=0.5, minimum=2.0)
    limits = PLAIN._replace(leverage=1.0, position=1.0, deployed=1.0, sizing_value=10.0)
    run = Small([FLAT, FLAT, FLAT], BUY, limits, costs, cash=1000.0).run(simulate)
    # (1000 - 2) / (101 + 0.5) = 9.83
    assert fills(run) == [(1, Role.ENTRY, 9, 100)]
    assert decisions(run, Action.CANCEL) == [(1, Reason.CASH)]
    assert run.cash[-1] == pytest.approx(1000 - 900 - 9.0 - 4.5)


def test_sells_pay_the_regulators_by_the_schedule_of_their_day(simulate: Simulate) -> None:
    schedule = [(-(1 << 62), 0.001, 0.0, 0.0), (FIRST_SESSION * 24 * HOUR, 0.002, 0.01, 0.75)]
    costs = build_costs(1, half_spread=0.0, slippage=0.0, regulatory=True, schedule=schedule)
    run = Small([FLAT] * 3, BUY, PLAIN._replace(max_bars=1), costs).run(simulate)
    # the buy pays nothing; the sell 0.002 * 10,000 + min(1, 0.75)
    assert [float(f["fee"]) for f in run.fills] == [0, pytest.approx(20.75)]


def test_a_missing_bar_delays_the_fill_to_the_next_bar_there_is(simulate: Simulate) -> None:
    run = Small([FLAT, None, None, (101, 102, 100, 101, 1e6)], BUY).run(simulate)
    assert fills(run) == [(3, Role.ENTRY, 100, 101)]
