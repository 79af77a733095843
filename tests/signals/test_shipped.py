"""The shipped strategies: each does what its idea says, and keeps its promises on any market."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from greenlight.domain import Fact, Timeframe, UserError
from greenlight.indicators import Regime, regimes, rsi
from greenlight.market import Background, Facts
from greenlight.signals import impurities, load_strategy, shipped
from greenlight.signals.strategies.chart_patterns import is_cup_and_handle
from signals.small_world import FIRST, view_of, views_of, world

ALL = shipped()
MARKETS = [
    {"seed": 1, "symbols": 2, "bars": 900},
    {"seed": 2, "symbols": 2, "bars": 900, "holes": True},
    {"seed": 3, "symbols": 2, "bars": 900, "closes_only": True},
    {"seed": 4, "symbols": 2, "bars": 900, "timeframe": Timeframe.M5},
]


def calm(bars=320, swing=0.004, seed=0):
    """A quiet range about 100, with a regime from bar 272 on."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, swing, bars)
    return 100 * (1 + noise)


def event(name, close, **more):
    """Votes of the idea alone, in whatever regime."""
    view = view_of(close, **more)
    return replace(load_strategy(name), regimes=None).votes(view), view


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("market", MARKETS, ids=lambda m: f"seed{m['seed']}")
def test_votes_keep_the_look_back_and_do_not_know_the_future(name, market):
    voice = load_strategy(name)
    needed = voice.bars_needed()
    rng = np.random.default_rng(market["seed"])
    for view in views_of(world(**market)):
        full = voice.votes(view)
        assert not full[: needed - 1].any()
        for count in rng.integers(needed, view.count, 25).tolist():
            cut = view.until(count)
            np.testing.assert_allclose(voice.votes(cut), full[:count], atol=1e-6)
            assert voice.votes(cut.last(needed))[-1] == pytest.approx(full[count - 1], abs=1e-6)


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_the_look_back_holds_for_any_parameters(name, data):
    voice = load_strategy(name)
    chosen = {
        key: data.draw(st.sampled_from(parameter.grid(5)))
        for key, parameter in voice.parameters.items()
    }
    assume(chosen.get("fast", 0) < chosen.get("slow", 1))  # it refuses these
    view = views_of(world(data.draw(st.integers(0, 99)), symbols=1, bars=1500))[0]
    needed = voice.bars_needed(**chosen)
    full = voice.votes(view, **chosen)
    for count in (needed, (needed + view.count) // 2, view.count):
        alone = voice.votes(view.until(count).last(needed), **chosen)
        assert alone[-1] == pytest.approx(full[count - 1], abs=1e-6)


@pytest.mark.parametrize("name", ALL)
def test_every_strategy_speaks_on_a_long_enough_market(name):
    votes = np.concatenate(
        [load_strategy(name).votes(v) for v in views_of(world(5, symbols=6, bars=1200))]
    )
    assert np.any(votes > 0)
    assert np.any(votes < 0)


@pytest.mark.parametrize("name", ALL)
def test_a_price_that_stands_still_gets_no_vote(name):
    voice = load_strategy(name)
    assert not voice.votes(view_of(np.full(700, 10.1))).any()
    late = view_of(np.concatenate((calm(340), np.full(360, 99.7))))
    assert not voice.votes(late)[400:].any()


@pytest.mark.parametrize("name", ALL)
def test_nothing_but_the_view_is_reached_for(name):
    assert impurities(load_strategy(name)) == ()


def test_closes_without_volume_silence_only_what_needs_it():
    views = views_of(world(6, symbols=4, bars=1200, closes_only=True))
    spoke = {name: any(load_strategy(name).votes(v).any() for v in views) for name in ALL}
    assert not spoke.pop("vwap_reversion")
    assert all(spoke.values())


def test_momentum_breakout_buys_the_close_above_the_channel_with_more_on_volume():
    close = calm()
    close[300] = close[:300].max() * 1.01
    rush = np.where(np.arange(320) == 300, 3000.0, 1000.0)
    weak, _ = event("momentum_breakout", close)
    strong, _ = event("momentum_breakout", close, volume=rush)
    unknown, _ = event("momentum_breakout", close, volume=np.nan)
    assert (weak[300], unknown[300], strong[300]) == pytest.approx((0.5, 0.6, 1.0))
    assert weak[299] <= 0
    assert strong[301] == pytest.approx(0.8)
    close[300] = close[:300].min() * 0.99
    assert event("momentum_breakout", close)[0][300] == pytest.approx(-0.6)


def test_ema_cross_refuses_a_fast_average_that_is_not_faster():
    voice = load_strategy("ema_cross_adx")
    for fast, slow in ((40, 15), (20, 20)):
        with pytest.raises(UserError) as caught:
            voice.bars_needed(fast=fast, slow=slow)
        assert str(caught.value) == f"ema_cross_adx: fast = {fast} is not below slow = {slow}"
    assert voice.bars_needed(fast=19, slow=20) > 0


def test_ema_cross_follows_a_trend_both_ways_and_not_a_range():
    wiggle = np.tile([0.006, -0.001], 250)
    up, _ = event("ema_cross_adx", 100 * np.exp(np.cumsum(wiggle)))
    down, _ = event("ema_cross_adx", 100 * np.exp(np.cumsum(-wiggle)))
    assert np.all(up[310:] > 0.3)
    assert np.all(down[310:] < -0.3)
    ranging, _ = event("ema_cross_adx", 100 + np.sin(np.arange(500) * np.pi))
    assert np.abs(ranging).max() < 0.1


def indexed(level, vix=None, timeframe=Timeframe.D1):
    view = replace(view_of(calm(len(level))), timeframe=timeframe)
    facts = (
        []
        if vix is None
        else [
            Fact("t", "VIX", int(ts), int(ts), float(v))
            for ts, v in zip(view.close_ts, vix, strict=True)
        ]
    )
    background = Background(Facts.of(facts), {"SP500": (view.close_ts, level)})
    return load_strategy("macro_trend").votes(replace(view, background=background))


def test_macro_trend_is_long_above_the_average_and_half_as_much_in_fear():
    level = 100 * np.exp(0.001 * np.arange(400))
    assert indexed(level)[-1] == pytest.approx(0.5)
    assert indexed(level[::-1].copy())[-1] == pytest.approx(-0.5)
    assert indexed(level, np.full(400, 35.0))[-1] == pytest.approx(0.25)
    assert indexed(level, np.full(400, 15.0))[-1] == pytest.approx(0.5)
    assert indexed(level[::-1].copy(), np.full(400, 35.0))[-1] == pytest.approx(-0.5)


def test_macro_trend_abstains_within_the_day_without_an_index_and_on_one_that_ended():
    level = 100 * np.exp(0.001 * np.arange(400))
    assert not indexed(level, timeframe=Timeframe.H1).any()
    assert not load_strategy("macro_trend").votes(view_of(calm(400))).any()
    ended = np.where(np.arange(400) < 300, level, level[299])
    votes = indexed(ended)
    assert votes[300] > 0
    assert not votes[309:].any()


def test_rsi_bounce_buys_the_first_higher_close_out_of_oversold():
    close = calm(360, swing=0.002)
    close[328:336] = close[327] * (1 - 0.009 * np.arange(1, 9))
    close[336] = close[335] * 1.002
    votes, _ = event("rsi_bounce", close)
    assert rsi(close)[335] < 30
    assert votes[335] == 0.0
    assert 0.6 <= votes[336] <= 1.0
    top, _ = event("rsi_bounce", 200 - close)
    assert -1.0 <= top[336] <= -0.6


def test_bollinger_squeeze_follows_the_close_that_leaves_quiet_bands():
    close = calm(swing=0.01)
    close[285:300] = 100 * (1 + np.tile([0.0004, -0.0004, 0.0], 5))
    close[280:285] = 100.0
    for side in (1, -1):
        close[300] = 100 * (1 + 0.004 * side)
        votes, _ = event("bollinger_squeeze", close)
        assert votes[299] == 0.0
        assert votes[300] == pytest.approx(0.8 * side)
    loud = calm(swing=0.004)
    loud[270:300] = 100 + 5 * (loud[270:300] - 100)
    loud[300] = 110.0
    assert event("bollinger_squeeze", loud)[0][300] == 0.0


def test_mean_reversion_votes_against_a_close_two_deviations_away():
    close = calm()
    close[300] = 100 * (1 - 0.011)
    votes, view = event("mean_reversion", close)
    window = close[281:301]
    away = (close[300] - window.mean()) / window.std()
    assert away < -2
    assert regimes(view.close)[300] == Regime.RANGING
    assert votes[300] == pytest.approx(0.5 + 0.5 * min((-away - 2) / 1.5, 1), abs=1e-6)


def test_mean_reversion_asks_for_strong_fundamentals_where_they_are_known():
    close = calm()
    close[300] = 100 * (1 - 0.011)
    view = view_of(close)
    voice = load_strategy("mean_reversion")
    known_at = int(view.close_ts[290])

    def with_strength(value):
        facts = Facts.of([Fact("t", "fundamentals.A0", known_at, known_at, value)])
        return replace(view, background=Background(facts))

    assert voice.votes(with_strength(-1.0))[300] == 0.0
    assert voice.votes(with_strength(1.0))[300] == voice.votes(view)[300] > 0
    assert voice.unchecked(view).all()
    np.testing.assert_array_equal(voice.unchecked(with_strength(1.0)), np.arange(320) < 290)


def test_mean_reversion_can_be_kept_to_banks_and_utilities():
    close = calm()
    close[300] = 100 * (1 - 0.011)
    voice = load_strategy("mean_reversion").tuned({"banks_and_utilities_only": True})
    for sector, speaks in (("Utilities", True), ("Financials", True), ("Energy", False)):
        changes = ((FIRST, sector),)
        view = replace(view_of(close), background=Background(sectors=changes))
        assert bool(voice.votes(view)[300] > 0) is speaks
    assert voice.votes(view_of(close))[300] == 0.0


def test_vwap_reversion_waits_for_the_turn_and_for_volume():
    close = calm()
    close[299], close[300] = 98.8, 98.9
    votes, _ = event("vwap_reversion", close)
    assert votes[299] <= 0
    assert votes[300] >= 0.5
    assert not event("vwap_reversion", close, volume=np.nan)[0].any()


def test_rsi_momentum_waits_for_the_close_above_the_average():
    close = calm(400, swing=0.002)
    close[350:360] = close[349] * (1 - 0.01 * np.arange(1, 11))
    close[360:366] = close[359] * (1 + 0.02 * np.arange(1, 7))
    votes, _ = event("rsi_momentum", close)
    first = int(np.flatnonzero(votes[350:] > 0)[0]) + 350
    average = close[first - 19 : first + 1].mean()
    assert close[first] > average
    assert close[first - 1] <= close[first - 20 : first].mean()
    assert votes[first] == pytest.approx(0.8)


def test_chart_patterns_knows_a_bull_flag():
    close = calm(swing=0.003)
    close[290:296] = 100 * (1 + 0.02 * np.arange(1, 7))
    close[296:304] = 111.5 - 0.3 * np.arange(8)
    close[304] = 113.0
    votes, _ = event("chart_patterns", close)
    assert votes[304] == pytest.approx(0.9)
    assert not votes[290:304].any()


def test_chart_patterns_knows_a_cup_and_handle():
    close = calm(420, swing=0.003)
    close[340:401] = 100 - 20 * np.sin(np.linspace(0, np.pi, 61))
    close[401:409] = [99, 98, 97, 96, 96, 97, 98, 98.5]
    close[409] = 101.5
    votes, _ = event("chart_patterns", close)
    assert np.flatnonzero(votes > 0)[0] == 409
    assert votes[409] == pytest.approx(0.9)
    assert is_cup_and_handle(view_of(close), 60)[409]
    assert not is_cup_and_handle(view_of(100 + (close - 100) / 3), 60).any()


def test_chart_patterns_knows_engulfing_candles_only_where_there_are_candles():
    close = calm(swing=0.003)
    opened = np.roll(close, 1)
    close[299], opened[299] = 98.9, 99.2
    close[300], opened[300] = 99.6, 98.7
    view = view_of(close)
    candles = replace(
        view,
        open=opened,
        high=np.maximum(opened, close) + 0.1,
        low=np.minimum(opened, close) - 0.1,
    )
    voice = load_strategy("chart_patterns")
    assert voice.votes(candles)[300] == pytest.approx(0.5)
    assert voice.votes(view)[300] == 0.0
