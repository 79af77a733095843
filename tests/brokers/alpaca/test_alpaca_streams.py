"""Reports over real sockets on loopback, against servers that follow a script."""

import asyncio
import logging
from dataclasses import replace

import pytest
from alpaca_scripts import Script, drained, frame, heard, serving
from alpaca_words import KEY, LEG, SECRET, SETTINGS, order, update
from websockets.asyncio.server import ServerConnection, serve

from greenlight.brokers.alpaca import AlpacaBroker
from greenlight.domain import HaltError, OrderState, RetryError

LISTEN = {"action": "listen", "data": {"streams": ["trade_updates"]}}


async def welcome(client: ServerConnection) -> None:
    """The greeting of the trading stream, in binary frames."""
    keys = {"key_id": KEY, "secret_key": SECRET}
    assert await heard(client) == {"action": "authenticate", "data": keys}
    data = {"status": "authorized", "action": "authenticate"}
    await client.send(frame({"stream": "authorization", "data": data}))
    assert await heard(client) == LISTEN
    await client.send(frame({"stream": "listening", "data": {"streams": ["trade_updates"]}}))


def reports(script: Script) -> tuple[list, Exception]:
    """What a broker reports against a script, and the error that ended it."""

    async def go():
        async with serving(script) as settings:
            broker = AlpacaBroker(settings)
            got = await drained(broker.reports())
            await broker.close()
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


def test_a_redirect_of_a_stream_does_not_carry_the_keys_elsewhere():
    async def go():
        met = []

        async def stranger(client):
            met.append(client)

        async with serve(stranger, "127.0.0.1", 0) as elsewhere:
            aim = f"ws://127.0.0.1:{elsewhere.sockets[0].getsockname()[1]}"

            def divert(connection, _):
                answer = connection.respond(307, "over there\n")
                answer.headers["Location"] = aim
                return answer

            async with serve(stranger, "127.0.0.1", 0, process_request=divert) as server:
                port = server.sockets[0].getsockname()[1]
                settings = replace(SETTINGS, trading_stream_url=f"ws://127.0.0.1:{port}")
                broker = AlpacaBroker(settings)
                with pytest.raises(RetryError, match="307"):
                    await anext(broker.reports())
                await broker.close()
        return met

    assert asyncio.run(go()) == []


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
