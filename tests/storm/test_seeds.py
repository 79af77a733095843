"""A few hundred seeds of bad weather in every run; GREENLIGHT_STORM_SEEDS=2000 for more."""

import os

import pytest

from greenlight.storm import run_seeds

SEEDS = int(os.environ.get("GREENLIGHT_STORM_SEEDS", "200"))
AT_ONCE = 20


@pytest.mark.parametrize("first", range(0, SEEDS, AT_ONCE))
def test_every_invariant_holds_in_any_weather(first):
    summary = run_seeds(range(first, min(first + AT_ONCE, SEEDS)), jobs=1)
    assert summary.failures == []
