"""Decisions worked out by hand: engine and reference must both find the numbers.

Unless said otherwise a score of 90 at the close of row 0 buys 100 units at the open of row 1, free
of cost.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from greenlight import engine
from greenlight.domain import Action, Happening, Reason, Role
from greenlight.engine.limits import build_specs
from reference import simulate as reference_simulate
from reference.small import (
    BUY,
    FLAT,
    HOUR,
    PLAIN,
    Small,
    decisions,
    fills,
)

Simulate = Callable[..., Any]


@pytest.fixture(params=["reference", "engine"])
def simulate(request: pytest.FixtureRequest) -> Simulate:
    return reference_simulate if request.param == "reference" else engine.simulate


def test_a_loss_at_the_close_is_watched_and_left_at_the_next_open(simulate: Simulate) -> None:
    limits = PLAIN._replace(watch=0.03)
    run = Small([FLAT, (100, 100, 96, 97, 1e6), (98, 99, 97, 98, 1e6)], BUY, limits).run(simulate)
    assert decisions(run, Action.EXIT) == [(1, Reason.WATCH)]
    assert fills(run)[1:] == [(2, Role.EXIT, -100, 98)]


def test_a_bad_score_is_left_at_the_next_open(simulate: Simulate) -> None:
    run = Small([FLAT] * 4, {0: 90.0, 2: 40.0}).run(simulate)
    assert decisions(run, Action.EXIT) == [(2, Reason.SCORE)]
    assert fills(run)[1:] == [(3, Role.EXIT, -100, 100)]


def test_the_drawdown_halts_for_good_and_the_daily_loss_until_the_next_roll(
    simulate: Simulate,
) -> None:
    bars = [FLAT, FLAT, (90, 90, 90, 90, 1e6), FLAT, FLAT]
    scores = {0: 90.0, 2: 90.0, 3: 90.0}
    limits = PLAIN._replace(sizing_value=500.0, daily_loss=0.05, stop=0.01)
    # 500 units lose 5,000 on the gap: 5 % of the day's start
    paused = Small(bars, scores, limits).run(simulate)
    assert decisions(paused, Action.REFUSE) == [(2, Reason.DAILY_LOSS)]
    assert decisions(paused, Action.ENTER) == [(0, Reason.OK), (3, Reason.OK)]
    halted = Small(bars, scores, limits._replace(daily_loss=9.0, drawdown=0.05)).run(simulate)
    assert halted.halted_row == 2
    assert decisions(halted, Action.REFUSE) == [(2, Reason.DRAWDOWN), (3, Reason.DRAWDOWN)]


def test_a_loss_cools_the_symbol_off(simulate: Simulate) -> None:
    limits = PLAIN._replace(stop=0.02, cooloff_loss=0.015, cooloff_ns=8 * HOUR)
    bars = [FLAT, FLAT, (97, 98, 97, 98, 1e6), FLAT, FLAT]
    scores = {0: 90.0, 2: 90.0, 3: 90.0, 4: 90.0}
    run = Small(bars, scores, limits).run(simulate)
    # a session lasts 6.5 h: stopped in row 2 (19.5 h), cool until 27.5 h; row 3 ends at 26 h
    assert decisions(run, Action.REFUSE) == [(2, Reason.COOLOFF), (3, Reason.COOLOFF)]
    assert decisions(run, Action.ENTER)[-1] == (4, Reason.OK)


def test_a_position_grown_too_heavy_is_trimmed_to_its_limit(simulate: Simulate) -> None:
    limits = PLAIN._replace(position=0.1, trim_above=1.25)
    high = (130.0, 130.0, 130.0, 130.0, 1e6)
    run = Small([FLAT, FLAT, high, high], BUY, limits).run(simulate)
    # 13,000 of 100,000 is more than 12.5 %: (13,000 - 10,000) / 130 = 23.08 units too many
    assert decisions(run, Action.TRIM) == [(2, Reason.WEIGHT)]
    assert fills(run)[1:] == [(3, Role.EXIT, -23, 130)]


@pytest.mark.parametrize(("trim_below", "trims"), [(46.0, 1), (45.6, 0)])
def test_health_is_the_sum_of_its_terms(simulate: Simulate, trim_below: float, trims: int) -> None:
    limits = PLAIN._replace(stop=0.05, max_bars=10, momentum_bars=3, health_trim=trim_below)
    bars = [FLAT, (100, 100, 98, 98, 1e6), FLAT]
    scores = {0: 90.0, 1: 54.0}
    run = Small(bars, scores, limits, conditions={"sigma": 0.125}).run(simulate)
    # score (54 - 50) / 50 = 0.08: +2; momentum -0.02 * 2 / 4 = -0.01, / 0.125 = -0.08: -1.2;
    # age 1 of 10: -1; loss -0.02 of a stop of 0.05 = -0.4: -4; 50 + 2 - 1.2 - 1 - 4 = 45.8
    assert len(decisions(run, Action.TRIM)) == trims


def test_half_kelly_sizes_a_calibrated_entry(simulate: Simulate) -> None:
    limits = PLAIN._replace(sizing=0, sizing_value=0.05)
    forecast = {"p_win": 0.5, "win": 0.0625, "loss": 0.03125}
    run = Small([FLAT] * 2, {0: 61.0}, limits, conditions=forecast).run(simulate)
    # 0.5 / 0.03125 - 0.5 / 0.0625 = 8; half of it times 11 / 50 of 100,000 = 88,000
    assert fills(run) == [(1, Role.ENTRY, 880, 100)]
    assert run.decisions[0]["calibrated"] == 1


def test_resting_entries_count_in_their_sector(simulate: Simulate) -> None:
    sector = np.array([3, 3], dtype=np.int64)
    limits = PLAIN._replace(sector=0.15, scrap=0.6, entry_kind=1, entry_offset=0.2)
    scores = {0: 90.0, (1, 1): 90.0}
    specs = build_specs(2, sector=sector)
    run = Small([FLAT] * 2, scores, limits, specs=specs, others=[[FLAT] * 2]).run(simulate)
    # 10,000 rest for the first; 5,000 of 15,000 are left, less than 60 % of 10,000
    assert decisions(run, Action.REFUSE) == [(1, Reason.SECTOR)]
    moved = [(1, 1, 1, Happening.SECTOR, 4.0, 0.0, 0.0)]
    market = Small([FLAT] * 2, scores, limits, specs=specs, others=[[FLAT] * 2], happenings=moved)
    assert decisions(market.run(simulate), Action.REFUSE) == []


def test_a_tiny_account_is_told_that_it_cannot_buy_a_lot(simulate: Simulate) -> None:
    limits = PLAIN._replace(sizing=0, sizing_value=0.05)
    run = Small([FLAT] * 2, BUY, limits, specs=build_specs(1), cash=1000.0).run(simulate)
    assert decisions(run, Action.REFUSE) == [(0, Reason.LOT)]
