"""What is said of many symbols' last bars at once is what is said of each alone."""

import numpy as np
import pytest

from greenlight.indicators import (
    REGIME_LOOKBACK,
    RSI_BARS,
    TREND_BARS,
    YEAR_BARS,
    latest_regimes,
    latest_rsi,
    latest_sigma,
    latest_usual_volume,
    regimes,
    rsi,
    sigma,
    usual_volume,
)

SYMBOLS, BARS = 40, 900


@pytest.fixture(scope="module")
def close() -> np.ndarray:
    """Closes (K, T) of symbols that trend, range and burst, from a cent to a fortune."""
    rng = np.random.default_rng(3)
    size = np.repeat(rng.choice([0.002, 0.01, 0.05], (SYMBOLS, BARS // 60)), 60, axis=1)
    drift = np.repeat(rng.normal(0.0, 0.004, (SYMBOLS, BARS // 60)), 60, axis=1)
    moves = drift + rng.normal(0.0, 1.0, (SYMBOLS, BARS)) * size
    return np.exp(np.cumsum(moves, axis=1)) * 10.0 ** rng.uniform(-2, 5, (SYMBOLS, 1))


def test_swings_are_the_same_to_the_last_bit(close: np.ndarray) -> None:
    alone = [sigma(one)[-1] for one in close]
    np.testing.assert_array_equal(latest_sigma(close[:, -21:]), alone)


def test_usual_volumes_are_the_same_to_the_last_bit(close: np.ndarray) -> None:
    volume = np.where(np.random.default_rng(5).random(close.shape) < 0.01, np.nan, close)
    alone = [usual_volume(one)[-1] for one in volume]
    np.testing.assert_array_equal(latest_usual_volume(volume[:, -20:]), alone)


def test_regimes_are_the_same_at_every_bar(close: np.ndarray) -> None:
    whole = np.stack([regimes(one) for one in close])
    swings = np.stack([sigma(one) for one in close])
    assert len(np.unique(whole)) == 5
    for end in range(REGIME_LOOKBACK, BARS + 1, 7):
        some = close[:, end - TREND_BARS : end]
        found = latest_regimes(some, swings[:, end - YEAR_BARS : end])
        np.testing.assert_array_equal(found, whole[:, end - 1])
    assert len(latest_regimes(close[:0, :TREND_BARS], swings[:0, :YEAR_BARS])) == 0


def test_relative_strength_is_the_same_in_float32(close: np.ndarray) -> None:
    close[3, -200:] = 7.0  # stands still
    alone = np.array([rsi(one)[-1] for one in close])
    found = latest_rsi(close[:, -RSI_BARS:])
    np.testing.assert_array_equal(found.astype(np.float32), alone.astype(np.float32))
