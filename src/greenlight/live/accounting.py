"""Fills are counted by order: only a total larger than what was booked is news, and once."""

from dataclasses import dataclass
from decimal import Context, Decimal

from greenlight.domain import OrderReport, VenueOrder

_NOTHING = Decimal(0)
_EXACT = Context(prec=100)  # sums of floats written out are never rounded


@dataclass(frozen=True, slots=True)
class Gain:
    """What a report adds to an order. reference: where the venue told it."""

    quantity: Decimal
    price: Decimal
    fee: Decimal
    ts: int
    reference: Decimal | None
    execution_id: str


@dataclass(slots=True)
class Count:
    """What was booked of an order. last: the most that the venue has said of it."""

    filled: Decimal = _NOTHING
    notional: Decimal = _NOTHING
    last: OrderReport | None = None

    def note(self, report: OrderReport) -> None:
        """Keep the report if it says more than those before."""
        if self.last is None or report.order.filled > self.last.order.filled:
            self.last = report

    def gain(self, report: OrderReport) -> Gain | None:
        """What is new in a report. None: nothing, or the venue does not say yet at what price.

        The execution's own price where it is all of the news, else the one that the averages imply.
        """
        order, execution = report.order, report.execution
        quantity = _EXACT.subtract(order.filled, self.filled)
        if quantity <= 0:
            return None
        if execution is not None and execution.quantity == quantity:
            return Gain(
                quantity,
                execution.price,
                execution.fee,
                execution.ts,
                execution.reference,
                execution.id,
            )
        price = self._implied(order, quantity)
        if price is None and execution is not None:
            price = execution.price
        if price is None:
            return None
        ts = order.updated_ts if execution is None else execution.ts
        return Gain(quantity, price, _NOTHING, ts, None, "")

    def book(self, gain: Gain) -> None:
        """Count it."""
        self.filled = _EXACT.add(self.filled, gain.quantity)
        self.notional += gain.quantity * gain.price

    def _implied(self, order: VenueOrder, quantity: Decimal) -> Decimal | None:
        if order.average is None:
            return None
        price = (order.average * order.filled - self.notional) / quantity
        # a venue rounds its averages: what that makes of a small difference is no price
        return price if abs(price - order.average) <= order.average / 2 else order.average
