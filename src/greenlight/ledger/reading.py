"""Reading the ledger: lines of the journal, rows of the views. Nothing here changes anything."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from greenlight.domain import HaltError, UserError
from greenlight.ledger.database import Database
from greenlight.ledger.lines import FIRST_MAC, Line, mac_of
from greenlight.ledger.schema import BACKTESTS, HEADS, JOURNAL, TABLES
from greenlight.ledger.seals import Head, find_head
from greenlight.ledger.views import RUNS, RunRow, View
from greenlight.ledger.views.rows import RowT

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run, how many entries it has, and when the last was written (the run's clock, and ours)."""

    run: RunRow
    entries: int
    last_ts: int
    last_wall_ts: int


@dataclass(frozen=True, slots=True)
class BacktestRow:
    """A backtest: `key` is its identity, `created` ns UTC, `path` where its report is."""

    id: int
    key: str
    created: int
    title: str
    verdict: str
    path: str
    metrics: Any


def read_lines(
    database: Database, run: str, from_seq: int = 1, to_seq: int | None = None
) -> Iterator[Line]:
    """Lines of a run in order, a few hundred at a time: no transaction is held in between."""
    names = [JOURNAL.c[name] for name in Line.__slots__]
    query = select(*names).where(JOURNAL.c.run == run).order_by(JOURNAL.c.seq).limit(_AT_ONCE)
    while to_seq is None or from_seq <= to_seq:
        with database.reading() as connection:
            found = connection.execute(query.where(JOURNAL.c.seq >= from_seq)).all()
        lines = [Line(**row._mapping) for row in found]
        yield from (line for line in lines if to_seq is None or line.seq <= to_seq)
        if len(lines) < _AT_ONCE:
            return
        from_seq = lines[-1].seq + 1


def check_lines(key: bytes, lines: Iterator[Line]) -> Iterator[Line]:
    """The same lines as long as they are whole. Raises HaltError at the first that is not."""
    previous, expected = FIRST_MAC, 1
    for line in lines:
        if line.seq != expected or line.mac != mac_of(key, previous, line):
            raise HaltError(
                f"run {line.run}: entry {expected} was changed or is missing; "
                "greenlight ledger verify says more; the run cannot go on"
            )
        yield line
        previous, expected = line.mac, expected + 1


def read_rows(
    database: Database, view: View[RowT], run: str | None = None, last: int | None = None
) -> list[RowT]:
    """Rows of a view by key, of one run or of all; `last`: only so many, the newest."""
    table = TABLES[view.name]
    keys = [table.c[name] for name in view.key]
    query = select(table)
    if run is not None:
        query = query.where(table.c.run == run)
    if last is not None:
        query = query.order_by(*[key.desc() for key in keys]).limit(last)
    else:
        query = query.order_by(*keys)
    with database.reading() as connection:
        rows = [view.kind(**row._mapping) for row in connection.execute(query)]
    return rows if last is None else rows[::-1]


def read_summaries(database: Database, account: str | None = None) -> list[RunSummary]:
    """Every run, or those of an account, in the order in which they began."""
    runs = TABLES[RUNS.name]
    head, last = HEADS.c, JOURNAL.c
    at_end = (last.run == head.run) & (last.seq == head.count)
    query = (
        select(
            runs, head.count.label("_entries"), last.ts.label("_ts"), last.wall_ts.label("_wall")
        )
        .join(HEADS, head.run == runs.c.run)
        .outerjoin(JOURNAL, at_end)  # a run whose end is missing is a run
        .order_by(head.number)
    )
    if account is not None:
        query = query.where(runs.c.account == account)
    with database.reading() as connection:
        found = [dict(row._mapping) for row in connection.execute(query)]
    return [
        RunSummary(
            entries=row.pop("_entries"),
            last_ts=row.pop("_ts") or 0,
            last_wall_ts=row.pop("_wall") or 0,
            run=RunRow(**row),
        )
        for row in found
    ]


def read_backtests(database: Database) -> list[BacktestRow]:
    """Every backtest, oldest first."""
    with database.reading() as connection:
        rows = connection.execute(select(BACKTESTS).order_by(BACKTESTS.c.id))
        return [BacktestRow(**row._mapping) for row in rows]


def head_of(database: Database, run: str) -> Head:
    """How far a run has come. Raises UserError where there is none of that name."""
    with database.reading() as connection:
        head = find_head(connection, run)
    if head is None:
        raise UserError(f"no run {run} in {database.shown}; greenlight ledger runs lists them")
    return head
