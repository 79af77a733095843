"""A forecast made row by row is the one that a backtest would have had there."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from forecast_markets import (
    COINS,
    STOCKS,
    day,
    history,
    method,
    row_of,
    split_at,
)

from greenlight.backtest import Plan, Search
from greenlight.backtest.run import vote
from greenlight.domain import CashDividend, Split, UserError
from greenlight.engine import Limits
from greenlight.indicators import sma
from greenlight.live.forecasting import AheadForecaster, Forecaster
from greenlight.live.method import Method
from greenlight.live.ports import Opinion
from greenlight.live.rows import BlockRow
from greenlight.market import History
from greenlight.scoring import Voice, assemble
from greenlight.signals import Integer, strategy

CONDITIONS = ("sigma", "usual_volume", "rsi", "flags", "returns")
ROWS = 60
NEAR = 1e-4  # points of a score; float32 has steps of 4e-6 there


def assert_near(theirs: Opinion, ours: Opinion, where: str) -> None:
    """Scores by the look-back promise, conditions to the last bit."""
    np.testing.assert_allclose(ours.score, theirs.score, rtol=0.0, atol=NEAR, err_msg=where)
    for name in CONDITIONS:
        one, other = getattr(ours.conditions, name), getattr(theirs.conditions, name)
        np.testing.assert_array_equal(one, other, err_msg=f"{where}: {name}")
        assert one.dtype == other.dtype
    assert ours.score.dtype == theirs.score.dtype


def compare(whole: History, how: Method, rows: int = ROWS) -> list[Opinion]:
    """Both forecasters on the last rows; gives back the opinions."""
    stored, told = split_at(whole, rows)
    ahead, along = AheadForecaster(whole, how), Forecaster(stored, how)
    opinions = []
    for row in told:
        theirs, ours = ahead.advance(row), along.advance(row)
        assert_near(theirs, ours, f"block {row.block}, session {row.time.session}")
        opinions.append(ours)
    return opinions


@pytest.mark.parametrize("holes", [0.0, 0.03])
@pytest.mark.parametrize("is_learned", [False, True])
def test_row_by_row_equals_all_at_once(holes: float, is_learned: bool) -> None:  # a case
    whole = history(holes=holes, seed=3)
    opinions = compare(whole, method(is_learned=is_learned))
    score = np.concatenate([opinion.score for opinion in opinions])
    flags = np.concatenate([opinion.conditions.flags for opinion in opinions])
    assert np.count_nonzero(score != 50.0) > len(score) / 2  # the voices spoke
    assert len(np.unique(flags)) >= (4 if holes > 0.0 else 3)


@pytest.mark.parametrize("name", ["mean_reversion", "macro_trend", "chart_patterns"])
def test_a_voice_alone_is_itself(name: str) -> None:
    """Those that read more than prices: facts, sectors, references, sessions."""
    spoke = compare(history(seed=5), method(name), rows=250)
    assert any(np.any(opinion.score != 50.0) for opinion in spoke)


def test_a_strategy_of_the_users_own_is_asked_symbol_by_symbol() -> None:
    @strategy(lookback=2)
    def turning(view):
        assert np.all(np.diff(view.close_ts) > 0)
        return np.sign(np.diff(view.close, prepend=view.close[0])) * (
            0.5 + (view.close > 100.0) / 2
        )

    how = replace(method(), voices=(Voice(turning, {}), *method("rsi_bounce").voices))
    compare(history(seed=2, holes=0.02), how)


@strategy(lookback=lambda bars: bars, bars=Integer(20, 3, 60))
def crossing(view, bars):
    """Wholly for it above its average, wholly against it below."""
    return np.sign(np.nan_to_num(view.close - sma(view.close, bars)))


@pytest.mark.parametrize("is_learned", [False, True])
@pytest.mark.parametrize("max_bars", [0, 12])
def test_odds_are_those_that_a_backtest_knew_there(
    max_bars: int, is_learned: bool
) -> None:  # a case
    """Three months pass: what was open when the stored bars ended is followed to its end."""
    whole = history(rows=900, seed=11, holes=0.02)
    limits = Limits(max_bars=max_bars, long_only=False, stop=0.05, target=0.08)
    how = Method(
        tuple(Voice(replace(crossing, name=f"of {n}"), {"bars": n}) for n in (5, 10, 20)),
        method().rules._replace(limits=limits),
        is_learned=is_learned,
        is_calibrated=True,
    )
    stored, told = split_at(whole, 90)
    ahead, along = AheadForecaster(whole, how), Forecaster(stored, how)
    values = set()
    for row in told:
        theirs, ours = ahead.advance(row), along.advance(row)
        np.testing.assert_array_equal(ours.score, theirs.score)
        for name in ("p_win", "win", "loss"):
            one, other = getattr(ours.conditions, name), getattr(theirs.conditions, name)
            np.testing.assert_array_equal(one, other, err_msg=f"{name} in {row.time.session}")
            values |= set(one[~np.isnan(one)].tolist())
    assert len(values) > 8  # odds were there, and refitted


def test_all_at_once_is_what_a_backtest_votes() -> None:
    whole, how = history(seed=4, holes=0.02), method(is_learned=True)
    plan = Plan(how.voices, how.rules, 10_000.0, Search(None, 1, 0, 10_000.0), is_learned=True)
    voted = vote(assemble(whole, how.rules), plan, lambda _: None)
    ahead = AheadForecaster(whole, how)
    told = [
        ahead.advance(row_of(block, number, t)).score
        for number, block in enumerate(whole.blocks)
        for t in range(block.count)
    ]
    np.testing.assert_array_equal(np.concatenate(told), voted.score)


def test_an_action_heard_of_in_time_is_one_known_from_the_start() -> None:
    whole, how = history(seed=6), method()
    stored, told = split_at(whole, ROWS)
    cut = day(stored.blocks[0].session[-1])
    past = tuple(action for action in stored.actions if action.ex_date <= cut)
    assert 0 < len(past) < len(whole.actions)
    early, later = Forecaster(stored, how), Forecaster(replace(stored, actions=past), how)
    for row in told:
        for action in whole.actions:
            later.act(action)  # again and again
        one, other = early.advance(row), later.advance(row)
        assert_near(one, other, f"session {row.time.session}")


def test_an_action_heard_of_late_scales_the_bars_since() -> None:
    whole, how = history(seed=7), method()
    session = whole.blocks[0].session
    news = (
        Split("AAA", day(session[-30]), Decimal(2)),
        CashDividend("CCC", day(session[-29]), Decimal("0.5")),
    )
    known = replace(whole, actions=news)
    stored, told = split_at(replace(whole, actions=()), ROWS)
    ahead, along = AheadForecaster(known, how), Forecaster(stored, how)
    for row in told:
        theirs, ours = ahead.advance(row), along.advance(row)
        if row.time.session == session[-25]:
            for action in news:
                along.act(action)
        if row.time.session > session[-25]:
            np.testing.assert_allclose(ours.score, theirs.score, atol=NEAR)
            np.testing.assert_allclose(ours.conditions.sigma, theirs.conditions.sigma, rtol=1e-5)


def test_references_can_be_told_as_they_close() -> None:
    whole, how = history(seed=8), method("macro_trend", "rsi_bounce")
    (index,) = whole.references
    stored, told = split_at(whole, ROWS)
    cut = int(stored.blocks[0].session[-1])
    known = index.session <= cut
    names = ("open_ts", "close_ts", "session", "open", "high", "low", "close", "volume")
    short = replace(index, **{name: getattr(index, name)[known] for name in names})
    ahead = AheadForecaster(whole, how)
    along = Forecaster(replace(stored, references=(short,)), how)
    for row in told:
        for t in np.flatnonzero(index.session == row.time.session):
            along.refer("SP500", int(index.close_ts[t]), float(index.close[t, 0]))
        assert_near(ahead.advance(row), along.advance(row), f"session {row.time.session}")


def test_a_row_without_any_bar_is_neutral() -> None:
    whole, how = history(seed=9), method()
    stored, told = split_at(whole, 2)
    along = Forecaster(stored, how)
    nothing = np.full(len(STOCKS), np.nan)
    first = next(row for row in told if row.block == 0)
    opinion = along.advance(BlockRow(0, first.time, *(nothing for _ in range(5))))
    assert np.all(opinion.score == 50.0)
    assert np.all(np.isnan(opinion.conditions.sigma))


def test_many_rows_outlive_the_room_for_them() -> None:
    compare(history(seed=10, holes=0.05), method("rsi_momentum", "bollinger_squeeze"), rows=350)


def test_forecasts_made_beforehand_serve_stored_bars_alone() -> None:
    whole, how = history(rows=300), method("rsi_bounce")
    ahead = AheadForecaster(whole, how)
    row = row_of(whole.blocks[1], 1, 250)
    assert len(ahead.advance(row).score) == len(COINS)
    with pytest.raises(UserError, match="stored"):
        ahead.advance(replace(row, close=row.close * 1.01))
    with pytest.raises(UserError, match="stored"):
        ahead.advance(replace(row, time=replace(row.time, close_ts=row.time.close_ts + 1)))
