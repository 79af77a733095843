"""A bot with one thing wrong is caught, by the invariant that is there for it."""

import pytest
from mutants import MUTANTS, VENUE_MUTANTS

from greenlight.storm import scenarios, simulate

SCENARIOS = {one.name: one.weather for one in scenarios()}
EVERY = (*MUTANTS, *VENUE_MUTANTS)


@pytest.mark.parametrize("mutant", EVERY, ids=[one.name for one in EVERY])
def test_a_mutant_is_caught(mutant, monkeypatch):
    mutant.patch(monkeypatch)
    results = (simulate(SCENARIOS[name]) for name in mutant.sought_in)
    broken = next((one.broken for one in results if one.broken is not None), None)
    assert broken is not None, "nothing broke"
    assert broken.invariant in mutant.caught_by, str(broken)
