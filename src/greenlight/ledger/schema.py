"""The tables: what is written once, and the views made of it."""

import typing

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, Table, Text

from greenlight.ledger.columns import Document, Words, column_of
from greenlight.ledger.views import DECISIONS, FILLS, ORDERS, VIEWS, View

METADATA = MetaData()

#: Every record of every run, in order; nothing here is ever changed.
JOURNAL = Table(
    "journal",
    METADATA,
    Column("run", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("ts", BigInteger, nullable=False),
    Column("wall_ts", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("mac", Text, nullable=False),
    Column("account", Text, nullable=False),
)

#: How far each run's chain of seals has come, sealed itself, so that a missing tail shows.
HEADS = Table(
    "heads",
    METADATA,
    Column("run", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("account", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("mac", Text, nullable=False),
    Column("seal", Text, nullable=False),
)

#: One row: how many runs there are, sealed, so that a missing run shows; and whose key it is.
BOOK = Table(
    "book",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("key_id", Text, nullable=False),
    Column("runs", BigInteger, nullable=False),
    Column("link", Text, nullable=False),
    Column("seal", Text, nullable=False),
)

#: Who may write and send for an account; the fence only rises.
LEASES = Table(
    "leases",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("fence", BigInteger, nullable=False),
    Column("holder", Text, nullable=False),
    Column("taken_ts", BigInteger, nullable=False),
    Column("beat_ts", BigInteger, nullable=False),
    Column("is_held", Boolean, nullable=False),
)

#: Backtests and what became of them.
BACKTESTS = Table(
    "backtests",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("title", Words, nullable=False),
    Column("verdict", Words, nullable=False),
    Column("path", Words, nullable=False),
    Column("metrics", Document, nullable=False),
)


def _table_of(view: View[typing.Any]) -> Table:
    hints = typing.get_type_hints(view.kind)
    columns = [column_of(n, hint, is_key=n in view.key) for n, hint in hints.items()]
    return Table(view.name, METADATA, *columns)


#: The table of each view by its name.
TABLES = {view.name: _table_of(view) for view in VIEWS}

Index("heads_number", HEADS.c.number, unique=True)
Index("backtests_key", BACKTESTS.c.key, unique=True)
Index("orders_state", TABLES[ORDERS.name].c.run, TABLES[ORDERS.name].c.state)
Index("fills_instrument", TABLES[FILLS.name].c.run, TABLES[FILLS.name].c.instrument)
Index("decisions_instrument", TABLES[DECISIONS.name].c.run, TABLES[DECISIONS.name].c.instrument)
