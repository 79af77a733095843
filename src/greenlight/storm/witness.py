"""What was seen: at the venue's door, at the venue, on the disk. Facts, in the order of time.

Nothing of the bot's own reckoning is in here; the invariants are checked on these alone. Times are
ns UTC.
"""

from dataclasses import dataclass
from decimal import Decimal

from greenlight.ledger import Act, Entry


@dataclass(frozen=True, slots=True)
class Began:
    """A bot runs from here on, be it new, restarted or woken."""

    ts: int
    bot: str


@dataclass(frozen=True, slots=True)
class Gone:
    """A bot stands still or is no more. `fault`: it ended by itself, and this is what it said."""

    ts: int
    bot: str
    why: str
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """A request that acts came in at the venue, sent by `bot` at `sent_ts`.

    side: 1 buy, -1 sell, 0 where it does not say. venue_id: the order it is about.
    """

    ts: int
    sent_ts: int
    bot: str
    act: Act
    client_id: str = ""
    venue_id: str = ""
    symbol: str = ""
    side: int = 0
    quantity: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Laid:
    """The venue took an order. kind: market, limit, stop or stop_limit; replaces: whose place it
    takes; parent: the order whose leg it is."""

    ts: int
    venue_id: str
    client_id: str
    symbol: str
    side: int
    kind: str
    quantity: Decimal
    replaces: str = ""
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """An order filled, whole or in part."""

    ts: int
    venue_id: str
    quantity: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class Restated:
    """The venue changed an order by itself: a split, or the other half of its pair filled."""

    ts: int
    venue_id: str
    quantity: Decimal
    filled: Decimal


@dataclass(frozen=True, slots=True)
class Ended:
    """An order can fill no more: cancelled, expired, rejected, replaced."""

    ts: int
    venue_id: str
    state: str


@dataclass(frozen=True, slots=True)
class Moved:
    """Cash or units came or went otherwise than by a fill: fees, transfers, actions."""

    ts: int
    kind: str
    amount: Decimal
    symbol: str = ""
    quantity: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the venue itself says of the account."""

    ts: int
    cash: Decimal
    positions: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Written:
    """A journal entry is on the disk from here on."""

    ts: int
    bot: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class LeaseAsked:
    """A bot asked the database whether its lease holds."""

    ts: int
    bot: str
    holds: bool


@dataclass(frozen=True, slots=True)
class FenceMoved:
    """Somebody took the lease: no bot but `bot` may send."""

    ts: int
    bot: str


@dataclass(frozen=True, slots=True)
class Disturbed:
    """Something was done to the bot for which it cannot be blamed."""

    ts: int
    what: str


@dataclass(frozen=True, slots=True)
class Session:
    """The market opened or closed."""

    ts: int
    is_open: bool


Fact = (
    Began
    | Gone
    | Received
    | Laid
    | Filled
    | Restated
    | Ended
    | Moved
    | Shown
    | Written
    | LeaseAsked
    | FenceMoved
    | Disturbed
    | Session
)
