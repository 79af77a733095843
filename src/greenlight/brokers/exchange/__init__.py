"""The local exchange: Alpaca's API, streams and rules on loopback or in process, without a key.

`build_app`, `LocalExchange`, `Connection` and `serve` bring starlette and load when first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

from greenlight.brokers.exchange.adversity import Adversity
from greenlight.brokers.exchange.assets import Asset, asset_of
from greenlight.brokers.exchange.beginning import begin_at, told_until_today
from greenlight.brokers.exchange.clocks import ExchangeClock, PacedClock, ToldClock
from greenlight.brokers.exchange.faults import Fault, FaultKind, Faults, read_faults
from greenlight.brokers.exchange.floor import Conditions, VenueSettings
from greenlight.brokers.exchange.matching import Tick
from greenlight.brokers.exchange.orders import Order, OrderRequest, Update
from greenlight.brokers.exchange.pricing import CRYPTO_TARIFF, EQUITY_TARIFF, SaleFee, Tariff
from greenlight.brokers.exchange.record import FaultLine, Record, RequestLine, Standing
from greenlight.brokers.exchange.refusals import RefusalError
from greenlight.brokers.exchange.replacing import Changes
from greenlight.brokers.exchange.tape import Tape
from greenlight.brokers.exchange.terms import Change, Force, Form, Kind, Status, Way
from greenlight.brokers.exchange.venue import Venue

if TYPE_CHECKING:
    from greenlight.brokers.exchange.exchange import Exchange
    from greenlight.brokers.exchange.server import LocalExchange, build_app
    from greenlight.brokers.exchange.serving import serve
    from greenlight.brokers.exchange.sockets import Connection, ConnectionLostError

_LATE = {
    "Connection": "sockets",
    "ConnectionLostError": "sockets",
    "Exchange": "exchange",
    "LocalExchange": "server",
    "build_app": "server",
    "serve": "serving",
}

__all__ = [
    "CRYPTO_TARIFF",
    "EQUITY_TARIFF",
    "Adversity",
    "Asset",
    "Change",
    "Changes",
    "Conditions",
    "Connection",
    "ConnectionLostError",
    "Exchange",
    "ExchangeClock",
    "Fault",
    "FaultKind",
    "FaultLine",
    "Faults",
    "Force",
    "Form",
    "Kind",
    "LocalExchange",
    "Order",
    "OrderRequest",
    "PacedClock",
    "Record",
    "RefusalError",
    "RequestLine",
    "SaleFee",
    "Standing",
    "Status",
    "Tape",
    "Tariff",
    "Tick",
    "ToldClock",
    "Update",
    "Venue",
    "VenueSettings",
    "Way",
    "asset_of",
    "begin_at",
    "build_app",
    "read_faults",
    "serve",
    "told_until_today",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401  # whatever the module has
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LATE[name]}"), name)
