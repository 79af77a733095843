"""Walk-forward: windows, purge, members, and a choice that noise does not make."""

from itertools import pairwise

import markets
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenlight.analytics import Sharpe
from greenlight.backtest.walkforward import (
    Search,
    choose,
    fit,
    members,
    plan_windows,
    purge_gap,
)
from greenlight.domain import UserError
from greenlight.engine import simulate
from greenlight.scoring import Voice, assemble, cast, scores
from greenlight.signals import Choice, Integer, strategy


@given(st.integers(2, 3000), st.floats(0.05, 0.95), st.integers(1, 8), st.integers(0, 300))
def test_training_always_lies_before_use_and_use_covers_the_rest_once(count, split, parts, gap):
    windows = plan_windows(count, Search(split=split, windows=parts), gap)
    if not windows:
        assert int(count * split) < 1 or count - int(count * split) < parts
        return
    assert windows[0].use[0] == int(count * split)
    assert windows[-1].use[1] == count
    for before, after in pairwise(windows):
        assert before.use[1] == after.use[0]
    for window in windows:
        assert 0 <= window.train[0] <= window.train[1] <= window.use[0] < window.use[1]
        assert window.train[1] == max(window.use[0] - gap, window.train[0])


def test_without_a_split_there_are_no_windows():
    assert plan_windows(100, Search(split=None), 10) == ()


def test_the_purge_is_the_longer_of_look_back_and_holding():
    assembled = assemble(markets.history(sessions=60), markets.plan(markets.history()).rules)
    held = assembled.rules.limits.max_bars
    assert purge_gap(assembled, [Voice(markets.crossing, {"slow": 60})]) == 60
    assert purge_gap(assembled, [Voice(markets.always, {})]) == held


def test_members_begin_with_the_default_and_stay_in_range():
    voice = Voice(markets.crossing, {})
    sets = members(voice, 9)
    assert sets[0] == {"fast": 5, "slow": 20}
    assert len(sets) == 9
    assert len({tuple(one.items()) for one in sets}) == 9
    assert all(3 <= one["fast"] <= 20 and 10 <= one["slow"] <= 60 for one in sets)
    assert len({one["slow"] for one in sets}) > 2


def test_what_the_user_fixed_is_not_searched():
    sets = members(Voice(markets.crossing, {"slow": 33}), 8)
    assert {one["slow"] for one in sets} == {33}
    assert len({one["fast"] for one in sets}) > 1
    fixed = Voice(markets.crossing, {"fast": 4, "slow": 33})
    assert members(fixed, 8) == ({"fast": 4, "slow": 33},)
    assert len(members(Voice(markets.crossing, {}), 1)) == 1


def ratio(value, error=0.1):
    return Sharpe(100, value, error, value * 16, error * 16, 0.0, 3.0)


@pytest.mark.parametrize(
    ("values", "chosen"),
    [
        ([0.2, 0.29], 0),
        ([0.2, 0.31], 1),
        ([0.2, 0.31, 0.5, 0.4], 2),
        ([np.nan, 0.1, 0.2], 2),
        ([np.nan, np.nan], 0),
        ([0.2, np.nan], 0),
    ],
)
def test_the_default_stays_unless_beaten_by_more_than_its_error(values, chosen):
    assert choose([ratio(value) for value in values]) == chosen


@strategy(lookback=2, wise=Choice(default=False, options=(False, True)), shift=Integer(0, 0, 1))
def oracle(view, wise, shift):  # noqa: ARG001  # one more dimension to search
    """Wise only where a fact says so: the market of these tests lets it know what is good."""
    good = np.nan_to_num(view.fact("good"))
    return good if wise else -good


def test_the_better_set_is_found_on_the_training_part_and_used_after_it():
    given_history = trending()
    plan = markets.plan(given_history, (Voice(oracle, {}),))
    assembled = assemble(given_history, plan.rules)
    search = Search(split=0.6, tries=4)
    windows = plan_windows(300, search, 20)
    votes, fits = fit(assembled, Voice(oracle, {}), windows, search, lambda _: None)
    assert fits[0].tried == 4
    assert fits[0].chosen["wise"] is True
    assert fits[0].objective > fits[0].default_objective
    wise = cast(assembled, Voice(oracle, fits[0].chosen))
    assert np.array_equal(votes, wise)


def test_what_comes_after_the_cut_cannot_change_the_choice():
    whole = markets.history(sessions=300, seed=11)
    search = Search(split=0.5, tries=6)
    chosen = []
    for scale in (1.0, 3.0):
        bars = whole.blocks[0]
        tail = np.ones((300, 1))
        tail[150:] = scale ** np.arange(1, 151)[:, None] ** 0.5
        raw = markets.replace(
            bars, **{n: getattr(bars, n) * tail for n in ("open", "high", "low", "close")}
        )
        changed = markets.replace(whole, blocks=(raw,))
        plan = markets.plan(changed)
        assembled = assemble(changed, plan.rules)
        windows = plan_windows(300, search, 60)
        _, fits = fit(assembled, Voice(markets.crossing, {}), windows, search, lambda _: None)
        chosen.append((fits[0].chosen, fits[0].objective, fits[0].default_objective))
    assert chosen[0] == chosen[1]


def trending():
    """Prices that rise while the fact `good` is 1 and fall while it is -1, told in time."""
    session = markets.weekdays(300)
    good = np.where((np.arange(300) // 30) % 2 == 0, 1.0, -1.0)
    facts = [
        markets.Fact("test", "good", int(ts), int(ts), float(value))
        for ts, value in zip(session * markets.DAY_NS, good, strict=True)
    ]
    known = markets.Facts.of(facts).joined(markets.bills(session))
    plain = markets.history(sessions=300, seed=3, facts=known)
    drift = np.cumprod(1.0 + 0.008 * good)[:, None]
    bars = plain.blocks[0]
    raw = markets.replace(
        bars, **{n: getattr(bars, n) * drift for n in ("open", "high", "low", "close")}
    )
    return markets.replace(plain, blocks=(raw,))


@strategy(lookback=2, level=Integer(1, 1, 4))
def picky(view, level):
    """Refuses some of its own range."""
    if level == 3:
        raise ValueError("three is no level")
    return np.full(view.count, level / 4.0)


def test_sets_a_strategy_refuses_are_left_out_but_a_default_it_refuses_is_said():
    history = markets.history(sessions=80)
    assembled = assemble(history, markets.plan(history).rules)
    search = Search(split=0.5, tries=4)
    windows = plan_windows(80, search, 2)
    _, fits = fit(assembled, Voice(picky, {}), windows, search, lambda _: None)
    assert fits[0].tried == 3
    with pytest.raises(UserError, match="three is no level"):
        fit(assembled, Voice(picky, {"level": 3}), windows, search, lambda _: None)


def test_rows_between_trade_as_if_there_were_no_others():
    history = markets.eventful()
    plan = markets.plan(history)
    assembled = assemble(history, plan.rules)
    votes = cast(assembled, Voice(markets.crossing, {}))
    score = scores(assembled, [votes], np.ones(1))
    part = assembled.between(100, 220)
    run = simulate(part.tape, score, plan.rules, 1e5, part.surroundings)
    masked = np.full_like(score, 50.0)
    first, last = assembled.tape.base[100], assembled.tape.base[220]
    masked[first:last] = score[first:last]
    whole = simulate(
        assembled.tape, masked, plan.rules, 1e5, markets.replace(assembled.surroundings, rates=None)
    )
    bare = simulate(
        part.tape, score, plan.rules, 1e5, markets.replace(part.surroundings, rates=None)
    )
    assert np.allclose(bare.equity, whole.equity[100:220])
    assert run.equity[-1] > bare.equity[-1]  # cash earned bills
