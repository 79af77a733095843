"""What passes between the bot and a venue: tickets out, reports back, whoever the broker is.

Money and quantities are Decimal here; times are ns UTC. An instrument is named by its id.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from greenlight.domain.codes import Role, Side
from greenlight.domain.orders import OrderId, OrderKind

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_LETTERS = {
    Role.ENTRY: "E",
    Role.STOP: "S",
    Role.TARGET: "T",
    Role.TRAIL: "R",
    Role.EXIT: "X",
    Role.MANUAL: "M",
}
_ROLES = {letter: role for role, letter in _LETTERS.items()}
_PREFIX = "gl"


@dataclass(frozen=True, slots=True)
class ClientId:
    """The name of an order at its venue: ``gl<fence>-<symbol>-<intent><role><serial>``.

    Deterministic for lease, intent and try, written down before the order is sent, never used
    twice. At most 18 characters for the shortest venue; numbers in base 36. `serial` counts the
    tickets of that symbol, intent and role in the run. Orders of the kill switch and of repairs
    bear MANUAL.
    """

    fence: int
    symbol: int
    intent: int
    role: Role
    serial: int

    def __str__(self) -> str:
        return (
            f"{_PREFIX}{_base36(self.fence)}-{_base36(self.symbol)}-"
            f"{_base36(self.intent)}{_LETTERS[self.role]}{_base36(self.serial)}"
        )

    @classmethod
    def parse(cls, text: str) -> "ClientId | None":
        """The identity in a name; None where the order is not one of ours."""
        parts = text.removeprefix(_PREFIX).split("-")
        if not text.startswith(_PREFIX) or len(parts) != 3:
            return None
        for letter, role in _ROLES.items():
            intent, found, serial = parts[2].partition(letter)
            if found:
                numbers = (parts[0], parts[1], intent, serial)
                if not all(n and set(n) <= set(_DIGITS) for n in numbers):
                    return None
                fence, symbol, count, nth = (int(n, 36) for n in numbers)
                return cls(fence, symbol, count, role, nth)
        return None


class Span(StrEnum):
    """How long an order rests: until the session's close, or until it is cancelled."""

    DAY = "day"
    GTC = "gtc"


@dataclass(frozen=True, slots=True)
class Ticket:
    """An order as it is handed to a venue.

    price: of a limit, or the trigger of a stop. limit: of a stop-limit. stop: the trigger of a
    stop that rests beside this limit, of which one cancels the other (only where the venue has
    pairs); stop_limit: its limit where stops must be stop-limits. order: what the trader knows it
    as; None for an order of the kill switch or of a repair.
    """

    client_id: str
    instrument: str
    side: Side
    kind: OrderKind
    quantity: Decimal
    span: Span
    price: Decimal | None = None
    limit: Decimal | None = None
    stop: Decimal | None = None
    stop_limit: Decimal | None = None
    order: OrderId | None = None
    expiry_ts: int | None = None


class OrderState(StrEnum):
    """Where an order stands at its venue."""

    PENDING = "pending"
    """taken, not yet working (queued for the open, held as the leg of another)"""
    WORKING = "working"
    CANCELLING = "cancelling"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    REPLACED = "replaced"
    """another order, named in `replaced_by`, stands in its place"""

    @property
    def is_open(self) -> bool:
        """Whether more of it may fill."""
        return self in (OrderState.PENDING, OrderState.WORKING, OrderState.CANCELLING)


@dataclass(frozen=True, slots=True)
class Execution:
    """One fill as the venue told it; fee 0 where it is not told.

    reference: the price before spread, slippage and impact; only a simulated venue knows it.
    """

    id: str
    quantity: Decimal
    price: Decimal
    ts: int
    fee: Decimal = Decimal(0)
    reference: Decimal | None = None


@dataclass(frozen=True, slots=True)
class VenueOrder:
    """An order as the venue knows it. `filled` and `average` are of all its fills together.

    legs: the stop beside a limit of a pair; its client_id is the venue's own.
    """

    venue_id: str
    client_id: str
    instrument: str
    side: Side
    kind: OrderKind
    quantity: Decimal
    filled: Decimal
    average: Decimal | None
    state: OrderState
    price: Decimal | None = None
    limit: Decimal | None = None
    updated_ts: int = 0
    replaced_by: str = ""
    reason: str = ""
    legs: tuple["VenueOrder", ...] = ()


@dataclass(frozen=True, slots=True)
class OrderReport:
    """What a venue says of an order, unasked or asked; `execution`: the fill that it tells of.

    Reports come late, twice and out of order: only a larger `filled` is news of a fill, and an
    ended order never opens again.
    """

    order: VenueOrder
    execution: Execution | None = None


@dataclass(frozen=True, slots=True)
class Holding:
    """A position at the venue; quantity is signed, average its entry price."""

    instrument: str
    quantity: Decimal
    average: Decimal
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class VenueAccount:
    """The account at the venue. id: names it for the lease; blocked: why it may not trade."""

    id: str
    cash: Decimal
    equity: Decimal
    blocked: str = ""


class ActivityKind(StrEnum):
    """What moved an account: a fill, money in or out, or something paid or charged."""

    FILL = "fill"
    TRANSFER = "transfer"
    DIVIDEND = "dividend"
    FEE = "fee"
    INTEREST = "interest"
    ACTION = "action"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Activity:
    """One line of the venue's own record. quantity is signed; amount: what cash gained."""

    id: str
    kind: ActivityKind
    ts: int
    instrument: str = ""
    quantity: Decimal = Decimal(0)
    price: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    venue_id: str = ""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a venue takes for one instrument.

    native: it keeps the engine's own order slots (the simulated exchange), one ticket each.
    stops: which kinds of stop may rest. pairs: a limit and a stop of which one cancels the other.
    reserves: units promised to one order are not available to another. opposes: an exit may rest
    beside an open entry. replaces: price and quantity of a resting order can be changed in place.
    rests_fractions: a stop for a fraction of a unit may rest overnight. queues: orders are taken
    while the market is closed and wait for its open.
    """

    native: bool = False
    stops: frozenset[OrderKind] = frozenset({OrderKind.STOP})
    pairs: bool = False
    reserves: bool = True
    opposes: bool = False
    replaces: bool = True
    rests_fractions: bool = False
    shorts: bool = False
    extended_hours: bool = False
    queues: bool = True


@dataclass(frozen=True, slots=True)
class Quote:
    """Best bid and ask."""

    instrument: str
    ts: int
    bid: Decimal
    ask: Decimal
    bid_size: Decimal = Decimal(0)
    ask_size: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class FeedBar:
    """A bar as a feed gave it; `open_ts` its opening stamp as the feed's (a day: 00:00 UTC)."""

    instrument: str
    open_ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float


def _base36(number: int) -> str:
    if number < 0:
        raise ValueError(f"{number} is negative")
    digits = ""
    while True:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
        if number == 0:
            return digits
