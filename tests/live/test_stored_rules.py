"""Rules in the journal give the same rules back, to the last bit."""

import json

import numpy as np

from greenlight.live.rules import read_rules, write_rules
from reference.markets import random_market


def test_rules_survive_the_journal_to_the_last_bit():
    for seed in range(40):
        rules = random_market(seed).rules
        again = read_rules(json.loads(json.dumps(write_rules(rules), allow_nan=False)))
        assert again.limits == rules.limits
        for name in ("costs", "specs"):
            for one, other in zip(getattr(rules, name), getattr(again, name), strict=True):
                assert np.asarray(one).dtype == other.dtype
                np.testing.assert_array_equal(one, other)
