"""The stamps of a bar file, however they are written, as instants in UTC."""

from dataclasses import dataclass
from datetime import time
from pathlib import Path

import polars as pl

from greenlight.domain import Timeframe, UserError

_FIRST_YEAR, _LAST_YEAR = 1900, 2261  # what int64 ns can hold, and sense
_SECONDS = range(100_000_000, 10_000_000_000)  # 1973 to 2286: no overlap between the units
_UNITS = (("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("ns", 1))
_NAIVE = "ts has no time zone: taken as UTC"
_ISO = (
    r"^(\d{4}-\d{2}-\d{2})"
    r"(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?))?"
    r"\s*(Z|UTC|[+-]\d{2}:?\d{2})?$"
)


@dataclass(frozen=True, slots=True)
class Stamps:
    """`ts` as ns UTC (null where there was none) and what was assumed, a line each."""

    ts: pl.Series
    notes: tuple[str, ...] = ()


def read_stamps(place: Path, column: pl.Series, timeframe: Timeframe) -> Stamps:
    """Stamps from a column of any sensible type. Raises UserError naming the first bad row.

    A daily bar is meant by its date as written: midnight in New York is that date, not 05:00 UTC.
    """
    dtype = column.dtype
    if dtype == pl.Null:
        return Stamps(column.cast(pl.Datetime("ns", "UTC")).alias("ts"))
    if dtype == pl.String:
        return _from_text(place, column.str.strip_chars().replace("", None), timeframe)
    if dtype == pl.Date:
        return Stamps(_utc(place, column.cast(pl.Datetime("us"))))
    if isinstance(dtype, pl.Datetime):
        return _from_instants(place, column, dtype.time_zone, timeframe)
    if dtype.is_integer():
        return _from_numbers(place, column.cast(pl.Int64))
    if dtype.is_float():
        return _from_numbers(place, _whole(place, column))
    raise UserError(f"{place}: ts is of type {dtype}, not a time")


def _from_instants(
    place: Path, column: pl.Series, zone: str | None, timeframe: Timeframe
) -> Stamps:
    if zone is None:
        return Stamps(_utc(place, column), (_NAIVE,))
    wall = column.dt.replace_time_zone(None)
    if timeframe is Timeframe.D1 and zone != "UTC" and _all_midnight(wall):
        return Stamps(_utc(place, wall), (f"ts is midnight in {zone}: taken as that date",))
    return Stamps(_utc(place, column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)))


def _from_text(place: Path, text: pl.Series, timeframe: Timeframe) -> Stamps:
    known = text.drop_nulls()
    if len(known) > 0 and bool(known.str.contains(r"^-?\d+$").all()):
        return _from_numbers(place, text.cast(pl.Int64, strict=False))
    distinct = known.unique().rename("text")  # each stamp once: symbols share them
    parts = distinct.to_frame().select(
        day=pl.col("text").str.extract(_ISO, 1),
        clock=pl.col("text").str.extract(_ISO, 2),
        zone=pl.col("text").str.extract(_ISO, 3),
    )
    wall = _wall(parts["day"], parts["clock"])
    if wall.null_count() > 0:
        row = text.is_in(distinct.filter(wall.is_null()).implode()).arg_true()[0]
        raise UserError(
            f"{place} row {row + 1}: ts {text[row]!r} is no time; write 2020-01-31 or "
            "2020-01-31T14:30Z"
        )
    has_zone = parts["zone"].null_count() < len(distinct)
    is_dates = parts["clock"].null_count() == len(distinct)
    if has_zone and not (timeframe is Timeframe.D1 and _all_midnight(wall)):
        wall = wall - _offsets(parts["zone"])
    stamps = pl.DataFrame([distinct, _utc(place, wall)])
    ts = text.rename("text").to_frame().join(stamps, on="text", how="left", maintain_order="left")
    return Stamps(ts["ts"], () if has_zone or is_dates else (_NAIVE,))


def _wall(day: pl.Series, clock: pl.Series) -> pl.Series:
    """Date and time of day as written, null where impossible.

    polars parses one format a column, so seconds are made explicit; in us, for in ns a year beyond
    2262 would silently wrap.
    """
    clock = clock.fill_null("00:00")
    has_seconds = clock.str.len_chars() > len("14:30")
    whole = pl.select(pl.when(has_seconds).then(clock).otherwise(clock + ":00")).to_series()
    return (day + "T" + whole).str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)


def _offsets(zone: pl.Series) -> pl.Series:
    """Signed duration ahead of UTC; Z, UTC and nothing are zero."""
    digits = zone.str.replace_all(":", "")
    hours = digits.str.slice(1, 2).cast(pl.Int64, strict=False)
    minutes = hours * 60 + digits.str.slice(3, 2).cast(pl.Int64, strict=False)
    sign = pl.select(pl.when(digits.str.starts_with("-")).then(-1).otherwise(1)).to_series()
    return (minutes.fill_null(0) * sign * 60_000_000).cast(pl.Duration("us"))


def _from_numbers(place: Path, numbers: pl.Series) -> Stamps:
    """Whole numbers since the epoch; their size tells the unit, which all of them must share."""
    known = numbers.drop_nulls().to_numpy()
    if len(known) == 0:
        return Stamps(numbers.cast(pl.Datetime("ns", "UTC")).alias("ts"))
    low, high = int(known.min()), int(known.max())
    for name, factor in _UNITS:
        if low * factor // 10**9 in _SECONDS and high * factor // 10**9 in _SECONDS:
            ts = (numbers * factor).cast(pl.Datetime("ns", "UTC")).alias("ts")
            return Stamps(ts, (f"ts is a number: taken as {name} since 1970, UTC",))
    raise UserError(
        f"{place}: ts runs from {low} to {high}: neither s, ms, us nor ns since 1970; write times "
        "like 2020-01-31T14:30Z"
    )


def _whole(place: Path, column: pl.Series) -> pl.Series:
    values = column.cast(pl.Float64).fill_nan(None)
    wrong = ((values != values.round()) | values.is_infinite()).fill_null(value=False).arg_true()
    if len(wrong) > 0:
        raise UserError(f"{place} row {wrong[0] + 1}: ts {values[wrong[0]]} is no whole number")
    return values.cast(pl.Int64)


def _utc(place: Path, wall: pl.Series) -> pl.Series:
    """A zoneless column, which is meant as UTC, in ns. Raises UserError for an impossible year."""
    year = wall.dt.year()
    wrong = wall.filter((year < _FIRST_YEAR) | (year > _LAST_YEAR))
    if len(wrong) > 0:
        raise UserError(f"{place}: ts {wrong[0]} is no time of a market")
    return wall.cast(pl.Datetime("ns")).dt.replace_time_zone("UTC").alias("ts")


def _all_midnight(wall: pl.Series) -> bool:
    return bool((wall.drop_nulls().dt.time() == time()).all())
