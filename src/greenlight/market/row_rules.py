"""Rules about single rows of a bar table and about rows that say the same bar twice."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from greenlight.domain import Timeframe
from greenlight.market.arrays import I64
from greenlight.market.bars import BarSpec
from greenlight.market.calendars import ALWAYS, NS_DAY, NS_MINUTE, sessions_around
from greenlight.market.defects import DefectKind, Finding, found
from greenlight.market.files import NUMBERS
from greenlight.market.grid import Place, Windows, windows

_OPEN_MINUTE, _CLOSE_MINUTE = 9 * 60 + 30, 16 * 60
_CLOCK_ROWS, _CLOCK_SESSIONS = 50, 5  # fewer prove nothing
_OHLC = "open {open} high {high} low {low} close {close}"


@dataclass(frozen=True, slots=True)
class Rows:
    """A bar table of T rows with what is needed to judge it; `order` sorts by symbol, then time.

    `known`: has time and symbol; `code` numbers the symbols, `run` what stands in order of time in
    the file (an instrument may stand there under two tickers); `ts` in ns UTC (0 where unknown).
    """

    spec: BarSpec
    table: pl.DataFrame
    known: NDArray[np.bool_]
    code: I64
    run: I64
    ts: I64
    order: I64
    windows: Windows

    @classmethod
    def of(cls, table: pl.DataFrame, spec: BarSpec) -> "Rows":
        """Of a table as `files.read_bars` gives it."""
        known = (table["ts"].is_not_null() & table["symbol"].is_not_null()).to_numpy()
        ts = table["ts"].to_physical().fill_null(0).to_numpy()
        code = _codes(table["symbol"])
        return cls(
            spec=spec,
            table=table,
            known=known,
            code=code,
            run=_codes(table["ticker"]) if "ticker" in table.columns else code,
            ts=ts,
            order=np.lexsort((ts, code)),
            windows=windows(ts, spec.calendar, spec.timeframe),
        )

    @property
    def is_outside(self) -> NDArray[np.bool_]:
        """Rows before or after regular hours."""
        outside: NDArray[np.bool_] = self.known & (self.windows.place == Place.OUTSIDE)
        return outside

    def is_due(self, now: int) -> NDArray[np.bool_]:
        """Rows that stand for a bar of the calendar, however bad, that has closed by `now`."""
        on_grid: NDArray[np.bool_] = self.windows.place == Place.ON_GRID
        return self.known & on_grid & (self.windows.close_ts <= now)


def row_findings(rows: Rows, now: int) -> Iterator[Finding]:
    """Every defect a row has by itself or with another row of the same symbol."""
    table = rows.table
    yield found(DefectKind.STAMP, ~rows.known, table, "time {ts}, symbol {symbol}: one is missing")
    yield from _values(table)
    future = _is_future(rows, now)
    yield found(DefectKind.FUTURE, future, table, "not closed by now; close {close}")
    yield from _off_calendar(rows)
    yield found(
        DefectKind.ORDER, _is_late(rows, future), table, f"before the row above it; {_OHLC}"
    )
    yield from _duplicates(rows)
    yield from _clock(rows)


def _values(table: pl.DataFrame) -> Iterator[Finding]:
    o, h, low, c, volume = (table[name].to_numpy() for name in NUMBERS)
    prices = np.stack([o, h, low, c])
    finite = np.all(np.isfinite(prices), axis=0)
    yield found(DefectKind.NAN, ~finite, table, _OHLC)
    with np.errstate(invalid="ignore"):
        yield found(DefectKind.PRICE, np.any(prices <= 0, axis=0), table, _OHLC)
        crossed = (h < low) | (o > h) | (o < low) | (c > h) | (c < low)
        yield found(DefectKind.RANGE, finite & crossed, table, _OHLC)
        yield found(DefectKind.VOLUME, (volume < 0) | np.isinf(volume), table, "volume {volume}")
    has_volume = table.select((~pl.col("volume").is_nan()).any().over("symbol")).to_series()
    yield found(
        DefectKind.VOLUME,
        has_volume.to_numpy() & np.isnan(volume),
        table,
        "volume {volume}, known for other bars of the symbol",
    )


def _is_future(rows: Rows, now: int) -> NDArray[np.bool_]:
    on_grid = rows.windows.place == Place.ON_GRID
    return rows.known & (np.where(on_grid, rows.windows.close_ts, rows.ts) > now)


def _off_calendar(rows: Rows) -> Iterator[Finding]:
    spec, place = rows.spec, rows.windows.place
    off = rows.known & (place == Place.OFF_GRID)
    hint = ", daily ones at 00:00 UTC of the date" if spec.timeframe is Timeframe.D1 else ""
    words = f"no {spec.timeframe} bar of {spec.calendar} begins then{hint}; close {{close}}"
    yield found(DefectKind.CALENDAR, off, rows.table, words)
    closed = rows.known & (place == Place.CLOSED)
    yield found(
        DefectKind.CALENDAR,
        closed,
        rows.table,
        f"{spec.calendar} has no session then; close {{close}}",
    )


def _is_late(rows: Rows, future: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Rows before the one above them; one from the future does not make the next one late."""
    late = np.zeros(len(rows.ts), dtype=np.bool_)
    judged = np.flatnonzero(rows.known & ~future)
    in_run = judged[np.argsort(rows.run[judged], kind="stable")]
    same = np.diff(rows.run[in_run]) == 0
    late[in_run[1:]] = same & (np.diff(rows.ts[in_run]) < 0)
    return late


def _duplicates(rows: Rows) -> Iterator[Finding]:
    """Repeats of a row, and rows that contradict each other (then all of them are bad)."""
    order = rows.order[rows.known[rows.order]]
    twin = (np.diff(rows.code[order]) == 0) & (np.diff(rows.ts[order]) == 0)
    if not np.any(twin):
        return
    starts = np.flatnonzero(np.concatenate(([True], ~twin)))
    group = np.cumsum(np.concatenate(([True], ~twin))) - 1
    differs = np.zeros(len(order), dtype=np.bool_)
    differs[1:] = twin & _values_differ(rows.table, order)
    contradicts = np.zeros(len(starts), dtype=np.bool_)
    contradicts[group[differs]] = True
    size = np.bincount(group)
    follows = np.concatenate(([False], twin))
    for bad, words in (
        (follows & ~contradicts[group], f"repeats a row; {_OHLC}"),
        ((size > 1)[group] & contradicts[group], f"another row of that time differs; {_OHLC}"),
    ):
        mask = np.zeros(len(rows.ts), dtype=np.bool_)
        mask[order[bad]] = True
        yield found(DefectKind.DUPLICATE, mask, rows.table, words)


def _values_differ(table: pl.DataFrame, order: I64) -> NDArray[np.bool_]:
    """Whether neighbours in `order` have different numbers."""
    differ = np.zeros(len(order) - 1, dtype=np.bool_)
    for name in NUMBERS:
        values = table[name].to_numpy()[order]
        one, next_one = values[:-1], values[1:]
        differ |= (one != next_one) & ~(np.isnan(one) & np.isnan(next_one))
    return differ


def _clock(rows: Rows) -> Iterator[Finding]:
    """Stamps of a whole file that are in New York time, or the ends of bars."""
    spec, here = rows.spec, rows.windows
    if spec.calendar == ALWAYS or spec.timeframe is Timeframe.D1 or not np.any(rows.known):
        return
    ts, on_grid = rows.ts[rows.known], here.place[rows.known] == Place.ON_GRID
    minute = ts % NS_DAY // NS_MINUTE
    in_wall_hours = (minute >= _OPEN_MINUTE) & (minute < _CLOSE_MINUTE)
    first = np.flatnonzero(rows.known)[:1]
    if len(ts) >= _CLOCK_ROWS and np.mean(in_wall_hours) > 0.95 and np.mean(on_grid) < 0.6:
        yield Finding(
            DefectKind.CLOCK,
            first,
            ["the stamps look like New York time; bars carry UTC, or a zone"],
        )
    known = sessions_around(spec.calendar, ts)
    at_close = np.count_nonzero(np.isin(ts, known.close))
    at_open = np.count_nonzero(np.isin(here.open_ts[rows.known][on_grid], known.open))
    if at_close >= _CLOCK_SESSIONS and at_open * 10 < at_close:
        yield Finding(
            DefectKind.CLOCK,
            first,
            ["the stamps look like the ends of bars; bars carry their open"],
        )


def _codes(symbol: pl.Series) -> I64:
    """A number for each symbol; -1 where there is none."""
    return symbol.rank("dense").fill_null(0).cast(pl.Int64).to_numpy() - 1
