"""The lengths of bars."""

from enum import StrEnum

_NS_MINUTE = 60 * 1_000_000_000


class Timeframe(StrEnum):
    """Length of a bar; a day is one session of its calendar, not 24 hours."""

    M1 = "1m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    H4 = "4h"
    D1 = "1d"

    @property
    def duration_ns(self) -> int:
        """Nominal length in nanoseconds (a day: 24 hours)."""
        return _MINUTES[self] * _NS_MINUTE


_MINUTES = {
    Timeframe.M1: 1,
    Timeframe.M5: 5,
    Timeframe.M15: 15,
    Timeframe.M30: 30,
    Timeframe.H1: 60,
    Timeframe.H4: 240,
    Timeframe.D1: 1440,
}
