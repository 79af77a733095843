"""Calendars: which sessions there are, each with its open and close, half days and both DST days.

``XNYS`` stands for the regular hours of NYSE and Nasdaq and is baked into the package by
scripts/bake_calendars.py (before 1985-09-30 with today's opening time). ``24/7``, for crypto, has
one session every UTC day.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from greenlight.domain import UserError
from greenlight.market.arrays import I64
from greenlight.market.names import nearest

XNYS = "XNYS"
ALWAYS = "24/7"
CALENDARS = (ALWAYS, XNYS)

NS_MINUTE = 60 * 1_000_000_000
NS_DAY = 24 * 60 * NS_MINUTE

_BAKED = Path(__file__).parent / "baked"


@dataclass(frozen=True, slots=True)
class Sessions:
    """S sessions in order, shape (S,): `day` since the epoch, `open` and `close` in ns UTC."""

    day: I64
    open: I64
    close: I64


def sessions(calendar: str, first: int, last: int) -> Sessions:
    """Sessions with `first` <= day <= `last`; those that are not known are not there.

    Raises UserError for a calendar that does not exist.
    """
    if calendar == ALWAYS:
        day = np.arange(first, last + 1, dtype=np.int64)
        return Sessions(day, day * NS_DAY, (day + 1) * NS_DAY)
    known = _baked(require_calendar(calendar))
    chosen = slice(*np.searchsorted(known.day, (first, last + 1)))
    return Sessions(known.day[chosen], known.open[chosen], known.close[chosen])


def sessions_around(calendar: str, ts: I64) -> Sessions:
    """Sessions of the days of all `ts` (ns UTC) and of the day before and after."""
    if len(ts) == 0:
        return sessions(calendar, 0, -1)
    return sessions(calendar, int(ts.min() // NS_DAY) - 1, int(ts.max() // NS_DAY) + 1)


def require_calendar(name: str) -> str:
    """The name itself. Raises UserError when there is no such calendar."""
    if name not in CALENDARS:
        raise UserError(f"unknown calendar {name}: {nearest(name, CALENDARS)}")
    return name


@cache
def _baked(calendar: str) -> Sessions:
    with np.load(_BAKED / f"{calendar}.npz") as table:
        day = table["day"].astype(np.int64)
        opens = day * NS_DAY + table["open"].astype(np.int64) * NS_MINUTE
        closes = day * NS_DAY + table["close"].astype(np.int64) * NS_MINUTE
    for array in (day, opens, closes):
        array.flags.writeable = False
    return Sessions(day, opens, closes)
