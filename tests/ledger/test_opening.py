import os
import sqlite3
import sys
from contextlib import closing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from ledger_scenes import KEY, busy_day, opened, texts, word, write
from sqlalchemy import inspect, text
from test_rebuilding import everything

from greenlight.domain import UserError
from greenlight.ledger import BacktestDone, Ledger
from greenlight.ledger.database import open_database
from greenlight.ledger.schema import METADATA
from greenlight.ledger.upgrading import REVISIONS, migrate

VERSION = {"version_table": "greenlight_version"}


def refused(url: str) -> str:
    with pytest.raises(UserError) as caught:
        Ledger.open(url, KEY)
    said = str(caught.value)
    assert "\n" not in said
    return said


def test_the_migrated_tables_are_those_the_code_writes(url):
    with opened(url) as ledger, ledger._database.reading() as connection:
        context = MigrationContext.configure(connection, opts=VERSION)
        assert compare_metadata(context, METADATA) == []


def test_up_and_down_and_up_again_with_data_in_it_nothing_of_the_journal_is_lost(url):
    with opened(url) as ledger:
        write(ledger, busy_day(5))
        ledger.register_backtest(BacktestDone("k", "t", "v", "p", {}), 1)
        before, lines = everything(ledger), list(ledger.lines("r1"))
        assert before["coverage"]
        with ledger._database.writing() as connection:
            migrate(connection, REVISIONS[0])
            tables = set(inspect(connection).get_table_names())
            assert tables.isdisjoint({"coverage", "backtests"})
            assert "journal" in tables
    with opened(url) as ledger:
        assert list(ledger.lines("r1")) == lines
        assert everything(ledger) == before
        assert ledger.backtests() == []
        assert all(finding.is_whole for finding in ledger.verify())
        write(ledger, [word("on")], "r2")


def test_down_to_nothing_leaves_nothing(url):
    with opened(url) as ledger, ledger._database.writing() as connection:
        migrate(connection, "base")
        assert set(inspect(connection).get_table_names()) == {"greenlight_version"}
    with opened(url) as ledger:
        assert ledger.runs() == []


def test_a_step_that_fails_leaves_the_tables_as_they_were(url):
    database = open_database(url)
    with database.writing() as connection:
        migrate(connection, REVISIONS[0])
        connection.execute(text("CREATE TABLE coverage (x INTEGER)"))
    assert "cannot be opened" in refused(url)
    with database.reading() as connection:
        found = connection.execute(text("SELECT version_num FROM greenlight_version")).scalar()
        assert not inspect(connection).has_table("backtests")
    assert found == REVISIONS[0]
    database.close()


def test_a_newer_ledger_is_refused_and_left_alone(url):
    with opened(url) as ledger:
        write(ledger, [word("a")])
        with ledger._database.writing() as connection:
            connection.execute(text("UPDATE greenlight_version SET version_num = '9999'"))
    said = refused(url)
    assert "was written by a newer Greenlight (form 9999, known is up to 0002)" in said
    assert "upgrade Greenlight, nothing was changed" in said


def test_tables_of_another_program_are_not_touched(url):
    database = open_database(url)
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE journal (x INTEGER)"))
    assert "holds tables of another program" in refused(url)
    database.close()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory"])
def test_a_database_that_forgets_is_refused(url):
    assert "forgets everything with the process; name a file" in refused(url)


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("greenlight.db", "its URL is none; write sqlite:///greenlight.db"),
        ("mysql://me:secret@host/x", "only sqlite:/// and postgresql:// can keep the journal"),
    ],
)
def test_a_url_that_is_none_or_of_another_kind_is_refused_without_its_password(url, complaint):
    said = refused(url)
    assert complaint in said
    assert "secret" not in said


def test_places_that_cannot_be_a_ledger_are_refused(tmp_path):
    assert "there is no folder" in refused(f"sqlite:///{tmp_path}/nowhere/ledger.db")
    assert "is a folder; name a file" in refused(f"sqlite:///{tmp_path}")
    (tmp_path / "notes.db").write_text("these are notes, and no database at all\n" * 50)
    assert "file is not a database" in refused(f"sqlite:///{tmp_path}/notes.db")
    assert (tmp_path / "notes.db").read_text().startswith("these are notes")


@pytest.mark.skipif(sys.platform == "win32", reason="rights are other there")
@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_place_without_the_right_to_write_is_refused(tmp_path, monkeypatch, what):
    place = tmp_path / "ledger.db"
    with closing(sqlite3.connect(place)):
        pass
    real = os.access  # whoever runs as root may write everywhere
    locked = tmp_path if what == "folder" else place
    monkeypatch.setattr(os, "access", lambda path, mode: path != locked and real(path, mode))
    assert "may not be written here" in refused(f"sqlite:///{place}")


def test_a_server_that_is_not_there_is_told_in_one_line_without_the_password(tmp_path):
    said = refused(f"postgresql://me:secret@/ledger?host={tmp_path}")
    assert "cannot be opened" in said
    assert "secret" not in said


def test_a_sqlite_ledger_is_opened_so_that_a_commit_is_on_the_disk(tmp_path):
    with opened(f"sqlite:///{tmp_path}/ledger.db") as ledger:
        for connect in (ledger._database.reading, ledger._database.writing):
            with connect() as connection:
                values = [
                    connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                    for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
                ]
            assert values == ["wal", 2, 1, 5_000]


def test_a_postgresql_ledger_commits_in_full_whatever_the_servers_default(postgres_url):
    with opened(postgres_url) as ledger, ledger._database.writing() as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"


def test_options_of_the_url_are_kept_beside_ours(postgres_url):
    with opened(postgres_url) as ledger, ledger._database.reading() as connection:
        assert connection.execute(text("SHOW search_path")).scalar().startswith("ledger")
        assert connection.execute(text("SHOW lock_timeout")).scalar() == "5s"


def test_two_that_open_a_new_ledger_at_once_make_it_once(url):
    from concurrent.futures import ThreadPoolExecutor

    def once(n: int) -> None:
        with opened(url) as ledger:
            write(ledger, [word(str(n))], f"r{n}", f"acc{n}")

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(once, range(3)))
    with opened(url) as ledger:
        assert sorted(texts(ledger, f"r{n}")[0] for n in range(3)) == ["0", "1", "2"]
        assert all(finding.is_whole for finding in ledger.verify())
