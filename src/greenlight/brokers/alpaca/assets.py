"""The grids of prices and quantities that Alpaca takes, asked for once where they are its own."""

from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import quote

from greenlight.brokers.alpaca.rest import Json, Request, Rest
from greenlight.brokers.alpaca.texts import (
    SMALLEST_QUANTITY,
    increment,
    is_crypto,
    number,
    symbol_of,
)


@dataclass(frozen=True, slots=True)
class Grid:
    """Smallest steps of price and quantity; price None: by the rule for equities."""

    price: Decimal | None = None
    quantity: Decimal = SMALLEST_QUANTITY

    def price_step(self, price: Decimal) -> Decimal:
        """The step around a price."""
        return increment(price) if self.price is None else self.price


class Assets:
    """Grids by instrument; a pair's is asked for before its first order and kept."""

    def __init__(self, rest: Rest, url: str) -> None:
        self._rest = rest
        self._url = url
        self._known: dict[str, Grid] = {}

    async def grid(self, instrument: str) -> Grid:
        """The grid of an instrument. Raises RetryError or HaltError."""
        if not is_crypto(instrument):
            return Grid()
        if instrument not in self._known:
            self._known[instrument] = await self._asked(instrument)
        return self._known[instrument]

    async def _asked(self, instrument: str) -> Grid:
        path = quote(symbol_of(instrument), safe="")
        request = Request("GET", f"{self._url}/v2/assets/{path}", f"asset {instrument}")
        return await self._rest.ask(request, _grid)


def _grid(asset: Json) -> Grid:
    steps = (number(asset.get("price_increment")), number(asset.get("min_trade_increment")))
    price, quantity = (SMALLEST_QUANTITY if step is None else step for step in steps)
    if price <= 0 or quantity <= 0:
        raise ValueError("a step that is not above zero")
    return Grid(price, quantity)
