"""Learned weights: better voices weigh more, nothing is known before it happened."""

import numpy as np
import pytest

from greenlight.forecast import Learner, learned_weights

HORIZON = 5
ROWS, SYMBOLS = 900, 12


def market(seed=1, drift=0.0):
    rng = np.random.default_rng(seed)
    return 100 * np.exp(np.cumsum(rng.normal(drift, 0.01, (ROWS, SYMBOLS)), axis=0))


def foretelling(close, skill, seed=2):
    """Votes that are right with a little more than chance."""
    rng = np.random.default_rng(seed)
    later = np.zeros_like(close)
    later[:-HORIZON] = close[HORIZON:] / close[:-HORIZON] - 1
    noise = rng.normal(0, later.std(), close.shape)
    votes = np.clip((skill * later + noise) / later.std() / 3, -1, 1)
    votes[rng.random(close.shape) < 0.5] = 0
    return votes.astype(np.float32)


def test_a_voice_that_was_right_gains_and_one_that_was_wrong_loses():
    close = market()
    votes = np.stack([foretelling(close, s, k) for k, s in enumerate((0.3, 0.0, -0.3))])
    weights = learned_weights(votes, close, HORIZON)
    assert weights.shape == (ROWS, 3)
    good, idle, bad = weights[-1]
    assert good == 2.0
    assert bad == 0.5
    assert 0.7 < idle < 1.4
    assert np.all((weights >= 0.5) & (weights <= 2.0))


def test_all_are_equal_until_something_has_come_of_a_vote():
    close = market()
    weights = learned_weights(foretelling(close, 0.3)[None], close, HORIZON)[:, 0]
    assert np.all(weights[:HORIZON] == 1.0)
    assert weights[HORIZON] != 1.0
    assert abs(np.log2(weights[HORIZON])) < 0.2


def test_a_weight_knows_only_what_had_finished_by_its_row():
    close = market()
    votes = np.stack([foretelling(close, s, k) for k, s in enumerate((0.3, -0.2))])
    whole = learned_weights(votes, close, HORIZON)
    for rows in (1, HORIZON, HORIZON + 1, 400, ROWS - 1):
        part = learned_weights(votes[:, :rows], close[:rows], HORIZON)
        np.testing.assert_allclose(part, whole[:rows], rtol=1e-9)


def test_a_rising_market_flatters_no_voice():
    close = market(drift=0.002)
    bull = np.full((1, ROWS, SYMBOLS), 0.5, dtype=np.float32)
    assert learned_weights(bull, close, HORIZON)[-1, 0] == pytest.approx(1.0, abs=1e-6)


def test_few_votes_move_a_weight_little():
    close = market()
    votes = foretelling(close, 0.3)
    much = learned_weights(votes[None], close, HORIZON)[-1, 0]
    votes[40:] = 0
    little = learned_weights(votes[None], close, HORIZON)[-1, 0]
    assert 1.0 < little < 1.5 < much


def test_holes_and_silence_are_left_out():
    close = market()
    votes = foretelling(close, 0.3)
    holed = close.copy()
    holed[np.random.default_rng(3).random(close.shape) < 0.2] = np.nan
    assert learned_weights(votes[None], holed, HORIZON)[-1, 0] > 1.5
    silent = np.zeros_like(votes)[None]
    assert np.all(learned_weights(silent, close, HORIZON) == 1.0)


def test_a_market_shorter_than_the_horizon_teaches_nothing():
    close = market()[:3]
    assert np.all(learned_weights(np.ones((2, 3, SYMBOLS), np.float32), close, HORIZON) == 1.0)


@pytest.mark.parametrize("stored", [0, 3, HORIZON, HORIZON + 1, 400])
def test_learning_row_by_row_is_learning_at_once(stored):
    close = market()
    close[np.random.default_rng(9).random(close.shape) < 0.05] = np.nan
    votes = np.stack([foretelling(market(), s, k) for k, s in enumerate((0.3, 0.0, -0.3))])
    learner = Learner(3, HORIZON)
    learner.begin(votes[:, :stored], close[:stored])
    found = [learner.step(votes[:, t], close[t]) for t in range(stored, ROWS)]
    np.testing.assert_array_equal(found, learned_weights(votes, close, HORIZON)[stored:])
