"""The words of the house: what every room above may speak of. Standard library and NumPy only."""

from greenlight.domain.actions import (
    CashDividend,
    CashMerger,
    CorporateAction,
    Delisting,
    SpinOff,
    Split,
    StockMerger,
    TickerChange,
)
from greenlight.domain.codes import Action, CashKind, Happening, Reason, Role, Side, Sizing
from greenlight.domain.commands import (
    CancelOrder,
    Command,
    PlaceOrder,
    Proposal,
    ReplaceOrder,
    RequestVerdicts,
)
from greenlight.domain.errors import GreenlightError, HaltError, RefuseError, RetryError, UserError
from greenlight.domain.events import (
    BarConditions,
    BarsClosed,
    BarTime,
    Event,
    Happened,
    OrderEnded,
    OrderFilled,
    OrderUpdate,
    SessionBegan,
    Switch,
    Switched,
    VerdictsReady,
)
from greenlight.domain.facts import Fact
from greenlight.domain.forecasts import Forecast
from greenlight.domain.instruments import AssetClass, Instrument
from greenlight.domain.orders import OrderId, OrderKind
from greenlight.domain.signals import Direction, Signal
from greenlight.domain.timeframes import Timeframe
from greenlight.domain.verdicts import Ruling, Verdict

__all__ = [
    "Action",
    "AssetClass",
    "BarConditions",
    "BarTime",
    "BarsClosed",
    "CancelOrder",
    "CashDividend",
    "CashKind",
    "CashMerger",
    "Command",
    "CorporateAction",
    "Delisting",
    "Direction",
    "Event",
    "Fact",
    "Forecast",
    "GreenlightError",
    "HaltError",
    "Happened",
    "Happening",
    "Instrument",
    "OrderEnded",
    "OrderFilled",
    "OrderId",
    "OrderKind",
    "OrderUpdate",
    "PlaceOrder",
    "Proposal",
    "Reason",
    "RefuseError",
    "ReplaceOrder",
    "RequestVerdicts",
    "RetryError",
    "Role",
    "Ruling",
    "SessionBegan",
    "Side",
    "Signal",
    "Sizing",
    "SpinOff",
    "Split",
    "StockMerger",
    "Switch",
    "Switched",
    "TickerChange",
    "Timeframe",
    "UserError",
    "Verdict",
    "VerdictsReady",
]
