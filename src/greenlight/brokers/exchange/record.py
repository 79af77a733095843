"""What truly happened at the exchange: requests, changes of orders, fills, money, faults.

It is written before any fault may lose, double or delay the telling of it.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from greenlight.brokers.exchange.orders import Order, Update


@dataclass(frozen=True, slots=True)
class RequestLine:
    """A request and how it was answered; status 0: no answer was given."""

    ts: int
    method: str
    path: str
    status: int
    client_order_id: str = ""


@dataclass(frozen=True, slots=True)
class FaultLine:
    """A fault that struck, and what it struck."""

    ts: int
    kind: str
    about: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What was held of each symbol after a change, signed, and cash."""

    ts: int
    cash: Decimal
    positions: dict[str, Decimal]


@dataclass(slots=True)
class Record:
    """In order of happening. `updates` holds every state of every order."""

    updates: list[Update] = field(default_factory=list)
    requests: list[RequestLine] = field(default_factory=list)
    faults: list[FaultLine] = field(default_factory=list)
    standings: list[Standing] = field(default_factory=list)

    def fills(self) -> list[Update]:
        """Changes that filled something."""
        return [update for update in self.updates if update.qty is not None]

    def last_states(self) -> dict[str, Order]:
        """Each order as it stood last."""
        return {update.order.id: update.order for update in self.updates}
