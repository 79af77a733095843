"""How the live engine behaves; `[live]` and `[orders]` of the configuration become these."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class EntryStyle(StrEnum):
    """How an entry at the market is worked."""

    LIMIT_FIRST = "limit-first"
    MARKET = "market"


@dataclass(frozen=True, slots=True)
class OrderSettings:
    """How orders are worked; seconds of the run's clock.

    entry_timeout_s: how long a limit at the touch may rest before the market is taken. exposure_s:
    how long a position may be without a resting stop. confirm_s: how long an order may be without
    word from the venue before it is asked for. attempts: tries of one request before the owner is
    alerted. stop_limit_offset: how far beyond its trigger a stop-limit's limit lies, a fraction.
    """

    entry_style: EntryStyle = EntryStyle.LIMIT_FIRST
    entry_timeout_s: float = 30.0
    exposure_s: float = 20.0
    confirm_s: float = 5.0
    attempts: int = 5
    first_wait_s: float = 0.5
    longest_wait_s: float = 30.0
    stop_limit_offset: float = 0.05


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """When entries halt by themselves: anomalies, drift, silence, skew.

    orders_per_minute, rejected_share, errors_per_minute: above these entries halt. drift_cash: a
    fraction of equity, drift_quantity: of a position, that is adopted. pnl_unexplained: a fraction
    of equity that changes without prices or fills.
    """

    orders_per_minute: int = 30
    rejected_share: float = 0.2
    errors_per_minute: int = 20
    drift_cash: Decimal = Decimal("0.002")
    drift_quantity: Decimal = Decimal("0.005")
    pnl_unexplained: float = 0.02
    silence_s: float = 120.0
    clock_skew_s: float = 5.0


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """Everything together. bar_delay_s, bar_grace_s: how long after its close a bar is waited for,
    at least and at most."""

    orders: OrderSettings = OrderSettings()
    watch: WatchSettings = WatchSettings()
    bar_delay_s: float = 2.0
    bar_grace_s: float = 30.0
    reconcile_s: float = 3600.0
    beat_s: float = 30.0
    verdict_deadline_s: float = 10.0
