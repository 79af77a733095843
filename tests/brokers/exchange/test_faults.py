"""Each fault, in process: what a client sees, and what the record says truly happened."""

import asyncio
from decimal import Decimal

import httpx
import orjson
import pytest
from exchange_market import OPEN, SECOND, build

from greenlight.brokers.exchange import (
    ConnectionLostError,
    Fault,
    FaultKind,
    Faults,
    read_faults,
)
from greenlight.domain import UserError

KEYS = {"APCA-API-KEY-ID": "k", "APCA-API-SECRET-KEY": "s"}


class Bot:
    """A client in process with both streams open."""

    def __init__(self, *faults, **options):
        self.local, self.clock = build(list(faults), **options)
        self.http = httpx.AsyncClient(
            transport=self.local.transport(), base_url="http://exchange", headers=KEYS
        )

    async def listen(self):
        stream = await self.local.connect("/stream")
        await stream.send(orjson.dumps({"action": "auth", "key": "k", "secret": "s"}))
        await stream.send(
            orjson.dumps({"action": "listen", "data": {"streams": ["trade_updates"]}})
        )
        await stream.recv()
        await stream.recv()
        return stream

    async def watch(self, **channels):
        stream = await self.local.connect("/v2/iex")
        await stream.send(orjson.dumps({"action": "auth", "key": "k", "secret": "s"}))
        await stream.send(orjson.dumps({"action": "subscribe", **channels}))
        for _ in range(3):
            await stream.recv()
        return stream

    async def buy(self, name="", qty=10, **terms):
        body = {"symbol": "SPY", "qty": qty, "side": "buy", "type": "market"}
        body |= {"time_in_force": "day", "client_order_id": name} | terms
        return await self.http.post("/v2/orders", json=body)

    def pass_time(self, seconds):
        self.clock.move(self.clock.now() + int(seconds * SECOND))
        self.local.exchange.catch_up()

    @property
    def record(self):
        return self.local.exchange.record


def heard(stream):
    """Everything that was sent and not yet received."""
    messages = []
    while not stream._session.outbox.empty():
        frame = stream._session.outbox.get_nowait()
        messages.append(None if frame is None else orjson.loads(frame))
    return messages


def events(stream):
    return [None if one is None else one["data"]["event"] for one in heard(stream)]


def run(story):
    asyncio.run(story())


def test_rate_limit_answers_429_with_retry_after():
    async def story():
        bot = Bot(Fault(FaultKind.RATE_LIMIT, seconds=7, times=1))
        answer = await bot.buy("a")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
        assert bot.record.updates == []
        assert (await bot.buy("a")).status_code == 200

    run(story)


def test_two_hundred_requests_a_minute_and_no_more():
    async def story():
        bot = Bot(limit=200)
        codes = [(await bot.http.get("/v2/clock")).status_code for _ in range(201)]
        assert codes == [200] * 200 + [429]
        bot.pass_time(60)
        assert (await bot.http.get("/v2/clock")).status_code == 200

    run(story)


def test_a_server_error_takes_no_order():
    async def story():
        bot = Bot(Fault(FaultKind.SERVER_ERROR, about="POST /v2/orders", times=1, status=503))
        assert (await bot.buy("a")).status_code == 503
        assert bot.local.exchange.venue.orders() == []

    run(story)


def test_a_lost_answer_has_taken_the_order():
    async def story():
        bot = Bot(Fault(FaultKind.LOST_ANSWER, about="POST /v2/orders", times=1))
        assert (await bot.buy("a")).status_code == 504
        found = await bot.http.get("/v2/orders:by_client_order_id", params={"client_order_id": "a"})
        assert found.json()["status"] == "filled"
        assert [line.status for line in bot.record.requests] == [200, 200]
        assert bot.record.requests[0].client_order_id == "a"

    run(story)


def test_a_hang_answers_late_and_has_taken_the_order():
    async def story():
        bot = Bot(Fault(FaultKind.HANG, about="POST /v2/orders", seconds=30, times=1))
        asking = asyncio.create_task(bot.buy("a"))
        for _ in range(20):
            await asyncio.sleep(0)
        assert not asking.done()
        assert len(bot.record.fills()) == 1
        bot.pass_time(30)
        assert (await asking).status_code == 504

    run(story)


def test_in_an_outage_nobody_answers_until_it_is_over():
    async def story():
        bot = Bot(Fault(FaultKind.OUTAGE, first_s=10, last_s=10, seconds=20))
        assert (await bot.http.get("/v2/clock")).status_code == 200
        bot.pass_time(10)
        for _ in range(2):
            with pytest.raises(httpx.ConnectError):
                await bot.http.get("/v2/clock")
        with pytest.raises(ConnectionError):
            await bot.local.connect("/stream")
        bot.pass_time(20)
        assert (await bot.http.get("/v2/clock")).status_code == 200

    run(story)


def test_keys_are_refused_while_the_fault_lasts():
    async def story():
        bot = Bot(Fault(FaultKind.REFUSE_KEYS, seconds=5, times=1))
        answer = await bot.http.get("/v2/account")
        assert (answer.status_code, answer.json()) == (401, {"message": "unauthorized."})
        bot.pass_time(5)
        assert (await bot.http.get("/v2/account")).status_code == 200

    run(story)


def test_without_keys_only_crypto_data_is_served():
    async def story():
        bot = Bot()
        bot.http.headers.pop("APCA-API-KEY-ID")
        assert (await bot.http.get("/v2/account")).status_code == 401
        path = "/v1beta3/crypto/us/latest/trades?symbols=BTC/USD"
        assert (await bot.http.get(path)).status_code == 200

    run(story)


def test_a_stale_clock_is_behind():
    async def story():
        bot = Bot(Fault(FaultKind.STALE_CLOCK, seconds=90, times=1))
        stamp = (await bot.http.get("/v2/clock")).json()["timestamp"]
        assert stamp == "2024-03-04T09:28:30-05:00"

    run(story)


def test_stale_positions_are_those_of_a_while_ago():
    async def story():
        bot = Bot(Fault(FaultKind.STALE_POSITIONS, seconds=60, first_s=100))
        await bot.buy("a")
        bot.pass_time(90)
        await bot.buy("b")
        bot.pass_time(20)
        held = (await bot.http.get("/v2/positions")).json()
        assert [one["qty"] for one in held] == ["10"]
        bot.pass_time(60)

    run(story)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault(FaultKind.DROP_UPDATE, about="fill"), ["pending_new", "new"]),
        (Fault(FaultKind.DOUBLE_UPDATE, about="fill"), ["pending_new", "new", "fill", "fill"]),
        (Fault(FaultKind.REORDER_UPDATE, about="pending"), ["new", "pending_new", "fill"]),
        (Fault(FaultKind.DELAY_UPDATE, about="new SPY"), ["fill"]),
        (Fault(FaultKind.REPLAY_FILL), ["pending_new", "new", "fill"]),
    ],
)
def test_updates_get_lost_doubled_swapped_late_and_replayed(fault, expected):
    async def story():
        bot = Bot(fault)
        stream = await bot.listen()
        await bot.buy("a")
        first = heard(stream)
        assert [one["data"]["event"] for one in first] == expected
        bot.pass_time(6)
        later = heard(stream)
        if fault.kind is FaultKind.DELAY_UPDATE:
            assert [one["data"]["event"] for one in later] == ["pending_new", "new"]
        if fault.kind is FaultKind.REPLAY_FILL:
            assert later[0]["data"]["execution_id"] == first[-1]["data"]["execution_id"]
        assert [str(one.change) for one in bot.record.updates] == ["pending_new", "new", "fill"]

    run(story)


def test_a_disconnect_breaks_the_stream_and_a_new_one_can_be_opened():
    async def story():
        bot = Bot(Fault(FaultKind.DISCONNECT, about="/stream fill", times=1))
        stream = await bot.listen()
        await bot.buy("a")
        for _ in range(2):
            await stream.recv()
        with pytest.raises(ConnectionLostError):
            await stream.recv()
        again = await bot.listen()
        await bot.buy("b")
        assert events(again) == ["pending_new", "new", "fill"]

    run(story)


def test_a_silent_data_socket_stays_open_and_says_nothing():
    async def story():
        bot = Bot(Fault(FaultKind.SILENCE, first_s=60, last_s=60, seconds=120))
        stream = await bot.watch(trades=["SPY"])
        bot.pass_time(300)
        stamps = [one[0]["t"] for one in heard(stream)]
        assert stamps == [f"2024-03-04T14:3{minute}:00Z" for minute in (3, 4, 5)]

    run(story)


def test_partial_fills_take_a_share_of_the_trade():
    async def story():
        bot = Bot(Fault(FaultKind.PARTIAL_FILL, share=0.001))
        stream = await bot.listen()
        size = bot.local.exchange.venue.floor.last["SPY"].size
        await bot.buy("a", qty=5)
        bot.pass_time(180)
        each = int(size * Decimal("0.001"))
        assert each == 2
        assert events(stream) == ["pending_new", "new", "partial_fill", "partial_fill", "fill"]

    run(story)


def test_an_order_is_rejected_after_it_was_taken():
    async def story():
        bot = Bot(Fault(FaultKind.REJECT_ORDER, times=1))
        stream = await bot.listen()
        assert (await bot.buy("a")).status_code == 200
        assert events(stream) == ["pending_new", "rejected"]

    run(story)


def test_a_halt_stops_trading_and_tells_so():
    async def story():
        bot = Bot(Fault(FaultKind.HALT, about="SPY", first_s=60, last_s=60, seconds=180))
        stream = await bot.watch(statuses=["SPY"], trades=["SPY"])
        bot.pass_time(60)
        await bot.buy("a")
        bot.pass_time(60)
        assert bot.record.fills() == []
        bot.pass_time(180)
        assert len(bot.record.fills()) == 1
        codes = [row["sc"] for one in heard(stream) for row in one if row["T"] == "s"]
        assert codes == ["H", "T"]

    run(story)


def test_bars_come_late_or_are_corrected():
    async def story():
        late = Bot(Fault(FaultKind.LATE_BAR, seconds=30, times=1))
        stream = await late.watch(bars=["SPY"])
        late.pass_time(61)
        assert heard(stream) == []
        late.pass_time(30)
        assert heard(stream)[0][0]["t"] == "2024-03-04T14:30:00Z"
        wrong = Bot(Fault(FaultKind.CORRECTED_BAR, seconds=30, share=0.1, times=1))
        stream = await wrong.watch(bars=["SPY"], updatedBars=["SPY"])
        wrong.pass_time(61)
        wrong.pass_time(35)
        first, second = (one[0] for one in heard(stream)[:2])
        assert (first["T"], second["T"], first["t"]) == ("b", "u", second["t"])
        assert first["c"] == pytest.approx(second["c"] * 1.1, rel=1e-6)

    run(story)


def test_faults_strike_alike_from_the_same_seed():
    def strikes(seed):
        faults = Faults([Fault(FaultKind.HANG, 0.3), Fault(FaultKind.OUTAGE, 0.5)], seed)
        return [faults.strikes(FaultKind.HANG) is not None for _ in range(50)]

    assert strikes(3) == strikes(3) != strikes(4)
    assert 5 < sum(strikes(3)) < 25


def test_a_file_of_faults_is_read_and_mistakes_are_named(tmp_path):
    file = tmp_path / "faults.toml"
    file.write_text('seed = 3\n[[fault]]\nkind = "hang"\nprobability = 0.1\nseconds = 20\n')
    assert read_faults(file).faults == (Fault(FaultKind.HANG, 0.1, seconds=20),)
    for text, words in (
        ("[[fault]]\nkind = 'hungry'", "no kind hungry; there are rate_limit"),
        ("[[fault]]\nkind = 'hang'\nsecs = 1", "no key secs; there are probability"),
        ("[[fault]]\nkind = 'hang'\nseconds = 'long'", "seconds = 'long' is no int"),
        ("[[fault]]\nseconds = 1", "fault 1 has no kind"),
        ("[[faults]]\nkind = 'hang'", "nothing else"),
        ("[[fault", "faults.toml: "),
    ):
        file.write_text(text)
        with pytest.raises(UserError, match=words.replace("[", r"\[")):
            read_faults(file)


def test_every_kind_of_fault_is_described():
    from pathlib import Path

    text = (Path(__file__).parents[3] / "docs" / "exchange.md").read_text(encoding="utf-8")
    assert [kind for kind in FaultKind if f"`{kind}`" not in text] == []


def test_time_begins_where_it_is_told():
    local, _ = build()
    assert local.exchange.catch_up() == OPEN
