"""Runs, halts, approvals, heartbeats and coverage: how the bot itself is doing."""

from dataclasses import replace

from greenlight.ledger.records import (
    ApprovalAsked,
    ApprovalGiven,
    Beat,
    Covered,
    Entry,
    Halted,
    KillChecked,
    Killed,
    Resumed,
    RunBegan,
    Started,
    Stopped,
)
from greenlight.ledger.views.rows import (
    APPROVALS,
    COVERAGE,
    HALTS,
    HEARTBEATS,
    RUNS,
    ApprovalRow,
    CoverageRow,
    HaltRow,
    HeartbeatRow,
    Rows,
    RunRow,
)
from greenlight.ledger.views.trading import exact, side_name


def project_run(entry: Entry, record: RunBegan | Started | Stopped, rows: Rows) -> None:
    """A run began, was taken up by a process, or laid down."""
    if isinstance(record, RunBegan):
        rows.put(RUNS, _began(entry, record))
        return
    row = rows.get(RUNS, entry.run)
    if row is None:
        return
    match record:
        case Started():
            row = replace(row, state="running", fence=record.fence, holder=record.holder, why="")
        case Stopped():
            row = replace(row, state="stopped", why=record.why)
    rows.put(RUNS, row)


def project_halt(entry: Entry, record: Halted | Resumed | Killed | KillChecked, rows: Rows) -> None:
    """Entries were stopped or allowed again."""
    run = rows.get(RUNS, entry.run)
    match record:
        case Halted():
            told = ("halted", record.by, record.why)
        case Killed():
            told = ("killed", record.by, record.why)
        case Resumed():
            told = ("resumed", record.by, "")
        case KillChecked():
            left = [*record.orders, *record.positions]
            found = "flat" if record.flat else f"not flat: {', '.join(left)}"
            told = ("checked", "kill", f"{found}; {record.detail}" if record.detail else found)
    rows.put(HALTS, HaltRow(entry.run, entry.seq, entry.ts, *told))
    if run is None or isinstance(record, KillChecked):
        return
    stays = not isinstance(record, Resumed)
    is_killed = stays and (run.is_killed or isinstance(record, Killed))
    rows.put(RUNS, replace(run, is_halted=stays, is_killed=is_killed))


def project_approval(entry: Entry, record: ApprovalAsked | ApprovalGiven, rows: Rows) -> None:
    """An entry waits for a person, or no longer; what was decided once stays so."""
    if isinstance(record, ApprovalAsked):
        rows.put(APPROVALS, _asked(entry, record))
        return
    row = rows.get(APPROVALS, entry.run, record.id)
    if row is None or row.state != "waiting":
        return
    state = "expired" if record.expired else "approved" if record.approved else "rejected"
    rows.put(APPROVALS, replace(row, state=state, by=record.by, decided_ts=entry.ts))


def project_beat(entry: Entry, beat: Beat, rows: Rows) -> None:
    """A sign of life."""
    where = (entry.run, entry.seq, entry.ts, entry.wall_ts)
    rows.put(HEARTBEATS, HeartbeatRow(*where, beat.equity, beat.cash, dict(beat.lags)))


def project_coverage(entry: Entry, record: Covered, rows: Rows) -> None:
    """How well a position was protected."""
    row = CoverageRow(
        run=entry.run,
        seq=entry.seq,
        instrument=record.instrument,
        since=record.since,
        until=record.until,
        covered_s=record.covered_s,
        exposed_s=record.exposed_s,
        uncoverable_s=record.uncoverable_s,
        longest_s=record.longest_s,
    )
    rows.put(COVERAGE, row)


def _began(entry: Entry, began: RunBegan) -> RunRow:
    return RunRow(
        run=entry.run,
        account=began.account,
        broker=began.broker,
        mode=str(began.mode),
        began_ts=entry.ts,
        began_wall_ts=entry.wall_ts,
        cash=exact(began.cash),
        symbols=began.symbols,
        code_version=began.code_version,
        state="began",
        is_halted=False,
        is_killed=False,
        fence=0,
        holder="",
        why="",
    )


def _asked(entry: Entry, asked: ApprovalAsked) -> ApprovalRow:
    return ApprovalRow(
        run=entry.run,
        id=asked.id,
        instrument=asked.instrument,
        side=side_name(asked.side),
        quantity=asked.quantity,
        price=asked.price,
        asked_ts=entry.ts,
        expires_ts=asked.expires_ts,
        state="waiting",
        by="",
        decided_ts=None,
    )
