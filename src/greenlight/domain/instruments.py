"""What can be traded. An instrument is an identity; its ticker may change."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class AssetClass(StrEnum):
    """Decides calendar, costs and which rules apply."""

    EQUITY = "equity"
    CRYPTO = "crypto"
    INDEX = "index"


@dataclass(frozen=True, slots=True)
class Instrument:
    """A tradable contract.

    `id` is stable for life and names the column in bars; it equals the ticker unless a ticker has
    had two lives (then e.g. ``FB`` and ``FB@1999``).
    """

    id: str
    asset_class: AssetClass
    calendar: str
    lot_size: Decimal = Decimal(1)
    tick_size: Decimal = Decimal("0.01")
    is_shortable: bool = True
