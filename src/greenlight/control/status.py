"""What the ledger knows of a run, whether its bot is alive or dead."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from zoneinfo import ZoneInfo

from greenlight.domain import BarsClosed, UserError
from greenlight.ledger import (
    APPROVALS,
    COVERAGE,
    DECISIONS,
    EQUITY,
    FILLS,
    HALTS,
    HEARTBEATS,
    OPEN_STATES,
    ORDERS,
    POSITIONS,
    ApprovalRow,
    DecisionRow,
    Entry,
    FeedChanged,
    HaltRow,
    Heard,
    Ledger,
    Mode,
    OrderRow,
    RunSummary,
    Sending,
)

_NS = 1_000_000_000
_ET = ZoneInfo("America/New_York")
_TAIL = 3_000  # entries at the end of the journal that are looked through
_MANY = 20_000
_SILENT_S = 30.0  # a holder that was silent for longer may be gone


@dataclass(frozen=True, slots=True)
class PositionLine:
    """A position and the stops that rest for it: what kind, how many units, at what price."""

    instrument: str
    quantity: Decimal
    average: Decimal
    opened_ts: int
    updated_ts: int
    stops: tuple[OrderRow, ...]

    @property
    def is_protected(self) -> bool:
        """Whether stops rest for all of it."""
        resting = sum((one.quantity - one.filled for one in self.stops), start=Decimal(0))
        return resting >= abs(self.quantity)


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds from a bar's close to its being decided on, and from there to the next request."""

    bars: int
    median_s: float
    worst_s: float
    last_s: float
    to_order_s: float | None


@dataclass(frozen=True, slots=True)
class Protection:
    """Seconds of all positions of the run; longest: the longest stretch without a stop."""

    covered_s: float
    exposed_s: float
    uncoverable_s: float
    longest_s: float

    @property
    def share(self) -> float | None:
        """Part of the time in which a stop could rest and did; None before any."""
        could = self.covered_s + self.exposed_s
        return self.covered_s / could if could > 0.0 else None


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the account. silent_s: for how long nothing was heard of it."""

    name: str
    fence: int
    silent_s: float
    is_alive: bool


@dataclass(frozen=True, slots=True)
class Status:
    """A run as its ledger shows it; times ns UTC, those named wall of the machine's clock."""

    run: str
    account: str
    broker: str
    mode: str
    is_replayed: bool
    state: str
    holder: Holder | None
    ts: int
    wall_ts: int
    beat_age_s: float | None
    equity: float
    cash: float
    is_halted: bool
    is_killed: bool
    halts: tuple[HaltRow, ...]
    positions: tuple[PositionLine, ...]
    orders: tuple[OrderRow, ...]
    approvals: tuple[ApprovalRow, ...]
    feeds: Mapping[str, str]
    lags: Mapping[str, float]
    latency: Latency | None
    protection: Protection
    decisions: tuple[DecisionRow, ...]
    today: date
    entries_today: int
    fills_today: int
    refusals_today: Mapping[str, int]
    bars_today: int


def is_emptied(status: Status) -> bool:
    """Whether a kill emptied the account after the book was last written: it will be told of that
    when a bot starts."""
    checks = [one for one in status.halts if one.what == "checked"]
    if not checks or not checks[-1].why.startswith("flat"):
        return False
    return all(checks[-1].ts >= line.updated_ts for line in status.positions)


def status_of(ledger: Ledger, wall_ts: int, run: str | None = None) -> Status:
    """The status of a run, of the one that was written to last where none is named.

    Raises UserError where there is none.
    """
    summary = _chosen(ledger, run)
    row = summary.run
    name = row.run
    tail = list(islice(ledger.read(name, max(1, summary.entries - _TAIL + 1)), _TAIL))
    today = _day(summary.last_ts)
    decisions = ledger.rows(DECISIONS, name, _MANY)
    todays = [one for one in decisions if _day(one.ts) == today]
    fills = ledger.rows(FILLS, name, _MANY)
    beats = ledger.rows(HEARTBEATS, name, 1)
    equity = ledger.rows(EQUITY, name, 1)
    orders = tuple(one for one in ledger.rows(ORDERS, name) if one.state in OPEN_STATES)
    holder = _holder(ledger, row.account, wall_ts)
    return Status(
        run=name,
        account=row.account,
        broker=row.broker,
        mode=row.mode,
        is_replayed=row.mode != Mode.PAPER and row.mode != Mode.LIVE,
        state=_state(row.state, row.fence, holder),
        holder=holder,
        ts=summary.last_ts,
        wall_ts=summary.last_wall_ts,
        beat_age_s=(wall_ts - beats[-1].wall_ts) / _NS if beats else None,
        equity=equity[-1].equity if equity else float(row.cash),
        cash=equity[-1].cash if equity else float(row.cash),
        is_halted=row.is_halted,
        is_killed=row.is_killed,
        halts=tuple(ledger.rows(HALTS, name, 5)),
        positions=_positions(ledger, name, orders),
        orders=orders,
        approvals=tuple(one for one in ledger.rows(APPROVALS, name) if one.state == "waiting"),
        feeds=_feeds(tail),
        lags=dict(beats[-1].lags) if beats else {},
        latency=_latency(tail),
        protection=_protection(ledger, name),
        decisions=tuple(decisions[-10:]),
        today=today,
        entries_today=sum(one.action in ("enter", "add") for one in todays),
        fills_today=sum(_day(one.ts) == today for one in fills),
        refusals_today=dict(
            Counter(one.reason for one in todays if one.action == "refuse").most_common()
        ),
        bars_today=sum(_day(close_ts) == today for close_ts, _ in _bars(tail)),
    )


def accounts_of(ledger: Ledger) -> tuple[str, ...]:
    """Accounts that a bot holds now; where there is none, the one traded last."""
    runs = ledger.runs()
    accounts = dict.fromkeys(one.run.account for one in runs)
    leases = [ledger.lease_of(account) for account in accounts]
    held = tuple(lease.account for lease in leases if lease is not None and lease.is_held)
    last = max(runs, key=lambda one: one.last_wall_ts, default=None)
    return held or (() if last is None else (last.run.account,))


def asks_of(ledger: Ledger, named: str) -> list[tuple[str, ApprovalRow]]:
    """Asks that wait, with the account of each: those of that id, else of that instrument."""
    accounts = {one.run.run: one.run.account for one in ledger.runs()}
    rows = [one for one in ledger.rows(APPROVALS) if one.state == "waiting"]
    exact = [one for one in rows if one.id == named]
    found = exact or [one for one in rows if one.instrument == named.upper()]
    return [(accounts[one.run], one) for one in found]


def why_no_trade(status: Status) -> str:
    """Why nothing was bought today, in a sentence; empty where something was."""
    if status.entries_today:
        return ""
    if status.is_killed:
        return "the bot was killed: greenlight resume"
    if status.is_halted:
        return "entries are halted: see the last halt; greenlight resume lifts it"
    if status.bars_today == 0:
        return "no bar has closed today"
    if not status.refusals_today:
        return "no score reached a threshold"
    reason, count = next(iter(status.refusals_today.items()))
    total = sum(status.refusals_today.values())
    return f"all {total} candidates were refused, most of them ({count}) by {reason}"


def _chosen(ledger: Ledger, run: str | None) -> RunSummary:
    runs = ledger.runs()
    if run is not None:
        runs = [one for one in runs if one.run.run == run]
    if not runs:
        named = "no run yet" if run is None else f"no run {run}"
        raise UserError(f"{named} in {ledger.shown}; greenlight paper begins one")
    return max(runs, key=lambda one: one.last_wall_ts)


def _state(state: str, fence: int, holder: Holder | None) -> str:
    """What the journal says, corrected by the lease: a crash leaves a run running."""
    if state != "running":
        return state
    if holder is None or holder.fence != fence:
        return "cut off"
    return "running" if holder.is_alive else "silent (frozen, dead, or without its database)"


def _holder(ledger: Ledger, account: str, wall_ts: int) -> Holder | None:
    lease = ledger.lease_of(account)
    if lease is None or not lease.is_held:
        return None
    silent_s = max(0.0, (wall_ts - lease.beat_ts) / _NS)
    return Holder(lease.holder, lease.fence, silent_s, silent_s < _SILENT_S)


def _positions(ledger: Ledger, run: str, orders: Sequence[OrderRow]) -> tuple[PositionLine, ...]:
    lines = []
    for row in ledger.rows(POSITIONS, run):
        if row.quantity == 0:
            continue
        closing = "sell" if row.quantity > 0 else "buy"
        closing_orders = [o for o in orders if o.instrument == row.instrument and o.side == closing]
        stops = _stops(closing_orders, abs(row.quantity))
        lines.append(
            PositionLine(
                row.instrument, row.quantity, row.average, row.opened_ts, row.updated_ts, stops
            )
        )
    return tuple(lines)


def _stops(closing: Sequence[OrderRow], quantity: Decimal) -> tuple[OrderRow, ...]:
    """Stops that rest; one beside a limit counts with it as long as it is not seen itself."""
    stops = [one for one in closing if one.kind in ("stop", "stop_limit")]
    for pair in closing:
        resting = sum((one.quantity - one.filled for one in stops), start=Decimal(0))
        if pair.stop_price is not None and pair not in stops and resting < quantity:
            stops.append(pair)
    return tuple(stops)


def _feeds(tail: Iterable[Entry]) -> dict[str, str]:
    feeds = {}
    for entry in tail:
        if isinstance(entry.record, FeedChanged):
            detail = f": {entry.record.detail}" if entry.record.detail else ""
            feeds[entry.record.feed] = "alive" if entry.record.is_alive else f"silent{detail}"
    return feeds


def _bars(tail: Iterable[Entry]) -> Iterator[tuple[int, int]]:
    """When bars closed, and when that was heard."""
    for entry in tail:
        record = entry.record
        if isinstance(record, Heard) and isinstance(record.event, BarsClosed):
            yield record.event.time.close_ts, entry.ts


def _latency(tail: Sequence[Entry]) -> Latency | None:
    """Warm-up bars, told long after their close, do not count."""
    found = [(ts - close_ts) / _NS for close_ts, ts in _bars(tail)]
    fresh = [seconds for seconds in found if 0.0 <= seconds < 600.0]
    if not fresh:
        return None
    ordered = sorted(fresh)
    middle = ordered[len(ordered) // 2]
    return Latency(len(fresh), middle, ordered[-1], fresh[-1], _to_order(tail))


def _to_order(tail: Iterable[Entry]) -> float | None:
    """From the last decision that led to a request to that request."""
    heard, found = None, None
    for entry in tail:
        record = entry.record
        if isinstance(record, Heard) and isinstance(record.event, BarsClosed):
            heard = entry.wall_ts
        elif isinstance(record, Sending) and heard is not None:
            found, heard = (entry.wall_ts - heard) / _NS, None
    return found


def _protection(ledger: Ledger, run: str) -> Protection:
    rows = ledger.rows(COVERAGE, run)
    return Protection(
        covered_s=sum(one.covered_s for one in rows),
        exposed_s=sum(one.exposed_s for one in rows),
        uncoverable_s=sum(one.uncoverable_s for one in rows),
        longest_s=max((one.longest_s for one in rows), default=0.0),
    )


def _day(ts: int) -> date:
    return datetime.fromtimestamp(ts // _NS, UTC).astimezone(_ET).date()
