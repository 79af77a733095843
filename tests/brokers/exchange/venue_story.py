"""Telling a venue a story: trades by others, and orders of ours."""

from decimal import Decimal

import pytest

from greenlight.brokers.exchange import (
    Force,
    Form,
    Kind,
    Order,
    OrderRequest,
    RefusalError,
    Venue,
    VenueSettings,
    Way,
    asset_of,
)
from greenlight.brokers.exchange.names import nanoseconds

OPEN = nanoseconds("2024-03-04T14:30:00Z")
SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
BUY, SELL = Way.BUY, Way.SELL
PRICES = {"limit", "stop", "notional", "trail_price", "trail_percent", "take_profit", "stop_loss"}


class AtMost:
    """A trade fills no more than `most`; `kind`: only of orders of that kind."""

    def __init__(self, most, kind=None):
        self._most, self._kind = Decimal(most), kind

    def rejection(self, _order):
        return ""

    def fillable(self, order, wanted, _size):
        is_limited = self._kind is None or order.kind is self._kind
        return min(wanted, self._most) if is_limited else wanted


class Story:
    """A venue where SPY trades at 100 and BTC/USD at 50,000, a minute after the open."""

    def __init__(self, settings: VenueSettings | None = None, conditions=None, actions=()):
        assets = [asset_of("SPY", is_crypto=False), asset_of("AAPL", is_crypto=False)]
        assets.append(asset_of("BTC/USD", is_crypto=True))
        self.venue = Venue(assets, OPEN - 10 * HOUR, settings, conditions, actions)
        self.ts = OPEN
        for symbol, price in (("SPY", "100"), ("AAPL", "200"), ("BTC/USD", "50000")):
            self.trade(price, symbol)

    def trade(self, price, symbol="SPY", *, size=None, is_gap=False, after=SECOND):
        self.ts += after
        self.venue.trade(symbol, self.ts, Decimal(str(price)), size, is_gap=is_gap)

    def wait(self, ns: int) -> None:
        self.ts += ns
        self.venue.advance(self.ts)

    def order(self, side, kind=Kind.MARKET, qty=10, symbol="SPY", **terms) -> Order:
        for name in PRICES & terms.keys():
            terms[name] = Decimal(str(terms[name]))
        crypto = "/" in symbol
        terms.setdefault("force", Force.GTC if crypto else Force.DAY)
        amount = None if qty is None else Decimal(str(qty))
        return self.venue.submit(OrderRequest(symbol, side, kind, qty=amount, **terms))

    def now_of(self, order: Order) -> Order:
        return self.venue.order(order.id)

    def held(self, symbol="SPY") -> Decimal:
        return self.venue.account.quantity(symbol)

    def bracket(self, qty=10, target=110, stop=95, **terms) -> Order:
        return self.order(
            BUY, qty=qty, form=Form.BRACKET, take_profit=target, stop_loss=stop, **terms
        )

    def legs(self, order: Order) -> list[Order]:
        return [self.venue.order(leg) for leg in self.now_of(order).legs]

    def changes(self) -> list[str]:
        return [str(update.change) for update in self.venue.drain()]


def dec(number: object) -> Decimal:
    """Short, for it stands everywhere."""
    return Decimal(str(number))


def refusal(status: int, words: str = ""):
    """Expect a refusal of that status, whose message has these words."""
    return _Refused(status, words)


class _Refused:
    def __init__(self, status, words):
        self._status, self._words = status, words
        self._raises = pytest.raises(RefusalError)

    def __enter__(self):
        self._info = self._raises.__enter__()
        return self._info

    def __exit__(self, *details):
        caught = self._raises.__exit__(*details)
        assert self._info.value.status == self._status
        assert self._words in str(self._info.value.body["message"])
        return caught
