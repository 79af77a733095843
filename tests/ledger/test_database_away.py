"""The database is taken away in mid-stream and given back: nothing is lost, doubled or moved."""

import asyncio
import itertools
import shutil
import sqlite3
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from ledger_scenes import QUICK, began, claim, journal_of, opened, texts, ticking, word
from sqlalchemy import event

from greenlight.domain import HaltError, RetryError
from greenlight.ledger import AwayError, Clocks, Pace
from greenlight.ledger.database import Database

WORDS = [str(n) for n in range(40)]


def until(check) -> None:
    deadline = time.monotonic() + 20.0
    while not check():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.001)


def hurry(ledger) -> None:
    """Do not wait five seconds for a lock."""
    event.listen(
        ledger._database.engine,
        "begin",
        lambda c: c.exec_driver_sql(
            "PRAGMA busy_timeout = 1" if ledger._database.is_sqlite else "SET lock_timeout = '5ms'"
        ),
        insert=True,
    )


@contextmanager
def locked(url: str):
    """Somebody else has the leases."""
    if url.startswith("sqlite"):
        rival = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        rival.execute("BEGIN IMMEDIATE")
    else:
        import psycopg

        rival = psycopg.connect(url)
        rival.execute("LOCK TABLE leases")
    try:
        yield
    finally:
        rival.close()


async def write_through(journal, take_away, give_back) -> None:
    """Append before, during and after; `durable` waits as long as the database is away."""
    for text in WORDS[:10]:
        journal.append(word(text))
    await journal.durable()
    take_away()
    for text in WORDS[10:20]:
        journal.append(word(text))
    waiting = asyncio.ensure_future(journal.durable())
    while not journal.is_away:
        await asyncio.sleep(0.001)
    asking = asyncio.ensure_future(journal.holds())
    for text in WORDS[20:30]:
        journal.append(word(text))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    assert not asking.done()
    assert journal.queued == 20
    assert journal.lag_s > 0.0
    assert journal.why_away
    give_back()
    await asyncio.wait_for(waiting, 30)
    assert await asyncio.wait_for(asking, 30)
    for text in WORDS[30:]:
        journal.append(word(text))
    await journal.durable()
    assert not journal.is_away
    assert (journal.queued, journal.lag_s) == (0, 0.0)


def check_all_there(ledger) -> None:
    assert texts(ledger) == WORDS
    assert all(finding.is_whole for finding in ledger.verify())


def test_locked_by_another_program(url):
    with opened(url) as ledger:
        hurry(ledger)
        with journal_of(ledger) as journal:
            lock = locked(url)
            asyncio.run(
                write_through(journal, lock.__enter__, lambda: lock.__exit__(None, None, None))
            )
        check_all_there(ledger)


def test_postgresql_is_stopped_and_started(postgres, postgres_url):
    with opened(postgres_url) as ledger:
        try:
            with journal_of(ledger) as journal:
                asyncio.run(write_through(journal, postgres.stop, postgres.ensure_postgres_running))
        finally:
            postgres.ensure_postgres_running()
        check_all_there(ledger)


def test_the_file_is_moved_away_and_back(tmp_path):
    place, other = tmp_path / "ledger.db", tmp_path / "elsewhere.db"
    with opened(f"sqlite:///{place}") as ledger:
        with journal_of(ledger) as journal:
            asyncio.run(
                write_through(journal, lambda: place.rename(other), lambda: other.rename(place))
            )
        check_all_there(ledger)


def test_the_disk_is_full_for_a_while(tmp_path):
    pages = [1_000_000]
    with opened(f"sqlite:///{tmp_path}/ledger.db") as ledger:
        event.listen(
            ledger._database.engine,
            "begin",
            lambda c: c.exec_driver_sql(f"PRAGMA max_page_count = {pages[0]}"),
            insert=True,
        )

        def fill() -> None:
            pages[0] = 1
            journal.append(word("x" * 50_000))

        def free() -> None:
            pages[0] = 1_000_000

        with journal_of(ledger) as journal:
            asyncio.run(write_through_full(journal, fill, free))
        assert [text for text in texts(ledger) if len(text) < 9] == WORDS
        assert all(finding.is_whole for finding in ledger.verify())


async def write_through_full(journal, fill, free) -> None:
    for text in WORDS[:20]:
        journal.append(word(text))
    await journal.durable()
    fill()
    waiting = asyncio.ensure_future(journal.durable())
    while not journal.is_away:
        await asyncio.sleep(0.001)
    assert "full" in journal.why_away
    for text in WORDS[20:]:
        journal.append(word(text))
    free()
    await asyncio.wait_for(waiting, 30)
    await journal.durable()


def test_another_file_in_its_place_is_not_written_to(tmp_path):
    place, copy = tmp_path / "ledger.db", tmp_path / "copy.db"
    with opened(f"sqlite:///{place}") as ledger, journal_of(ledger) as journal:
        with sqlite3.connect(place) as source, sqlite3.connect(copy) as target:
            source.backup(target)
        source.close(), target.close()
        journal.append(word("a"))
        asyncio.run(journal.durable())
        copy.replace(place)
        for beside in ("ledger.db-wal", "ledger.db-shm"):
            Path(tmp_path / beside).unlink(missing_ok=True)
        journal.append(word("b"))
        with pytest.raises(HaltError, match="put back from a copy"):
            asyncio.run(asyncio.wait_for(journal.durable(), 30))
        assert not asyncio.run(journal.holds())


@pytest.mark.parametrize("after_commit", [True, False])
def test_a_commit_whose_answer_was_lost_is_neither_lost_nor_doubled(url, monkeypatch, after_commit):
    real = Database.writing
    calls = itertools.count()

    @contextmanager
    def unsure(database):
        if threading.current_thread() is threading.main_thread() or next(calls) % 3:
            with real(database) as connection:
                yield connection
        elif after_commit:
            with real(database) as connection:
                yield connection
            raise AwayError("the connection broke while the commit was under way")
        else:
            with real(database) as connection:
                yield connection
                raise AwayError("the connection broke before the commit")

    monkeypatch.setattr(Database, "writing", unsure)
    with opened(url) as ledger:
        with journal_of(ledger) as journal:
            for text in WORDS:
                journal.append(word(text))
                asyncio.run(journal.durable())
        check_all_there(ledger)


def test_a_full_queue_asks_for_patience_and_loses_nothing(url):
    with opened(url) as ledger:
        hurry(ledger)
        pace = Pace(most_queued=5, most_at_once=2, first_wait_s=0.01, longest_wait_s=0.01)
        lease = ledger.take_lease(claim())
        journal = ledger.begin_run(began(), lease, Clocks(ticking(), ticking()), pace)
        with locked(url):
            for text in WORDS[:5]:
                journal.append(word(text))
            until(lambda: journal.is_away)
            with pytest.raises(RetryError, match="full"):
                journal.append(word("too many"))
        asyncio.run(journal.durable())
        for text in WORDS[5:]:
            until(lambda: journal.queued < 5)
            journal.append(word(text))
        asyncio.run(journal.durable())
        journal.close()
        check_all_there(ledger)


def test_closed_while_the_database_is_away_it_ends_and_tells_who_waits(url):
    async def play(journal) -> None:
        journal.append(word("lost"))
        waiting = asyncio.ensure_future(journal.durable())
        while not journal.is_away:
            await asyncio.sleep(0.001)
        journal.close()
        with pytest.raises(RetryError, match="closed while the database was away"):
            await waiting

    with opened(url) as ledger:
        hurry(ledger)
        lease = ledger.take_lease(claim())
        journal = ledger.begin_run(began(), lease, Clocks(ticking(), ticking()), QUICK)
        with locked(url):
            asyncio.run(play(journal))
        assert texts(ledger) == []


def test_a_folder_that_is_gone_is_told_as_away(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    with opened(f"sqlite:///{folder}/ledger.db") as ledger, journal_of(ledger) as journal:
        shutil.rmtree(folder)
        with pytest.raises(AwayError):
            ledger.take_lease(claim())
        until(lambda: journal.is_away)
        assert not folder.exists()
