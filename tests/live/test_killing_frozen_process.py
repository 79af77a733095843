"""A real process is frozen, its account killed, and it is woken: it sends nothing more."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from killed_venue import Manners, Venue

from greenlight.control.seizing import Seizure
from greenlight.domain import Side
from greenlight.ledger import KillChecked, Killed, Ledger, key_path, load_key
from greenlight.live import KillOrder, WorldClock, kill
from greenlight.live.spots import Manner

QUICK = Manner(step_s=0.05, stale_s=0.5)


def wait_for(is_so, seconds=30.0):
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.01)


def is_locked(path):
    with closing(sqlite3.connect(path, timeout=0.0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        connection.execute("ROLLBACK")
        return False


def freeze_between_writes(pid, path):
    """Stop it, but not while it has the database locked; the next test does that."""
    while True:
        os.kill(pid, signal.SIGSTOP)
        if not is_locked(path):
            return
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.003)


def test_a_bot_that_was_frozen_during_a_kill_sends_nothing_when_it_wakes(tmp_path):
    url, sent = f"sqlite:///{tmp_path}/greenlight.db", tmp_path / "sent"
    script = str(Path(__file__).parent / "frozen_bot.py")
    command = [sys.executable, script, url, str(sent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as bot:
        try:
            wait_for(lambda: sent.exists() and len(sent.read_text().splitlines()) > 3)
            freeze_between_writes(bot.pid, tmp_path / "greenlight.db")
            before = sent.read_text()

            async def pull():
                clock = WorldClock(time.time_ns)
                venue = Venue(clock, Manners(fill_s=0.01, cancel_s=0.01))
                venue.hold("AAPL", 5)
                venue.rest("AAPL", Side.SELL, 5, "gl1-0-1S1")
                key = load_key(key_path(url), {})
                seizure = Seizure(lambda: Ledger.open(url, key), venue, time.time_ns, "ann")
                order = KillOrder("ann", "fire", linger_s=0.2, manner=QUICK)
                try:
                    return await kill(venue, clock, seizure.seize, order), seizure.previous
                finally:
                    await seizure.release()

            outcome, previous = asyncio.run(pull())
            assert outcome.is_flat
            assert outcome.ledger == ""
            assert outcome.fence == 2
            assert previous.endswith(f"/{bot.pid}")
            assert sent.read_text() == before
            os.kill(bot.pid, signal.SIGCONT)
            told = bot.stdout.readline()
            bot.wait(30)
        finally:
            bot.kill()
    assert told.startswith("lost:")
    at_most_one_under_way = len(sent.read_text().splitlines()) - len(before.splitlines())
    assert at_most_one_under_way <= 1
    with Ledger.open(url, None) as ledger:
        records = [type(entry.record) for entry in ledger.read("r1")]
        assert records[-1] is KillChecked
        assert Killed in records
        assert not ledger.lease_of("A1").is_held


def test_a_ledger_locked_by_a_frozen_bot_does_not_stop_a_kill(tmp_path, monkeypatch):
    monkeypatch.setattr("greenlight.ledger.database._BUSY_MS", 50)
    path = tmp_path / "greenlight.db"
    url = f"sqlite:///{path}"
    key = load_key(key_path(url), {})
    Ledger.open(url, key).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as frozen:
        frozen.execute("BEGIN IMMEDIATE")

        async def pull():
            clock = WorldClock(time.time_ns)
            venue = Venue(clock, Manners(fill_s=0.01, cancel_s=0.01))
            venue.hold("AAPL", 5)
            seizure = Seizure(lambda: Ledger.open(url, key), venue, time.time_ns, "ann")
            order = KillOrder("ann", "", linger_s=0.2, ledger_s=2.0, manner=QUICK)
            try:
                return await kill(venue, clock, seizure.seize, order)
            finally:
                await seizure.release()

        outcome = asyncio.run(pull())
    assert outcome.is_flat
    assert "locked" in outcome.ledger
