"""The ledger: one database with the journal of every run, its views, leases and backtests."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy.dialects import postgresql, sqlite

from greenlight.domain import HaltError, UserError
from greenlight.ledger import leases
from greenlight.ledger.database import AwayError, Database, open_database
from greenlight.ledger.journal import Clocks, Pace, RunJournal
from greenlight.ledger.leases import Claim, Lease, LeaseRow
from greenlight.ledger.lines import Line, Place, entry_of, line_of
from greenlight.ledger.pen import Pen
from greenlight.ledger.reading import (
    BacktestRow,
    RunSummary,
    check_lines,
    head_of,
    read_backtests,
    read_lines,
    read_rows,
    read_summaries,
)
from greenlight.ledger.rebuilding import rebuild_views
from greenlight.ledger.records import Entry, RunBegan
from greenlight.ledger.schema import BACKTESTS
from greenlight.ledger.seals import add_head, find_book, key_id, open_book
from greenlight.ledger.transfer import import_lines
from greenlight.ledger.upgrading import bring_up
from greenlight.ledger.verifying import Finding, verify_all
from greenlight.ledger.views import View
from greenlight.ledger.views.rows import RowT

#: Finds the key; told whether the ledger is new, since only then a key may be made.
KeySource = Callable[[bool], bytes]


@dataclass(frozen=True, slots=True)
class BacktestDone:
    """A backtest to be registered: its identity, and what came of it."""

    key: str
    title: str
    verdict: str
    path: str
    metrics: Mapping[str, Any]


class Ledger:
    """An open ledger. Every method may raise RetryError while the database is away."""

    def __init__(self, database: Database, key: bytes | None) -> None:
        self._database, self._key = database, key

    @classmethod
    def open(cls, url: str, key: bytes | KeySource | None, *, make: bool = True) -> Self:
        """Open, and bring the tables to this version's form.

        key: what entries are sealed with, or who finds it (`load_key`); None: for reading only.
        make: begin a new ledger where there is none and a key is given. Raises UserError for a
        database that forgets, cannot be reached or written, or is newer than this version, and for
        a key that is not the ledger's.
        """
        database = open_database(url)
        must_be = key is None or not make
        if must_be and database.path is not None and not database.path.exists():
            raise _none_there(database)
        try:
            if bring_up(database):
                rebuild_views(database)
            if key is not None:
                with database.alone() as connection:
                    is_new = find_book(connection) is None
                    if is_new and must_be:
                        raise _none_there(database)
                    key = key(is_new) if callable(key) else key
                    open_book(connection, key)
            database.remember_place()
        except (AwayError, HaltError) as error:
            database.close()
            raise UserError(f"ledger {database.shown}: cannot be opened ({error})") from error
        except UserError:
            database.close()
            raise
        return cls(database, key)

    def close(self) -> None:
        """Give up all connections; journals are closed before."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def shown(self) -> str:
        """Where it is, without passwords."""
        return self._database.shown

    @property
    def key_id(self) -> str:
        """A name for the key that entries are sealed with, which does not give it away."""
        return key_id(self._key_to_write())

    # who may write

    def take_lease(self, claim: Claim) -> Lease:
        """Take an account. Raises UserError, saying who, where somebody alive holds it."""
        with self._database.writing() as connection:
            return leases.take(connection, claim)

    def beat(self, lease: Lease, wall_ts: int) -> bool:
        """Show that a holder without a journal lives; False where the lease is lost."""
        with self._database.writing() as connection:
            return leases.beat(connection, lease, wall_ts)

    def release(self, lease: Lease) -> None:
        """Give an account up."""
        with self._database.writing() as connection:
            leases.release(connection, lease)

    def lease_of(self, account: str) -> LeaseRow | None:
        """Who has, or last had, an account; None if nobody ever."""
        with self._database.reading() as connection:
            return leases.find(connection, account)

    # writing

    def begin_run(
        self, began: RunBegan, lease: Lease, clocks: Clocks, pace: Pace | None = None
    ) -> RunJournal:
        """Begin a run; `began` is its entry 1, and on disk.

        Raises LeaseError where the lease is lost, UserError for a run that is there already.
        """
        key = self._key_to_write()
        wall_ts = clocks.wall()
        place = Place(began.run, began.account, 1, clocks.now(), wall_ts)
        line = line_of(place, began)
        with self._database.writing() as connection:
            head = add_head(connection, key, began.run, began.account, key_id(key))
            pen = Pen(self._database, key, lease, head)
            pen.write_first(connection, (line, entry_of(line)), wall_ts)
        return self._journal(pen, (began.run, began.account), clocks, pace)

    def resume_run(
        self, run: str, lease: Lease, clocks: Clocks, pace: Pace | None = None
    ) -> RunJournal:
        """Go on with a run where it stopped.

        Raises UserError for a run that is not there, is another account's, or was sealed with
        another key.
        """
        key = self._key_to_write()
        head = head_of(self._database, run)
        if head.account != lease.account:
            raise UserError(f"run {run} is of account {head.account}, not {lease.account}")
        if head.key_id != key_id(key):
            raise UserError(f"run {run} was imported, sealed with another key; begin a new run")
        pen = Pen(self._database, key, lease, head)
        return self._journal(pen, (run, head.account), clocks, pace)

    def register_backtest(self, done: BacktestDone, wall_ts: int) -> None:
        """Put a backtest into the register; the same one again replaces what was known of it."""
        insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        values = {name: getattr(done, name) for name in BacktestDone.__slots__}
        statement = insert(BACKTESTS).values(created=wall_ts, **values)
        rest = {name: statement.excluded[name] for name in (*values, "created") if name != "key"}
        with self._database.writing() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=rest))

    def rebuild(self) -> int:
        """Empty the views and make them again; how many entries they were made of."""
        return rebuild_views(self._database)

    # reading

    def runs(self, account: str | None = None) -> list[RunSummary]:
        """Every run, or those of an account, in the order in which they began."""
        return read_summaries(self._database, account)

    def latest_run(self, account: str) -> RunSummary | None:
        """The run of an account that began last."""
        runs = self.runs(account)
        return runs[-1] if runs else None

    def read(self, run: str, from_seq: int = 1) -> Iterator[Entry]:
        """Entries of a run in order. Raises UserError where there is no such run."""
        return (entry_of(line) for line in self.lines(run, from_seq))

    def lines(self, run: str, from_seq: int = 1) -> Iterator[Line]:
        """The same as they are stored."""
        return read_lines(self._database, run, from_seq, head_of(self._database, run).count)

    def sealed_by(self, run: str) -> str:
        """The name of the key that a run's entries were sealed with."""
        return head_of(self._database, run).key_id

    def rows(self, view: View[RowT], run: str | None = None, last: int | None = None) -> list[RowT]:
        """Rows of a view (`greenlight.ledger.POSITIONS` ...); `last`: only the newest."""
        return read_rows(self._database, view, run, last)

    def backtests(self) -> list[BacktestRow]:
        """Every backtest that was registered, oldest first."""
        return read_backtests(self._database)

    def verify(self) -> list[Finding]:
        """What was found of each run, and of the book; see `Finding.is_whole`."""
        return verify_all(self._database, self._key_to_write())

    def import_run(self, lines: Sequence[Line], own: str) -> None:
        """Take in a run that was exported; see `transfer`."""
        import_lines(self._database, self._key_to_write(), lines, own)

    def _key_to_write(self) -> bytes:
        if self._key is None:
            raise UserError(f"ledger {self.shown}: was opened without its key, for reading only")
        return self._key

    def _journal(
        self, pen: Pen, where: tuple[str, str], clocks: Clocks, pace: Pace | None
    ) -> RunJournal:
        key, count, run = self._key_to_write(), pen.count, where[0]

        def read() -> list[Entry]:
            lines = read_lines(self._database, run, 1, count)
            entries = [entry_of(line) for line in check_lines(key, lines)]
            if len(entries) != count:
                raise HaltError(f"run {run}: {len(entries)} of {count} entries are left")
            return entries

        return RunJournal(where, pen, clocks, read, Pace() if pace is None else pace)


def _none_there(database: Database) -> UserError:
    return UserError(f"{database.shown}: no ledger there yet; greenlight paper begins one")
