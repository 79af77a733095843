"""Writes lines: sealed, fenced, in their place, with the views; all in one transaction or none."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, insert

from greenlight.domain import HaltError, LeaseError
from greenlight.ledger import leases
from greenlight.ledger.database import AwayError, Database
from greenlight.ledger.leases import Lease
from greenlight.ledger.lines import Line, seal_line
from greenlight.ledger.projection import StoredRows
from greenlight.ledger.records import Entry
from greenlight.ledger.schema import JOURNAL
from greenlight.ledger.seals import Head, find_head, head_seal, move_head
from greenlight.ledger.views import project

_INSERT = insert(JOURNAL)
#: A line and the entry that it is of, so that nothing is decoded that was just encoded.
Written = tuple[Line, Entry]


class Pen:
    """Writes at the end of one run, for whoever holds its account's lease."""

    def __init__(self, database: Database, key: bytes, lease: Lease, head: Head) -> None:
        self._database, self._key, self._lease = database, key, lease
        self._head = head
        self._rows = StoredRows()

    @property
    def count(self) -> int:
        """How many lines are on disk."""
        return self._head.count

    def write(self, written: Sequence[Written], wall_ts: int) -> None:
        """Write all of them or none. Raises AwayError, after which the same must be tried again.

        Raises LeaseError where somebody else holds the account, HaltError where the run on disk is
        not what was written.
        """
        lines = self._sealed([line for line, _ in written])
        try:
            with self._database.writing() as connection:
                self._check_lease(connection, wall_ts)
                self._put(connection, lines, [entry for _, entry in written])
        except (AwayError, HaltError):
            self._rows.forget()
            raise
        self._advance(lines[-1])

    def write_first(self, connection: Connection, written: Written, wall_ts: int) -> None:
        """Write a run's first line in the transaction that makes its head. Raises LeaseError."""
        self._check_lease(connection, wall_ts)
        (line,) = self._sealed([written[0]])
        self._put(connection, [line], [written[1]])
        self._advance(line)

    def beat(self, wall_ts: int) -> None:
        """Show that we live. Raises AwayError or LeaseError."""
        with self._database.writing() as connection:
            self._check_lease(connection, wall_ts)

    def _put(self, connection: Connection, lines: Sequence[Line], entries: Sequence[Entry]) -> None:
        last = lines[-1]
        if not move_head(connection, self._key, self._head, last.seq, last.mac):
            self._check_written(connection, last)
            return
        names = Line.__slots__
        rows = [{name: getattr(line, name) for name in names} for line in lines]
        connection.execute(_INSERT, rows)
        self._rows.use(connection)
        for entry in entries:
            project(entry, self._rows)
        self._rows.flush()

    def _advance(self, last: Line) -> None:
        sealed = head_seal(self._key, last.run, last.seq, last.mac)
        self._head = replace(self._head, count=last.seq, mac=last.mac, seal=sealed)

    def _check_lease(self, connection: Connection, wall_ts: int) -> None:
        if leases.beat(connection, self._lease, wall_ts):
            return
        row = leases.find(connection, self._lease.account)
        now = "nobody" if row is None else f"{row.holder} (fence {row.fence})"
        raise LeaseError(
            f"account {self._lease.account}: lease {self._lease.fence} is lost, {now} has it"
        )

    def _check_written(self, connection: Connection, last: Line) -> None:
        """A commit whose answer was lost has written these lines; anything else is foreign."""
        found = find_head(connection, last.run)
        if found is None or (found.count, found.mac) != (last.seq, last.mac):
            count = "no" if found is None else str(found.count)
            raise HaltError(
                f"run {last.run}: {count} entries on disk where {self._head.count} were written; "
                "the database was changed or put back from a copy"
            )

    def _sealed(self, lines: Sequence[Line]) -> list[Line]:
        previous, sealed = self._head.mac, []
        for line in lines:
            sealed.append(seal_line(self._key, previous, line))
            previous = sealed[-1].mac
        return sealed
