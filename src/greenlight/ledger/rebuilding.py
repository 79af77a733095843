"""The views made again from the journal alone."""

from sqlalchemy import select, text

from greenlight.ledger.database import Database
from greenlight.ledger.lines import Line, entry_of
from greenlight.ledger.projection import StoredRows, empty_views
from greenlight.ledger.schema import HEADS, JOURNAL
from greenlight.ledger.views import project

_AT_ONCE = 1_000


def rebuild_views(database: Database) -> int:
    """Empty the views and project every entry of every run; how many there were.

    One transaction: whoever reads sees the old rows or the new ones, whoever writes waits.
    """
    rows = StoredRows()
    count = 0
    with database.writing() as connection:
        if not database.is_sqlite:
            connection.execute(text(f"LOCK TABLE {HEADS.name}, {JOURNAL.name} IN EXCLUSIVE MODE"))
        empty_views(connection)
        rows.use(connection)
        for run in connection.execute(select(HEADS.c.run).order_by(HEADS.c.number)).scalars().all():
            seq = 0
            while True:
                query = (
                    select(*[JOURNAL.c[name] for name in Line.__slots__])
                    .where((JOURNAL.c.run == run) & (JOURNAL.c.seq > seq))
                    .order_by(JOURNAL.c.seq)
                    .limit(_AT_ONCE)
                )
                lines = [Line(**row._mapping) for row in connection.execute(query)]
                for line in lines:
                    project(entry_of(line), rows)
                rows.flush()
                count += len(lines)
                if len(lines) < _AT_ONCE:
                    break
                seq = lines[-1].seq
    return count
