"""Each trouble by name: it really comes, and nothing that must hold breaks."""

import pytest

from greenlight.storm import Scenario, scenarios, simulate

SCENARIOS = scenarios()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[one.name for one in SCENARIOS])
def test_the_bot_comes_through(scenario: Scenario):
    result = simulate(scenario.weather)
    assert result.broken is None
    assert scenario.proof(result)
