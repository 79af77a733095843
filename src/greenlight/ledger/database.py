"""A database opened so that what is committed stays: SQLite in one file, or PostgreSQL."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, create_engine, event, text
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    InternalError,
    OperationalError,
    SQLAlchemyError,
)

from greenlight.domain import HaltError, RetryError, UserError

_BUSY_MS = 5_000
#: A process that is frozen in the midst of a transaction must not keep its locks for ever.
_SESSION = "-c synchronous_commit=on -c lock_timeout=5s -c idle_in_transaction_session_timeout=30s"
_LOCK = 7_330_571_462_318_921_000  # any number that nobody else locks in this database
_WRITES = {"writes": True}


class AwayError(RetryError):
    """The database cannot be reached or does not take anything now; it may come back."""


class Database:
    """An engine and what is special about where it points."""

    def __init__(self, engine: Engine, path: Path | None, shown: str) -> None:
        self.engine = engine
        self.path = path
        self.shown = shown
        self._inode = -1

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of our own."""
        return self.path is not None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that changes nothing. Raises AwayError."""
        with _told(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is committed at its end, or not at all. Raises AwayError.

        When the commit itself fails, nobody knows whether it was done.
        """
        with (
            _told(),
            self.engine.connect().execution_options(**_WRITES) as connection,
            connection.begin(),
        ):
            self._check_place()
            yield connection

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """A transaction that waits until no other of its kind is under way. Raises AwayError."""
        with self.writing() as connection:
            if not self.is_sqlite:  # which has one writer at a time anyway
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            yield connection

    def check_there(self, *_: object) -> None:
        """A file that was there and is gone is not made anew, empty. Raises AwayError."""
        if self.path is not None and self._inode != -1 and not self.path.exists():
            raise AwayError(f"{self.path}: is gone")

    def remember_place(self) -> None:
        """From now on the file must be the one that is there now."""
        if self.path is not None:
            self._inode = self.path.stat().st_ino

    def _check_place(self) -> None:
        """A file that was moved away would take what is written with it, and nobody would know."""
        if self.path is None or self._inode == -1:
            return
        try:
            inode = self.path.stat().st_ino
        except OSError as error:
            raise AwayError(f"{self.path}: {error.strerror}") from error
        if inode != self._inode:
            self.engine.dispose()
            self._inode = inode
            raise AwayError(f"{self.path}: another file is in its place")

    def close(self) -> None:
        """Give up all connections."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """Open by URL; nothing is read yet. Raises UserError for one that cannot keep a journal."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UserError(
            "ledger: its URL is none; write sqlite:///greenlight.db or postgresql://user@host/name"
        ) from error
    match parsed.get_backend_name():
        case "sqlite":
            return _open_sqlite(parsed)
        case "postgresql":
            return _open_postgres(parsed)
    shown = parsed.render_as_string(hide_password=True)
    raise UserError(f"ledger {shown}: only sqlite:/// and postgresql:// can keep the journal")


def _open_sqlite(url: URL) -> Database:
    name = url.database or ""
    if name in ("", ":memory:") or name.startswith("file:"):
        raise UserError(
            f"ledger sqlite:///{name}: forgets everything with the process; name a file, "
            "as in sqlite:///greenlight.db"
        )
    path = Path(name).expanduser().absolute()
    _check_writable(path)
    engine = create_engine(url.set(drivername="sqlite+pysqlite", database=str(path), query={}))
    database = Database(engine, path, f"sqlite:///{path}")
    event.listen(engine, "do_connect", database.check_there)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return database


def _check_writable(path: Path) -> None:
    folder = path.parent
    if not folder.is_dir():
        raise UserError(f"ledger {path}: there is no folder {folder}; create it or name another")
    if path.is_dir():
        raise UserError(f"ledger {path}: is a folder; name a file")
    if not os.access(folder, os.W_OK | os.X_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise UserError(
            f"ledger {path}: may not be written here; change its rights or name another"
        )


def _prepare_sqlite(connection: Any, _: object) -> None:  # noqa: ANN401  # the driver's own
    """Full durability; the driver's own transactions are switched off, see `_begin_sqlite`."""
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {_BUSY_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Whoever will write says so at once, so that two writers wait instead of failing late."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _open_postgres(url: URL) -> Database:
    shown = url.render_as_string(hide_password=True)
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": 5,
                "keepalives_idle": 5,
                "keepalives_interval": 2,
                "keepalives_count": 3,
                "tcp_user_timeout": 10_000,
                "application_name": "greenlight",
                "options": f"{url.query.get('options', '')} {_SESSION}".strip(),
            },
        )
    except ModuleNotFoundError as error:
        raise UserError(
            f"ledger {shown}: needs the driver; pip install 'greenlight[postgres]'"
        ) from error
    return Database(engine, None, shown)


@contextmanager
def _told() -> Iterator[None]:
    """Turn what may pass into AwayError, and what will not into HaltError."""
    try:
        yield
    except (OperationalError, InterfaceError, InternalError) as error:
        raise AwayError(first_line(error)) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise AwayError(first_line(error)) from error
        raise HaltError(f"database: {first_line(error)}") from error


def first_line(error: SQLAlchemyError) -> str:
    """What the database said, in one line."""
    said = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    return said.strip().partition("\n")[0]
