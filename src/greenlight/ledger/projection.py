"""Views in the database: the projector's rows, read once and written together."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, and_, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import Executable

from greenlight.ledger.schema import TABLES
from greenlight.ledger.views import VIEWS, View
from greenlight.ledger.views.rows import RowT

_MOST_KEPT = 20_000


class StoredRows:
    """`views.Rows` on a connection; nothing is written before `flush`."""

    def __init__(self) -> None:
        self._connection: Connection | None = None
        self._kept: dict[tuple[object, ...], Any] = {}
        self._changed: dict[str, dict[tuple[object, ...], Any]] = {}

    def use(self, connection: Connection) -> None:
        """Read and write through this connection from now on."""
        self._connection = connection

    def forget(self) -> None:
        """Drop what was kept: it may not be what is stored."""
        self._kept.clear()
        self._changed.clear()

    def get(self, view: View[RowT], *key: object) -> RowT | None:
        """The row of that key, as it will be."""
        known: RowT | None = self._kept.get((view.name, *key))
        if known is not None or self._connection is None:
            return known
        values = dict(zip(view.key, key, strict=True))
        found = self._connection.execute(_lookup(view.name, view.key), values).one_or_none()
        if found is None:
            return None
        row = view.kind(**found._mapping)
        self._kept[(view.name, *key)] = row
        return row

    def put(self, view: View[RowT], row: RowT) -> None:
        """Add a row, or replace the one of the same key, with the next flush."""
        key = view.key_of(row)
        if view.is_kept:
            self._kept[(view.name, *key)] = row
        self._changed.setdefault(view.name, {})[key] = row

    def flush(self) -> None:
        """Write what was put."""
        assert self._connection is not None  # noqa: S101  # `use` comes first
        dialect = self._connection.dialect.name
        for view in VIEWS:
            rows = self._changed.pop(view.name, {})
            if rows:
                values = [_values(view, row) for row in rows.values()]
                self._connection.execute(_upsert(view.name, view.key, dialect), values)
        if len(self._kept) > _MOST_KEPT:
            self._kept.clear()


def empty_views(connection: Connection) -> None:
    """Delete every row of every view."""
    for view in VIEWS:
        connection.execute(delete(TABLES[view.name]))


def _values(view: View[RowT], row: RowT) -> dict[str, object]:
    return {column.name: getattr(row, column.name) for column in TABLES[view.name].columns}


@cache
def _lookup(name: str, key: Sequence[str]) -> Executable:
    table = TABLES[name]
    return select(table).where(and_(*[table.c[column] == bindparam(column) for column in key]))


@cache
def _upsert(name: str, key: Sequence[str], dialect: str) -> Executable:
    table: Table = TABLES[name]
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(table)
    rest = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in key}
    return statement.on_conflict_do_update(index_elements=list(key), set_=rest)
