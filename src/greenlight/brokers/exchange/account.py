"""The account: cash, positions, and the list of what moved them."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from greenlight.brokers.exchange.names import identity, stamped
from greenlight.brokers.exchange.orders import ZERO, Order
from greenlight.brokers.exchange.terms import Way


@dataclass(slots=True)
class Position:
    """What is held of one symbol. `qty` is signed; day_qty: what was held when the day began."""

    symbol: str
    qty: Decimal = ZERO
    average: Decimal = ZERO
    day_qty: Decimal = ZERO
    day_price: Decimal = ZERO

    def take(self, signed: Decimal, price: Decimal) -> None:
        """Add a fill; what reduces leaves the average as it is."""
        after = self.qty + signed
        if self.qty * signed >= 0:
            cost = abs(self.qty) * self.average + abs(signed) * price
            self.average = cost / abs(after) if after != 0 else ZERO
        elif self.qty * after < 0:
            self.average = price
        self.qty = after
        if after == 0:
            self.average = ZERO


@dataclass(frozen=True, slots=True)
class ActivityLine:
    """One line of the account's record; `amount` is what cash gained, `qty` signed.

    of a fill: the order as it stood after, `qty` what filled, `cum` all so far.
    """

    id: str
    type: str
    ts: int
    amount: Decimal
    symbol: str = ""
    qty: Decimal = ZERO
    price: Decimal = ZERO
    order_id: str = ""
    side: Way | None = None
    leaves: Decimal = ZERO
    cum: Decimal = ZERO
    is_whole: bool = False
    description: str = ""


@dataclass(slots=True)
class Account:
    """Cash may be negative where the account trades on margin. `multiplier`: of buying power."""

    id: str
    number: str
    cash: Decimal
    created_ts: int
    multiplier: Decimal = Decimal(2)
    positions: dict[str, Position] = field(default_factory=dict)
    activities: list[ActivityLine] = field(default_factory=list)
    fees: Decimal = ZERO
    last_equity: Decimal = ZERO
    is_blocked: bool = False
    is_suspended: bool = False
    no_shorting: bool = False
    _seen: Counter[str] = field(default_factory=Counter)

    def quantity(self, symbol: str) -> Decimal:
        """Signed quantity held."""
        held = self.positions.get(symbol)
        return ZERO if held is None else held.qty

    def book_fill(
        self, order: Order, qty: Decimal, price: Decimal, execution_id: str, ts: int
    ) -> None:
        """Move cash and position for a fill of `order`, which has been counted on it already."""
        signed = order.side.sign * qty
        held = self.positions.setdefault(order.symbol, Position(order.symbol, day_price=price))
        held.take(signed, price)
        self.cash -= signed * price
        if held.qty == 0:
            del self.positions[order.symbol]
        self.activities.append(
            ActivityLine(
                id=stamped(ts, execution_id),
                type="FILL",
                ts=ts,
                amount=-signed * price,
                symbol=order.symbol,
                qty=signed,
                price=price,
                order_id=order.id,
                side=order.side,
                leaves=order.leaves,
                cum=order.filled,
                is_whole=not order.is_open,
            )
        )

    def book_coins(self, symbol: str, qty: Decimal, price: Decimal, ts: int) -> None:
        """Keep back `qty` coins as a fee."""
        held = self.positions[symbol]
        held.qty -= qty
        if held.qty == 0:
            del self.positions[symbol]
        self.fees += qty * price
        self.note("CFEE", ts, ZERO, symbol=symbol, qty=-qty, price=price)

    def book_cash(self, kind: str, ts: int, amount: Decimal, *, symbol: str = "") -> None:
        """Move cash for another reason than a fill: CSD, CSW, FEE, INT, ..."""
        self.cash += amount
        if kind in ("FEE", "CFEE"):
            self.fees -= amount
        self.note(kind, ts, amount, symbol=symbol)

    def note(  # noqa: PLR0913  # the columns of one line
        self,
        kind: str,
        ts: int,
        amount: Decimal,
        *,
        symbol: str = "",
        qty: Decimal = ZERO,
        price: Decimal = ZERO,
        description: str = "",
    ) -> None:
        """Write a line that is no fill."""
        self._seen[kind] += 1
        self.activities.append(
            ActivityLine(
                stamped(ts, identity(f"{self.id} {kind} {self._seen[kind]}")),
                kind,
                ts,
                amount,
                symbol,
                qty,
                price,
                description=description,
            )
        )
