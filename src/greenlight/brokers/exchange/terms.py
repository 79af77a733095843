"""The words of Alpaca's trading API, as they stand in its JSON."""

from enum import StrEnum


class Way(StrEnum):
    """Side of an order."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """What it gives a quantity."""
        return 1 if self is Way.BUY else -1

    @property
    def opposite(self) -> "Way":
        """The other side."""
        return Way.SELL if self is Way.BUY else Way.BUY


class Kind(StrEnum):
    """Order type."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TRAILING_STOP = "trailing_stop"

    @property
    def waits_for_trigger(self) -> bool:
        """Whether it sleeps until a price is touched."""
        return self in (Kind.STOP, Kind.STOP_LIMIT, Kind.TRAILING_STOP)


class Form(StrEnum):
    """Order class."""

    SIMPLE = "simple"
    BRACKET = "bracket"
    OCO = "oco"
    OTO = "oto"


class Force(StrEnum):
    """Time in force."""

    DAY = "day"
    GTC = "gtc"
    OPG = "opg"
    CLS = "cls"
    IOC = "ioc"
    FOK = "fok"

    @property
    def is_immediate(self) -> bool:
        """Whether what does not fill at once is cancelled."""
        return self in (Force.IOC, Force.FOK)


class Status(StrEnum):
    """Where an order stands."""

    PENDING_NEW = "pending_new"
    ACCEPTED = "accepted"
    NEW = "new"
    HELD = "held"
    PARTIALLY_FILLED = "partially_filled"
    PENDING_CANCEL = "pending_cancel"
    PENDING_REPLACE = "pending_replace"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    REPLACED = "replaced"

    @property
    def is_open(self) -> bool:
        """Whether more of it may fill."""
        return self not in _ENDED


_ENDED = (Status.FILLED, Status.CANCELED, Status.EXPIRED, Status.REJECTED, Status.REPLACED)


class Change(StrEnum):
    """`event` of a trade update."""

    ACCEPTED = "accepted"
    PENDING_NEW = "pending_new"
    NEW = "new"
    FILL = "fill"
    PARTIAL_FILL = "partial_fill"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    REPLACED = "replaced"
    PENDING_CANCEL = "pending_cancel"
    PENDING_REPLACE = "pending_replace"
    CANCEL_REJECTED = "order_cancel_rejected"
    REPLACE_REJECTED = "order_replace_rejected"
    RESTATED = "restated"
