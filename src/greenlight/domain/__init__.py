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
from greenlight.domain.errors import GreenlightError, HaltError, RefuseError, RetryError, UserError
from greenlight.domain.facts import Fact
from greenlight.domain.forecasts import Forecast
from greenlight.domain.instruments import AssetClass, Instrument
from greenlight.domain.signals import Direction, Signal
from greenlight.domain.timeframes import Timeframe
from greenlight.domain.verdicts import Ruling, Verdict

__all__ = [
    "Action",
    "AssetClass",
    "CashDividend",
    "CashKind",
    "CashMerger",
    "CorporateAction",
    "Delisting",
    "Direction",
    "Fact",
    "Forecast",
    "GreenlightError",
    "HaltError",
    "Happening",
    "Instrument",
    "Reason",
    "RefuseError",
    "RetryError",
    "Role",
    "Ruling",
    "Side",
    "Signal",
    "Sizing",
    "SpinOff",
    "Split",
    "StockMerger",
    "TickerChange",
    "Timeframe",
    "UserError",
    "Verdict",
]
