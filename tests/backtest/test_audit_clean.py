"""The audit accuses nobody wrongly: all shipped strategies, on random markets and on the sample."""

import time

import numpy as np
import pytest

from greenlight.backtest.audit import audit
from greenlight.domain import Timeframe
from greenlight.market import sample
from greenlight.signals import CALM, load_strategy, shipped, strategy
from signals.small_world import world

SHIPPED = [load_strategy(name) for name in shipped()]
MARKETS = {
    "daily": {"symbols": 3, "bars": 800},
    "holes": {"symbols": 3, "bars": 800, "holes": True},
    "closes only": {"symbols": 3, "bars": 800, "closes_only": True},
    "five minutes": {"symbols": 2, "bars": 900, "timeframe": Timeframe.M5},
    "short": {"symbols": 2, "bars": 290},
}


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("seed", [21, 22])
def test_a_sample_finds_nothing_in_the_shipped_strategies(market, seed):
    report = audit(world(seed, **MARKETS[market]), SHIPPED, sample=24, seed=seed)
    assert report.findings == ()
    assert report.replays > 0
    if market != "short":
        assert report.idle == ()


def test_the_whole_audit_finds_nothing_in_the_shipped_strategies():
    report = audit(world(23, symbols=1, bars=650), SHIPPED, sample=None)
    assert report.findings == ()
    assert report.replays > 2_500


def test_the_sample_of_real_prices_is_clean_and_quickly_audited():
    history = sample()
    SHIPPED[0].votes(next(iter_views(history)))  # TA-Lib is loaded once
    start = time.process_time()
    report = audit(history, SHIPPED)
    assert report.findings == ()
    assert report.symbols == 20
    assert report.idle == ()
    assert time.process_time() - start < 8  # some 1.5 s of one core


def iter_views(history):
    from greenlight.market import views

    return (view for _, view, _ in views(history, history.blocks[0]))


def test_honest_users_are_not_accused():
    @strategy(lookback=60)
    def donchian(view):
        top = np.array([view.close[max(0, t - 55) : t + 1].max() for t in range(view.count)])
        return np.where(view.close >= top, 0.5, 0.0)

    @strategy(lookback=21, regimes=CALM)
    def news_and_index(view):
        strong = np.nan_to_num(view.fact(f"fundamentals.{view.symbol}")) > 0
        index = view.index("SP500")
        rises = np.append(np.zeros(20), index[20:] > index[:-20])
        return 0.3 * strong + 0.3 * rises + 0.2 * (view.sector == "Utilities")

    @strategy(lookback=1)
    def mondays(view):
        return np.where((view.session + 3) % 7 == 0, 0.5, 0.0)

    @strategy(lookback=30)
    def seeded(view):
        ranks = np.random.default_rng(7).permutation(30)
        late = np.lib.stride_tricks.sliding_window_view(view.close, 30)
        return np.append(np.zeros(29), np.clip((late * (ranks - 14.5)).sum(axis=1) / 1e4, -1, 1))

    report = audit(world(24, symbols=3, bars=700), [donchian, news_and_index, mondays, seeded])
    assert report.findings == ()
