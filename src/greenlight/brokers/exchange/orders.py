"""Orders as the local exchange keeps them, and what is told when one changes."""

from dataclasses import dataclass, field
from decimal import Decimal

from greenlight.brokers.exchange.terms import Change, Force, Form, Kind, Status, Way

ZERO = Decimal(0)
_SHARE = Decimal("1e-9")
_SHORT_MARK = Decimal("1.03")


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """What a client asks for; prices in money, `trail_percent` in per cent.

    take_profit: limit of a bracket's or pair's target. stop_loss, stop_loss_limit: its stop.
    """

    symbol: str
    side: Way
    kind: Kind
    force: Force
    qty: Decimal | None = None
    notional: Decimal | None = None
    limit: Decimal | None = None
    stop: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    form: Form = Form.SIMPLE
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    stop_loss_limit: Decimal | None = None
    extended_hours: bool = False
    client_order_id: str = ""


@dataclass(slots=True)
class Order:
    """An order, from its acceptance on. `qty` is None while a notional order has not filled.

    is_live: it may fill. is_triggered: a stop that was touched. rank: its place in the order of
    acceptance. parent, legs: ids of the group it belongs to. expires_ts: 0 for never.
    """

    id: str
    client_order_id: str
    rank: int
    symbol: str
    side: Way
    kind: Kind
    force: Force
    form: Form
    created_ts: int
    qty: Decimal | None = None
    notional: Decimal | None = None
    limit: Decimal | None = None
    stop: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    hwm: Decimal | None = None
    extended_hours: bool = False
    status: Status = Status.ACCEPTED
    filled: Decimal = ZERO
    average: Decimal | None = None
    updated_ts: int = 0
    filled_ts: int = 0
    canceled_ts: int = 0
    expired_ts: int = 0
    failed_ts: int = 0
    replaced_ts: int = 0
    expires_ts: int = 0
    replaced_by: str = ""
    replaces: str = ""
    parent: str = ""
    legs: list[str] = field(default_factory=list)
    is_live: bool = False
    is_triggered: bool = False
    intent: str = ""
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether more of it may fill."""
        return self.status.is_open

    @property
    def leaves(self) -> Decimal:
        """Quantity still to fill; 0 for a notional order, whose quantity its fill decides."""
        return ZERO if self.qty is None else self.qty - self.filled

    @property
    def is_fractional(self) -> bool:
        """Whether it is for a part of a share, or for an amount of money."""
        return self.qty is None or self.qty % 1 != 0

    def wanted_at(self, price: Decimal) -> Decimal:
        """Quantity that is wanted if it fills at `price`."""
        if self.qty is not None or self.notional is None:
            return self.leaves
        return (self.notional / price).quantize(_SHARE, rounding="ROUND_DOWN")

    def estimate(self, last: Decimal) -> Decimal:
        """Price that buying power is reserved at; a short sale reserves a little more."""
        if self.side is Way.SELL:
            return max(self.limit or ZERO, last * _SHORT_MARK)
        if self.limit is not None:
            return self.limit
        return last if self.stop is None else max(self.stop, last)

    def cost(self, last: Decimal) -> Decimal:
        """Money it would take or bring if what is left of it filled now."""
        if self.notional is not None and self.qty is None:
            return self.notional
        return self.leaves * self.estimate(last)


@dataclass(frozen=True, slots=True)
class Update:
    """A change of an order: `order` as it stood just after, never touched again.

    position: signed quantity held after a fill. execution_id names the change for ever.
    """

    change: Change
    ts: int
    order: Order
    execution_id: str
    price: Decimal | None = None
    qty: Decimal | None = None
    position: Decimal | None = None


def plain(number: Decimal) -> str:
    """A number as Alpaca writes it: no exponent, no trailing zeros."""
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
