"""Measures against worked examples and against skfolio's own."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenlight import analytics as an

RETURNS = np.random.default_rng(7).standard_t(4, size=400) * 0.01 + 0.0005


@pytest.fixture(scope="module")
def oracle():
    return pytest.importorskip("skfolio.measures", reason="skfolio is the oracle")


def test_simple_returns_leave_deposits_out():
    wealth = np.array([100.0, 110.0, 160.0])
    assert an.simple_returns(wealth) == pytest.approx([0.10, 50 / 110])
    flows = np.array([0.0, 50.0])
    assert an.simple_returns(wealth, flows) == pytest.approx([0.10, 0.0])


def test_after_ruin_there_are_no_returns_and_no_warning():
    assert an.simple_returns(np.array([100.0, 0.0, 0.0])) == pytest.approx([-1.0, 0.0])


def test_wealth_index_and_total_return_compound():
    returns = np.array([0.1, -0.5, 1.0])
    assert an.wealth_index(returns) == pytest.approx([1.0, 1.1, 0.55, 1.1])
    assert an.total_return(returns) == pytest.approx(0.1)
    assert an.annual_return(np.array([0.21]), 2.0) == pytest.approx(0.1)
    assert an.annual_return(np.array([-1.0]), 2.0) == -1.0


def test_bills_earn_by_the_calendar_day_and_nothing_where_the_rate_is_unknown():
    session = np.array([0, 1, 4, 5])
    rate = np.array([0.0365, 0.0365, 0.0365, math.nan])
    assert an.bill_returns(rate, session) == pytest.approx([0.0, 1e-4, 3e-4, 0.0])


def test_drawdown_names_peak_trough_and_recovery():
    wealth = np.array([1.0, 2.0, 1.5, 1.0, 1.8, 2.0, 1.9])
    fall = an.max_drawdown(wealth)
    assert (fall.depth, fall.peak, fall.trough, fall.recovery) == (0.5, 1, 3, 5)
    assert an.max_drawdown(wealth[:5]).recovery is None


def test_wealth_that_never_falls_has_no_drawdown_and_no_calmar():
    fall = an.max_drawdown(np.array([1.0, 1.0, 2.0]))
    assert fall.depth == 0.0
    assert math.isnan(an.calmar(0.1, fall.depth))


def test_calmar_is_annual_return_over_depth():
    assert an.calmar(0.12, 0.24) == 0.5


def test_sharpe_of_constant_returns_is_unknown_not_infinite():
    measured = an.sharpe(np.full(50, 0.01), 252.0)
    assert math.isnan(measured.ratio)
    assert math.isnan(an.probabilistic_sharpe(measured))


def test_standard_error_is_los_for_normal_returns():
    # Lo 2002, table 1: monthly SR 0.5, T = 60: 0.137 with T, 0.138 with T - 1
    assert an.standard_error(0.5, 0.0, 3.0, 61) == pytest.approx(math.sqrt(1.125 / 60))
    assert an.standard_error(0.5, 0.0, 3.0, 60) == pytest.approx(0.138, abs=5e-4)


def test_standard_error_covers_what_resampling_shows():
    rng = np.random.default_rng(3)
    draws = rng.standard_t(6, size=(4000, 250)) * 0.01 + 0.001
    ratios = draws.mean(axis=1) / draws.std(axis=1, ddof=1)
    errors = [an.sharpe(row, 1.0).error for row in draws[:400]]
    assert np.mean(errors) == pytest.approx(ratios.std(), rel=0.05)


def test_sharpe_moments_and_probability_agree_with_skfolio(oracle):
    measured = an.sharpe(RETURNS - 0.0001, 252.0)
    ratio = (oracle.mean(RETURNS) - 0.0001) / oracle.standard_deviation(RETURNS)
    assert measured.ratio == pytest.approx(ratio)
    assert measured.ratio_ann == pytest.approx(ratio * math.sqrt(252))
    assert measured.skew == pytest.approx(oracle.skew(RETURNS))
    assert measured.kurtosis == pytest.approx(oracle.kurtosis(RETURNS))
    expected = oracle.probabilistic_sharpe_ratio(RETURNS, 0.02, 0.0001)
    assert an.probabilistic_sharpe(measured, 0.02) == pytest.approx(expected)


@pytest.mark.parametrize("trials", [1, 2, 10, 4321])
def test_expected_maximum_agrees_with_skfolio(oracle, trials):
    assert an.expected_maximum_sharpe(trials, 0.04) == pytest.approx(
        oracle.expected_max_sharpe_ratio(trials, 0.2)
    )


def test_deflated_sharpe_agrees_with_skfolio(oracle):
    ratios = np.random.default_rng(1).normal(0.0, 0.05, 25)
    measured = an.sharpe(RETURNS, 252.0)
    mine = an.deflated_sharpe(measured, 25, float(np.var(ratios, ddof=1)))
    assert mine == pytest.approx(oracle.deflated_sharpe_ratio(RETURNS, ratios))


def test_deflated_sharpe_reproduces_the_papers_example():
    # Bailey and Lopez de Prado 2014: SR 2.5 a year of 250 days, T 1250, skew -3, kurtosis 10,
    # V 1/2 a year, N 100: SR0 = 0.1132 a day and DSR = 0.9004
    measured = an.Sharpe(
        count=1250,
        ratio=2.5 / math.sqrt(250),
        error=an.standard_error(2.5 / math.sqrt(250), -3.0, 10.0, 1250),
    )
    assert an.expected_maximum_sharpe(100, 0.5 / 250) == pytest.approx(0.1132, abs=1e-4)
    assert an.deflated_sharpe(measured, 100, 0.5 / 250) == pytest.approx(0.9004, abs=2e-4)


def test_more_trials_leave_less_of_a_sharpe_ratio():
    measured = an.sharpe(RETURNS, 252.0)
    deflated = [an.deflated_sharpe(measured, trials) for trials in (1, 2, 10, 100, 1000)]
    assert deflated == sorted(deflated, reverse=True)
    assert deflated[0] == an.probabilistic_sharpe(measured)


def test_sortino_and_drawdown_agree_with_skfolio(oracle):
    downside = oracle.semi_deviation(RETURNS, min_acceptable_return=0.0, biased=True)
    expected = oracle.mean(RETURNS) / downside * math.sqrt(252)
    assert an.sortino_ann(RETURNS, 252.0) == pytest.approx(expected)
    falls = oracle.get_drawdowns(RETURNS, compounded=True)
    mine = an.drawdowns(an.wealth_index(RETURNS))
    assert mine[1:] == pytest.approx(-falls)
    assert an.max_drawdown(an.wealth_index(RETURNS)).depth == pytest.approx(
        oracle.max_drawdown(falls)
    )


def test_volatility_agrees_with_skfolio(oracle):
    assert an.volatility_ann(RETURNS, 252.0) == pytest.approx(
        oracle.standard_deviation(RETURNS) * math.sqrt(252)
    )


def test_alpha_beta_by_hand():
    # y = 0.01 + 2 x + e with e = (+1, -2, +1) * 0.001 orthogonal to x and to 1
    market = np.array([-0.01, 0.0, 0.01])
    own = 0.01 + 2.0 * market + np.array([1.0, -2.0, 1.0]) * 0.001
    fit = an.alpha_beta(own, market, 12.0)
    assert fit.beta == pytest.approx(2.0)
    assert fit.alpha_ann == pytest.approx(0.12)
    assert fit.beta_error == pytest.approx(math.sqrt(6e-6 / 1 / 2e-4))
    assert fit.alpha_error_ann == pytest.approx(12 * math.sqrt(6e-6 / 1 / 3))
    assert fit.r_squared == pytest.approx(8e-4 / (8e-4 + 6e-6))


def test_the_benchmark_explains_itself():
    fit = an.alpha_beta(RETURNS, RETURNS, 252.0)
    assert fit.beta == pytest.approx(1.0)
    assert fit.alpha_ann == pytest.approx(0.0, abs=1e-12)


@given(st.floats(0.05, 3.0))
def test_scaling_to_equal_volatility_gives_equal_volatility(size):
    market = RETURNS[::-1]
    bills = np.full(len(market), 1e-4)
    own = bills + size * (RETURNS - bills)
    share = an.equal_volatility_share(own - bills, market - bills)
    scaled = an.scaled(market, bills, share)
    assert np.std(scaled - bills) == pytest.approx(np.std(own - bills))


def test_a_benchmark_at_no_exposure_is_the_bill():
    bills = np.full(len(RETURNS), 1e-4)
    assert an.scaled(RETURNS, bills, 0.0) == pytest.approx(bills)


def test_exposure_tells_being_in_from_being_large():
    gross = np.array([0.0, 0.2, 0.4, 0.0])
    measured = an.exposure(gross, gross > 0.0)
    assert (measured.mean, measured.peak, measured.share_held) == (pytest.approx(0.15), 0.4, 0.5)
    assert measured.mean_held == pytest.approx(0.3)


def test_turnover_is_a_yearly_multiple_of_equity():
    assert an.turnover(600.0, 100.0, 2.0) == 3.0
    assert math.isnan(an.turnover(600.0, 100.0, 0.0))


def test_performance_puts_dates_to_the_drawdown():
    session = np.array([10, 11, 14, 15])
    returns = np.array([0.1, -0.2, 0.0, 0.3])
    measured = an.performance(returns, np.zeros(4), session, start=9)
    assert (measured.start, measured.end, measured.sessions) == (9, 15, 4)
    assert (measured.peak, measured.trough, measured.recovery) == (10, 11, 15)
    assert measured.total_return == pytest.approx(1.1 * 0.8 * 1.3 - 1.0)
    with pytest.raises(ValueError, match="no returns"):
        an.performance(np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.int64), 9)
