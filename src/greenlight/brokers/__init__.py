"""Brokers: whoever carries out orders."""

from greenlight.brokers.simulated import SimulatedExchange

__all__ = ["SimulatedExchange"]
