"""From an entry to the rows it changes: a function of the entry and the rows alone."""

from greenlight.ledger.records import (
    Answered,
    ApprovalAsked,
    ApprovalGiven,
    Beat,
    Covered,
    Decided,
    Entry,
    Halted,
    Heard,
    KillChecked,
    Killed,
    Reported,
    Resumed,
    RunBegan,
    Sending,
    Started,
    Stopped,
)
from greenlight.ledger.views.conduct import (
    project_approval,
    project_beat,
    project_coverage,
    project_halt,
    project_run,
)
from greenlight.ledger.views.orders import project_answered, project_reported, project_sending
from greenlight.ledger.views.rows import Rows
from greenlight.ledger.views.trading import project_decided, project_heard


def project(entry: Entry, rows: Rows) -> None:
    """Bring the views up to date with an entry; records that no view shows change nothing."""
    match entry.record:
        case Heard() as heard:
            project_heard(entry, heard, rows)
        case Decided() as decided:
            project_decided(entry, decided, rows)
        case Sending() as sending:
            project_sending(entry, sending, rows)
        case Answered() as answer:
            project_answered(entry, answer, rows)
        case Reported() as reported:
            project_reported(entry, reported, rows)
        case RunBegan() | Started() | Stopped() as record:
            project_run(entry, record, rows)
        case Halted() | Resumed() | Killed() | KillChecked() as record:
            project_halt(entry, record, rows)
        case ApprovalAsked() | ApprovalGiven() as record:
            project_approval(entry, record, rows)
        case Beat() as beat:
            project_beat(entry, beat, rows)
        case Covered() as covered:
            project_coverage(entry, covered, rows)
