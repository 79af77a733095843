"""Several streams as one."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

T = TypeVar("T")

_AHEAD = 1024


async def merged(streams: Sequence[AsyncIterator[T]]) -> AsyncIterator[T]:
    """What comes from any of them, as it comes; ends as the first of them to end does."""
    queue: asyncio.Queue[T] = asyncio.Queue(_AHEAD)
    tasks = [asyncio.ensure_future(_pour(stream, queue)) for stream in streams]
    try:
        while True:
            taking = asyncio.ensure_future(queue.get())
            try:
                await asyncio.wait({taking, *tasks}, return_when=asyncio.FIRST_COMPLETED)
                ended = [task for task in tasks if task.done()]
                if taking.done():
                    yield taking.result()
                elif ended:
                    await ended[0]
                    return
            finally:
                taking.cancel()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pour(stream: AsyncIterator[T], queue: "asyncio.Queue[T]") -> None:
    async for one in stream:
        await queue.put(one)
