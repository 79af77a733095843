"""Resampling: small bars into larger ones, within sessions and never ahead of time."""

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import Timeframe, UserError
from greenlight.market.arrays import F64, I64
from greenlight.market.bars import Bars
from greenlight.market.calendars import ALWAYS, sessions


def resample(bars: Bars, timeframe: Timeframe, *, until: int | None = None) -> Bars:
    """The same symbols in a larger time frame.

    Windows start at each session's open, follow each other without overlap and end with it (the
    last is shorter where the session is no multiple of the time frame); a day is a session. A bar
    closes when its window ends. A window that ends after `until` (ns UTC; default: the close of the
    last bar) is left out, for it has not been seen to its end: the first rows of `bars` give the
    first rows of the result. Raises UserError where a bar does not fit into one window.
    """
    if timeframe is bars.timeframe:
        return bars
    if timeframe.duration_ns % bars.timeframe.duration_ns != 0:
        raise UserError(f"{bars.timeframe} bars cannot be made into {timeframe} bars")
    open_ts, close_ts = _windows(bars, timeframe)
    if np.any(bars.close_ts > close_ts):
        row = int(np.flatnonzero(bars.close_ts > close_ts)[0])
        when = np.datetime64(int(bars.open_ts[row]), "ns").astype("datetime64[s]")
        raise UserError(f"the {bars.timeframe} bar of {when}Z lies across two {timeframe} bars")
    seen = close_ts <= (bars.close_ts[-1:].max(initial=0) if until is None else until)
    begins = np.ones(np.count_nonzero(seen), dtype=np.bool_)
    begins[1:] = np.diff(open_ts[seen]) != 0
    starts = np.flatnonzero(begins)
    return _grouped(bars, timeframe, (open_ts[seen], close_ts[seen]), starts)


def _windows(bars: Bars, timeframe: Timeframe) -> tuple[I64, I64]:
    """Open and close of the window that each bar begins in, shape (T,)."""
    length = timeframe.duration_ns
    if bars.calendar == ALWAYS:
        start = bars.open_ts // length * length
        return start, start + length
    first, last = (int(bars.session[0]), int(bars.session[-1])) if bars.count else (0, -1)
    known = sessions(bars.calendar, first, last)
    row = np.searchsorted(known.day, bars.session)
    opens, closes = known.open[row], known.close[row]
    if timeframe is Timeframe.D1:
        return opens, closes
    start = opens + (bars.open_ts - opens) // length * length
    return start, np.minimum(start + length, closes)


def _grouped(bars: Bars, timeframe: Timeframe, window: tuple[I64, I64], starts: I64) -> Bars:
    count = len(window[0])
    first, last, present = _ends(~np.isnan(bars.close[:count]), starts)
    volume = bars.volume[:count]
    known = np.maximum.reduceat(~np.isnan(volume), starts, axis=0) if count else present
    total = _reduced(np.add, np.nan_to_num(volume), starts)
    closes = _picked(bars.close, last, present)
    return Bars(
        calendar=bars.calendar,
        timeframe=timeframe,
        adjustment=bars.adjustment,
        symbols=bars.symbols,
        open_ts=window[0][starts],
        close_ts=window[1][starts],
        session=bars.session[:count][starts],
        open=closes if bars.closes_only else _picked(bars.open, first, present),
        high=closes if bars.closes_only else _reduced(np.fmax, bars.high[:count], starts),
        low=closes if bars.closes_only else _reduced(np.fmin, bars.low[:count], starts),
        close=closes,
        volume=np.where(known, total, np.nan),
        closes_only=bars.closes_only,
    )


def _ends(present: NDArray[np.bool_], starts: I64) -> tuple[I64, I64, NDArray[np.bool_]]:
    """Row of the first and last bar of each group and symbol, and whether there is any."""
    rows = np.arange(len(present), dtype=np.int64)[:, None]
    if len(starts) == 0:
        none = np.empty((0, present.shape[1]), dtype=np.int64)
        return none, none, none.astype(np.bool_)
    first = np.minimum.reduceat(np.where(present, rows, len(present)), starts, axis=0)
    last = np.maximum.reduceat(np.where(present, rows, -1), starts, axis=0)
    return np.minimum(first, len(present) - 1), last, last >= 0


def _picked(values: F64, rows: I64, present: NDArray[np.bool_]) -> F64:
    return np.where(present, np.take_along_axis(values, rows, axis=0), np.nan)


def _reduced(rule: np.ufunc, values: F64, starts: I64) -> F64:
    if len(starts) == 0:
        return np.empty((0, values.shape[1]))
    reduced: F64 = rule.reduceat(values, starts, axis=0)
    return reduced
