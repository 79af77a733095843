"""The store: a folder of bars, one Parquet file a symbol, in one folder per kind of bars.

    data/XNYS/1d/raw/AAPL.parquet
    data/24-7/1h/raw/BTC%2FUSDT.parquet

Each file is itself a bar file (see `files`). Adding the same bars again changes no byte; where a
bar comes with other values, the new ones win and the change is reported.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import quote, unquote

import numpy as np
import polars as pl

from greenlight.domain import Timeframe, UserError
from greenlight.market.arrays import F64, I64
from greenlight.market.bars import Adjustment, Bars, BarSpec, from_arrays
from greenlight.market.calendars import CALENDARS, NS_DAY
from greenlight.market.files import COLUMNS, NUMBERS, SCHEMA
from greenlight.market.grid import Place, windows
from greenlight.market.names import nearest
from greenlight.market.sealed import Extent, read_extent, read_sealed, write_sealed
from greenlight.market.tables import day_number

_SUFFIX = ".parquet"


@dataclass(frozen=True, slots=True)
class Change:
    """What adding bars of one symbol did; `replaced` has ts and the old and new numbers."""

    symbol: str
    added: int
    unchanged: int
    replaced: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Store:
    """Bars in a folder, which need not exist yet."""

    root: Path

    def folder(self, spec: BarSpec) -> Path:
        """Where bars of this kind lie."""
        return self.root / spec.calendar.replace("/", "-") / spec.timeframe / spec.adjustment

    def path(self, spec: BarSpec, symbol: str) -> Path:
        """The file of one symbol; characters that no file name may have are quoted."""
        name = quote(symbol, safe=" @^=+")
        visible = f"%2E{name[1:]}" if name.startswith(".") else name
        return self.folder(spec) / f"{visible}{_SUFFIX}"

    def specs(self) -> tuple[BarSpec, ...]:
        """The kinds of bars there are folders for."""
        kinds = (BarSpec(c, t, a) for c in CALENDARS for t in Timeframe for a in Adjustment)
        return tuple(spec for spec in kinds if self.folder(spec).is_dir())

    def symbols(self, spec: BarSpec) -> tuple[str, ...]:
        """Symbols with bars of this kind, in order."""
        names = self.folder(spec).glob(f"[!.]*{_SUFFIX}")
        return tuple(sorted(unquote(path.name.removesuffix(_SUFFIX)) for path in names))

    def extent(self, spec: BarSpec, symbol: str) -> Extent:
        """How much there is of a symbol. Raises UserError as `read` does."""
        return read_extent(self._known(spec, symbol))

    def read(self, spec: BarSpec, symbol: str) -> pl.DataFrame:
        """The bar table of one symbol. Raises UserError when it is not there or corrupt."""
        table = read_sealed(self._known(spec, symbol))
        return table.with_columns(symbol=pl.lit(symbol)).select(COLUMNS)

    def upsert(self, spec: BarSpec, symbol: str, bars: pl.DataFrame) -> Change:
        """Add bars of one symbol, sorted by time, without duplicates and already checked.

        Raises UserError when they lie on another grid than those in the store.
        """
        path = self.path(spec, symbol)
        new = bars.select(COLUMNS).cast(SCHEMA)
        if not path.exists():
            write_sealed(path, new)
            return Change(symbol, new.height, 0, _replaced(new, new.clear()))
        old = self.read(spec, symbol)
        replaced = _replaced(old, new)
        added = new.join(old, on="ts", how="anti").height
        if added > 0 or replaced.height > 0:
            kept = old.join(new, on="ts", how="anti")
            merged = pl.concat([kept, new]).sort("ts")
            _require_one_grid(spec, symbol, merged)
            write_sealed(path, merged)
        return Change(symbol, added, new.height - added - replaced.height, replaced)

    def load(
        self,
        spec: BarSpec,
        symbols: Sequence[str],
        start: date | None = None,
        end: date | None = None,
    ) -> Bars:
        """One block of these symbols, sessions from `start` to `end`, both included.

        Its times are all the times at which one of them has a bar; there may be none. Raises
        UserError for an unknown symbol, a corrupt file, and bars on different grids.
        """
        stamps, numbers = [], []
        for symbol in symbols:
            table = _between(read_sealed(self._known(spec, symbol)), start, end)
            stamps.append(table["ts"].to_physical().to_numpy())
            numbers.append([table[name].to_numpy() for name in NUMBERS])
        ts = union(stamps)
        self._require_one_grid(spec, ts, dict(zip(symbols, stamps, strict=True)))
        return from_arrays(spec, tuple(symbols), ts, *_aligned(ts, stamps, numbers))

    def _require_one_grid(self, spec: BarSpec, ts: I64, own: Mapping[str, I64]) -> None:
        strange = ts[windows(ts, spec.calendar, spec.timeframe).place != Place.ON_GRID]
        if len(strange) > 0:
            names = [symbol for symbol, stamps in own.items() if np.any(np.isin(strange, stamps))]
            raise UserError(
                f"{self.root}: {spec} bars of {', '.join(names[:3])} begin at other minutes than "
                "those of the other symbols; run them apart, or fetch smaller bars of all"
            )

    def _known(self, spec: BarSpec, symbol: str) -> Path:
        path = self.path(spec, symbol)
        if not path.exists():
            hint = nearest(symbol, self.symbols(spec))
            raise UserError(f"{self.root}: no {spec} bars of {symbol}: {hint}")
        return path


def union(stamps: Sequence[I64]) -> I64:
    """All times in any of these ascending arrays, ascending; quick where most of them agree."""
    if len(stamps) == 0:
        return np.empty(0, dtype=np.int64)
    times = max(stamps, key=len)
    strange = []
    for own in stamps:
        if not np.array_equal(own, times):
            at = np.minimum(np.searchsorted(times, own), len(times) - 1)
            strange.append(own[times[at] != own])
    return np.union1d(times, np.concatenate(strange)) if strange else times


def _aligned(
    ts: I64, stamps: Sequence[I64], numbers: Sequence[Sequence[F64]]
) -> tuple[tuple[F64, F64, F64, F64], F64]:
    """Prices and volume of shape (T, N) from each symbol's own bars."""
    whole = np.full((len(NUMBERS), len(stamps), len(ts)), np.nan)
    for column, (own, values) in enumerate(zip(stamps, numbers, strict=True)):
        rows = np.searchsorted(ts, own)
        for k, series in enumerate(values):
            whole[k, column, rows] = series
    opens, highs, lows, closes, volume = (np.ascontiguousarray(part.T) for part in whole)
    return (opens, highs, lows, closes), volume


def _between(table: pl.DataFrame, start: date | None, end: date | None) -> pl.DataFrame:
    """Rows of these days; a session of ours never leaves its UTC day."""
    ts = table["ts"].to_physical().to_numpy()
    first = 0 if start is None else np.searchsorted(ts, day_number(start) * NS_DAY)
    last = len(ts) if end is None else np.searchsorted(ts, (day_number(end) + 1) * NS_DAY)
    return table[int(first) : int(last)]


def _replaced(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    both = old.select("ts", *NUMBERS).join(
        new.select("ts", *NUMBERS), on="ts", how="inner", suffix="_new", maintain_order="left"
    )
    differ = [pl.col(name).ne_missing(pl.col(f"{name}_new")) for name in NUMBERS]
    return both.filter(pl.any_horizontal(differ))


def _require_one_grid(spec: BarSpec, symbol: str, merged: pl.DataFrame) -> None:
    ts = merged["ts"].to_physical().to_numpy()
    if np.any(windows(ts, spec.calendar, spec.timeframe).place != Place.ON_GRID):
        raise UserError(
            f"{spec} bars of {symbol} begin at other minutes than those in the store; "
            "move the old ones away or import to another --store"
        )
