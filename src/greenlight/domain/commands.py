"""What a trader asks of the world. NaN: a price that this kind of order does not have."""

from dataclasses import dataclass
from math import nan

from greenlight.domain.codes import Side
from greenlight.domain.orders import OrderId, OrderKind


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """Lay an order. `price`: of a limit or the trigger of a stop; `limit`: of a stop-limit.

    A limit not filled at `expiry_ts` (ns UTC) turns into a market order.
    """

    id: OrderId
    side: Side
    kind: OrderKind
    quantity: float
    price: float = nan
    limit: float = nan
    expiry_ts: int | None = None


@dataclass(frozen=True, slots=True)
class ReplaceOrder:
    """Give a resting order another price or quantity; `quantity` is what is left to fill."""

    id: OrderId
    quantity: float
    price: float = nan
    limit: float = nan


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Take a resting order back."""

    id: OrderId


@dataclass(frozen=True, slots=True)
class Proposal:
    """An entry that passed the gates at the close of a bar."""

    symbol: int
    side: Side
    quantity: float
    price: float
    score: float


@dataclass(frozen=True, slots=True)
class RequestVerdicts:
    """Ask what speaks against entries proposed at the close of a block's bar."""

    block: int
    close_ts: int
    proposals: tuple[Proposal, ...]


Command = PlaceOrder | ReplaceOrder | CancelOrder | RequestVerdicts
