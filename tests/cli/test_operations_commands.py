"""halt, resume, approve, reject, kill, status, doctor, live: at a ledger with a run in it."""

import asyncio
import contextlib
import json
import threading
from decimal import Decimal

import numpy as np
import pytest

from greenlight.cli import asking, main
from greenlight.domain import (
    Action,
    BarsClosed,
    BarTime,
    OrderFilled,
    OrderId,
    OrderKind,
    Reason,
    Role,
    Side,
    Span,
    Ticket,
)
from greenlight.ledger import (
    Act,
    Answered,
    ApprovalAsked,
    Beat,
    Claim,
    Clocks,
    Covered,
    Decided,
    FeedChanged,
    FillSource,
    Halted,
    Heard,
    KillChecked,
    Killed,
    Ledger,
    Mode,
    Outcome,
    RunBegan,
    Sending,
    Started,
    load_key,
)
from greenlight.live import Attendant, KillMark, KillState, Mailbox

NS = 1_000_000_000
CLOSE = 1_700_000_000 * NS
WALL = CLOSE + 2 * NS
DECISION = [
    ("ts", "i8"), ("intent", "i8"), ("quantity", "f8"), ("price", "f8"), ("row", "i4"),
    ("symbol", "i4"), ("score", "f4"), ("reason", "i2"), ("side", "i1"), ("action", "i1"),
    ("calibrated", "i8"),
]  # fmt: skip


def began(run="r1", mode=Mode.PAPER):
    return RunBegan(
        run, "A1", "alpaca", mode, ("AAPL", "MSFT"), (2,), ("XNYS 1h",), {}, {}, 1000.0, -1,
        False, "1",
    )  # fmt: skip


def bar():
    time = BarTime(CLOSE - 3600 * NS, CLOSE, CLOSE // (86_400 * NS), 0)
    prices = np.array([100.0, 50.0])
    score = np.array([50.0, 70.0], dtype=np.float32)
    return BarsClosed(time, 0, prices, prices, prices, prices, prices, score)


def decided(*rows):
    from greenlight.ledger.layouts import ADJUSTMENT, FILL, FLOW

    decisions = np.zeros(len(rows), dtype=DECISION)
    for n, (symbol, action, reason) in enumerate(rows):
        decisions[n]["ts"], decisions[n]["symbol"] = CLOSE, symbol
        decisions[n]["action"], decisions[n]["reason"] = int(action), int(reason)
    return Decided(
        (), decisions, np.zeros(0, FILL), np.zeros(0, FLOW), np.zeros(0, ADJUSTMENT), 1010.0, 10.0
    )


def bought():
    time = BarTime(CLOSE, CLOSE + 3600 * NS, 1, 0)
    event = OrderFilled(time, OrderId(0, 1, Role.ENTRY, 1), Side.BUY, 10.0, 100.0, 100.0, 0.0)
    return Heard(event, FillSource("gl1-0-1E1", "v1", Decimal(10), Decimal(1000)))


def stop_laid():
    ticket = Ticket(
        "gl1-0-1S1", "AAPL", Side.SELL, OrderKind.STOP, Decimal(10), Span.GTC, Decimal(97),
        order=OrderId(0, 1, Role.STOP, 1),
    )  # fmt: skip
    return (
        Sending(Act.SUBMIT, "gl1-0-1S1", ticket),
        Answered(Act.SUBMIT, "gl1-0-1S1", Outcome.ACCEPTED, "v2"),
    )


STORY = (
    Started(1, "elsewhere/1/1"),
    Heard(bar()),
    decided((0, Action.REFUSE, Reason.SECTOR), (1, Action.REFUSE, Reason.SECTOR)),
    bought(),
    *stop_laid(),
    Beat(1010.0, 10.0, {"feed": 0.5}),
    Covered("AAPL", CLOSE, CLOSE, 95.0, 5.0, 0.0, 5.0),
    FeedChanged("alpaca", is_alive=False, detail="hush"),
)


@pytest.fixture
def at(monkeypatch, tmp_path):
    """A folder to stand in, without keys."""
    monkeypatch.chdir(tmp_path)
    for name in ("APCA_API_KEY_ID", "APCA_API_SECRET_KEY", "ALPACA_KEY_ID", "ALPACA_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(asking, "_WAIT_S", 0.0)
    return tmp_path


@contextlib.contextmanager
def journal(folder, run=None, wall=WALL):
    key = load_key(folder / "ledger.key", {})
    with Ledger.open(f"sqlite:///{folder}/greenlight.db", key) as ledger:
        lease = ledger.take_lease(Claim("A1", "elsewhere/1/1", wall, force=True))
        opened = ledger.begin_run(run or began(), lease, Clocks(lambda: CLOSE + NS, lambda: wall))
        try:
            yield opened
        finally:
            opened.close()


def write(folder, *records, run=None):
    with journal(folder, run) as opened:
        for record in records:
            opened.append(record)
        asyncio.run(opened.durable())


class Bot:
    """A bot that only listens, on a thread of its own."""

    def __init__(self, folder, account="A1"):
        self.told = []
        self._attendant = Attendant(Mailbox(folder / "control"), self, account, lambda: 0)
        self._mailbox = Mailbox(folder / "control")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def _listen(self):
        while not self._stop.wait(0.01):
            self._attendant.look()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def halt(self, by, why):
        self.told.append(("halt", by and why))

    def resume(self, by):
        self.told.append(("resume", by != ""))

    def answer(self, id, *, approved, by):  # noqa: A002  # the journal's word
        self.told.append((id, approved and by != ""))
        return True

    def reconcile(self, resolve):
        self.told.append(("reconcile", resolve))

    def kill(self, by, why):
        self.told.append(("kill", why))
        self._mailbox.set_mark(KillMark(KillState.DONE, by, why, 1, "flat"))

    def stand_down(self, why):
        pass

    def stay_killed(self, by, why):
        pass


def test_status_shows_what_is_held_and_why_nothing_was_bought(at, capsys):
    write(at, *STORY)
    assert main(["status"]) == 0
    shown = capsys.readouterr().out
    assert "AAPL" in shown
    assert "10 at 97" in shown
    assert "all 2 candidates were refused, most of them (2) by sector" in shown
    assert "95.00 %" in shown
    assert "alpaca silent: hush" in shown
    assert "elsewhere/1/1" in shown


def test_status_as_json_has_everything(at, capsys):
    write(at, *STORY)
    assert main(["status", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["run"] == "r1"
    assert found["positions"][0]["stops"][0]["client_id"] == "gl1-0-1S1"
    assert found["refusals_today"] == {"sector": 2}
    assert found["latency"]["last_s"] == 1.0
    assert found["bars_today"] == 1
    assert found["fills_today"] == 1
    assert found["covered_share"] == 0.95
    assert found["is_replayed"] is False


def test_a_position_without_a_stop_is_shown_as_such(at, capsys):
    write(at, bought())
    main(["status"])
    assert "NONE" in capsys.readouterr().out


def test_replayed_time_is_marked(at, capsys):
    write(at, *STORY, run=began(mode=Mode.REPLAY))
    main(["status"])
    assert "replayed time" in capsys.readouterr().out


def test_after_a_kill_status_says_so_and_that_the_book_is_behind(at, capsys):
    write(at, *STORY, Killed("ann", "fire"), KillChecked(True, (), (), ()))
    main(["status"])
    shown = capsys.readouterr().out
    assert "KILLED" in shown
    assert "emptied the account" in shown


def test_status_without_a_ledger_or_of_an_unknown_run_is_one_line(at, capsys):
    assert main(["status"]) == 2
    write(at, *STORY)
    assert main(["status", "nope"]) == 2
    assert "no run nope" in capsys.readouterr().err


def test_a_halt_reaches_the_running_bot(at, capsys, monkeypatch):
    monkeypatch.setattr(asking, "_WAIT_S", 20.0)
    write(at, *STORY)
    with Bot(at) as bot:
        assert main(["halt", "rain", "tonight"]) == 0
    assert bot.told == [("halt", "rain tonight")]
    assert "entries are halted" in capsys.readouterr().out


def test_a_halt_without_a_bot_is_written_down_for_the_next(at, capsys):
    write(at, *STORY)
    assert main(["halt", "rain"]) == 0
    assert "no running bot has taken this yet" in capsys.readouterr().out
    waiting = Mailbox(at / "control").take("A1", 0)
    assert [(one.verb.value, one.why) for one in waiting] == [("halt", "rain")]


def typed(monkeypatch, words):
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO(words + "\n"))


def test_resume_wants_its_word_typed(at, capsys, monkeypatch):
    write(at, *STORY, Halted("ann", "rain"))
    (at / "KILL").touch()
    typed(monkeypatch, "yes")
    assert main(["resume"]) == 2
    assert "nothing changed" in capsys.readouterr().err
    assert (at / "KILL").exists()
    typed(monkeypatch, "RESUME")
    assert main(["resume"]) == 0
    assert not (at / "KILL").exists()
    assert [one.verb.value for one in Mailbox(at / "control").take("A1", 0)] == ["resume"]


def test_a_kill_that_was_cut_off_cannot_be_resumed_from(at, capsys, monkeypatch):
    write(at, *STORY)
    Mailbox(at / "control").set_mark(KillMark(KillState.ELSEWHERE, "ann"))
    typed(monkeypatch, "RESUME")
    assert main(["resume"]) == 2
    assert "run greenlight kill to its end" in capsys.readouterr().err


ASKED = ApprovalAsked("AAPL-s44we8", "AAPL", 1, 10.0, 100.0, CLOSE + 900 * NS)


def test_an_ask_is_answered_by_its_instrument(at, capsys, monkeypatch):
    monkeypatch.setattr(asking, "_WAIT_S", 20.0)
    write(at, *STORY, ASKED)
    with Bot(at) as bot:
        assert main(["approve", "aapl"]) == 0
        assert main(["reject", "AAPL-s44we8"]) == 0
    assert bot.told == [("AAPL-s44we8", True), ("AAPL-s44we8", False)]
    assert "AAPL-s44we8 is approved" in capsys.readouterr().out


def test_an_answer_that_no_bot_takes_is_a_no(at):
    write(at, *STORY, ASKED)
    assert main(["approve", "AAPL"]) == 1


def test_an_answer_to_what_nobody_asked_or_to_two_asks_is_refused(at, capsys):
    write(at, *STORY, ASKED, ApprovalAsked("AAPL-s44we9", "AAPL", 1, 1.0, 1.0, CLOSE))
    assert main(["approve", "MSFT"]) == 2
    assert "nothing waits under the name MSFT" in capsys.readouterr().err
    assert main(["approve", "AAPL"]) == 2
    assert "AAPL-s44we8, AAPL-s44we9" in capsys.readouterr().err


def test_what_waits_is_shown_with_its_id(at, capsys):
    write(at, *STORY, ASKED)
    main(["status"])
    assert "AAPL-s44we8" in capsys.readouterr().out


def test_a_bot_with_the_simulated_exchange_kills_by_itself(at, capsys):
    with Bot(at) as bot:
        assert main(["kill", "fire", "--patience", "20"]) == 0
    assert ("kill", "fire") in bot.told
    assert "The bot has done it: flat." in capsys.readouterr().out


def test_a_kill_that_nobody_carries_out_is_an_alarm_and_stays_in_force(at, capsys):
    assert main(["kill", "--patience", "1", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["is_flat"] is False
    assert Mailbox(at / "control").mark().state is KillState.ASKED


def test_a_broker_without_keys_leaves_the_kill_to_the_bot(at, capsys):
    with Bot(at):
        assert main(["kill", "--set", "broker.name=alpaca"]) == 0
    assert "asking the bot itself" in capsys.readouterr().err


@pytest.mark.usefixtures("at")
def test_doctor_says_what_is_missing_and_what_to_do(capsys):
    assert main(["doctor", "--set", "broker.name=alpaca", "--json"]) == 1
    checks = {one["name"]: one for one in json.loads(capsys.readouterr().out)["checks"]}
    assert not checks["keys"]["is_fine"]
    assert "greenlight keys add alpaca" in checks["keys"]["told"]
    assert checks["database"]["is_fine"]
    assert checks["journal"]["is_fine"]
    assert checks["disk"]["is_fine"]


@pytest.mark.usefixtures("at")
def test_doctor_knows_a_database_that_forgets_and_a_full_disk(capsys):
    assert main(["doctor", "--ledger", "sqlite:///:memory:"]) == 1
    assert "forgets everything" in capsys.readouterr().out
    assert main(["doctor", "--set", "live.least_disk=999999999", "--json"]) == 1
    checks = {one["name"]: one for one in json.loads(capsys.readouterr().out)["checks"]}
    assert "free some" in checks["disk"]["told"]


def test_doctor_says_when_the_kill_switch_was_pulled(at, capsys):
    (at / "KILL").touch()
    assert main(["doctor"]) == 1
    assert "greenlight kill finishes it" in capsys.readouterr().out


def test_live_refuses(capsys):
    assert main(["live"]) == 1
    assert "not armed" in capsys.readouterr().err
