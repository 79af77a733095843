"""Happenings worked out by hand: engine and reference must both find the numbers.

Unless said otherwise a score of 90 at the close of row 0 buys 100 units at the open of row 1, free
of cost.
"""

from collections.abc import Callable
from typing import Any

import pytest

from greenlight import engine
from greenlight.domain import Action, CashKind, HaltError, Happening, Reason, Role
from greenlight.engine.limits import build_costs
from reference import simulate as reference_simulate
from reference.small import (
    BUY,
    FLAT,
    NAN,
    PLAIN,
    SELL,
    SHORT,
    Small,
    decisions,
    fills,
    flows,
)

Simulate = Callable[..., Any]


@pytest.fixture(params=["reference", "engine"])
def simulate(request: pytest.FixtureRequest) -> Simulate:
    return reference_simulate if request.param == "reference" else engine.simulate


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


def test_a_spin_off_hands_over_units_and_a_share_of_the_basis(simulate: Simulate) -> None:
    limits = PLAIN._replace(stop=0.1)
    child = (50.0, 50.0, 50.0, 50.0, 1e6)
    bars = [FLAT, FLAT, (75, 76, 74, 75, 1e6), (68, 69, 67, 68, 1e6)]
    spin_off = [(2, 1, 0, Happening.SPIN_OFF, 1.0, 0.5, 0.25)]
    run = Small(bars, BUY, limits, happenings=spin_off, others=[[child] * 4]).run(simulate)
    # 50 of the other at 100 * 0.25 / 0.5 = 50; the parent at 75, its stop 90 * 0.75 = 67.5
    assert run.equity[2] == pytest.approx(100_000)
    assert fills(run)[1:] == [(3, Role.STOP, -100, 67.5)]
    assert list(run.quantity) == [0, 50]
    (adjustment,) = run.adjustments
    assert (adjustment["symbol"], adjustment["before"], adjustment["after"]) == (1, 0, 50)


def test_a_stock_merger_pays_cash_and_units_of_the_other(simulate: Simulate) -> None:
    other = (300.0, 300.0, 300.0, 300.0, 1e6)
    merger = [(2, 1, 0, Happening.STOCK_MERGER, 1.0, 0.305, 8.5)]
    run = Small([FLAT, FLAT, None], BUY, happenings=merger, others=[[other] * 3]).run(simulate)
    # 850 in cash; 30.5 units at (100 - 8.5) / 0.305 = 300: 30 stay, half a unit is paid
    assert flows(run) == [(2, CashKind.MERGER, 850), (2, CashKind.LIEU, 150)]
    assert list(run.quantity) == [0, 30]
    assert run.equity[-1] == pytest.approx(100_000)


def test_a_trade_by_hand_through_zero_moves_the_day_by_what_it_closed(simulate: Simulate) -> None:
    limits = PLAIN._replace(daily_loss_money=400.0)
    by_hand = [(2, 1, 0, Happening.MANUAL, -150.0, 90.0, 0.0)]
    scores = {0: 90.0, (2, 1): 90.0}
    market = Small([FLAT] * 3, scores, limits, happenings=by_hand, others=[[FLAT] * 3])
    run = market.run(simulate)
    # 100 sold 10 below the mark: nobody's loss; 50 sold short at 90 and marked at 100: 500 lost
    assert run.quantity[0] == -50
    assert run.equity[-1] == 98_500
    assert decisions(run, Action.REFUSE) == [(2, Reason.DAILY_LOSS)]


def test_a_happening_applied_twice_is_refused(simulate: Simulate) -> None:
    twice = [(1, 1, 0, Happening.SPLIT, 2.0, 0.0, 0.0), (2, 1, 0, Happening.SPLIT, 2.0, 0.0, 0.0)]
    with pytest.raises(HaltError):
        Small([FLAT] * 3, BUY, happenings=twice).run(simulate)
