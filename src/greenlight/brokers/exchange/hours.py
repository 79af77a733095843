"""When a market is open, by its calendar of sessions."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from greenlight.market import sessions

NS_SECOND = 1_000_000_000
NS_MINUTE = 60 * NS_SECOND
NS_HOUR = 60 * NS_MINUTE
NS_DAY = 24 * NS_HOUR
_LAST_DAY = 47_000  # in 2098: later than anybody looks

# extended hours at Alpaca are 04:00 to 20:00 ET; sessions open at 09:30
_BEFORE = 5 * NS_HOUR + 30 * NS_MINUTE
_EXTENDED = 16 * NS_HOUR


@dataclass(frozen=True, slots=True)
class Session:
    """One session; `day` since the epoch, times in ns UTC."""

    day: int
    open_ts: int
    close_ts: int

    @property
    def extended_open_ts(self) -> int:
        """04:00 ET of the day."""
        return self.open_ts - _BEFORE

    @property
    def extended_close_ts(self) -> int:
        """20:00 ET of the day."""
        return self.open_ts - _BEFORE + _EXTENDED


class Hours:
    """Sessions of one calendar."""

    def __init__(self, calendar: str) -> None:
        self.calendar = calendar
        self._known = sessions(calendar, -40_000, _LAST_DAY)

    def coming(self, ts: int) -> Session:
        """The session in progress at `ts`, or the next to come."""
        return self._nth(int(np.searchsorted(self._known.close, ts, side="right")))

    def after(self, ts: int) -> Session:
        """The first session that opens after `ts`."""
        return self._nth(int(np.searchsorted(self._known.open, ts, side="right")))

    def last(self, ts: int) -> Session:
        """The session in progress at `ts`, or the one before."""
        return self._nth(max(0, int(np.searchsorted(self._known.open, ts, side="right")) - 1))

    def between(self, first: int, last: int) -> list[Session]:
        """Sessions with `first` <= day <= `last`."""
        low, high = np.searchsorted(self._known.day, (first, last + 1))
        return [self._nth(n) for n in range(int(low), int(high))]

    def is_open(self, ts: int) -> bool:
        """Whether a session is in progress."""
        return self.coming(ts).open_ts <= ts

    def _nth(self, n: int) -> Session:
        known = self._known
        return Session(int(known.day[n]), int(known.open[n]), int(known.close[n]))


@cache
def hours(calendar: str) -> Hours:
    """The sessions of a calendar, read once."""
    return Hours(calendar)
