"""Brokers: whoever carries out orders."""

from greenlight.brokers.paper import SimulatedBroker, SimulatedMarket
from greenlight.brokers.simulated import SimulatedExchange

__all__ = ["SimulatedBroker", "SimulatedExchange", "SimulatedMarket"]
