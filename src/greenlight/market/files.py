"""Bar files: Parquet or CSV with columns ts, symbol, open, high, low, close, volume.

What comes out is a *bar table*, a polars frame with exactly these columns: `ts` (ns UTC, the bar's
open), `symbol` (text), the rest float64; rows in the order of the file. Nothing is judged here but
whether the file can be read as what it says it is; `check` judges the values.
"""

import os
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from pathlib import Path

import polars as pl

from greenlight.domain import CashDividend, CorporateAction, Split, Timeframe, UserError
from greenlight.market.stamps import read_stamps

PRICES = ("open", "high", "low", "close")
NUMBERS = (*PRICES, "volume")
COLUMNS = ("ts", "symbol", *NUMBERS)
STAMP = pl.Datetime("ns", "UTC")
SCHEMA = pl.Schema({"ts": STAMP, "symbol": pl.String(), **dict.fromkeys(NUMBERS, pl.Float64())})
_SUFFIXES = (".parquet", ".csv", ".csv.gz")
_BESIDE = ("dividend", "split_ratio")
_MAGIC = b"PAR1"


@dataclass(frozen=True, slots=True)
class BarFile:
    """A file's bar table, the actions that stood beside the bars, and notes on how it was read."""

    path: Path
    table: pl.DataFrame
    actions: tuple[CorporateAction, ...]
    notes: tuple[str, ...]


def read_bars(path: Path | str, timeframe: Timeframe) -> BarFile:
    """Read one file whole. Raises UserError, one line, when it is not a file of bars.

    Stamps may be instants of any unit, with a zone or without one (then UTC), dates, ISO text or
    whole numbers since the epoch (s, ms, us or ns by their size). Beside daily bars columns
    `dividend` (cash a unit) and `split_ratio` (new units for one old) become actions.
    """
    place = Path(path)
    raw, extra = _chosen(place, read_frame(place))
    if raw.height == 0:
        raise UserError(f"{place}: has no rows")
    stamps = read_stamps(place, raw["ts"], timeframe)
    symbol = _symbols(place, raw["symbol"])
    table = pl.DataFrame([stamps.ts, symbol, *(_numbers(place, raw[name]) for name in NUMBERS)])
    beside = [name for name in _BESIDE if name in raw.columns and timeframe is Timeframe.D1]
    actions = [_actions(table, _numbers(place, raw[name])) for name in beside]
    left_aside = [name for name in extra if name not in beside]
    notes = [f"columns left aside: {', '.join(left_aside)}"] if left_aside else []
    return BarFile(place, table, tuple(chain(*actions)), (*stamps.notes, *notes))


def read_frame(place: Path) -> pl.DataFrame:
    """A Parquet or CSV file as it is (CSV cells stay text). Raises UserError when corrupt."""
    if not place.name.lower().endswith(_SUFFIXES):
        raise UserError(f"{place}: bars are read from {', '.join(_SUFFIXES)} files")
    try:
        if not place.name.lower().endswith(".parquet"):
            return pl.read_csv(place, infer_schema=False)
        require_parquet(place)
        return pl.read_parquet(place)
    except FileNotFoundError as error:
        raise UserError(f"{place}: no such file") from error
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{place}: cannot be read, it is corrupt or empty ({reason})") from error


def require_parquet(place: Path) -> None:
    """Raises UserError unless the file begins and ends as Parquet does, OSError if unreadable."""
    with place.open("rb") as file:
        head = file.read(len(_MAGIC))
        file.seek(0, os.SEEK_END)
        if file.tell() > 2 * len(_MAGIC):
            file.seek(-len(_MAGIC), os.SEEK_END)
            if head == file.read() == _MAGIC:
                return
    raise UserError(f"{place}: is no whole Parquet file (cut off, or another format)")


def _chosen(place: Path, raw: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """The columns of bars, whatever the case of their names, and the names of all others."""
    names = {name: name.strip().lstrip("\ufeff").lower() for name in raw.columns}
    for name in (*COLUMNS, *_BESIDE):
        if list(names.values()).count(name) > 1:
            raise UserError(f"{place}: two columns are called {name}")
    missing = [name for name in COLUMNS if name not in names.values()]
    if missing:
        raise UserError(
            f"{place}: no column {', '.join(missing)}; bars need {', '.join(COLUMNS)}, "
            f"the file has {', '.join(raw.columns) or 'none'}"
        )
    wanted = {old: new for old, new in names.items() if new in (*COLUMNS, *_BESIDE)}
    extra = [old for old, new in names.items() if new not in COLUMNS]
    return raw.select(wanted.keys()).rename(wanted), extra


def _symbols(place: Path, column: pl.Series) -> pl.Series:
    try:
        text = column.cast(pl.String).str.strip_chars()
    except pl.exceptions.PolarsError as error:
        raise UserError(f"{place}: symbol is of type {column.dtype}, not text") from error
    return text.replace("", None).alias("symbol")


def _numbers(place: Path, column: pl.Series) -> pl.Series:
    text = column.str.strip_chars().replace("", None) if column.dtype == pl.String else column
    if not (column.dtype.is_numeric() or column.dtype in (pl.String, pl.Null)):
        raise UserError(f"{place}: {column.name} is of type {column.dtype}, not numbers")
    values = text.cast(pl.Float64, strict=False)
    wrong = (values.is_null() & text.is_not_null()).arg_true()
    if len(wrong) > 0:
        row = wrong[0]
        raise UserError(f"{place} row {row + 1}: {column.name} {text[row]!r} is not a number")
    return values.fill_null(float("nan"))


def _actions(table: pl.DataFrame, column: pl.Series) -> list[CorporateAction]:
    """Dividends or splits out of a column beside the bars; 0, empty and a ratio of 1 mean none."""
    is_split = column.name == "split_ratio"
    chosen = table.select("symbol", day=pl.col("ts").dt.date(), value=column).filter(
        pl.col("symbol").is_not_null()
        & pl.col("day").is_not_null()
        & pl.col("value").is_finite()
        & ~pl.col("value").is_in([0.0, 1.0] if is_split else [0.0])
    )
    kind = Split if is_split else CashDividend
    return [kind(symbol, day, Decimal(str(value))) for symbol, day, value in chosen.rows()]
