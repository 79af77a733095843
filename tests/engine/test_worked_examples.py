"""Markets small enough to work out by hand: engine and reference must both find the numbers.

Unless said otherwise a score of 90 at the close of row 0 buys 100 units at the open of row 1, free
of cost.
"""

from collections.abc import Callable
from typing import Any

import pytest

import greenlight.engine as engine
from greenlight.domain import Action, CashKind, HaltError, Happening, Reason, Role
from greenlight.engine.limits import build_costs, build_specs
from reference import simulate as reference_simulate
from reference.small import FIRST_SESSION, HOUR, NAN, PLAIN, Small

Simulate = Callable[..., Any]

FLAT = (100.0, 100.5, 99.5, 100.0, 1e6)
BUY = {0: 90.0}
SELL = {0: 10.0}
SHORT = PLAIN._replace(long_only=False)


@pytest.fixture(params=["reference", "engine"])
def simulate(request: pytest.FixtureRequest) -> Simulate:
    return reference_simulate if request.param == "reference" else engine.simulate


def fills(run: Any) -> list[tuple[int, int, float, float]]:
    """(row, role, signed quantity, price) of every fill."""
    return [
        (
            int(f["row"]),
            int(f["role"]),
            float(f["side"] * f["quantity"]),
            round(float(f["price"]), 9),
        )
        for f in run.fills
    ]


def flows(run: Any) -> list[tuple[int, int, float]]:
    return [(int(f["row"]), int(f["kind"]), round(float(f["amount"]), 9)) for f in run.flows]


def decisions(run: Any, action: Action) -> list[tuple[int, int]]:
    return [(int(d["row"]), int(d["reason"])) for d in run.decisions if d["action"] == action]


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
    run = Small(bars, BUY, limits, is_full=True).run(simulate)
    assert fills(run) == [
        (1, Role.ENTRY, 45, 100),
        (2, Role.ENTRY, 55, 101),
        (4, Role.EXIT, -30, 102),
        (5, Role.EXIT, -70, 101),
    ]


def test_a_triggered_stop_that_found_no_volume_sells_at_the_next_open(simulate: Simulate) -> None:
    limits = PLAIN._replace(bar_share=0.1, stop=0.05)
    bars = [FLAT, FLAT, (100, 100, 94, 99, 400.0), (99, 100, 98, 99, 1e6)]
    run = Small(bars, BUY, limits, is_full=True).run(simulate)
    assert fills(run)[1:] == [(2, Role.STOP, -40, 95), (3, Role.STOP, -60, 99)]


def test_impact_grows_with_the_root_of_the_volume_share(simulate: Simulate) -> None:
    costs = build_costs(1, half_spread=0.0, slippage=0.0, impact=0.5)
    bars = [FLAT, (100, 101, 99, 100, 10_000.0), FLAT]
    run = Small(bars, BUY, costs=costs, is_full=True, sigma=0.25).run(simulate)
    # 0.5 * 0.25 * sqrt(100 / 10,000) = 0.0125
    assert fills(run) == [(1, Role.ENTRY, 100, 101.25)]


def test_a_split_rescales_the_position_and_every_resting_order(simulate: Simulate) -> None:
    limits = PLAIN._replace(stop=0.05, target=0.10, target_share=0.5)
    bars = [FLAT, FLAT, (50, 50.5, 49.5, 50, 1e6), (50, 56, 49, 55, 1e6), (48, 48, 47, 47, 1e6)]
    split = [(2, 1, 0, Happening.SPLIT, 2.0, 0.0, 0.0)]
    run = Small(bars, BUY, limits, happenings=split).run(simulate)
    # 200 at 50; target 110 / 2 = 55 for 100; stop 95 / 2 = 47.5, opened above and crossed
    assert fills(run)[1:] == [(3, Role.TARGET, -100, 55), (4, Role.STOP, -100, 47.5)]
    assert run.equity[2] == pytest.approx(100_000)
    (adjustment,) = run.adjustments
    assert (adjustment["before"], adjustment["after"]) == (100, 200)


def test_a_split_rescales_an_entry_that_still_rests(simulate: Simulate) -> None:
    limits = PLAIN._replace(entry_kind=1, entry_offset=0.05)
    bars = [FLAT, FLAT, (50, 51, 49, 50, 1e6), (50, 50, 47, 48, 1e6)]
    split = [(2, 1, 0, Happening.SPLIT, 2.0, 0.0, 0.0)]
    run = Small(bars, BUY, limits, happenings=split).run(simulate)
    assert fills(run) == [(3, Role.ENTRY, 200, 47.5)]


def test_a_reverse_split_pays_the_broken_unit_at_the_mark(simulate: Simulate) -> None:
    limits = PLAIN._replace(sizing_value=105.0)
    bars = [FLAT, FLAT, (1000, 1000, 1000, 1000, 1e6)]
    split = [(2, 1, 0, Happening.SPLIT, 0.1, 0.0, 0.0)]
    run = Small(bars, BUY, limits, happenings=split).run(simulate)
    # 105 * 0.1 = 10.5: 10 stay, half a unit at 1,000
    assert flows(run) == [(2, CashKind.LIEU, 500)]
    assert run.quantity[0] == 10
    assert run.equity[-1] == pytest.approx(100_000)


def test_a_long_receives_a_dividend_and_a_short_pays_it(simulate: Simulate) -> None:
    dividend = [(2, 1, 0, Happening.DIVIDEND, 1.5, 0.0, 0.0)]
    long = Small([FLAT] * 3, BUY, happenings=dividend).run(simulate)
    assert flows(long) == [(2, CashKind.DIVIDEND, 150)]
    short = Small([FLAT] * 3, SELL, SHORT, happenings=dividend).run(simulate)
    assert flows(short) == [(2, CashKind.DIVIDEND, -150)]
    assert short.cash[-1] == 100_000 + 10_000 - 150


def test_a_short_pays_borrow_for_the_days_between_sessions(simulate: Simulate) -> None:
    costs = build_costs(1, half_spread=0.0, slippage=0.0, impact=0.0, borrow=0.0365)
    run = Small([FLAT] * 3, SELL, SHORT, costs).run(simulate)
    # 100 * 100 * 0.0365 * 1 / 365 = 1
    assert flows(run) == [(2, CashKind.BORROW, -1)]


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


def test_a_loss_at_the_close_is_watched_and_left_at_the_next_open(simulate: Simulate) -> None:
    limits = PLAIN._replace(watch=0.03)
    run = Small([FLAT, (100, 100, 96, 97, 1e6), (98, 99, 97, 98, 1e6)], BUY, limits).run(simulate)
    assert decisions(run, Action.EXIT) == [(1, Reason.WATCH)]
    assert fills(run)[1:] == [(2, Role.EXIT, -100, 98)]


def test_a_bad_score_is_left_at_the_next_open(simulate: Simulate) -> None:
    run = Small([FLAT] * 4, {0: 90.0, 2: 40.0}).run(simulate)
    assert decisions(run, Action.EXIT) == [(2, Reason.SCORE)]
    assert fills(run)[1:] == [(3, Role.EXIT, -100, 100)]


def test_a_missing_bar_delays_the_fill_to_the_next_bar_there_is(simulate: Simulate) -> None:
    run = Small([FLAT, None, None, (101, 102, 100, 101, 1e6)], BUY).run(simulate)
    assert fills(run) == [(3, Role.ENTRY, 100, 101)]


def test_a_halted_symbol_does_not_trade_until_it_resumes(simulate: Simulate) -> None:
    happenings = [
        (1, 1, 0, Happening.HALT, 0.0, 0.0, 0.0),
        (3, 2, 0, Happening.RESUME, 0.0, 0.0, 0.0),
    ]
    run = Small([FLAT] * 4, BUY, happenings=happenings).run(simulate)
    assert fills(run) == [(3, Role.ENTRY, 100, 100)]


def test_a_recalled_short_is_bought_back(simulate: Simulate) -> None:
    recall = [(2, 1, 0, Happening.RECALL, 0.0, 0.0, 0.0)]
    run = Small([FLAT] * 4, SELL, SHORT, happenings=recall).run(simulate)
    assert decisions(run, Action.EXIT) == [(2, Reason.RECALL)]
    assert fills(run)[1:] == [(3, Role.EXIT, 100, 100)]


@pytest.mark.parametrize(("price", "proceeds"), [(20.0, 2_000.0), (NAN, 7_000.0)])
def test_a_delisting_pays_its_price_or_takes_thirty_percent(
    simulate: Simulate, price: float, proceeds: float
) -> None:
    delisting = [(2, 1, 0, Happening.DELIST, price, 0.0, 0.0)]
    run = Small([FLAT, FLAT, None], BUY, happenings=delisting).run(simulate)
    assert flows(run) == [(2, CashKind.DELIST, proceeds)]
    assert run.quantity[0] == 0
    assert run.equity[-1] == pytest.approx(90_000 + proceeds)


def test_a_cash_merger_closes_at_the_price_paid(simulate: Simulate) -> None:
    merger = [(2, 1, 0, Happening.CASH_MERGER, 120.0, 0.0, 0.0)]
    run = Small([FLAT, FLAT, None], BUY, happenings=merger).run(simulate)
    assert flows(run) == [(2, CashKind.MERGER, 12_000)]
    assert run.equity[-1] == 102_000


def test_a_deposit_moves_neither_the_peak_drawdown_nor_the_day(simulate: Simulate) -> None:
    limits = PLAIN._replace(drawdown=0.15, daily_loss=0.05)
    flow = [
        (1, 1, -1, Happening.DEPOSIT, 50_000.0, 0.0, 0.0),
        (2, 2, -1, Happening.DEPOSIT, -100_000.0, 0.0, 0.0),
    ]
    run = Small([FLAT] * 4, {3: 90.0}, limits, happenings=flow).run(simulate)
    assert run.halted_row == -1
    assert list(run.equity) == [100_000, 150_000, 50_000, 50_000]
    assert decisions(run, Action.ENTER) == [(3, Reason.OK)]


def test_a_trade_made_by_hand_is_nobodys_profit(simulate: Simulate) -> None:
    limits = PLAIN._replace(daily_loss=0.05)
    by_hand = [(2, 1, 0, Happening.MANUAL, -100.0, 20.0, 0.0)]
    run = Small([FLAT] * 3, {0: 90.0, 2: 90.0}, limits, happenings=by_hand).run(simulate)
    # sold by hand at 20 against a mark of 100: 8,000 gone, and yet no daily loss
    assert fills(run)[1:] == [(2, Role.MANUAL, -100, 20)]
    assert run.equity[-1] == 92_000
    assert decisions(run, Action.ENTER) == [(0, Reason.OK), (2, Reason.OK)]


def test_the_drawdown_halts_for_good_and_the_daily_loss_until_the_next_roll(
    simulate: Simulate,
) -> None:
    bars = [FLAT, FLAT, (90, 90, 90, 90, 1e6), FLAT, FLAT]
    scores = {0: 90.0, 2: 90.0, 3: 90.0}
    limits = PLAIN._replace(sizing_value=500.0, daily_loss=0.05, stop=0.01)
    # 500 units lose 5,000 on the gap: 5 % of the day's start
    paused = Small(bars, scores, limits).run(simulate)
    assert decisions(paused, Action.REFUSE) == [(2, Reason.DAILY_LOSS)]
    assert decisions(paused, Action.ENTER) == [(0, Reason.OK), (3, Reason.OK)]
    halted = Small(bars, scores, limits._replace(daily_loss=9.0, drawdown=0.05)).run(simulate)
    assert halted.halted_row == 2
    assert decisions(halted, Action.REFUSE) == [(2, Reason.DRAWDOWN), (3, Reason.DRAWDOWN)]


def test_a_loss_cools_the_symbol_off(simulate: Simulate) -> None:
    limits = PLAIN._replace(stop=0.02, cooloff_loss=0.015, cooloff_ns=8 * HOUR)
    bars = [FLAT, FLAT, (97, 98, 97, 98, 1e6), FLAT, FLAT]
    scores = {0: 90.0, 2: 90.0, 3: 90.0, 4: 90.0}
    run = Small(bars, scores, limits).run(simulate)
    # a session lasts 6.5 h: stopped in row 2 (19.5 h), cool until 27.5 h; row 3 ends at 26 h
    assert decisions(run, Action.REFUSE) == [(2, Reason.COOLOFF), (3, Reason.COOLOFF)]
    assert decisions(run, Action.ENTER)[-1] == (4, Reason.OK)


def test_a_tiny_account_is_told_that_it_cannot_buy_a_lot(simulate: Simulate) -> None:
    limits = PLAIN._replace(sizing=0, sizing_value=0.05)
    run = Small([FLAT] * 2, BUY, limits, specs=build_specs(1), cash=1000.0).run(simulate)
    assert decisions(run, Action.REFUSE) == [(0, Reason.LOT)]


def test_a_happening_applied_twice_is_refused(simulate: Simulate) -> None:
    twice = [(1, 1, 0, Happening.SPLIT, 2.0, 0.0, 0.0), (2, 1, 0, Happening.SPLIT, 2.0, 0.0, 0.0)]
    with pytest.raises(HaltError):
        Small([FLAT] * 3, BUY, happenings=twice).run(simulate)
