"""Clocks of the live engine: the world's, and a venue's that may run faster."""

import asyncio
from collections.abc import Callable

from greenlight.domain import UserError
from greenlight.live.ports import Broker

_NS = 1_000_000_000
_MEASURE_S = 0.4
_BELIEVED = 0.1  # of the time that has passed
_AGREEING = 3  # readings in a row that are far off are right after all
_SAME = 0.1  # speeds this near to the world's are the world's: a request takes time


class WorldClock:
    """The machine's clock. `wall`: ns UTC."""

    def __init__(self, wall: Callable[[], int]) -> None:
        self._wall = wall

    def now(self) -> int:
        """Now, ns UTC."""
        return self._wall()

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(max(seconds, 0.0))


class VenueClock:
    """A clock that stood at `anchor_ts` when `elapsed` was read first, and runs at `speed`.

    elapsed: seconds of a clock that never goes back. Neither does this one.
    """

    def __init__(self, elapsed: Callable[[], float], anchor_ts: int, speed: float) -> None:
        self._elapsed, self._speed = elapsed, speed
        self._first_ts, self._first = anchor_ts, elapsed()
        self._anchor_ts, self._anchor = self._first_ts, self._first
        self._doubted: list[tuple[int, float]] = []

    @property
    def speed(self) -> float:
        """Seconds of this clock in one of the world's."""
        return self._speed

    def now(self) -> int:
        """Now, ns UTC."""
        return self._anchor_ts + int((self._elapsed() - self._anchor) * self._speed * _NS)

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(max(seconds, 0.0) / self._speed)

    def follow(self, ts: int) -> None:
        """Hear what the venue's clock says now, and run a little faster or slower to agree.

        The first reading of a speed was taken over a moment; this one is taken over all time since.
        A reading far from this clock's is not believed, unless the next two are as far.
        """
        now, at = self.now(), self._elapsed()
        passed = at - self._first
        if passed < _MEASURE_S:
            return
        if abs(ts - now) > _BELIEVED * passed * self._speed * _NS:
            self._doubted.append((ts, at))
            if len(self._doubted) < _AGREEING:
                return
            self._first_ts, self._first = self._doubted[0]
            passed = at - self._first
        self._doubted.clear()
        self._speed = (ts - self._first_ts) / _NS / passed
        self._anchor_ts, self._anchor = max(ts, now), at


async def measure(broker: Broker, elapsed: Callable[[], float]) -> VenueClock:
    """The clock of a venue, its speed found from two readings.

    Raises UserError where it stands still.
    """
    first, at_first = await broker.now(), elapsed()
    await asyncio.sleep(_MEASURE_S)
    second, at_second = await broker.now(), elapsed()
    speed = (second - first) / _NS / (at_second - at_first)
    if speed <= 0.0:
        raise UserError(f"the clock of {broker.name} stands still; start it, or set live.clock")
    return VenueClock(elapsed, second, 1.0 if abs(speed - 1.0) < _SAME else speed)
