"""The Alpaca adapter keeps the contract of a broker: equities and pairs, at the local exchange."""

import pytest
from alpaca_stand import tried
from broker_contract import CHECKS, Check, Skipped

MISSING = {
    "BTC/USD": {
        "a_pair_rests_whole_and_is_cancelled_whole",
        "one_half_of_a_pair_ends_the_other",
    },
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize(("instrument", "quantity"), [("SPY", "10"), ("BTC/USD", "0.02")])
def test_alpaca_keeps_the_contract(check: Check, instrument: str, quantity: str):
    if check.__name__ in MISSING.get(instrument, set()):
        with pytest.raises(Skipped):
            tried(check, instrument, quantity)
    else:
        tried(check, instrument, quantity)
