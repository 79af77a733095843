"""What came of past scores becomes odds, and only when it had come."""

import numpy as np
import pytest
from markets import LOOSE, history

from greenlight.engine import Limits, Rules, build_costs, build_specs, simulate
from greenlight.scoring import assemble, calibrated

SESSIONS = 2_000


@pytest.fixture(scope="module")
def market():
    return history(sessions=SESSIONS, seed=7)


def rules(limits: Limits = LOOSE) -> Rules:
    return Rules(limits, build_costs(4), build_specs(4))


def scores(assembled, seed=3):
    rng = np.random.default_rng(seed)
    count = len(assembled.tape.close)
    said = rng.uniform(60.0, 100.0, count)
    return np.where(rng.random(count) < 0.3, said, 50.0).astype(np.float32)


def odds(market, sessions, score):
    """p_win of every cell of the first `sessions`, as that history alone gives it."""
    label = market.blocks[0].session
    day = np.datetime64(int(label[sessions - 1]), "D").astype(object)
    short = market.between(None, day)
    assembled = assemble(short, rules())
    known, _ = calibrated(assembled, score[: len(assembled.tape.close)])
    return known.surroundings.conditions.p_win


def test_odds_of_the_past_do_not_change_when_the_future_is_cut_away(market):
    score = scores(assemble(market, rules()))
    whole, part = odds(market, SESSIONS, score), odds(market, 1_500, score)
    assert np.count_nonzero(~np.isnan(part)) > 100
    np.testing.assert_array_equal(part, whole[: len(part)])


def test_nothing_is_calibrated_before_enough_trades_have_ended(market):
    assembled = assemble(market, rules())
    known = calibrated(assembled, scores(assembled))[0].surroundings.conditions
    by_row = (~np.isnan(known.p_win)).reshape(SESSIONS, 4).any(axis=1)
    # one candidate of a symbol in ten sessions is followed: 200 cannot have ended so early
    assert not by_row[:100].any()
    assert by_row[-1:].any() or by_row[-20:].any()


def test_a_score_worth_nothing_is_sized_to_nothing_once_it_is_known(market):
    assembled = assemble(market, rules())
    score = scores(assembled)
    known, _ = calibrated(assembled, score)
    plain = simulate(assembled.tape, score, assembled.rules, 1e5, assembled.surroundings)
    sized = simulate(known.tape, score, known.rules, 1e5, known.surroundings)
    # random scores on random walks lose their costs: half Kelly of that is no position
    late = SESSIONS // 2
    assert np.count_nonzero(sized.fills["row"] > late) < 0.1 * np.count_nonzero(
        plain.fills["row"] > late
    )
    assert np.count_nonzero(sized.decisions["calibrated"]) > 100


def test_without_candidates_nothing_changes(market):
    assembled = assemble(market, rules())
    neutral = np.full(len(assembled.tape.close), 50.0, dtype=np.float32)
    assert calibrated(assembled, neutral)[0] is assembled
