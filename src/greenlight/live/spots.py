"""Each instrument while an account is flattened: what is known of it, how much to close now."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from greenlight.domain import OrderState, Side, Ticket, VenueOrder

NOTHING = Decimal(0)
_NS = 1_000_000_000
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 10.0


@dataclass(frozen=True, slots=True)
class Manner:
    """How an account is flattened; seconds.

    step_s: between two readings. stale_s: how long a position that own fills do not explain must be
    read the same before it is believed; so long an order that the venue does not know of is taken
    for open. call_s: the longest that any request may take.
    """

    step_s: float = 1.0
    stale_s: float = 5.0
    call_s: float = 15.0


@dataclass(slots=True, eq=False)
class Close:
    """A closing order of ours, as far as is known. absent: how often the venue did not know it."""

    ticket: Ticket
    sent_ts: int
    order: VenueOrder | None = None
    is_doubtful: bool = True
    absent: int = 0

    @property
    def filled(self) -> Decimal:
        """Units that filled."""
        return NOTHING if self.order is None else self.order.filled

    @property
    def is_open(self) -> bool:
        """Whether more of it may fill; so it is while nobody knows whether it was taken."""
        return self.is_doubtful or (self.order is not None and self.order.state.is_open)

    @property
    def left(self) -> Decimal:
        """Units that may still fill."""
        if not self.is_open:
            return NOTHING
        return self.ticket.quantity if self.order is None else self.order.quantity - self.filled

    @property
    def is_queued(self) -> bool:
        """Whether the venue holds it back until the market opens."""
        return self.order is not None and self.order.state is OrderState.PENDING


@dataclass(slots=True, eq=False)
class Spot:
    """An instrument of the account.

    quantity: as read last. since_ts: since when nothing is new of it, neither that reading nor own
    fills. base: what was read when the first of `closes` was sent. vanished: the name of a close
    that never arrived, to be used again.
    """

    name: str
    number: int
    quantity: Decimal = NOTHING
    since_ts: int | None = None
    base: Decimal | None = None
    closes: list[Close] = field(default_factory=list)
    serial: int = 0
    vanished: str = ""
    not_before_ts: int = 0
    wait_s: float = _FIRST_WAIT_S

    @property
    def side(self) -> Side:
        """Side of an order that closes it."""
        return Side.SELL if self.quantity > 0 else Side.BUY

    @property
    def resting(self) -> Decimal:
        """Units that own closes may still fill."""
        return sum((close.left for close in self.closes), start=NOTHING)

    @property
    def is_queued(self) -> bool:
        """Whether all of it waits for the market's open."""
        waits = sum((one.left for one in self.closes if one.is_queued), start=NOTHING)
        return self.quantity != 0 and waits >= abs(self.quantity)

    def read(self, quantity: Decimal, now: int) -> None:
        """Note what the venue says is held."""
        if quantity != self.quantity or self.since_ts is None:
            self.quantity, self.since_ts = quantity, now

    def hear(self, close: Close, order: VenueOrder, now: int) -> bool:
        """Note what the venue says of an own close; whether that tells of a fill."""
        is_news = order.filled > close.filled
        if is_news:  # what is read of the position may not know of it yet
            self.since_ts = now
        close.order = order
        self.vanished = ""  # it did arrive
        return is_news

    def begin(self, close: Close) -> None:
        """Note a close that is about to be sent."""
        if self.resting == 0:
            self.base, self.closes = self.quantity, []
        self.closes.append(close)

    def drop(self, close: Close) -> None:
        """Forget a close that the venue did not take."""
        self.closes.remove(close)

    def put_off(self, now: int) -> None:
        """No close for a while, longer each time: closing never gives up, but does not hammer."""
        self.not_before_ts = now + int(self.wait_s * _NS)
        self.wait_s = min(2.0 * self.wait_s, _LONGEST_WAIT_S)

    def need(self, others: Iterable[VenueOrder], now: int, manner: Manner) -> Decimal:
        """How much to close now, besides what rests.

        others: orders of this instrument that are not ours; their cancellation was asked for.
        """
        if self.quantity == 0 or now < self.not_before_ts or not self.is_sure(now, manner):
            return NOTHING
        resting = self.resting
        for order in others:
            if order.side == self.side:  # it may still fill, and its units may be promised to it
                resting += order.quantity - order.filled
            elif not self.has_waited(now, manner):  # against an opposite order it is a wash trade
                return NOTHING
        return max(NOTHING, abs(self.quantity) - resting)

    def excess(self, now: int, manner: Manner) -> list[VenueOrder]:
        """Own closes of more than is held, because somebody else has reduced the position."""
        if not self._is_old(now, manner.stale_s):
            return []
        return [
            close.order
            for close in self.closes
            if close.order is not None
            and close.left > max(NOTHING, -close.ticket.side * self.quantity)
        ]

    def is_sure(self, now: int, manner: Manner) -> bool:
        """Whether the reading may be acted on: own fills explain it, or it has not changed."""
        if self.base is None:
            return self._is_old(now, manner.step_s)
        fills = (close.ticket.side * close.filled for close in self.closes)
        if self.base + sum(fills, start=NOTHING) == self.quantity:
            return True
        return self._is_old(now, manner.stale_s)

    def has_waited(self, now: int, manner: Manner) -> bool:
        """Whether an opposite order has had its time to be cancelled."""
        return self._is_old(now, manner.stale_s / 2)

    def _is_old(self, now: int, seconds: float) -> bool:
        return self.since_ts is not None and now - self.since_ts >= int(seconds * 0.9 * _NS)
