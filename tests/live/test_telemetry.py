import asyncio
import contextlib
import io
import json
import logging
from decimal import Decimal

import httpx
import numpy as np
import pytest
import structlog

from greenlight.domain import (
    Action,
    BarTime,
    OrderFilled,
    OrderId,
    Reason,
    Role,
    Side,
    UserError,
    VenueAccount,
)
from greenlight.ledger import (
    Act,
    Alerted,
    Answered,
    ApprovalAsked,
    ApprovalGiven,
    Beat,
    Covered,
    Decided,
    FeedChanged,
    FillSource,
    Halted,
    Heard,
    KillChecked,
    Killed,
    Outcome,
    Reconciled,
    Resumed,
    Sending,
    Started,
)
from greenlight.live.health import Endpoint
from greenlight.live.logs import MASK, Redaction, configure_logs
from greenlight.live.telemetry import Telemetry

NS = 1_000_000_000
SYMBOLS = ("AAPL", "MSFT")
ACCOUNT = VenueAccount("A1", Decimal(1), Decimal(1))


@pytest.fixture(autouse=True)
def _leave_logging_as_it_was():
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    for handler in set(root.handlers) - set(handlers):
        handler.close()
    root.handlers, root.level = handlers, level


class Clock:
    def __init__(self):
        self.ts = 1_700_000_000 * NS

    def now(self):
        return self.ts


class Lines:
    """A logger that keeps what it is told."""

    def __init__(self):
        self.lines = []

    def info(self, event, **fields):
        self.lines.append(("info", event, fields))

    def warning(self, event, **fields):
        self.lines.append(("warning", event, fields))

    def error(self, event, **fields):
        self.lines.append(("error", event, fields))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def log():
    return Lines()


@pytest.fixture
def shown(clock, log):
    return Telemetry(log, SYMBOLS, 30.0, clock.now)


def value(shown, name):
    for line in shown.metrics.text().decode().splitlines():
        if line.startswith(f"{name} "):
            return float(line.rpartition(" ")[2])
    raise AssertionError(f"no metric {name}")


def filled():
    time = BarTime(0, 1, 2, 3)
    event = OrderFilled(time, OrderId(1, 7, Role.STOP, 1), Side.SELL, 5.0, 10.0, 10.0, 0.1)
    return Heard(event, FillSource("gl1-1-7S1", "v9", Decimal(5), Decimal(50)))


def decided(*rows):
    decisions = np.zeros(len(rows), dtype=[("action", np.int8), ("reason", np.int16)])
    for n, (action, reason) in enumerate(rows):
        decisions[n]["action"], decisions[n]["reason"] = int(action), int(reason)
    empty = np.zeros(0)
    return Decided((), decisions, empty, empty, empty, 1.0, 1.0)


def test_a_fill_is_logged_with_its_ids_and_counted(shown, log):
    shown.saw(filled())
    level, event, fields = log.lines[0]
    assert (level, event) == ("info", "filled")
    assert fields["instrument"] == "MSFT"
    assert fields["order"] == "gl1-1-7S1"
    assert fields["venue_order"] == "v9"
    assert value(shown, "greenlight_fills_total") == 1


def test_requests_are_counted_by_act_and_outcome(shown, log):
    shown.saw(Sending(Act.SUBMIT, "gl1-0-1E1"))
    shown.saw(Answered(Act.SUBMIT, "gl1-0-1E1", Outcome.UNKNOWN, detail="504"))
    assert value(shown, 'greenlight_requests_sent_total{act="submit"}') == 1
    name = 'greenlight_requests_answered_total{act="submit",outcome="unknown"}'
    assert value(shown, name) == 1
    assert log.lines[1][0] == "warning"
    assert log.lines[1][2]["instrument"] == "AAPL"


def test_decisions_are_counted_by_reason(shown):
    shown.saw(decided((Action.REFUSE, Reason.SECTOR), (Action.REFUSE, Reason.SECTOR)))
    shown.saw(decided((Action.ENTER, Reason.OK)))
    assert value(shown, 'greenlight_decisions_total{action="refuse",reason="sector"}') == 2
    assert value(shown, 'greenlight_decisions_total{action="enter",reason="ok"}') == 1


def test_gauges_follow_halts_feeds_approvals_and_coverage(shown):
    for record in (
        Halted("ann", "rain"),
        Killed("ann", ""),
        FeedChanged("alpaca", is_alive=False),
        ApprovalAsked("a", "AAPL", 1, 1.0, 1.0, 0),
        Covered("AAPL", 0, 1, 90.0, 8.0, 2.0, 5.0),
        Covered("AAPL", 0, 1, 10.0, 2.0, 0.0, 2.0),
        Beat(101.5, 50.0, {"feed": 0.25}),
        Alerted("error", "look"),
    ):
        shown.saw(record)
    assert value(shown, "greenlight_entries_halted") == 1
    assert value(shown, "greenlight_killed") == 1
    assert value(shown, 'greenlight_feed_alive{feed="alpaca"}') == 0
    assert value(shown, "greenlight_approvals_waiting") == 1
    assert value(shown, 'greenlight_position_seconds_total{protection="covered"}') == 100
    assert value(shown, 'greenlight_position_seconds_total{protection="exposed"}') == 10
    assert value(shown, "greenlight_exposed_longest_seconds") == 5
    assert value(shown, "greenlight_equity") == 101.5
    assert value(shown, 'greenlight_lag_seconds{stage="feed"}') == 0.25
    shown.saw(Resumed("ann"))
    shown.saw(ApprovalGiven("a", "ann", approved=True))
    assert value(shown, "greenlight_entries_halted") == 0
    assert value(shown, "greenlight_killed") == 0
    assert value(shown, "greenlight_approvals_waiting") == 0


def test_a_kill_that_left_something_is_an_error(shown, log):
    shown.saw(KillChecked(flat=False, orders=(), positions=("AAPL 1",), queued=()))
    assert log.lines[0][:2] == ("error", "kill checked")


def test_a_bot_without_a_beat_is_ill(shown, clock):
    assert shown.health.illness() == ""
    clock.ts += 91 * NS
    assert shown.health.illness() == "the last beat was 91 s ago"
    shown.saw(Beat(1.0, 1.0, {}))
    assert shown.health.illness() == ""


def test_a_bot_is_ready_once_it_agrees_with_the_broker_and_nothing_is_halted(shown):
    shown.saw(Started(1, "here"))
    assert shown.health.obstacles() == ["book and broker do not agree, or were not compared yet"]
    shown.saw(Reconciled(ACCOUNT, 0, 0))
    assert shown.health.obstacles() == []
    shown.saw(Halted("ann", "rain"))
    shown.saw(FeedChanged("alpaca", is_alive=False))
    assert shown.health.obstacles() == ["halted by ann: rain", "feed alpaca is silent"]
    shown.saw(Resumed("ann"))
    shown.saw(FeedChanged("alpaca", is_alive=True))
    assert shown.health.obstacles() == []


def served(shown, *requests):
    """What the endpoint answers over a real connection."""

    async def main():
        endpoint = Endpoint(shown.health, shown.metrics.text)
        port = await endpoint.open(0)
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                return [await client.request(method, path) for method, path in requests]
        finally:
            await endpoint.close()

    return asyncio.run(main())


def test_the_endpoint_speaks_http(shown, clock):
    shown.saw(Beat(7.0, 7.0, {}))
    health, ready, metrics, wrong, post, head = served(
        shown,
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/metrics?x=1"),
        ("GET", "/secret"),
        ("POST", "/metrics"),
        ("HEAD", "/healthz"),
    )
    assert (health.status_code, health.text) == (200, "ok\n")
    assert ready.status_code == 503
    assert "compared" in ready.text
    assert "greenlight_equity 7.0" in metrics.text
    assert wrong.status_code == 404
    assert post.status_code == 405
    assert (head.status_code, head.content) == (200, b"")
    clock.ts += 1000 * NS
    assert served(shown, ("GET", "/healthz"))[0].status_code == 503


@pytest.mark.parametrize("junk", [b"\r\n\r\n", b"hello\r\n\r\n", b"\x00" * 20_000, b"GET /"])
def test_what_is_not_http_does_not_harm_the_endpoint(shown, junk):
    async def main():
        endpoint = Endpoint(shown.health, shown.metrics.text)
        port = await endpoint.open(0)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(junk)
        writer.write_eof()
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"http://127.0.0.1:{port}/healthz")).status_code == 200
        await endpoint.close()

    asyncio.run(main())


def test_a_port_in_use_is_told_in_one_line(shown):
    async def main():
        first, second = (Endpoint(shown.health, shown.metrics.text) for _ in range(2))
        port = await first.open(0)
        try:
            with pytest.raises(UserError, match="metrics_port"):
                await second.open(port)
        finally:
            await first.close()

    asyncio.run(main())


def logged(redaction, act):
    stream = io.StringIO()
    act(configure_logs(redaction, stream=stream))
    return stream.getvalue()


def test_logs_are_json_with_the_fields_of_the_run():
    def act(log):
        structlog.contextvars.bind_contextvars(run="r1")
        log.info("filled", instrument="AAPL", order="gl1-0-1E1")

    line = json.loads(logged(Redaction(), act))
    assert line["event"] == "filled"
    assert (line["run"], line["instrument"], line["order"]) == ("r1", "AAPL", "gl1-0-1E1")
    assert line["level"] == "info"
    assert line["timestamp"].endswith("Z")


def test_no_secret_is_ever_written():
    secret = "-".join(("s3cr3t", "k3y"))

    def act(log):
        log.info(f"key {secret}", where={"deep": [secret]}, **{f"x{secret}": 1})
        logging.getLogger("alpaca").warning("header %s", secret)
        try:
            raise ValueError(secret)
        except ValueError:
            log.exception("failed")
            logging.getLogger("other").exception("failed")

    text = logged(Redaction([secret]), act)
    assert text.count(MASK) >= 6
    assert secret not in text


def test_a_secret_that_is_learnt_later_is_hidden_from_then_on():
    redaction = Redaction()
    redaction.learn("rotated-key")
    assert redaction.clean("with rotated-key") == f"with {MASK}"
    assert "rotated-key" not in repr(redaction)


def test_logs_go_to_a_file(tmp_path):
    log = configure_logs(Redaction(), file=tmp_path / "bot.log")
    log.info("started")
    assert json.loads((tmp_path / "bot.log").read_text())["event"] == "started"


def test_a_terminal_gets_lines_for_people():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    configure_logs(Redaction(), stream=stream).info("filled", instrument="AAPL")
    assert "AAPL" in stream.getvalue()
    assert not stream.getvalue().startswith("{")
