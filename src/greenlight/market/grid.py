"""The grid: which window of its calendar a bar stands for."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import Timeframe
from greenlight.market.arrays import I64
from greenlight.market.calendars import ALWAYS, NS_DAY, NS_MINUTE, Sessions, sessions_around


class Place(IntEnum):
    """Where a bar's stamp lies."""

    ON_GRID = 0
    OUTSIDE = 1  # before or after regular hours on a day with a session
    OFF_GRID = 2  # within a session, but no bar begins there
    CLOSED = 3  # on a day without a session


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of T stamps, shape (T,); the others mean something only where `place` is ON_GRID.

    `slot` counts the windows of the calendar from some origin: neighbours differ by one.
    """

    open_ts: I64
    close_ts: I64
    session: I64
    slot: I64
    place: NDArray[np.int8]


def windows(ts: I64, calendar: str, timeframe: Timeframe) -> Windows:
    """The window each stamp `ts` (ns UTC, a bar's open) begins.

    A daily bar is stamped with its session's date at 00:00 UTC and lasts from the session's open
    to its close. Smaller bars begin at whole multiples of the time frame after the session's open;
    1h bars may as well begin at full hours (the first is then cut at the open). The last is cut at
    the close. Raises UserError for a calendar that does not exist.
    """
    if calendar == ALWAYS:
        return _around_the_clock(ts, timeframe.duration_ns)
    known = sessions_around(calendar, ts)
    if len(known.day) == 0:
        nowhere = np.full(len(ts), Place.CLOSED, dtype=np.int8)
        return Windows(ts, ts + timeframe.duration_ns, ts // NS_DAY, np.zeros_like(ts), nowhere)
    if timeframe is Timeframe.D1:
        return _daily(ts, known)
    return _within_sessions(ts, known, timeframe)


def _around_the_clock(ts: I64, length: int) -> Windows:
    slot, rest = np.divmod(ts, length)
    place = np.where(rest == 0, Place.ON_GRID, Place.OFF_GRID).astype(np.int8)
    return Windows(ts, ts + length, ts // NS_DAY, slot, place)


def _daily(ts: I64, known: Sessions) -> Windows:
    day, rest = np.divmod(ts, NS_DAY)
    row = np.minimum(np.searchsorted(known.day, day), len(known.day) - 1)
    place = np.full(len(ts), Place.ON_GRID, dtype=np.int8)
    place[rest != 0] = Place.OFF_GRID
    place[known.day[row] != day] = Place.CLOSED
    return Windows(known.open[row], known.close[row], day, _ordinals(known)[row], place)


def _within_sessions(ts: I64, known: Sessions, timeframe: Timeframe) -> Windows:
    length = timeframe.duration_ns
    row = np.maximum(np.searchsorted(known.open, ts + length, side="left") - 1, 0)
    opens, closes = known.open[row], known.close[row]
    inside = (ts + length > opens) & (ts < closes)
    anchor = _anchor(known, ts[inside], row[inside], timeframe)
    count = -((anchor - known.close) // length)
    first_slot = np.concatenate(([0], np.cumsum(count)[:-1]))
    nth, rest = np.divmod(ts - anchor[row], length)
    place = np.full(len(ts), Place.ON_GRID, dtype=np.int8)
    place[rest != 0] = Place.OFF_GRID
    place[inside & (ts < anchor[row])] = Place.OFF_GRID
    place[~inside] = Place.CLOSED
    place[~inside & _on_session_day(ts, known)] = Place.OUTSIDE
    return Windows(
        np.maximum(ts, opens),
        np.minimum(ts + length, closes),
        known.day[row],
        first_slot[row] + nth,
        place,
    )


def _anchor(known: Sessions, ts: I64, row: I64, timeframe: Timeframe) -> I64:
    """Where the bars of each session begin: at its open, or at the full hour if more 1h bars do."""
    if timeframe is not Timeframe.H1:
        return known.open
    length = timeframe.duration_ns
    hour = known.open // length * length
    after_open = np.count_nonzero((ts - known.open[row]) % length == 0)
    on_the_hour = np.count_nonzero((ts - hour[row]) % length == 0)
    return hour if on_the_hour > after_open else known.open


def _on_session_day(ts: I64, known: Sessions) -> NDArray[np.bool_]:
    """Whether the exchange's own calendar day (it opens at 09:30) has a session."""
    midnight = known.open - (9 * 60 + 30) * NS_MINUTE
    row = np.maximum(np.searchsorted(midnight, ts, side="right") - 1, 0)
    since = ts - midnight[row]
    return (since >= 0) & (since < NS_DAY)


def _ordinals(known: Sessions) -> I64:
    return np.arange(len(known.day), dtype=np.int64)
