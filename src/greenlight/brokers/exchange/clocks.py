"""The exchange's time: the world's at a pace of its own, or as it is told."""

import asyncio
import heapq
from collections.abc import Callable
from typing import Protocol

from greenlight.brokers.exchange.hours import NS_SECOND


class ExchangeClock(Protocol):
    """What `live` calls a clock, too."""

    def now(self) -> int:
        """Now, ns UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let so many seconds of this clock pass."""
        ...


class PacedClock:
    """Starts at `start_ts` and runs `speed` times as fast as `seconds`, a count of seconds."""

    def __init__(self, start_ts: int, speed: float, seconds: Callable[[], float]) -> None:
        self._start_ts, self._speed, self._seconds = start_ts, speed, seconds
        self._began = seconds()

    def now(self) -> int:
        """Now, ns UTC."""
        return self._start_ts + int((self._seconds() - self._began) * self._speed * NS_SECOND)

    async def sleep(self, seconds: float) -> None:
        """Sleep the world's share of it."""
        await asyncio.sleep(max(0.0, seconds) / self._speed)


class ToldClock:
    """Stands still until it is moved."""

    def __init__(self, start_ts: int) -> None:
        self._now = start_ts
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> int:
        """Now, ns UTC."""
        return self._now

    def move(self, ts: int) -> None:
        """Let time pass up to `ts` and wake who waited for it."""
        self._now = max(self._now, ts)
        while self._sleepers and self._sleepers[0][0] <= self._now:
            sleeper = heapq.heappop(self._sleepers)[2]
            if not sleeper.done():
                sleeper.set_result(None)

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been moved so far."""
        sleeper: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        due = self._now + int(seconds * NS_SECOND)
        heapq.heappush(self._sleepers, (due, self._count, sleeper))
        await sleeper
