"""What the reference remembers: orders, holdings, the book, and the logs it writes."""

from dataclasses import dataclass, field
from enum import IntEnum

from greenlight.domain import Action, CashKind, Happening, Reason, Role

#: A quantity below this part of a lot is rounding, not a quantity.
DUST = 1e-6

#: The order slots of a symbol.
SLOTS = (Role.ENTRY, Role.STOP, Role.TARGET, Role.TRAIL, Role.EXIT)

LogRow = dict[str, float]


class Kind(IntEnum):
    """How an order is filled."""

    MARKET = 0
    LIMIT = 1
    STOP = 2
    STOP_LIMIT = 3


@dataclass
class Order:
    """A resting order; `level` is its stop, target or trail price (None: no level yet)."""

    symbol: int
    role: Role
    side: int
    kind: Kind
    quantity: float
    reason: Reason
    intent: int
    level: float | None = None
    limit: float | None = None
    triggered: bool = False
    decided_price: float = 0.0
    expiry: int | None = None
    worked_session: int | None = None


@dataclass
class Holding:
    """An open round trip in one symbol; `quantity` is unsigned."""

    side: int
    quantity: float
    average: float
    mark: float
    extreme: float
    intent: int
    opened_session: int
    entry_row: int | None
    entry_notional: float
    age: int = 0
    momentum: float = 0.0
    realised: float = 0.0
    fees: float = 0.0
    stop_level: float | None = None
    target_started: bool = False
    target_filled: bool = False
    trimmed: bool = False
    recalled: bool = False

    @property
    def signed(self) -> float:
        """Quantity with its sign."""
        return self.side * self.quantity


@dataclass
class Logs:
    """What was written down, a dict a row, with the fields of engine/logs.py."""

    fills: list[LogRow] = field(default_factory=list)
    decisions: list[LogRow] = field(default_factory=list)
    flows: list[LogRow] = field(default_factory=list)
    adjustments: list[LogRow] = field(default_factory=list)


@dataclass
class Book:
    """Cash, holdings, orders, and the state of the watchdog."""

    cash: float
    day_start: float
    peak: float
    equity_before: float
    session: int | None = None
    entries_today: int = 0
    is_paused: bool = False
    halted_row: int = -1
    holdings: dict[int, Holding] = field(default_factory=dict)
    orders: dict[tuple[int, Role], Order] = field(default_factory=dict)
    cool_until: dict[int, int] = field(default_factory=dict)
    loss_row: dict[int, int] = field(default_factory=dict)
    halted_symbols: set[int] = field(default_factory=set)
    day_trades: list[int] = field(default_factory=list)
    sectors: list[int] = field(default_factory=list)
    sector_before: dict[int, float] = field(default_factory=dict)
    last_intent: int = 0
    last_id: dict[int, int] = field(default_factory=dict)
    logs: Logs = field(default_factory=Logs)

    @property
    def is_halted(self) -> bool:
        """Whether the drawdown halt has struck."""
        return self.halted_row >= 0

    def order(self, symbol: int, role: Role) -> Order | None:
        """The order resting in a slot."""
        return self.orders.get((symbol, role))

    def place(self, order: Order) -> None:
        """Rest an order in its slot, instead of what was there."""
        self.orders[order.symbol, order.role] = order

    def drop(self, symbol: int, role: Role) -> None:
        """Empty a slot."""
        self.orders.pop((symbol, role), None)

    def active(self) -> list[int]:
        """Symbols with a position or an order, ascending."""
        return sorted(set(self.holdings) | {symbol for symbol, _ in self.orders})

    def equity(self) -> float:
        """Cash and every position at its mark."""
        total = self.cash
        for symbol in self.active():
            if symbol in self.holdings:
                total += self.holdings[symbol].signed * self.holdings[symbol].mark
        return total

    def exposure(self, symbol: int) -> float:
        """Notional held, and what a resting entry may still add at its decision price."""
        holding = self.holdings.get(symbol)
        entry = self.order(symbol, Role.ENTRY)
        held = 0.0 if holding is None else holding.quantity * holding.mark
        resting = 0.0 if entry is None else entry.quantity * entry.decided_price
        return held + resting

    def committed(self) -> float:
        """Exposure summed over the active symbols."""
        return sum(self.exposure(symbol) for symbol in self.active())


@dataclass(frozen=True)
class Now:
    """The row being walked, as far as the logs need it."""

    row: int
    open_ts: int
    close_ts: int
    session: int
    elapsed: int


def log_flow(book: Book, now: Now, symbol: int, kind: CashKind, amount: float) -> None:
    """Move cash and write it down; nothing is written for nothing."""
    if amount == 0.0:
        return
    book.cash += amount
    book.logs.flows.append(
        {"row": now.row, "ts": now.open_ts, "symbol": symbol, "kind": kind, "amount": amount}
    )


def log_adjustment(
    book: Book, now: Now, symbol: int, kind: Happening, change: tuple[float, float]
) -> None:
    """Write down that a position changed without a fill."""
    book.logs.adjustments.append(
        {
            "row": now.row,
            "ts": now.open_ts,
            "symbol": symbol,
            "kind": kind,
            "before": change[0],
            "after": change[1],
        }
    )


def cancel_entry(book: Book, now: Now, symbol: int, reason: Reason) -> None:
    """Cancel a resting entry order, if there is one, and write down why."""
    entry = book.order(symbol, Role.ENTRY)
    if entry is not None:
        book.drop(symbol, Role.ENTRY)
        log_cancel(book, now, entry, reason)


def log_cancel(book: Book, now: Now, entry: Order, reason: Reason) -> None:
    """Write down what was left of an entry order and why it ended."""
    book.logs.decisions.append(
        {
            "row": now.row,
            "ts": now.close_ts,
            "symbol": entry.symbol,
            "side": entry.side,
            "action": Action.CANCEL,
            "reason": reason,
            "score": float("nan"),
            "quantity": entry.quantity,
            "price": entry.decided_price,
            "intent": entry.intent,
            "calibrated": 0,
        }
    )


def cancel_all(book: Book, now: Now, symbol: int, reason: Reason) -> None:
    """Cancel every order of a symbol; only an entry order leaves a word."""
    cancel_entry(book, now, symbol, reason)
    for role in SLOTS:
        book.drop(symbol, role)
