"""Quotes over real sockets on loopback, and over sockets in process on virtual time."""

import asyncio
import json
from dataclasses import replace

import pytest
from alpaca_scripts import Script, drained, heard, serving
from alpaca_words import KEY, SECRET, SETTINGS
from websockets.asyncio.server import ServerConnection

from greenlight.brokers.alpaca import AlpacaFeed
from greenlight.brokers.alpaca.merging import merged
from greenlight.domain import HaltError, RetryError
from greenlight.storm import run

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


def quotes(script: Script, *instruments: str, silence_s: float = 5.0) -> tuple[list, Exception]:
    """The same for quotes."""

    async def go():
        async with serving(script) as settings:
            feed = AlpacaFeed(replace(settings, silence_s=silence_s), lambda: 0)
            got = await drained(feed.quotes(instruments))
            await feed.close()
            return got

    return asyncio.run(go())


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
