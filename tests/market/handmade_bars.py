"""Small bar tables for tests: clean ones on a calendar's grid, and when they are judged."""

import numpy as np
import polars as pl

from greenlight.domain import Timeframe
from greenlight.market import Adjustment, BarSpec
from greenlight.market.arrays import I64
from greenlight.market.calendars import ALWAYS, NS_DAY, sessions
from greenlight.market.files import COLUMNS, NUMBERS, STAMP
from greenlight.market.tables import day_number

NOW = 1_800_000_000 * 10**9  # January 2027
DAILY = BarSpec("XNYS", Timeframe.D1, Adjustment.RAW)
MINUTES = BarSpec("XNYS", Timeframe.M1, Adjustment.RAW)
CRYPTO = BarSpec(ALWAYS, Timeframe.H1, Adjustment.RAW)


def ns(text: str) -> int:
    """A UTC time like 2024-03-08T14:30 in ns."""
    return int(np.datetime64(text, "ns").astype(np.int64))


def text(ts: int) -> str:
    """The other way round, to the minute."""
    return str(np.datetime64(int(ts), "ns").astype("datetime64[m]"))


def day(text_: str) -> int:
    """Days since the epoch."""
    return day_number(np.datetime64(text_, "D").item())


def grid(spec: BarSpec, count: int, first: str = "2024-01-02") -> I64:
    """The first `count` stamps of this kind of bars from a date on."""
    length = spec.timeframe.duration_ns
    if spec.calendar == ALWAYS:
        return ns(first) + np.arange(count, dtype=np.int64) * length
    known = sessions(spec.calendar, day(first), day(first) + 2 * count + 10)
    if spec.timeframe is Timeframe.D1:
        return known.day[:count] * NS_DAY
    opens = [np.arange(o, c, length) for o, c in zip(known.open, known.close, strict=True)]
    return np.concatenate(opens)[:count]


def clean(
    spec: BarSpec, symbols: tuple[str, ...], count: int, seed: int = 0, first: str = "2024-01-02"
) -> pl.DataFrame:
    """Bars without a defect, in cents, one symbol after the other."""
    return pl.concat(
        [one(spec, symbol, count, seed + k, first) for k, symbol in enumerate(symbols)]
    )


def one(
    spec: BarSpec, symbol: str, count: int, seed: int = 0, first: str = "2024-01-02"
) -> pl.DataFrame:
    """Clean bars of one symbol."""
    rng = np.random.default_rng(seed)
    close = np.round(50 * np.exp(np.cumsum(rng.normal(0, 0.01, count))), 2)
    opens = np.round(close * np.exp(rng.normal(0, 0.005, count)), 2)
    high = np.maximum(opens, close) + np.round(rng.random(count), 2)
    low = np.minimum(opens, close) - np.round(rng.random(count), 2)
    volume = np.floor(rng.random(count) * 1e6)
    return frame(grid(spec, count, first), symbol, opens, high, low, close, volume)


def frame(ts: I64, symbol: str, *numbers: object) -> pl.DataFrame:
    """A bar table from stamps (ns) and open, high, low, close, volume."""
    columns = dict(zip(NUMBERS, (np.asarray(n, dtype=np.float64) for n in numbers), strict=True))
    table = pl.DataFrame({"ts": ts, "symbol": [symbol] * len(ts), **columns})
    return table.with_columns(pl.col("ts").cast(STAMP)).select(COLUMNS)


def flat(ts: I64, symbol: str, price: object) -> pl.DataFrame:
    """Bars whose four prices are the same."""
    values = np.broadcast_to(np.asarray(price, dtype=np.float64), len(ts))
    return frame(ts, symbol, values, values, values, values, np.full(len(ts), 1000.0))


def planted(table: pl.DataFrame, row: int, **values: object) -> pl.DataFrame:
    """The table with other values in one row."""
    here = pl.int_range(pl.len()) == row
    return table.with_columns(
        pl.when(here)
        .then(pl.lit(value))
        .otherwise(pl.col(name))
        .cast(table[name].dtype)
        .alias(name)
        for name, value in values.items()
    )
