"""A trader of one symbol that wants what the engine's would: a stop, a target, exits when asked."""

from dataclasses import dataclass, field
from math import nan

from greenlight.domain import (
    CancelOrder,
    Command,
    Event,
    ExitAsked,
    OrderEnded,
    OrderFilled,
    OrderId,
    OrderKind,
    PlaceOrder,
    ReplaceOrder,
    Role,
    Side,
)

Row = tuple[Side, OrderKind, float, float]  # side, kind, leaves, price


@dataclass
class ModelTrader:
    """Keeps the order table and says what changed of it, as `engine/resting.py` does."""

    stop: float = 0.05
    target: float = 0.0
    share: float = 0.5
    held: float = 0.0
    intent: int = 0
    bought: float = 0.0
    is_target_done: bool = False
    ended: list[OrderEnded] = field(default_factory=list)
    asked: list[ExitAsked] = field(default_factory=list)
    wants: dict[Role, tuple[int, Row]] = field(default_factory=dict)
    _attempts: dict[Role, int] = field(default_factory=dict)
    _rests: dict[Role, tuple[int, Row]] = field(default_factory=dict)

    def enter(self, quantity: float, side: Side = Side.BUY) -> list[Command]:
        self.intent += 1
        row = (side, OrderKind.MARKET, quantity, nan)
        self.wants[Role.ENTRY] = (self.intent, row)
        return self._commands()

    def leave(self, quantity: float | None = None) -> list[Command]:
        if self.held == 0.0 or Role.EXIT in self.wants:
            return []
        self.wants.pop(Role.ENTRY, None)
        size = abs(self.held) if quantity is None else quantity
        self.wants[Role.EXIT] = (self.intent, (self._out, OrderKind.MARKET, size, nan))
        return self._commands()

    def trail(self, level: float) -> list[Command]:
        if self.held == 0.0:
            return []
        row = (self._out, OrderKind.STOP, abs(self.held), level)
        self.wants[Role.TRAIL] = (self.intent, row)
        return self._commands()

    def process(self, event: Event) -> list[Command]:
        match event:
            case OrderFilled():
                self._fill(event)
            case OrderEnded():
                self.ended.append(event)
                self.wants.pop(event.id.role, None)
                self._rests.pop(event.id.role, None)
            case ExitAsked():
                self.asked.append(event)
                return self.leave()
        return self._commands()

    @property
    def _out(self) -> Side:
        return Side.SELL if self.held > 0 else Side.BUY

    def _fill(self, event: OrderFilled) -> None:
        role, old = event.id.role, self.held
        self.held += event.side * event.quantity
        if role is Role.ENTRY:
            self.bought = event.price if old == 0.0 else self.bought
        for table in (self.wants, self._rests):
            found = table.get(role)
            if found is not None and found[0] == event.id.intent:
                side, kind, leaves, price = found[1]
                left = leaves - event.quantity
                if left > 1e-9:
                    table[role] = (found[0], (side, kind, left, price))
                else:
                    del table[role]
        if role is Role.TARGET and Role.TARGET not in self.wants:
            self.is_target_done = True
        self._protect()

    def _protect(self) -> None:
        if self.held == 0.0:
            self.wants.clear()
            self.is_target_done = False
            return
        sign, size = (1 if self.held > 0 else -1), abs(self.held)
        if self.stop > 0.0:
            level = round(self.bought * (1 - sign * self.stop), 2)
            self.wants[Role.STOP] = (self.intent, (self._out, OrderKind.STOP, size, level))
        if self.target > 0.0 and not self.is_target_done:
            level = round(self.bought * (1 + sign * self.target), 2)
            part = min(float(-(-size * self.share // 1)), size)
            found = self.wants.get(Role.TARGET)
            if found is None or found[1][2] > size or Role.ENTRY in self.wants:
                self.wants[Role.TARGET] = (self.intent, (self._out, OrderKind.LIMIT, part, level))
        for role in (Role.TRAIL, Role.EXIT):
            if role in self.wants:
                intent, (side, kind, leaves, price) = self.wants[role]
                left = size if role is Role.TRAIL else min(leaves, size)
                self.wants[role] = (intent, (side, kind, left, price))

    def _commands(self) -> list[Command]:
        found: list[Command] = []
        for role, (intent, row) in list(self._rests.items()):
            wanted = self.wants.get(role)
            if wanted is None or wanted[0] != intent or wanted[1][0] is not row[0]:
                found.append(CancelOrder(self._id(role, intent)))
                del self._rests[role]
        for role, (intent, row) in self.wants.items():
            before = self._rests.get(role)
            if before is None:
                side, kind, leaves, price = row
                found.append(PlaceOrder(self._id(role, intent), side, kind, leaves, price))
            elif repr(before[1]) != repr(row):
                self._attempts[role] = self._attempts.get(role, 0) + 1
                found.append(ReplaceOrder(self._id(role, intent), row[2], row[3]))
            self._rests[role] = (intent, row)
        return found

    def _id(self, role: Role, intent: int) -> OrderId:
        return OrderId(0, intent, role, self._attempts.get(role, 0))
