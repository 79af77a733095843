"""The simulated broker keeps the contract of a broker."""

import asyncio
from decimal import Decimal

import pytest
from broker_contract import CHECKS, Check, Skipped

from greenlight.brokers.paper import SimulatedBroker, SimulatedMarket
from greenlight.domain import BarTime, ClientId, Quote, Role
from greenlight.engine import UNLIMITED, Rules, build_costs, build_specs

DAY = 86_400_000_000_000
SKIPPED = {
    "what_cannot_be_paid_for_is_refused",
    "units_promised_to_a_stop_are_not_sold_twice",
    "a_pair_rests_whole_and_is_cancelled_whole",
    "a_stop_beyond_the_market_never_rests",
    "one_half_of_a_pair_ends_the_other",
    "an_answer_that_is_lost_leaves_an_order_to_be_found",
    "a_request_that_is_lost_leaves_nothing",
}


class SimulatedStand:
    """A market that is quoted once a wait."""

    instrument = "SPY"
    quantity = Decimal(10)

    def __init__(self) -> None:
        limits = UNLIMITED._replace(good_till_cancelled=True)
        rules = Rules(limits, build_costs(1, slippage=0.0001), build_specs(1, lot=0.5))
        market = SimulatedMarket(["SPY"], [1])
        self.broker = SimulatedBroker(rules, 100_000.0, market, lambda: self._ts)
        self._ts, self._price, self._serial = 1, Decimal(100), 0

    def name(self, role: Role) -> str:
        """See the contract."""
        self._serial += 1
        return str(ClientId(1, 0, 1, role, self._serial))

    async def price(self) -> Decimal:
        """See the contract."""
        return self._price

    async def move(self, price: Decimal) -> None:
        """See the contract."""
        self._price = price

    async def wait(self, seconds: float) -> None:
        """See the contract."""
        self._ts += int(seconds * 1e9)
        touch = self._price - Decimal("0.01"), self._price + Decimal("0.01")
        for _ in self.broker.quote(Quote("SPY", self._ts, *touch), BarTime(0, DAY, 0, DAY)):
            pass
        await asyncio.sleep(0)

    async def lose(self, *, taken: bool) -> None:  # noqa: ARG002  # the contract's
        """Nothing is lost in process."""
        raise Skipped


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_simulated_broker_keeps_the_contract(check: Check) -> None:
    async def whole() -> None:
        await check(SimulatedStand())

    if check.__name__ in SKIPPED:
        with pytest.raises(Skipped):
            asyncio.run(whole())
    else:
        asyncio.run(whole())
