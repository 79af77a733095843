"""The exchanges keep the contract of a broker, as far as their stands can show it."""

import asyncio
from decimal import Decimal

import pytest
from broker_contract import CHECKS, Check, Skipped

from brokers.ccxt.ccxt_binance import BinanceVenue
from brokers.ccxt.ccxt_coinbase import CoinbaseVenue
from brokers.ccxt.ccxt_kraken import KrakenVenue
from brokers.ccxt.ccxt_venue import Fault, Venue, serving
from greenlight.brokers.ccxt import CcxtBroker, CcxtSettings
from greenlight.domain import ClientId, Role

VENUES = (BinanceVenue, KrakenVenue, CoinbaseVenue)
SKIPPED = {
    "a_changed_order_stands_under_its_new_name",
    "what_has_ended_cannot_be_changed",
    "a_pair_rests_whole_and_is_cancelled_whole",
    "one_half_of_a_pair_ends_the_other",
}
UNKNOWN_AVERAGE = "a_purchase_moves_position_cash_and_record_alike"
"""a spot account does not know at what price it bought"""


class CcxtStand:
    """A broker at an exchange on loopback, whose market stands still until it is moved."""

    instrument = "BTC/USD"
    quantity = Decimal("0.5")

    def __init__(self, venue: Venue, broker: CcxtBroker) -> None:
        self.venue, self.broker = venue, broker
        self._serial = 0

    def name(self, role: Role) -> str:
        """See the contract."""
        self._serial += 1
        return str(ClientId(1, 0, 1, role, self._serial))

    async def price(self) -> Decimal:
        """See the contract."""
        return self.venue.last

    async def move(self, price: Decimal) -> None:
        """See the contract."""
        self.venue.move(price.quantize(Decimal("0.01")))

    async def wait(self, seconds: float) -> None:
        """A stream that is being laid is waited for; what has changed is told."""
        if seconds >= 1.0 and not self.venue.subscribed.is_set():
            try:
                await asyncio.wait_for(self.venue.subscribed.wait(), 0.5)
            except TimeoutError:
                return  # nobody listens
        await self.venue.tell_changes()
        await asyncio.sleep(0.01)

    async def lose(self, *, taken: bool) -> None:
        """See the contract."""
        self.venue.faults = [Fault(is_done=taken, way="drop")]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("kind", VENUES)
def test_exchanges_keep_the_contract(check: Check, kind: type[Venue]) -> None:
    if check.__name__ == UNKNOWN_AVERAGE:
        pytest.skip("the average is unknown; see test_account_holdings_fills_and_clock")

    async def whole() -> None:
        async with serving(kind()) as venue:
            venue.balances["BTC"] = Decimal(0)
            keys = {"key": venue.key, "secret": venue.secret}
            settings = CcxtSettings(
                venue.name, ("BTC/USD",), **keys, rest_url=f"http://{venue.url}"
            )
            broker = CcxtBroker(settings)
            try:
                await broker.open_orders()
                await check(CcxtStand(venue, broker))
            finally:
                await broker.close()

    if check.__name__ in SKIPPED:
        with pytest.raises(Skipped):
            asyncio.run(whole())
    else:
        asyncio.run(whole())
