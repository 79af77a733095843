"""What a strategy promises, and the one line a user gets where theirs breaks a promise."""

import numpy as np
import pytest

from greenlight.domain import UserError
from greenlight.indicators import REGIME_LOOKBACK, regimes
from greenlight.signals import TRENDING, Choice, Integer, Real, fade, ramp, strategy
from signals.small_world import view_of, views_of, world

VIEW = view_of(np.linspace(100, 130, 60))


def make(body, **declared):
    def voice(view):
        return body(view)

    return strategy(**{"lookback": 5, **declared})(voice)


@strategy(
    lookback=lambda slow: slow + 1,
    fast=Integer(3, 2, 10),
    slow=Integer(10, 5, 40),
    size=Real(0.5, 0.0, 1.0),
    flip=Choice(default=False, options=(False, True)),
)
def tunable(view, fast, slow, size, *, flip):
    """Votes a number made of its parameters."""
    return np.full(view.count, (-1 if flip else 1) * size * fast / slow)


def test_votes_are_float32_of_the_views_shape_and_silent_in_the_warm_up():
    votes = make(lambda view: np.where(np.arange(view.count) < 4, np.nan, 0.5)).votes(VIEW)
    assert votes.dtype == np.float32
    assert votes.shape == (60,)
    assert not votes[:4].any()
    assert np.all(votes[4:] == np.float32(0.5))


def test_a_view_shorter_than_the_look_back_is_not_asked_about():
    def never(_):
        raise AssertionError("called on a view without enough bars")

    assert not strategy(lookback=61)(never).votes(VIEW).any()


def test_a_list_of_numbers_will_do():
    assert make(lambda _: [0, 1] * 30).votes(VIEW)[-1] == 1.0


def test_parameters_are_given_chosen_or_default():
    assert tunable.votes(VIEW)[-1] == pytest.approx(0.15)
    assert tunable.votes(VIEW, fast=6, flip=True)[-1] == pytest.approx(-0.30)
    tuned = tunable.tuned({"size": 1.0, "slow": 30})
    assert tuned.votes(VIEW)[-1] == pytest.approx(0.1)
    assert tuned.votes(VIEW, slow=6)[-1] == pytest.approx(0.5)
    assert tunable.settings() == {"fast": 3, "slow": 10, "size": 0.5, "flip": False}


def test_the_look_back_follows_the_parameters():
    assert tunable.bars_needed() == 11
    assert tunable.bars_needed(slow=40) == 41
    assert np.flatnonzero(tunable.votes(VIEW, slow=40))[0] == 40


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"fst": 3}, "tunable has no parameter fst; it has: fast, slow, size, flip"),
        ({"fast": 11}, "tunable: fast = 11 is not a whole number from 2 to 10"),
        ({"fast": 3.0}, "tunable: fast = 3.0 is not a whole number from 2 to 10"),
        ({"fast": True}, "tunable: fast = True is not a whole number from 2 to 10"),
        ({"size": float("nan")}, "tunable: size = nan is not a number from 0 to 1"),
        ({"size": "much"}, "tunable: size = 'much' is not a number from 0 to 1"),
        ({"flip": 1}, "tunable: flip = 1 is not one of False, True"),
    ],
)
def test_a_parameter_that_does_not_fit_is_named_with_what_would(given, words):
    with pytest.raises(UserError) as error:
        tunable.votes(VIEW, **given)
    assert str(error.value) == words


def test_a_grid_spreads_over_the_range():
    assert Integer(10, 5, 15).grid(3) == (5, 10, 15)
    assert Integer(2, 1, 3).grid(9) == (1, 2, 3)
    assert Real(0.5, 0.0, 1.0).grid(5) == (0.0, 0.25, 0.5, 0.75, 1.0)
    assert Choice("a", ("a", "b")).grid(1) == ("a", "b")


def test_a_strategy_votes_only_in_its_regimes():
    view = views_of(world(3, symbols=1))[0]
    everywhere = make(lambda view: np.ones(view.count), lookback=1)
    trending = make(lambda view: np.ones(view.count), lookback=1, regimes=TRENDING)
    assert everywhere.bars_needed() == 1
    assert trending.bars_needed() == REGIME_LOOKBACK
    expected = np.isin(regimes(view.close), list(TRENDING))
    np.testing.assert_array_equal(trending.votes(view) == 1.0, expected)
    assert 0 < expected.sum() < view.count


def divides(view):
    """Raises on its second line."""
    nothing = 0
    return np.ones(view.count) * (1 // nothing)


def leaves(_):
    """Tries to end the program."""
    raise SystemExit(3)


def overwrites(view):
    """Changes what it was given."""
    view.close[0] = 1.0
    return np.zeros(view.count)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (divides, "ZeroDivisionError: integer division or modulo by zero"),
        (leaves, "SystemExit: 3"),
        (overwrites, "ValueError: assignment destination is read-only"),
        (lambda _: np.zeros(3), "gave shape (3,) for 60 bars"),
        (lambda _: np.zeros((60, 1)), "gave shape (60, 1) for 60 bars"),
        (lambda _: None, "gave nothing; return a number for each bar"),
        (lambda _: "buy", "gave str, not a number a bar"),
        (lambda _: ["up"] * 60, "gave list, not a number a bar"),
        (lambda _: np.full(60, 1.5), "vote 1.5 of bar 4 (2010-01-05) is not in [-1, 1]"),
        (lambda _: np.full(60, np.inf), "vote inf of bar 4 (2010-01-05) is not in [-1, 1]"),
        (
            lambda _: np.where(np.arange(60) == 7, np.nan, 0),
            "vote nan of bar 7 (2010-01-08) is NaN after its look-back of 5 bars",
        ),
    ],
)
def test_what_a_users_strategy_does_wrong_is_told_in_one_line(body, words):
    voice = strategy(lookback=5)(body)
    with pytest.raises(UserError) as error:
        voice.votes(VIEW)
    line = str(error.value)
    assert "\n" not in line
    assert line.startswith("test_strategy.py:")
    assert " on A0: " in line
    assert line.endswith(words)


def test_the_line_of_the_fault_is_named():
    with pytest.raises(UserError) as error:
        strategy(lookback=5)(divides).votes(VIEW)
    at = divides.__code__.co_firstlineno + 3
    assert str(error.value).startswith(f"test_strategy.py:{at}: divides on A0")


def test_a_vote_that_misses_the_range_by_rounding_is_cut_to_it():
    votes = make(lambda view: np.full(view.count, 1 + 1e-12)).votes(VIEW)
    assert votes.max() == 1.0


def test_numpys_warnings_stay_inside():
    votes = make(lambda view: np.where(view.close / 0.0 > 1, 0.5, 0.0)).votes(VIEW)
    assert votes[-1] == 0.5


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ({"lookback": 0}, "look-back 0 is not a number of bars from 1 up"),
        ({"lookback": 2.5}, "look-back 2.5 is not a number of bars from 1 up"),
        ({"lookback": lambda: 10 / 2}, "look-back 5.0 is not a number of bars from 1 up"),
        ({"lookback": lambda bars: bars}, "has a look-back of bars, but declares none"),
        ({"bars": Integer(5, 1, 9)}, "declares bars, but does not take it"),
        ({"lookback": lambda: 1 // 0}, "ZeroDivisionError: integer division or modulo by zero"),
    ],
)
def test_a_declaration_that_does_not_fit_is_refused_at_once(declared, words):
    with pytest.raises(UserError) as error:
        make(lambda view: np.zeros(view.count), **declared)
    assert words in str(error.value)


def test_arguments_must_be_declared_and_defaults_lie_in_range():
    with pytest.raises(UserError, match="takes fast, but declares none"):
        strategy(lookback=1)(lambda _, fast: [fast])
    with pytest.raises(UserError, match="fast = 9 is not a whole number from 1 to 5"):
        strategy(lookback=1, fast=Integer(9, 1, 5))(lambda _, fast: [fast])


def test_ramp_rises_straight_and_is_nothing_where_unknown():
    values = np.array([-1.0, 2.0, 3.0, 4.0, 9.0, np.nan])
    np.testing.assert_array_equal(ramp(values, 2.0, 4.0), [0, 0, 0.5, 1, 1, 0])


def test_an_event_fades_and_a_newer_one_takes_its_place():
    events = np.array([0, 1.0, 0, 0, -1.0, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(fade(events, 4), [0, 1, 0.75, 0.5, -1, -0.75, -0.5, -0.25, 0, 0])
