"""Calibration: probabilities from finished trades only, from below, and none until enough."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenlight.domain import UserError
from greenlight.forecast import CalibrationRule, Trades, calibrate

DAY = 86_400_000_000_000
ROWS = 1500
CLOSE_TS = (14_610 + np.arange(ROWS, dtype=np.int64)) * DAY


def trades(seed=1, count=3000, days=10, base=0.45, slope=0.02, score=None):
    """Trades whose chance to win rises with conviction; a win is 3 %, a loss 2 %."""
    rng = np.random.default_rng(seed)
    entry = np.sort(rng.integers(0, ROWS - days, count))
    scores = rng.uniform(60, 75, count) if score is None else np.full(count, score)
    chance = base + slope * (scores - 60)
    outcome = np.where(rng.random(count) < chance, 0.03, -0.02)
    return Trades(CLOSE_TS[entry], CLOSE_TS[entry + days], scores, outcome)


def grid(*scores):
    return np.tile(np.array(scores, dtype=np.float32), (ROWS, 1))


def test_a_probability_is_close_to_the_truth_from_below():
    cells = calibrate(CLOSE_TS, grid(62, 67, 74), trades(count=8_000))
    for column, conviction in enumerate((2, 7, 14)):
        truth = 0.45 + 0.02 * conviction
        assert truth - 0.08 < cells.p_win[-1, column] < truth + 0.01
    assert cells.win[-1, 0] == pytest.approx(0.03)
    assert cells.loss[-1, 0] == pytest.approx(0.02)


def test_nothing_is_said_before_enough_trades_have_finished():
    past = trades(count=3000)
    cells = calibrate(CLOSE_TS, grid(70), past)
    months = CLOSE_TS.astype("datetime64[ns]").astype("datetime64[M]")
    first_rows = np.flatnonzero(np.concatenate(([True], months[1:] != months[:-1])))
    finished = [(past.finish_ts <= CLOSE_TS[row]).sum() for row in first_rows]
    ready = next(row for row, n in zip(first_rows, finished, strict=True) if n >= 200)
    assert np.isnan(cells.p_win[:ready]).all()
    assert not np.isnan(cells.p_win[ready:]).any()
    assert np.isnan(calibrate(CLOSE_TS, grid(70), trades(count=199)).p_win).all()


@settings(max_examples=15, deadline=None)
@given(st.integers(40, ROWS - 1), st.integers(0, 99))
def test_a_trade_that_finishes_later_changes_nothing(row, seed):
    past = trades(seed=seed, count=2500)
    late = past.finish_ts > CLOSE_TS[row]
    false = np.where(late, 9.9, past.outcome)
    lies = Trades(past.entry_ts, past.finish_ts, past.score, false)
    arrays = (past.entry_ts, past.finish_ts, past.score, past.outcome)
    known = Trades(*(array[~late] for array in arrays))
    rule = CalibrationRule(least=50)
    truth = calibrate(CLOSE_TS, grid(62, 68), past, rule)
    for other in (lies, known):
        told = calibrate(CLOSE_TS, grid(62, 68), other, rule)
        for one, two in zip(truth, told, strict=True):
            np.testing.assert_array_equal(one[: row + 1], two[: row + 1])
    part = calibrate(CLOSE_TS[: row + 1], grid(62, 68)[: row + 1], past, rule)
    np.testing.assert_array_equal(part.p_win, truth.p_win[: row + 1])


def test_the_lower_bound_is_wilsons():
    past = trades(count=400, slope=0.0, score=65.0)
    cells = calibrate(CLOSE_TS, grid(65), past)
    last = np.flatnonzero(
        CLOSE_TS.astype("datetime64[ns]").astype("datetime64[D]").astype(str) == "2014-02-01"
    )[0]
    known = past.finish_ts <= CLOSE_TS[last]
    n, p, z = known.sum(), (past.outcome[known] > 0).mean(), 1.645
    centre = p + z * z / (2 * n)
    margin = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert cells.p_win[last, 0] == pytest.approx((centre - margin) / (1 + z * z / n))


def test_a_firmer_score_is_never_worth_less():
    scores = np.linspace(60, 75, 31)
    for seed in range(5):
        cells = calibrate(CLOSE_TS, grid(*scores), trades(seed=seed, slope=-0.01, base=0.6))
        last = cells.p_win[-1]
        known = last[~np.isnan(last)]
        assert np.all(np.diff(known) >= 0)


def test_sides_are_judged_apart():
    longs = trades(seed=1, count=1000)
    shorts = trades(seed=2, count=1000, base=0.2)
    both = Trades(
        np.concatenate((longs.entry_ts, shorts.entry_ts)),
        np.concatenate((longs.finish_ts, shorts.finish_ts)),
        np.concatenate((longs.score, 100 - shorts.score)),
        np.concatenate((longs.outcome, shorts.outcome)),
    )
    cells = calibrate(CLOSE_TS, grid(68, 32), both)
    assert cells.p_win[-1, 0] > cells.p_win[-1, 1] + 0.1
    only = calibrate(CLOSE_TS, grid(68, 32), longs)
    assert only.p_win[-1, 0] == cells.p_win[-1, 0]
    assert np.isnan(only.p_win[-1, 1])


def test_what_was_never_seen_is_not_guessed():
    cells = calibrate(CLOSE_TS, grid(50, 55, 99), trades())
    assert np.isnan(cells.p_win[:, :2]).all()
    assert cells.p_win[-1, 2] == np.nanmax(cells.p_win[-1])


def test_only_wins_or_only_losses_calibrate_nothing():
    past = trades()
    for outcome in (np.abs(past.outcome), -np.abs(past.outcome), np.full(3000, np.nan)):
        one_kind = Trades(past.entry_ts, past.finish_ts, past.score, outcome)
        assert np.isnan(calibrate(CLOSE_TS, grid(70), one_kind).win).all()


def test_trades_that_cannot_be_are_refused():
    past = trades(count=5)
    with pytest.raises(UserError, match="differ in length"):
        Trades(past.entry_ts, past.finish_ts, past.score[:3], past.outcome)
    with pytest.raises(UserError, match="finishes before it is entered"):
        Trades(past.finish_ts, past.entry_ts, past.score, past.outcome)


def test_no_rows_and_no_trades_are_no_error():
    nothing = Trades(*(np.empty(0, t) for t in (np.int64, np.int64, np.float64, np.float64)))
    assert calibrate(CLOSE_TS[:0], grid(70)[:0], nothing).p_win.shape == (0, 1)
    assert np.isnan(calibrate(CLOSE_TS, grid(70), nothing).p_win).all()
