"""Real processes, killed and frozen, with real databases, at an exchange that has faults."""

import os
import signal

import numpy as np
import pytest
from real_processes import KEY, SECRET, staged, until
from real_verdict import doubles, entries, oversold, unlike_fills, unprotected, views

from greenlight.engine import warm_up
from greenlight.live import repeat

#: How often a bot is killed; many more than these take minutes.
KILLS = int(os.environ.get("GREENLIGHT_KILLS", "1"))
_DEEDS = ("Sending", "Decided", "Reported")
FAULTS = """
seed = 11
[[fault]]
kind = "lost_answer"
about = "POST /v2/orders"
probability = 0.05
[[fault]]
kind = "server_error"
about = "POST"
probability = 0.03
[[fault]]
kind = "replay_fill"
probability = 0.2
[[fault]]
kind = "drop_update"
probability = 0.1
[[fault]]
kind = "double_update"
probability = 0.1
[[fault]]
kind = "partial_fill"
probability = 0.3
share = 0.3
"""


def test_killed_again_and_again_book_and_broker_agree_and_nothing_is_done_twice(url, tmp_path):
    rng = np.random.default_rng(7)
    with staged(tmp_path, url, 200, FAULTS) as stage:
        for nth in range(KILLS):
            bot = stage.start()
            _let_it_work(stage, nth, int(rng.integers(1, 12)))
            bot.kill()
            bot.wait()
        bot = stage.start()
        until(lambda: stage.kinds()["Started"] > KILLS)
        until(stage.fills)
        stage.exchange.close_the_market()
        until(lambda: stage.positions() == stage.exchange.positions())
        until(lambda: not unprotected(stage.exchange.positions(), stage.exchange.open_orders()))
        bot.send_signal(signal.SIGTERM)
        assert bot.wait(20) == 0, "it did not end in order"
        positions, resting = stage.exchange.positions(), stage.exchange.open_orders()
        record = stage.exchange.ask("/_exchange/record")
        assert entries(record)
        assert not doubles(record)
        assert not oversold(record)
        assert not unprotected(positions, resting), "stops stay when it ends"
        assert stage.positions() == positions
        assert not unlike_fills(record, stage.fills())
        with stage.ledger() as ledger:
            assert all(finding.is_whole for finding in ledger.verify())
            assert not repeat(ledger.read(ledger.runs()[-1].run.run)).unequal
            before = views(ledger)
        assert stage.do("ledger", "rebuild").returncode == 0
        with stage.ledger() as ledger:
            assert views(ledger) == before


def _let_it_work(stage, starts: int, deeds: int) -> None:
    """Wait until it is at work after so many starts, and has sent or decided so often."""
    until(lambda: stage.kinds()["Started"] > starts)
    base = stage.kinds()
    until(lambda: sum((stage.kinds() - base)[kind] for kind in _DEEDS) >= deeds)


def test_frozen_killed_and_woken_it_stays_flat_until_a_person_resumes(tmp_path):
    with staged(tmp_path, f"sqlite:///{tmp_path}/greenlight.db", 200) as stage:
        bot = stage.start()
        until(lambda: stage.kinds()["Started"] and stage.positions())
        second = stage.do("paper")
        assert second.returncode == 2
        said = second.stderr.strip().splitlines()[-1]
        assert "is held by" in said
        assert f"/{bot.pid}," in said
        bot.send_signal(signal.SIGSTOP)
        killed = stage.do("kill", "a judge", "--patience", "60")
        assert killed.returncode == 0, killed.stdout + killed.stderr
        assert stage.exchange.positions() == {}
        bot.send_signal(signal.SIGCONT)
        bot.wait(30)
        record = stage.exchange.ask("/_exchange/record")
        count = len(entries(record))
        assert stage.exchange.positions() == {}
        assert stage.exchange.open_orders() == []

        bot = stage.start()
        until(lambda: stage.kinds()["Started"] > 1)
        closed = stage.kinds()["Decided"]
        until(lambda: stage.kinds()["Decided"] > closed + 3)
        assert len(entries(stage.exchange.ask("/_exchange/record"))) == count
        assert stage.do("resume", typed="yes\n").returncode == 2
        assert stage.do("resume", typed="RESUME\n").returncode == 0
        until(lambda: len(entries(stage.exchange.ask("/_exchange/record"))) > count)
        bot.send_signal(signal.SIGINT)
        assert bot.wait(20) == 0
        assert not oversold(stage.exchange.ask("/_exchange/record"))


@pytest.fixture(autouse=True, scope="module")
def _engine():
    """Compiled once, not by each bot that is killed meanwhile."""
    warm_up()


@pytest.fixture(autouse=True)
def _nothing_untoward_is_logged(tmp_path):
    yield
    log = tmp_path / "log.jsonl"
    text = log.read_text() if log.exists() else ""
    assert SECRET not in text
    assert KEY not in text
    assert "Traceback" not in text
