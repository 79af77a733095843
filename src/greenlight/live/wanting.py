"""What the trader wants of the venue for one symbol: a slot for each role, as `take` left them.

A command speaks of what is left to fill as far as the trader knows. Fills that it was told of but
has not decided on yet are kept apart, so that a command made without them is read rightly.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from math import isnan

from greenlight.domain import (
    CancelOrder,
    Command,
    Event,
    OrderEnded,
    OrderFilled,
    OrderId,
    OrderKind,
    PlaceOrder,
    ReplaceOrder,
    Role,
    Side,
)
from greenlight.live.universe import exact

NOTHING = Decimal(0)
REDUCING = (Role.EXIT, Role.STOP, Role.TRAIL, Role.TARGET)
PROTECTING = (Role.STOP, Role.TRAIL)


@dataclass(slots=True)
class Slot:
    """An order that should rest. asked: what is left of it as far as the trader knows.

    since_ts: when the trader began to want it.
    """

    order: OrderId
    side: Side
    kind: OrderKind
    asked: Decimal
    price: Decimal | None
    limit: Decimal | None
    expiry_ts: int | None
    since_ts: int


@dataclass(slots=True)
class Wants:
    """The slots of one symbol. dust: a quantity that is as good as none."""

    dust: Decimal
    slots: dict[Role, Slot] = field(default_factory=dict)
    _unheard: list[tuple[OrderFilled, Decimal]] = field(default_factory=list)

    def take(self, command: Command, now: int) -> None:
        """Change what is wanted; the meaning is that of `SimulatedExchange.take`."""
        match command:
            case PlaceOrder():
                self.slots[command.id.role] = Slot(
                    command.id,
                    command.side,
                    command.kind,
                    exact(command.quantity),
                    _price(command.price),
                    _price(command.limit),
                    command.expiry_ts,
                    now,
                )
            case ReplaceOrder():
                slot = self.slots.get(command.id.role)
                if slot is not None:
                    slot.order, slot.asked = command.id, exact(command.quantity)
                    slot.price, slot.limit = _price(command.price), _price(command.limit)
            case CancelOrder():
                self.slots.pop(command.id.role, None)
            case _:
                pass

    def tell(self, fill: OrderFilled) -> None:
        """A fill is on its way to the trader."""
        self._unheard.append((fill, exact(fill.quantity)))

    def heard(self, event: Event | None) -> None:
        """The trader has decided on `event`; None: on everything that it was told."""
        late = []
        for fill, quantity in self._unheard:
            if event is not None and fill is not event:
                late.append((fill, quantity))
                continue
            slot = self.slots.get(fill.id.role)
            if slot is not None and slot.order.intent == fill.id.intent:
                slot.asked -= quantity
                if slot.asked < self.dust:
                    del self.slots[fill.id.role]
        self._unheard = late

    def ended(self, event: OrderEnded) -> None:
        """What was left of an order is given up, and the trader is told, or was."""
        slot = self.slots.get(event.id.role)
        if slot is not None and slot.order.intent == event.id.intent:
            del self.slots[event.id.role]

    @property
    def is_heard(self) -> bool:
        """Whether the trader has decided on every fill."""
        return not self._unheard

    def leaves(self, role: Role) -> Decimal:
        """What is still to fill of a role, 0 where nothing is wanted."""
        slot = self.slots.get(role)
        if slot is None:
            return NOTHING
        left = slot.asked - self._sum_unheard((role,), slot.order.intent)
        return left if left >= self.dust else NOTHING

    @property
    def room(self) -> Decimal:
        """How many units may be sold (or bought back) at most: never more than is held."""
        asked = [slot.asked for role, slot in self.slots.items() if role in REDUCING]
        left = max(asked, default=NOTHING) - self._sum_unheard(REDUCING, None)
        return left if left >= self.dust else NOTHING

    def reducing_since(self) -> int | None:
        """When the trader began to want something to rest for what is held; None: it does not."""
        since = [slot.since_ts for role, slot in self.slots.items() if role in REDUCING]
        return min(since, default=None)

    def guard(self) -> Slot | None:
        """The slot with the nearer of STOP and TRAIL; a tie is the STOP."""
        best: tuple[Decimal, Slot] | None = None
        for role in PROTECTING:
            slot = self.slots.get(role)
            if slot is None or slot.price is None:
                continue
            distance = slot.side * slot.price  # a sell: the higher level is the nearer
            if best is None or distance < best[0]:
                best = (distance, slot)
        return None if best is None else best[1]

    def _sum_unheard(self, roles: Iterable[Role], intent: int | None) -> Decimal:
        if not self._unheard:
            return NOTHING
        return sum(
            (
                quantity
                for fill, quantity in self._unheard
                if fill.id.role in roles and (intent is None or fill.id.intent == intent)
            ),
            start=NOTHING,
        )


def _price(value: float) -> Decimal | None:
    return None if isnan(value) else exact(value)
