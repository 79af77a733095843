"""What the journal may hold, event by event. Each record is written before its effect.

docs/journal.md documents every one. A field is never renamed or given another meaning; a new one
has a default, so that old journals stay readable. Times are ns UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from numpy.typing import NDArray

from greenlight.domain import Command, Event, OrderReport, Ticket, VenueAccount


class Mode(StrEnum):
    """Whose clock and whose money: only PAPER counts as paper trading, REPLAY never does."""

    PAPER = "paper"
    REPLAY = "replay"
    LIVE = "live"
    STORM = "storm"


@dataclass(frozen=True, slots=True)
class RunBegan:
    """A run: one account, one universe, one set of rules, from this cash on.

    rules: limits, costs and specs by name (what `replay` builds the trader from). settings: the
    configuration without secrets. symbols: instrument ids in the order of the specs; widths: how
    many of them each block has; blocks: "calendar timeframe" of each.
    """

    run: str
    account: str
    broker: str
    mode: Mode
    symbols: tuple[str, ...]
    widths: tuple[int, ...]
    blocks: tuple[str, ...]
    rules: Mapping[str, Any]
    settings: Mapping[str, Any]
    cash: float
    last_sector: int
    asks_verdicts: bool
    code_version: str


@dataclass(frozen=True, slots=True)
class Started:
    """A process took the run up, as holder of the lease with this fencing number."""

    fence: int
    holder: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """A process laid the run down in order; after a crash this is missing."""

    why: str


@dataclass(frozen=True, slots=True)
class FillSource:
    """Where a fill comes from: the ticket, and all of it that was booked, this fill included.

    These totals are what recovery counts from: a report with no larger total is no news.
    """

    client_id: str
    venue_id: str
    filled: Decimal
    notional: Decimal
    execution_id: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What the trader was told.

    source: of a fill, its ticket. activity: the line of the venue's record that a happening was
    booked from, so that it is booked once.
    """

    event: Event
    source: FillSource | None = None
    activity: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """What the trader made of the last `Heard`: a Step. Arrays are laid out as engine/logs.py."""

    commands: tuple[Command, ...]
    decisions: NDArray[Any]
    fills: NDArray[Any]
    flows: NDArray[Any]
    adjustments: NDArray[Any]
    equity: float
    cash: float


class Act(StrEnum):
    """What is done to an order at the venue."""

    SUBMIT = "submit"
    REPLACE = "replace"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Sending:
    """About to be sent. REPLACE: `replaces` is the venue's id of the order changed by `ticket`."""

    act: Act
    client_id: str
    ticket: Ticket | None = None
    venue_id: str = ""
    replaces: str = ""


class Outcome(StrEnum):
    """What became of a send."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    FAILED = "failed"
    """surely not carried out; may be tried again"""
    UNKNOWN = "unknown"
    ABSENT = "absent"
    """asked for after an unknown outcome: the venue does not know it"""


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a `Sending`."""

    act: Act
    client_id: str
    outcome: Outcome
    venue_id: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Reported:
    """News of an order from the venue; `by`: stream, lookup, reconciliation."""

    report: OrderReport
    by: str


class DriftKind(StrEnum):
    """What did not agree."""

    POSITION = "position"
    CASH = "cash"
    ORDER = "order"


class Answer(StrEnum):
    """What was done about a drift."""

    EXPLAINED = "explained"
    ADOPTED = "adopted"
    RELEASED = "released"
    REPAIRED = "repaired"
    HALTED = "halted"


@dataclass(frozen=True, slots=True)
class Drift:
    """A difference between book and venue; for an order: its client id in `subject`."""

    kind: DriftKind
    subject: str
    book: Decimal
    venue: Decimal
    answer: Answer
    cause: str


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Book and venue were compared; nothing in `drifts` means that they agree."""

    account: VenueAccount
    orders: int
    positions: int
    drifts: tuple[Drift, ...] = ()


@dataclass(frozen=True, slots=True)
class Halted:
    """Entries stopped; `by`: person, reconciliation, anomaly, kill. `why` says what to do."""

    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Resumed:
    """A person allowed entries again."""

    by: str


@dataclass(frozen=True, slots=True)
class Killed:
    """The kill switch was pulled; from here on nothing but reducing orders until `Resumed`."""

    by: str
    why: str


@dataclass(frozen=True, slots=True)
class KillChecked:
    """What the broker said when asked after a kill. flat: no order and no position is left."""

    flat: bool
    orders: tuple[str, ...]
    positions: tuple[str, ...]
    queued: tuple[str, ...]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalAsked:
    """An entry waits for a person until `expires_ts`."""

    id: str
    instrument: str
    side: int
    quantity: float
    price: float
    expires_ts: int


@dataclass(frozen=True, slots=True)
class ApprovalGiven:
    """A person, or time, has decided; each id only once."""

    id: str
    by: str
    approved: bool
    expired: bool = False


@dataclass(frozen=True, slots=True)
class Covered:
    """How well one position was protected from `since` to `until`: seconds, of the venue's clock.

    exposed: no stop rested though the venue takes one; uncoverable: it takes none (market closed,
    a fraction). longest: the longest exposed stretch.
    """

    instrument: str
    since: int
    until: int
    covered_s: float
    exposed_s: float
    uncoverable_s: float
    longest_s: float


@dataclass(frozen=True, slots=True)
class BarSkipped:
    """A bar that came late or corrected: written down, never decided on."""

    instrument: str
    open_ts: int
    close: float
    why: str


@dataclass(frozen=True, slots=True)
class FeedChanged:
    """A feed fell silent or came back."""

    feed: str
    is_alive: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Beat:
    """Sign of life. lags: seconds by name (feed, decision, order, broker clock)."""

    equity: float
    cash: float
    lags: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Alerted:
    """The owner was told something; level: info, warning, error."""

    level: str
    text: str


Record = (
    RunBegan
    | Started
    | Stopped
    | Heard
    | Decided
    | Sending
    | Answered
    | Reported
    | Reconciled
    | Halted
    | Resumed
    | Killed
    | KillChecked
    | ApprovalAsked
    | ApprovalGiven
    | Covered
    | BarSkipped
    | FeedChanged
    | Beat
    | Alerted
)


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A record in its place: `seq` counts from 1 without a gap, `ts` is the run's clock.

    wall_ts: the machine's clock, which differs from `ts` in a replay.
    """

    seq: int
    run: str
    ts: int
    wall_ts: int
    record: Record
