"""Indicators against plain loops, at the edges, and held to their promises about time."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import greenlight.indicators as ta

RNG = np.random.default_rng(7)
CLOSE = 100 * np.exp(np.cumsum(RNG.normal(0, 0.01, 600)))
HIGH, LOW = CLOSE * 1.004, CLOSE * 0.995
VOLUME = np.round(1000 * np.exp(RNG.normal(0, 0.4, 600)))
SESSION = np.arange(600) // 7

#: name: (function of the first n bars, bars its last value needs)
ALL = {
    "sma": (lambda n: ta.sma(CLOSE[n], 20), 20),
    "ema": (lambda n: ta.ema(CLOSE[n], 10), 150),
    "rsi": (lambda n: ta.rsi(CLOSE[n], 14), 330),
    "adx": (lambda n: ta.adx(HIGH[n], LOW[n], CLOSE[n], 14), 400),
    "atr": (lambda n: ta.atr(HIGH[n], LOW[n], CLOSE[n], 14), 330),
    "efficiency": (lambda n: ta.efficiency(CLOSE[n], 20), 21),
    "deviation": (lambda n: ta.deviation(CLOSE[n], 20), 20),
    "sigma": (lambda n: ta.sigma(CLOSE[n], 20), 21),
    "bollinger": (lambda n: ta.bollinger(CLOSE[n], 20).upper, 20),
    "usual_volume": (lambda n: ta.usual_volume(VOLUME[n], 20), 20),
    "vwap": (lambda n: ta.vwap(HIGH[n], LOW[n], CLOSE[n], VOLUME[n], 20), 20),
    "highest": (lambda n: ta.highest(HIGH[n], 20), 20),
    "lowest": (lambda n: ta.lowest(LOW[n], 20), 20),
    "lagged": (lambda n: ta.lagged(CLOSE[n], 5), 6),
    "returns": (lambda n: ta.returns(CLOSE[n]), 2),
}


@pytest.mark.parametrize("name", ALL)
def test_an_indicator_of_the_first_bars_is_that_of_all_bars(name):
    function, _ = ALL[name]
    whole = function(slice(None))
    for count in (0, 1, 2, 19, 20, 21, 45, 300, 599):
        np.testing.assert_allclose(function(slice(count)), whole[:count], rtol=1e-12)


@pytest.mark.parametrize("name", ALL)
def test_an_indicator_needs_no_more_than_its_last_bars(name):
    function, bars = ALL[name]
    whole = function(slice(None))
    for end in (450, 523, 600):
        alone = function(slice(end - bars, end))
        assert alone[-1] == pytest.approx(whole[end - 1], rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("name", sorted(set(ALL) - {"ema", "adx", "rsi", "atr"}))
def test_a_windowed_indicator_speaks_exactly_when_its_window_is_full(name):
    function, bars = ALL[name]
    assert np.flatnonzero(~np.isnan(function(slice(None))))[0] == bars - 1


def test_the_session_vwap_starts_afresh_with_each_session():
    values = ta.session_vwap(HIGH, LOW, CLOSE, VOLUME, SESSION)
    typical = (HIGH + LOW + CLOSE) / 3
    for bar in (0, 6, 7, 13, 20, 599):
        rows = [k for k in range(bar + 1) if SESSION[k] == SESSION[bar]]
        expected = sum(typical[k] * VOLUME[k] for k in rows) / sum(VOLUME[k] for k in rows)
        assert values[bar] == pytest.approx(expected)


def test_windowed_values_are_those_of_a_plain_loop():
    bar, window = 321, slice(302, 322)
    closes = [float(c) for c in CLOSE[window]]
    mean = sum(closes) / 20
    swing = math.sqrt(sum((c - mean) ** 2 for c in closes) / 20)
    moves = [CLOSE[k] / CLOSE[k - 1] - 1 for k in range(302, 322)]
    mean_move = sum(moves) / 20
    assert ta.sma(CLOSE, 20)[bar] == pytest.approx(mean)
    assert ta.deviation(CLOSE, 20)[bar] == pytest.approx(swing)
    assert ta.sigma(CLOSE, 20)[bar] == pytest.approx(
        math.sqrt(sum((m - mean_move) ** 2 for m in moves) / 20)
    )
    lower, middle, upper = (band[bar] for band in ta.bollinger(CLOSE, 20, 2.5))
    assert (lower, middle, upper) == pytest.approx((mean - 2.5 * swing, mean, mean + 2.5 * swing))
    assert ta.usual_volume(VOLUME)[bar] == pytest.approx(np.median(VOLUME[window]))
    way = sum(abs(CLOSE[k] - CLOSE[k - 1]) for k in range(302, 322))
    assert ta.efficiency(CLOSE, 20)[bar] == pytest.approx(abs(CLOSE[321] - CLOSE[301]) / way)
    typical = (HIGH + LOW + CLOSE)[window] / 3
    assert ta.vwap(HIGH, LOW, CLOSE, VOLUME, 20)[bar] == pytest.approx(
        (typical * VOLUME[window]).sum() / VOLUME[window].sum()
    )


def test_rsi_is_wilders():
    gain = sum(max(CLOSE[k] - CLOSE[k - 1], 0) for k in range(1, 15)) / 14
    loss = sum(max(CLOSE[k - 1] - CLOSE[k], 0) for k in range(1, 15)) / 14
    values = ta.rsi(CLOSE, 14)
    assert values[14] == pytest.approx(100 * gain / (gain + loss))
    for bar in range(15, 60):
        gain = (gain * 13 + max(CLOSE[bar] - CLOSE[bar - 1], 0)) / 14
        loss = (loss * 13 + max(CLOSE[bar - 1] - CLOSE[bar], 0)) / 14
        assert values[bar] == pytest.approx(100 * gain / (gain + loss))


def test_a_price_that_stands_still_is_neither_oversold_nor_on_its_way():
    still = np.full(60, 10.0)
    assert ta.rsi(still)[-1] == 50.0
    assert ta.efficiency(still, 20)[-1] == 0.0
    assert ta.sigma(still)[-1] == 0.0


def test_small_swings_on_a_large_price_keep_their_digits():
    close = 1e6 + np.tile([0.0, 0.01], 30)
    assert ta.deviation(close, 20)[-1] == pytest.approx(0.005, rel=1e-6)


def test_unknown_volume_makes_only_its_own_windows_unknown():
    volume = VOLUME.copy()
    volume[100] = np.nan
    for values in (
        ta.usual_volume(volume),
        ta.vwap(HIGH, LOW, CLOSE, volume, 20),
    ):
        assert np.array_equal(np.flatnonzero(np.isnan(values)), [*range(19), *range(100, 120)])


def test_no_trade_has_no_vwap():
    nothing = np.zeros(30)
    assert np.isnan(ta.vwap(HIGH[:30], LOW[:30], CLOSE[:30], nothing, 5)).all()
    assert np.isnan(ta.session_vwap(HIGH[:30], LOW[:30], CLOSE[:30], nothing, SESSION[:30])).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 60))
def test_the_efficiency_ratio_lies_between_nothing_and_all(seed, bars):
    close = 50 + np.cumsum(np.random.default_rng(seed).integers(-1, 2, 120)) * 0.25
    values = ta.efficiency(close, bars)[bars:]
    assert np.all((values >= 0.0) & (values <= 1.0 + 1e-12))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 5, 10, 20, 50]))
def test_on_a_grid_of_ticks_an_average_is_the_same_wherever_the_series_begins(seed, bars):
    ticks = 1000 + np.cumsum(np.random.default_rng(seed).integers(-1, 2, 300))
    price = ticks * 0.01
    for function in (ta.sma, lambda x, n: ta.bollinger(x, n).upper, ta.efficiency):
        whole = function(price, bars)
        for start in (1, 17, 300 - bars - 1):
            late = function(price[start:], bars)
            np.testing.assert_array_equal(late[bars:], whole[start + bars :])
