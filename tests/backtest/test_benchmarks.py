"""Benchmarks worked out by hand: costs, cash, endings, and no knowledge of who will come later."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenlight.backtest.benchmarks import Universe, arrivals, hold


def universe(price, *, cost=0.0, ended=None, is_traded=None, is_wanted=None):
    price = np.asarray(price, dtype=float)
    shape = price.shape
    traded = ~np.isnan(price) if is_traded is None else np.asarray(is_traded)
    return Universe(
        price,
        traded,
        traded if is_wanted is None else np.asarray(is_wanted),
        np.full(shape, cost),
        np.full(shape[1], shape[0]) if ended is None else np.asarray(ended),
    )


def wealth(prices, money, dates, *, evens=True):
    return np.cumprod(1.0 + hold(prices, money, dates, np.full(len(dates), evens)))


def test_buy_and_hold_drifts_with_its_winners():
    prices = universe([[10, 10], [20, 10], [40, 5]])
    assert wealth(prices, np.zeros(3), np.array([0])) == pytest.approx([1.0, 1.5, 2.25])


def test_rebalancing_sells_what_rose():
    prices = universe([[10, 10], [20, 10], [40, 5]])
    assert wealth(prices, np.zeros(3), np.array([0, 1])) == pytest.approx([1.0, 1.5, 1.875])


def test_every_change_costs():
    prices = universe([[10, 10], [20, 10], [40, 5]], cost=0.01)
    bought = 1.0 - 0.01
    drifted = bought * 1.5
    moved = 2 * abs(0.75 * bought - 0.5 * bought)
    after = drifted - 0.01 * moved
    grown = after / 2 * 2 + after / 2 * 0.5
    assert wealth(prices, np.zeros(3), np.array([0, 1])) == pytest.approx([bought, after, grown])


def test_who_comes_later_is_not_known_at_the_start():
    prices = universe([[10, np.nan], [10, 10], [20, 20]])
    assert wealth(prices, np.zeros(3), np.array([0])) == pytest.approx([1.0, 1.0, 2.0])
    both = wealth(prices, np.zeros(3), np.array([0, 1]))
    assert both == pytest.approx([1.0, 1.0, 2.0])


def test_buy_and_hold_makes_room_for_who_comes_later_and_keeps_its_winners():
    prices = universe([[10, 5, np.nan], [30, 5, 10], [30, 5, 20]])
    dates = arrivals(prices)
    assert dates.tolist() == [0, 1]
    # 1.5 and 0.5 become a third for the newcomer, and two thirds of what each was
    assert wealth(prices, np.zeros(3), dates, evens=False) == pytest.approx([1.0, 2.0, 2.0 + 2 / 3])


def test_buy_and_hold_is_bought_anew_in_equal_parts_where_it_is_told_to():
    prices = universe([[10, 10], [30, 10], [30, 20]])
    even = np.array([True, True])
    found = np.cumprod(1.0 + hold(prices, np.zeros(3), np.array([0, 1]), even))
    assert found == pytest.approx([1.0, 2.0, 3.0])  # held on it would be 2.5


def test_a_delisted_symbol_becomes_cash_that_earns_bills():
    price = [[10, 10], [10, 10], [7, 10], [7, 10]]  # 30 % lost on the way out
    bills = np.array([0.0, 0.0, 0.0, 0.1])
    found = wealth(universe(price, ended=[2, 4]), bills, np.array([0]))
    assert found == pytest.approx([1.0, 1.0, 0.85, 0.35 * 1.1 + 0.5])


def test_with_nothing_to_buy_money_earns_bills():
    closed = universe([[10.0], [11.0], [12.0]], is_wanted=np.zeros((3, 1), dtype=bool))
    assert hold(
        closed, np.array([0.0, 0.01, 0.02]), np.array([0]), np.array([True])
    ) == pytest.approx([0.0, 0.01, 0.02])


def test_what_no_longer_trades_is_neither_sold_nor_bought():
    traded = [[True, True], [True, False], [True, False]]
    prices = universe([[10, 10], [20, 10], [40, 10]], is_traded=traded)
    assert wealth(prices, np.zeros(3), np.array([0, 1])) == pytest.approx([1.0, 1.5, 2.5])


def test_who_leaves_the_universe_is_sold():
    wanted = [[True, True], [True, False], [True, False]]
    prices = universe([[10, 10], [10, 10], [20, 90]], is_wanted=wanted)
    assert wealth(prices, np.zeros(3), np.array([0, 1])) == pytest.approx([1.0, 1.0, 2.0])


@settings(max_examples=50)
@given(st.integers(0, 1000), st.integers(1, 6), st.integers(2, 40))
def test_without_costs_one_symbol_is_its_own_benchmark(seed, every, count):
    price = 10.0 * np.cumprod(1.0 + np.random.default_rng(seed).normal(0, 0.02, count))
    found = wealth(universe(price[:, None]), np.zeros(count), np.arange(0, count, every))
    assert found == pytest.approx(price / price[0])


@settings(max_examples=30)
@given(st.integers(0, 1000), st.floats(0.0, 0.01))
def test_costs_never_help(seed, cost):
    price = 10.0 * np.cumprod(1.0 + np.random.default_rng(seed).normal(0, 0.02, (30, 4)), axis=0)
    rebalances = np.arange(0, 30, 5)
    free = wealth(universe(price), np.zeros(30), rebalances)[-1]
    assert wealth(universe(price, cost=cost), np.zeros(30), rebalances)[-1] <= free + 1e-12
