"""Bringing a database's tables to the form that this version knows; never the other way by itself.

The version is read first without alembic, which takes a second to load.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from greenlight.domain import UserError
from greenlight.ledger.database import Database
from greenlight.ledger.schema import JOURNAL

#: Every form there was, oldest first; the last is ours.
REVISIONS = ("0001", "0002")
_VERSION_TABLE = "greenlight_version"


def bring_up(database: Database) -> bool:
    """Upgrade where needed, and say whether there was anything to upgrade from.

    Raises UserError for a database that a newer version, or another program, has written.
    """
    with database.reading() as connection:
        found = _version(connection, database.shown)
    if found == REVISIONS[-1]:
        return False
    with database.alone() as connection:
        found = _version(connection, database.shown)
        if found == REVISIONS[-1]:
            return False
        migrate(connection, REVISIONS[-1])
    return found != ""


def migrate(connection: Connection, revision: str) -> None:
    """Step up or down to a revision ("base": no tables) in the connection's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option(
        "script_location", str(Path(__file__).parent / "migrations").replace("%", "%%")
    )
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    found = _version(connection, "")
    is_up = revision != "base" and (found == "" or revision > found)
    (command.upgrade if is_up else command.downgrade)(config, revision)


def _version(connection: Connection, shown: str) -> str:
    """The revision of the tables, "" where there are none."""
    tables = inspect(connection)
    if not tables.has_table(_VERSION_TABLE):
        if tables.has_table(JOURNAL.name):
            raise UserError(f"ledger {shown}: holds tables of another program; name another one")
        return ""
    found = connection.execute(text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar()  # noqa: S608  # our own name
    if found is not None and found not in REVISIONS:
        raise UserError(
            f"ledger {shown}: was written by a newer Greenlight (form {found}, known is up to "
            f"{REVISIONS[-1]}); upgrade Greenlight, nothing was changed"
        )
    return str(found or "")
