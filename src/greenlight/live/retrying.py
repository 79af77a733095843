"""Waits that grow, and a venue's rate of requests with a share kept for what reduces."""

from enum import IntEnum
from typing import Protocol

import numpy as np

_NS = 1_000_000_000
_BURST = 0.25  # share of a minute's requests that may go at once
_CALM = 4  # longest waits without a failure after which an earlier one is forgotten


class Sleeper(Protocol):
    """The part of a clock that waits."""

    def now(self) -> int:
        """Now, ns UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        ...


class Urgency(IntEnum):
    """Who may still send when few requests are left; each keeps off the share of the next."""

    READ = 0
    ENTER = 1
    REDUCE = 2


#: of the burst, what must be left behind
_KEPT = {Urgency.READ: 0.5, Urgency.ENTER: 0.25, Urgency.REDUCE: 0.0}


class Budget:
    """A bucket of `per_minute` requests, emptied by `admit`, filled by time."""

    def __init__(self, per_minute: int, clock: Sleeper) -> None:
        self._clock = clock
        self._rate = per_minute / 60.0
        self._most = max(4.0, per_minute * _BURST)
        self._left, self._at = self._most, clock.now()
        self._closed_until = 0

    def close(self, seconds: float) -> None:
        """The venue asked to be left alone for so long."""
        self._closed_until = max(self._closed_until, self._clock.now() + int(seconds * _NS))

    async def admit(self, urgency: Urgency) -> None:
        """Wait until a request of this urgency may go, and count it."""
        while (wait := self._wait_s(urgency)) > 0.0:
            await self._clock.sleep(wait)
        self._left -= 1.0

    def _wait_s(self, urgency: Urgency) -> float:
        now = self._clock.now()
        self._left = min(self._most, self._left + (now - self._at) / _NS * self._rate)
        self._at = now
        if now < self._closed_until:
            return (self._closed_until - now) / _NS + 1e-3
        missing = _KEPT[urgency] * self._most + 1.0 - self._left
        return missing / self._rate + 1e-3 if missing > 1e-9 else 0.0


class Backoff:
    """Waits that double from `first_s` to `longest_s`, each with jitter from `rng`, by key."""

    def __init__(self, first_s: float, longest_s: float, rng: np.random.Generator) -> None:
        self._first, self._longest, self._rng = first_s, longest_s, rng
        self._failed: dict[object, tuple[int, int]] = {}  # key: count, last time

    def failed(self, key: object, now: int, least_s: float = 0.0) -> float:
        """Count a failure; how many seconds to wait before the next try."""
        count = self.count(key, now)
        self._failed[key] = (count + 1, now)
        wait = min(self._longest, self._first * 2.0 ** min(count, 30))
        return max(least_s, float(wait * self._rng.uniform(0.75, 1.25)))

    def count(self, key: object, now: int) -> int:
        """How often it has failed in a row."""
        count, last = self._failed.get(key, (0, 0))
        return 0 if now - last > int(_CALM * self._longest * _NS) else count

    def worked(self, key: object) -> None:
        """It worked: the next failure is the first."""
        self._failed.pop(key, None)
