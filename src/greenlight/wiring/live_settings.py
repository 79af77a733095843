"""[live] and [orders] to the settings of the live engine."""

from decimal import Decimal

from greenlight.config import Config
from greenlight.live import EntryStyle, LiveSettings, OrderSettings, WatchSettings


def build_live_settings(config: Config) -> LiveSettings:
    """Everything that the live engine is set by."""
    live, orders = config.live, config.orders
    return LiveSettings(
        orders=OrderSettings(
            entry_style=EntryStyle(orders.entry),
            entry_timeout_s=orders.entry_timeout.total_seconds(),
            exposure_s=orders.exposure.total_seconds(),
            confirm_s=orders.confirm.total_seconds(),
            attempts=orders.attempts,
            stop_limit_offset=orders.stop_limit_offset,
        ),
        watch=WatchSettings(
            orders_per_minute=orders.per_minute,
            rejected_share=orders.rejected,
            errors_per_minute=orders.errors_per_minute,
            drift_cash=Decimal(repr(orders.drift_cash)),
            drift_quantity=Decimal(repr(orders.drift_quantity)),
            pnl_unexplained=orders.pnl_unexplained,
            silence_s=live.silence.total_seconds(),
            clock_skew_s=live.clock_skew.total_seconds(),
        ),
        bar_delay_s=live.bar_delay.total_seconds(),
        bar_grace_s=live.bar_grace.total_seconds(),
        reconcile_s=live.reconcile.total_seconds(),
        beat_s=live.beat.total_seconds(),
        verdict_deadline_s=live.verdict_deadline.total_seconds(),
    )
