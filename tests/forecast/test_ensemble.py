"""The ensemble: no single voice decides, silence is no vote, and every score can be explained."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from greenlight.domain import UserError
from greenlight.forecast import ensemble, equal_weights, explain

VOTE = st.floats(-1, 1, width=32)


def score(votes, weights=None):
    """Score of one cell."""
    column = np.array(votes, dtype=np.float32)[:, None, None]
    given = equal_weights(len(votes)) if weights is None else np.array(weights, dtype=float)
    return float(ensemble(column, given)[0, 0])


def cells(voices):
    return arrays(np.float32, (voices,), elements=VOTE)


def test_the_score_is_the_formula_of_the_page():
    assert score([0, 0, 0]) == 50
    assert score([1, 1, 0]) == pytest.approx(50 + 50 * 2 / 8)
    assert score([0.5, 0.7, -0.3]) == pytest.approx(50 + 50 * (1.2 - 0.3) / (1.2 + 0.3 + 6))
    assert score([-1, -1, -1]) == pytest.approx(50 - 50 * 3 / 9)
    votes = np.zeros((2, 3, 4), dtype=np.float32)
    assert ensemble(votes, equal_weights(2)).shape == (3, 4)
    assert ensemble(votes, equal_weights(2)).dtype == np.float32


def test_with_one_voice_configured_its_vote_is_the_score():
    assert score([0.2]) == pytest.approx(60)
    assert score([-1]) == 0
    assert score([0.9], [3.0]) == pytest.approx(95)


@settings(max_examples=200)
@given(st.integers(2, 9), st.floats(0, 1e6), st.floats(-1, 1), st.data())
def test_one_voice_alone_cannot_reach_a_trade_whatever_its_weight(count, weight, vote, data):
    place = data.draw(st.integers(0, count - 1))
    votes, weights = np.zeros(count), np.ones(count)
    votes[place], weights[place] = vote, weight
    assert 40 < score(votes, weights) < 60


@settings(max_examples=200)
@given(cells(5), arrays(np.float64, (5,), elements=st.floats(0.01, 100)))
def test_a_trade_needs_more_than_its_strongest_voice(votes, weights):
    whole = score(votes, weights)
    if 40 < whole < 60:
        return
    side = np.sign(whole - 50)
    agreeing = np.flatnonzero(votes * side > 0)
    assert len(agreeing) >= 2
    strongest = max(explain("abcde", votes, weights), key=lambda share: share.points * side)
    assert strongest.points * side < 10


@settings(max_examples=100)
@given(cells(4), VOTE, st.integers(0, 3))
def test_a_score_rises_with_every_vote(votes, better, place):
    changed = votes.copy()
    changed[place] = max(votes[place], better)
    assert score(changed) >= score(votes) - 1e-4


@settings(max_examples=50)
@given(cells(3))
def test_a_silent_voice_does_not_dilute(votes):
    assert score([*votes, 0, 0]) == score(votes)


@settings(max_examples=50)
@given(cells(4))
def test_long_and_short_are_mirror_images_and_scores_stay_in_range(votes):
    assert score(-votes) == pytest.approx(100 - score(votes), abs=1e-4)
    assert 0 <= score(votes) <= 100


@settings(max_examples=50)
@given(cells(4), arrays(np.float64, (4,), elements=st.floats(0.1, 10)), st.floats(0.01, 100))
def test_only_the_proportions_of_weights_count(votes, weights, factor):
    assert score(votes, weights * factor) == pytest.approx(score(votes, weights), abs=1e-4)


@settings(max_examples=50)
@given(cells(4), arrays(np.float64, (4,), elements=st.floats(0.1, 10)))
def test_the_shares_behind_a_score_add_up_to_it(votes, weights):
    shares = explain(("a", "b", "c", "d"), votes, weights)
    total = sum(share.points for share in shares)
    assert total == pytest.approx(score(votes, weights) - 50, abs=1e-4)
    assert [share.vote for share in shares] == [float(vote) for vote in votes]
    assert max(share.weight for share in shares) <= 1.25
    (lone,) = explain(("a",), votes[:1], weights[:1])
    assert lone.points == pytest.approx(50 * votes[0])


def test_weights_that_change_with_time_count_in_their_row():
    votes = np.full((2, 2, 1), [[[0.8]], [[-0.2]]], dtype=np.float32)
    weights = np.array([[1.0, 1.0], [1.0, 3.0]])
    scores = ensemble(votes, weights)[:, 0]
    assert scores[0] == pytest.approx(score([0.8, -0.2]))
    assert scores[1] == pytest.approx(score([0.8, -0.2], [1, 3]))
    assert scores[1] < scores[0]


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ([1.0], "2 voices and 1 weights"),
        ([1.0, -1.0], "negative or not a number"),
        ([1.0, np.nan], "negative or not a number"),
        ([0.0, 0.0], "all weights are 0"),
    ],
)
def test_weights_that_cannot_be_used_are_refused(weights, words):
    with pytest.raises(UserError, match=words):
        score([0.5, 0.5], weights)
    with pytest.raises(UserError, match="0 voices"):
        ensemble(np.zeros((0, 3, 2), dtype=np.float32), np.zeros(0))
