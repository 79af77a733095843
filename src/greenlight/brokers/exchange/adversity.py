"""Faults at the venue itself: rejected orders, and trades too small to fill them."""

from decimal import Decimal

from greenlight.brokers.exchange.faults import FaultKind, Faults
from greenlight.brokers.exchange.orders import Order


class Adversity:
    """The venue's conditions as the faults make them."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def rejection(self, order: Order) -> str:
        """Why an order is rejected after it was taken; empty where it is not."""
        struck = self._faults.strikes(FaultKind.REJECT_ORDER, f"{order.symbol} {order.side}")
        return "" if struck is None else "rejected by the venue"

    def fillable(self, order: Order, wanted: Decimal, size: Decimal | None) -> Decimal:
        """A share of the trade's size where one is known, else of what is wanted."""
        fault = self._faults.strikes(FaultKind.PARTIAL_FILL, f"{order.symbol} {order.side}")
        if fault is None:
            return wanted
        part = min(wanted, (wanted if size is None else size) * Decimal(repr(fault.share)))
        if order.is_fractional:
            return part.quantize(Decimal("1e-9"), rounding="ROUND_DOWN")
        return part.quantize(Decimal(1), rounding="ROUND_DOWN")
