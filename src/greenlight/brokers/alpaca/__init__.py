"""Alpaca: an account as a broker, market data as a feed. No SDK is needed for either."""

from greenlight.brokers.alpaca.broker import AlpacaBroker
from greenlight.brokers.alpaca.feed import AlpacaFeed
from greenlight.brokers.alpaca.settings import AlpacaSettings
from greenlight.brokers.alpaca.sockets import Connect, Socket

__all__ = ["AlpacaBroker", "AlpacaFeed", "AlpacaSettings", "Connect", "Socket"]
