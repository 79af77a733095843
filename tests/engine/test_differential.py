"""The engine against the reference, which was written apart from it, on random markets.

GREENLIGHT_SEEDS=5000 runs that many markets instead of the usual number; GREENLIGHT_FIRST_SEED says
where to begin.
"""

import os

import pytest

from greenlight.domain import Action, CashKind, Reason, Role
from greenlight.engine import simulate
from reference import simulate as reference_simulate
from reference.comparison import difference
from reference.markets import random_market

FIRST_SEED = int(os.environ.get("GREENLIGHT_FIRST_SEED", "0"))
SEEDS = int(os.environ.get("GREENLIGHT_SEEDS", "1000"))
BATCH = 100


@pytest.mark.parametrize("first", range(FIRST_SEED, FIRST_SEED + SEEDS, BATCH))
def test_engine_and_reference_agree_on_random_markets(first: int) -> None:
    for seed in range(first, min(first + BATCH, FIRST_SEED + SEEDS)):
        market = random_market(seed)
        parting = difference(market, market.run(simulate), market.run(reference_simulate))
        assert parting is None, parting


def test_random_markets_hold_what_the_rules_are_about() -> None:
    """Agreement on empty runs would prove nothing: the markets must use every rule."""
    runs = [random_market(seed).run(reference_simulate) for seed in range(300)]
    fills = [fill for run in runs for fill in run.fills]
    decisions = [decision for run in runs for decision in run.decisions]
    assert {int(f["role"]) for f in fills} == set(Role)
    assert {int(d["action"]) for d in decisions} == set(Action)
    reasons = {int(d["reason"]) for d in decisions}
    switches = {Reason.KILLED, Reason.HALTED, Reason.ANOMALY}  # nobody sets them in a simulation
    live_only = {Reason.VERDICT, Reason.APPROVAL, Reason.RAMP, Reason.ENTRY}
    live_only |= {Reason.REJECTED, Reason.NAKED}
    assert reasons == set(Reason) - switches - live_only
    assert {int(f["kind"]) for run in runs for f in run.flows} == set(CashKind)
    assert any(run.halted_row >= 0 for run in runs)
