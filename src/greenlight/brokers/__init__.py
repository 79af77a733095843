"""Brokers: whoever carries out orders.

The local exchange is a package of its own, `greenlight.brokers.exchange`; it loads when first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

from greenlight.brokers.paper import SimulatedBroker, SimulatedMarket
from greenlight.brokers.simulated import SimulatedExchange

if TYPE_CHECKING:
    from greenlight.brokers.exchange import LocalExchange, build_app

__all__ = [
    "LocalExchange",
    "SimulatedBroker",
    "SimulatedExchange",
    "SimulatedMarket",
    "build_app",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401  # whatever the exchange has
    if name not in ("LocalExchange", "build_app"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("greenlight.brokers.exchange"), name)
