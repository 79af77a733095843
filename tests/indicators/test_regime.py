"""Regimes: each rule on a market made for it, and the promises about time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenlight.indicators import (
    REGIME_LOOKBACK,
    Regime,
    market_index,
    market_regimes,
    regimes,
)
from signals.small_world import closes


def path(moves: np.ndarray) -> np.ndarray:
    return 100 * np.exp(np.cumsum(moves))


def test_a_steady_rise_and_a_steady_fall_trend():
    wiggle = np.tile([0.004, -0.002], 300)
    assert set(regimes(path(wiggle))[REGIME_LOOKBACK:]) == {Regime.TRENDING_UP}
    assert set(regimes(path(-wiggle))[REGIME_LOOKBACK:]) == {Regime.TRENDING_DOWN}


def test_a_price_that_comes_and_goes_ranges():
    wave = 100 + 3 * np.sin(np.arange(600) * 2 * np.pi / 12)
    assert set(regimes(wave)[REGIME_LOOKBACK:]) == {Regime.RANGING}
    assert set(regimes(np.full(600, 5.0))[REGIME_LOOKBACK:]) == {Regime.RANGING}


def test_a_burst_of_volatility_is_turbulent_whatever_the_trend():
    moves = np.tile([0.004, -0.002], 300)
    moves[500:510] *= 8
    found = regimes(path(moves))
    assert set(found[505:520]) == {Regime.TURBULENT}
    assert found[499] == Regime.TRENDING_UP


def test_turbulence_is_measured_against_a_symbols_own_past():
    moves = np.random.default_rng(1).normal(0, 0.01, 600)
    calm, wild = regimes(path(moves)), regimes(path(moves * 3))
    assert (calm == Regime.TURBULENT).mean() == pytest.approx(
        (wild == Regime.TURBULENT).mean(), 0.2
    )
    assert 0.02 < (calm == Regime.TURBULENT).mean() < 0.3


def test_without_a_year_of_bars_there_is_no_regime():
    close = closes(np.random.default_rng(2), 400)
    found = regimes(close)
    assert set(found[: REGIME_LOOKBACK - 1]) == {Regime.UNKNOWN}
    assert Regime.UNKNOWN not in found[REGIME_LOOKBACK - 1 :]
    for count in (0, 1, 20, 100, REGIME_LOOKBACK - 1):
        assert set(regimes(close[:count])) <= {Regime.UNKNOWN}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(REGIME_LOOKBACK, 600), st.floats(0.001, 1000))
def test_a_regime_knows_neither_the_future_nor_the_far_past_nor_the_currency(seed, count, scale):
    close = closes(np.random.default_rng(seed), 600)
    now = regimes(close)[count - 1]
    assert regimes(close[:count])[-1] == now
    assert regimes(close[count - REGIME_LOOKBACK : count])[-1] == now
    assert regimes(close[:count] * scale)[-1] == now


def test_the_market_index_moves_by_the_mean_return_of_who_is_there():
    nan = np.nan
    close = np.array([[100, nan], [110, 50], [nan, 55], [132, nan], [132, 66]], dtype=float)
    index = market_index(close)
    steps = [0, 0.10, 0.10, 0.20, (0.0 + 0.2) / 2]
    np.testing.assert_allclose(index, np.cumprod(1 + np.array(steps)))


def test_the_markets_regime_is_that_of_its_index():
    rng = np.random.default_rng(3)
    close = np.column_stack([closes(rng, 500) for _ in range(5)])
    np.testing.assert_array_equal(market_regimes(close), regimes(market_index(close)))
    np.testing.assert_array_equal(market_regimes(close[:400]), market_regimes(close)[:400])
