"""Servers on loopback that follow a script, and what is heard from them."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from alpaca_words import SETTINGS
from websockets.asyncio.server import ServerConnection, serve

from greenlight.domain import HaltError, RetryError

Script = Callable[[ServerConnection], Awaitable[None]]


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


async def drained(stream: AsyncIterator[object]) -> tuple[list, Exception]:
    """What a stream gave, and the error that ended it."""
    got = []
    try:
        async for one in stream:
            got.append(one)  # noqa: PERF401 - what came before the error has to be kept
    except (RetryError, HaltError) as error:
        return got, error
    raise AssertionError("a stream ended without an error")
