"""Streams over real sockets on loopback, against servers that follow a script."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from alpaca_words import KEY, LEG, SECRET, SETTINGS, order, update
from websockets.asyncio.server import ServerConnection, serve

from greenlight.brokers.alpaca import AlpacaBroker, AlpacaFeed
from greenlight.brokers.alpaca.merging import merged
from greenlight.domain import HaltError, OrderState, RetryError
from greenlight.storm import run

Script = Callable[[ServerConnection], Awaitable[None]]
LISTEN = {"action": "listen", "data": {"streams": ["trade_updates"]}}
CONNECTED = [{"T": "success", "msg": "connected"}]
AUTHENTICATED = [{"T": "success", "msg": "authenticated"}]
QUOTE = {
    "T": "q",
    "S": "SPY",
    "bx": "Q",
    "bp": 512.1,
    "bs": 3,
    "ax": "V",
    "ap": 512.12,
    "as": 1,
    "c": ["R"],
    "z": "B",
    "t": "2026-09-21T13:31:06.123456789Z",
}


@asynccontextmanager
async def serving(script: Script):
    """Settings that lead to a server which does what the script says with each client."""
    failures: list[Exception] = []

    async def guarded(client: ServerConnection) -> None:
        try:
            await script(client)
        except AssertionError as error:
            failures.append(error)

    async with serve(guarded, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield replace(
            SETTINGS,
            trading_stream_url=f"ws://127.0.0.1:{port}/stream",
            data_stream_url=f"ws://127.0.0.1:{port}",
        )
    assert not failures


def frame(message: object) -> bytes:
    return json.dumps(message).encode()


async def heard(client: ServerConnection) -> object:
    return json.loads(await client.recv())


async def welcome(client: ServerConnection) -> None:
    """The greeting of the trading stream, in binary frames."""
    keys = {"key_id": KEY, "secret_key": SECRET}
    assert await heard(client) == {"action": "authenticate", "data": keys}
    data = {"status": "authorized", "action": "authenticate"}
    await client.send(frame({"stream": "authorization", "data": data}))
    assert await heard(client) == LISTEN
    await client.send(frame({"stream": "listening", "data": {"streams": ["trade_updates"]}}))


async def drained(stream: AsyncIterator[object]) -> tuple[list, Exception]:
    """What a stream gave, and the error that ended it."""
    got = []
    try:
        async for one in stream:
            got.append(one)  # noqa: PERF401 - what came before the error has to be kept
    except (RetryError, HaltError) as error:
        return got, error
    raise AssertionError("a stream ended without an error")


def reports(script: Script) -> tuple[list, Exception]:
    """What a broker reports against a script, and the error that ended it."""

    async def go():
        async with serving(script) as settings:
            broker = AlpacaBroker(settings)
            got = await drained(broker.reports())
            await broker.close()
            return got

    return asyncio.run(go())


def quotes(script: Script, *instruments: str, silence_s: float = 5.0) -> tuple[list, Exception]:
    """The same for quotes."""

    async def go():
        async with serving(script) as settings:
            feed = AlpacaFeed(replace(settings, silence_s=silence_s), lambda: 0)
            got = await drained(feed.quotes(instruments))
            await feed.close()
            return got

    return asyncio.run(go())


def test_updates_in_binary_frames_become_reports_until_the_connection_breaks():
    async def script(client):
        await welcome(client)
        fill = update(
            "fill",
            price="512.3",
            qty="10",
            execution_id=LEG,
            order=order(status="filled", filled_qty="10", filled_avg_price="512.3"),
        )
        for told in (update("new"), fill, fill):
            await client.send(frame({"stream": "trade_updates", "data": told}))

    got, error = reports(script)
    assert [one.order.state for one in got] == [
        OrderState.WORKING,
        OrderState.FILLED,
        OrderState.FILLED,
    ]
    assert got[1] == got[2]
    assert got[1].execution.id == LEG
    assert type(error) is RetryError


def test_an_update_that_comes_before_the_word_that_we_listen_is_not_lost():
    async def script(client):
        await heard(client)
        data = {"status": "authorized", "action": "authenticate"}
        await client.send(frame({"stream": "authorization", "data": data}))
        await heard(client)
        await client.send(frame({"stream": "trade_updates", "data": update("new")}))
        await client.send(frame({"stream": "listening", "data": {"streams": ["trade_updates"]}}))

    assert len(reports(script)[0]) == 1


def test_keys_that_the_stream_refuses_halt():
    async def script(client):
        await heard(client)
        data = {"status": "unauthorized", "action": "authenticate"}
        await client.send(frame({"stream": "authorization", "data": data}))

    got, error = reports(script)
    assert got == []
    assert type(error) is HaltError
    assert SECRET not in str(error)


def test_a_stream_that_does_not_take_us_as_a_listener_is_tried_again():
    async def script(client):
        await heard(client)
        data = {"status": "authorized", "action": "authenticate"}
        await client.send(frame({"stream": "authorization", "data": data}))
        await heard(client)
        await client.send(frame({"stream": "listening", "data": {"streams": []}}))

    assert "does not tell" in str(reports(script)[1])


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"5",
        b"[5]",
        b"\xff\xfe",
        frame({"stream": "trade_updates"}),
        frame({"stream": "trade_updates", "data": {"event": "fill"}}),
        frame({"stream": "trade_updates", "data": {"event": "fill", "order": {"id": 5}}}),
    ],
)
def test_a_report_that_cannot_be_read_ends_the_stream_loudly(content):
    async def script(client):
        await welcome(client)
        await client.send(content)
        await client.wait_closed()

    got, error = reports(script)
    assert got == []
    assert "cannot be read" in str(error) or "not an object" in str(error)


@pytest.mark.parametrize(
    ("status", "kind"), [(401, HaltError), (403, HaltError), (429, RetryError)]
)
def test_a_handshake_that_is_refused_says_with_what(status, kind):
    async def go():
        def refuse(connection, _):
            return connection.respond(status, "no\n")

        async def never(_):
            raise AssertionError

        async with serve(never, "127.0.0.1", 0, process_request=refuse) as server:
            port = server.sockets[0].getsockname()[1]
            broker = AlpacaBroker(replace(SETTINGS, trading_stream_url=f"ws://127.0.0.1:{port}"))
            with pytest.raises(kind, match=str(status)) as caught:
                await anext(broker.reports())
            await broker.close()
            return caught.value

    assert type(asyncio.run(go())) is kind


def test_a_port_where_nobody_listens_is_tried_again():
    async def go():
        broker = AlpacaBroker(SETTINGS)
        with pytest.raises(RetryError, match="connecting"):
            await anext(broker.reports())
        await broker.close()

    asyncio.run(go())


def test_a_reader_that_leaves_closes_the_connection():
    closed = asyncio.Event()

    async def script(client):
        await welcome(client)
        await client.send(frame({"stream": "trade_updates", "data": update("new")}))
        await client.wait_closed()
        closed.set()

    async def go():
        async with serving(script) as settings:
            broker = AlpacaBroker(settings)
            stream = broker.reports()
            await anext(stream)
            await stream.aclose()
            await asyncio.wait_for(closed.wait(), 5)
            await broker.close()

    asyncio.run(go())


def test_the_keys_are_in_no_log_of_a_stream(caplog):
    caplog.set_level(logging.DEBUG)

    async def script(client):
        client.logger.setLevel(logging.WARNING)  # the server's own frames are not at issue
        await welcome(client)

    reports(script)
    sent = [one for one in caplog.records if "server" not in one.name]
    assert not [one for one in sent if SECRET in one.getMessage()]


async def greet(client: ServerConnection) -> object:
    """The greeting of the data stream, up to the subscription."""
    await client.send(json.dumps(CONNECTED))
    assert await heard(client) == {"action": "auth", "key": KEY, "secret": SECRET}
    await client.send(json.dumps(AUTHENTICATED))
    wanted = await heard(client)
    await client.send(json.dumps([{"T": "subscription", "quotes": wanted["quotes"]}]))
    return wanted


def test_quotes_of_equities_come_as_they_are_told():
    async def script(client):
        assert client.request.path == "/v2/iex"
        assert await greet(client) == {"action": "subscribe", "quotes": ["SPY"]}
        await client.send(json.dumps([QUOTE, QUOTE | {"bp": 0}, QUOTE | {"S": "QQQ"}]))
        await client.send(json.dumps([QUOTE | {"bp": 512, "ap": 512.5}]))

    got, error = quotes(script, "SPY")
    assert [(str(one.bid), str(one.ask)) for one in got] == [("512.1", "512.12"), ("512", "512.5")]
    assert got[0].ts % 1_000_000_000 == 123_456_789
    assert got[0].instrument == "SPY"
    assert (got[0].bid_size, got[0].ask_size) == (3, 1)
    assert type(error) is RetryError


def test_equities_and_pairs_are_quoted_together_each_from_its_own_socket():
    paths = []

    async def script(client):
        paths.append(client.request.path)
        symbol = (await greet(client))["quotes"][0]
        await client.send(json.dumps([QUOTE | {"S": symbol}] * 3))
        await client.wait_closed()

    got, error = quotes(script, "SPY", "BTC/USD", silence_s=0.2)
    assert sorted(paths) == ["/v1beta3/crypto/us", "/v2/iex"]
    assert sorted(one.instrument for one in got) == ["BTC/USD"] * 3 + ["SPY"] * 3
    assert "silent for 0.2 s" in str(error)


def test_an_open_socket_that_says_nothing_is_broken():
    async def script(client):
        await greet(client)
        await client.wait_closed()

    assert "silent" in str(quotes(script, "SPY", silence_s=0.1)[1])


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (402, "auth failed", HaltError),
        (404, "auth timeout", RetryError),
        (406, "connection limit exceeded", RetryError),
        (409, "insufficient subscription", HaltError),
        (500, "internal error", RetryError),
    ],
)
def test_an_error_in_the_greeting_is_told_in_the_venues_words(code, text, kind):
    async def script(client):
        await client.send(json.dumps(CONNECTED))
        await heard(client)
        await client.send(json.dumps([{"T": "error", "code": code, "msg": text}]))

    error = quotes(script, "SPY")[1]
    assert type(error) is kind
    assert text in str(error)


def test_more_symbols_than_the_plan_has_halts():
    async def script(client):
        await greet(client)
        await client.send(json.dumps([{"T": "error", "code": 405, "msg": "symbol limit exceeded"}]))

    assert type(quotes(script, "SPY")[1]) is HaltError


def test_a_stream_that_greets_in_another_way_is_tried_again():
    async def script(client):
        await client.send(json.dumps([{"T": "hello"}]))

    assert "connected was expected" in str(quotes(script, "SPY")[1])


def test_a_quote_that_cannot_be_read_ends_the_stream_loudly():
    async def script(client):
        await greet(client)
        await client.send(json.dumps([QUOTE | {"t": "now"}]))
        await client.wait_closed()

    assert "cannot be read" in str(quotes(script, "SPY")[1])


def test_thousands_of_symbols_are_subscribed_to_in_messages_the_venue_takes():
    wanted = []

    async def script(client):
        wanted.extend((await greet(client))["quotes"])
        while len(wanted) < 1200:
            wanted.extend((await heard(client))["quotes"])

    names = [f"S{n}" for n in range(1200)]
    quotes(script, *names)
    assert wanted == names


class FakeSocket:
    """A socket in process: what tests and simulations connect with."""

    def __init__(self, *frames: str) -> None:
        self.frames = list(frames)
        self.sent: list[str] = []
        self.closed = False

    async def send(self, message: str, /) -> None:
        self.sent.append(message)

    async def recv(self) -> str:
        if not self.frames:
            await asyncio.sleep(3600)
        return self.frames.pop(0)

    async def close(self) -> None:
        self.closed = True


def test_streams_run_on_virtual_time_over_any_socket():
    socket = FakeSocket(json.dumps(CONNECTED), json.dumps(AUTHENTICATED), json.dumps([QUOTE]))

    async def connect(url: str) -> FakeSocket:
        assert url == "ws://127.0.0.1:1/v2/iex"
        return socket

    async def go():
        feed = AlpacaFeed(SETTINGS, lambda: 0, connect=connect)
        got, error = await drained(feed.quotes(["SPY"]))
        assert "silent for 120 s" in str(error)
        assert asyncio.get_running_loop().time() == pytest.approx(120.0)
        return got

    assert len(run(go())) == 1
    assert socket.closed


def test_streams_that_run_together_end_together_and_lose_nothing_before():
    closed = []

    async def some(name: str, count: int, wait_s: float):
        try:
            for n in range(count):
                await asyncio.sleep(wait_s)
                yield f"{name}{n}"
            raise RetryError(name)
        finally:
            closed.append(name)

    async def go():
        return await drained(merged([some("a", 3, 1.0), some("b", 100, 0.5)]))

    got, error = run(go())
    assert str(error) == "a"
    assert [one for one in got if one.startswith("a")] == ["a0", "a1", "a2"]
    assert len(got) >= 8
    assert sorted(closed) == ["a", "b"]
