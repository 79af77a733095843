"""What can be traded at the local exchange."""

from dataclasses import dataclass

from greenlight.brokers.exchange.hours import Hours, hours
from greenlight.brokers.exchange.names import identity


@dataclass(frozen=True, slots=True)
class Asset:
    """A stock or a coin; `symbol` as Alpaca writes it (coins: BTC/USD)."""

    symbol: str
    is_crypto: bool = False
    is_shortable: bool = True
    is_fractionable: bool = True
    name: str = ""

    @property
    def id(self) -> str:
        """Its UUID."""
        return identity(f"asset {self.symbol}")

    @property
    def hours(self) -> Hours:
        """When it trades."""
        return hours("24/7" if self.is_crypto else "XNYS")

    @property
    def base(self) -> str:
        """The coin itself: BTC of BTC/USD."""
        return self.symbol.split("/", 1)[0]


def asset_of(symbol: str, *, is_crypto: bool) -> Asset:
    """An asset by its symbol alone."""
    return Asset(symbol, is_crypto=is_crypto, is_shortable=not is_crypto, name=symbol)
