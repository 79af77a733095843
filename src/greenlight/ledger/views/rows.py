"""The views: what each row says, and by what it is found. Every one is made from the journal alone.

Money and quantities are exact; equity, scores and seconds are the engine's own floats.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, Protocol, TypeVar

RowT = TypeVar("RowT")


@dataclass(frozen=True, slots=True)
class View(Generic[RowT]):
    """A table of rows of one type. `is_kept`: its rows are read again to be changed."""

    name: str
    kind: type[RowT]
    key: tuple[str, ...]
    is_kept: bool = False

    def key_of(self, row: RowT) -> tuple[object, ...]:
        """What the row is found by."""
        return tuple(getattr(row, name) for name in self.key)


class Rows(Protocol):
    """Where the projector keeps its rows."""

    def get(self, view: View[RowT], *key: object) -> RowT | None:
        """The row of that key."""
        ...

    def put(self, view: View[RowT], row: RowT) -> None:
        """Add a row, or replace the one of the same key."""
        ...


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run. state: began, running, stopped (`why` says why); a crash leaves it running."""

    run: str
    account: str
    broker: str
    mode: str
    began_ts: int
    began_wall_ts: int
    cash: Decimal
    symbols: tuple[str, ...]
    code_version: str
    state: str
    is_halted: bool
    is_killed: bool
    fence: int
    holder: str
    why: str


@dataclass(frozen=True, slots=True)
class PositionRow:
    """A position; quantity is signed and 0 once it was left. realised: before fees."""

    run: str
    instrument: str
    quantity: Decimal
    average: Decimal
    realised: Decimal
    fees: Decimal
    opened_ts: int
    updated_ts: int


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order at the venue, by the name it bears there; `role` and `intent` only of our own.

    state: sending, unknown, absent, failed, or what the venue calls it (`OrderState`).
    """

    run: str
    client_id: str
    venue_id: str
    instrument: str
    side: str
    kind: str
    role: str
    intent: int | None
    quantity: Decimal
    price: Decimal | None
    limit_price: Decimal | None
    stop_price: Decimal | None
    state: str
    filled: Decimal
    average: Decimal | None
    replaces: str
    replaced_by: str
    reason: str
    sent_ts: int | None
    updated_ts: int


@dataclass(frozen=True, slots=True)
class NameRow:
    """Which order bears an id of the venue's."""

    run: str
    venue_id: str
    client_id: str


@dataclass(frozen=True, slots=True)
class FillRow:
    """A fill as it was booked; seq: of the entry that told it, n: which of that entry."""

    run: str
    seq: int
    n: int
    ts: int
    instrument: str
    side: str
    role: str
    intent: int
    quantity: Decimal
    price: Decimal
    reference: Decimal
    fee: Decimal
    client_id: str
    venue_id: str
    execution_id: str


@dataclass(frozen=True, slots=True)
class EquityRow:
    """The account after an event."""

    run: str
    seq: int
    ts: int
    equity: float
    cash: float


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """What was decided about an instrument, and why (`Action` and `Reason` by name)."""

    run: str
    seq: int
    n: int
    ts: int
    instrument: str
    action: str
    reason: str
    side: str
    quantity: float
    price: float
    score: float
    intent: int
    is_calibrated: bool


@dataclass(frozen=True, slots=True)
class HaltRow:
    """Entries were stopped or allowed. what: halted, killed, checked (flat or not), resumed."""

    run: str
    seq: int
    ts: int
    what: str
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """An entry that waited for a person. state: waiting, approved, rejected, expired."""

    run: str
    id: str
    instrument: str
    side: str
    quantity: float
    price: float
    asked_ts: int
    expires_ts: int
    state: str
    by: str
    decided_ts: int | None


@dataclass(frozen=True, slots=True)
class HeartbeatRow:
    """A sign of life; lags in seconds by name."""

    run: str
    seq: int
    ts: int
    wall_ts: int
    equity: float
    cash: float
    lags: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """How well one position was protected, as `Covered` says."""

    run: str
    seq: int
    instrument: str
    since: int
    until: int
    covered_s: float
    exposed_s: float
    uncoverable_s: float
    longest_s: float


RUNS = View("runs", RunRow, ("run",), is_kept=True)
POSITIONS = View("positions", PositionRow, ("run", "instrument"), is_kept=True)
ORDERS = View("orders", OrderRow, ("run", "client_id"), is_kept=True)
NAMES = View("names", NameRow, ("run", "venue_id"), is_kept=True)
FILLS = View("fills", FillRow, ("run", "seq", "n"))
EQUITY = View("equity", EquityRow, ("run", "seq"))
DECISIONS = View("decisions", DecisionRow, ("run", "seq", "n"))
HALTS = View("halts", HaltRow, ("run", "seq"))
APPROVALS = View("approvals", ApprovalRow, ("run", "id"), is_kept=True)
HEARTBEATS = View("heartbeats", HeartbeatRow, ("run", "seq"))
COVERAGE = View("coverage", CoverageRow, ("run", "seq"))
VIEWS = (
    RUNS,
    POSITIONS,
    ORDERS,
    NAMES,
    FILLS,
    EQUITY,
    DECISIONS,
    HALTS,
    APPROVALS,
    HEARTBEATS,
    COVERAGE,
)
