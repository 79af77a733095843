"""Crypto exchanges through ccxt: an account as a broker, market data as a feed. Spot, long only."""

from greenlight.brokers.ccxt.broker import CcxtBroker
from greenlight.brokers.ccxt.feed import CcxtFeed
from greenlight.brokers.ccxt.settings import CcxtSettings

__all__ = ["CcxtBroker", "CcxtFeed", "CcxtSettings"]
