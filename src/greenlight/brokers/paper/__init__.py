"""The simulated account as a broker: paper trading without a key."""

from greenlight.brokers.paper.broker import SimulatedBroker, SimulatedMarket

__all__ = ["SimulatedBroker", "SimulatedMarket"]
