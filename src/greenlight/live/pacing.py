"""Requests at the rate that a venue allows: a burst, then evenly."""

from greenlight.live.ports import Clock

_NS = 1_000_000_000
_BURST = 0.25  # share of a minute's allowance that may go at once: a bot may be sending as well


class Pace:
    """A bucket of `per_minute` requests; `turn` waits until one may go."""

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self._clock = clock
        self._rate = per_minute / 60.0
        self._most = max(1.0, per_minute * _BURST)
        self._left = self._most
        self._at = clock.now()

    async def turn(self) -> None:
        """Wait for the turn of one request."""
        now = self._clock.now()
        self._left = min(self._most, self._left + (now - self._at) / _NS * self._rate)
        self._at = now
        self._left -= 1.0
        if self._left < 0.0:  # those before have taken all: each later one waits a step longer
            await self._clock.sleep(-self._left / self._rate)
