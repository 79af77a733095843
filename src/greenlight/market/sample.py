"""The sample: real history that ships inside installed packages and needs no network.

- skfolio: adjusted closes of 20 US large caps and closes of the S&P 500, 1990 to 2022. Prices are
  rounded to a tenth of a cent, which is coarse where splits have made early ones small.
- arch: S&P 500 and NASDAQ Composite with open, high, low and volume, 1999 to 2018; the VIX, 2014 to
  2018; the one-month Treasury bill rate (Ken French's data library), to November 2018.

The data files are read; the packages, heavy to import, are not. The 20 names were chosen knowing
how they fared: survivorship is not controlled. Sectors are GICS, carried back to 1990; Walmart's
change of 2003 is in them.
"""

from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl

from greenlight.domain import AssetClass, Instrument, Timeframe, UserError
from greenlight.market.arrays import F64, I64
from greenlight.market.bars import Adjustment, Bars, BarSpec, from_arrays
from greenlight.market.calendars import NS_DAY, NS_MINUTE, XNYS, sessions
from greenlight.market.facts import Facts
from greenlight.market.history import History
from greenlight.market.names import nearest
from greenlight.market.sectors import Sectors, read_sectors

SAMPLES = ("sample", "sample-indices")

_BAKED = Path(__file__).parent / "baked"
_VIX_DELAY = 15 * NS_MINUTE  # the index is settled at 16:15, a quarter of an hour after stocks
_MONTHS = "%Y%m%d"  # of the first of a month; the file leaves the day out
_INDEX_FILES = {"SP500": "data/sp500/sp500.csv.gz", "NASDAQ": "data/nasdaq/nasdaq.csv.gz"}


def sample(name: str = "sample") -> History:
    """The 20 large caps (closes only), or with `sample-indices` both indices, as if tradable.

    Both have the indices as references, and the facts VIX and bill_rate (a year's simple rate as a
    fraction). Raises UserError for another name, or when a package is not installed.
    """
    match name:
        case "sample":
            block, kind = _large_caps(), AssetClass.EQUITY
            source = "20 US large caps 1990-2022, adjusted closes only, chosen with hindsight"
        case "sample-indices":
            block, kind = _indices(tuple(_INDEX_FILES)), AssetClass.INDEX
            source = "S&P 500 and NASDAQ Composite 1999-2018, indices that cannot be traded"
        case _:
            raise UserError(f"unknown sample {name}: {nearest(name, SAMPLES)}")
    return History(
        blocks=(block,),
        instruments={symbol: _instrument(symbol, kind) for symbol in block.symbols},
        sectors=sample_sectors() if kind is AssetClass.EQUITY else None,
        facts=_volatility().joined(_bill_rate()),
        references=(_sp500_closes(), _indices(("NASDAQ",))),
        source=source,
    )


def sample_sectors() -> Sectors:
    """The sector of each of the 20 names since 1990."""
    return read_sectors(_BAKED / "sample_sectors.csv")


def _large_caps() -> Bars:
    table = _table("skfolio", "datasets/data/sp500_dataset.csv.gz", "%Y-%m-%d")
    symbols = tuple(name for name in table.columns if name != "Date")
    spec = BarSpec(XNYS, Timeframe.D1, Adjustment.TOTAL)
    return from_arrays(spec, symbols, _stamps(table), _columns(table, symbols))


def _sp500_closes() -> Bars:
    table = _table("skfolio", "datasets/data/sp500_index.csv.gz", "%Y-%m-%d")
    spec = BarSpec(XNYS, Timeframe.D1, Adjustment.RAW)
    return from_arrays(spec, ("SP500",), _stamps(table), _columns(table, ("SP500",)))


def _indices(symbols: tuple[str, ...]) -> Bars:
    """Indices with full bars; their files have the same sessions."""
    tables = [_table("arch", _INDEX_FILES[symbol], "%m/%d/%Y") for symbol in symbols]
    opens, highs, lows, closes, volume = (
        np.hstack([_columns(table, (name,)) for table in tables])
        for name in ("Open", "High", "Low", "Close", "Volume")
    )
    spec = BarSpec(XNYS, Timeframe.D1, Adjustment.RAW)
    return from_arrays(spec, symbols, _stamps(tables[0]), (opens, highs, lows, closes), volume)


def _volatility() -> Facts:
    """VIX from its settlement on; the file has a row, but no value, for holidays."""
    table = _table("arch", "data/vix/vix.csv.gz", "%m/%d/%Y").drop_nulls()
    day, value = _stamps(table) // NS_DAY, _columns(table, ("vix",))[:, 0]
    known = sessions(XNYS, int(day[0]), int(day[-1]))
    settled = known.close[np.searchsorted(known.day, day)] + _VIX_DELAY
    return _facts("VIX", settled, value)


def _bill_rate() -> Facts:
    """The month's bill return, a year's worth, from the month's end; zero once the file has ended.

    What bills paid after its last month is not known here; cash then earns nothing.
    """
    table = _table("arch", "data/frenchdata/frenchdata.csv.gz", _MONTHS)
    after = table.select(pl.col("Date").dt.offset_by("1mo").dt.epoch("d") * NS_DAY)
    ended = table["Date"].dt.offset_by("2mo").dt.epoch("d")[-1] * NS_DAY
    known_at = np.append(after.to_series().to_numpy(), ended)
    return _facts("bill_rate", known_at, np.append(_columns(table, ("RF",))[:, 0] * 12 / 100, 0.0))


def _facts(key: str, known_at: I64, value: F64) -> Facts:
    count = len(value)
    return Facts.from_columns(["arch"] * count, [key] * count, known_at, known_at, value)


def _instrument(symbol: str, kind: AssetClass) -> Instrument:
    """Adjusted prices and indices stand on no tick; an index is traded in thousandths."""
    lot = "1" if kind is AssetClass.EQUITY else "0.001"
    return Instrument(symbol, kind, XNYS, lot_size=Decimal(lot), tick_size=Decimal(0))


def _stamps(table: pl.DataFrame) -> I64:
    return table["Date"].dt.epoch("d").to_numpy().astype(np.int64) * NS_DAY


def _columns(table: pl.DataFrame, names: tuple[str, ...]) -> F64:
    """Shape (T, N)."""
    return np.ascontiguousarray(table.select(names).cast(pl.Float64).to_numpy())


def _table(package: str, inside: str, dates: str) -> pl.DataFrame:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise UserError(
            f"the sample needs {package}, which is not installed: pip install 'greenlight[sample]'"
        )
    path = Path(spec.submodule_search_locations[0]) / inside
    try:
        raw = pl.read_csv(path, schema_overrides={"Date": pl.String}, null_values=".")
        day = pl.col("Date") + "01" if dates == _MONTHS else pl.col("Date")
        return raw.with_columns(day.str.to_date(dates))
    except (OSError, pl.exceptions.PolarsError) as error:
        raise UserError(
            f"{path}: cannot be read; this version of {package} keeps it elsewhere, install the "
            "one in requirements/run.txt"
        ) from error
