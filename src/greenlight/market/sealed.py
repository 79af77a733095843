"""Sealed Parquet: files that are whole or not there, and that notice when a bit of them has turned.

Parquet readers do not check their pages: a flipped bit comes back as another price. So each file
carries the CRC-32 of its numbers, and is refused when they no longer agree.
"""

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from greenlight.domain import UserError
from greenlight.market.durable import replacing
from greenlight.market.files import COLUMNS, NUMBERS, require_parquet

_SEAL = "greenlight.crc32"
_SPAN = "greenlight.span"


@dataclass(frozen=True, slots=True)
class Extent:
    """Number of rows of a file and its first and last stamp (ns UTC)."""

    rows: int
    first: int
    last: int


def write_sealed(path: Path, table: pl.DataFrame) -> None:
    """Replace `path` by a bar table of one symbol, sorted by time; the old file stays until then.

    Raises UserError when the disk does not take it; nothing has changed then.
    """
    ts = table["ts"].to_physical()
    extent = (table.height, ts[0], ts[-1])
    metadata = {_SEAL: _seal(table), _SPAN: " ".join(map(str, extent))}
    with replacing(path) as draft:
        table.select(COLUMNS).write_parquet(draft, metadata=metadata)


def read_sealed(path: Path) -> pl.DataFrame:
    """`ts` and the numbers of a sealed file. Raises UserError naming it when it is not whole."""
    try:
        sealed = _metadata(path)[_SEAL]
        table = pl.read_parquet(path, columns=["ts", *NUMBERS])
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise _corrupt(path) from error
    if _seal(table) != sealed:
        raise _corrupt(path)
    return table


def read_extent(path: Path) -> Extent:
    """How much a sealed file holds, from its footer alone. Raises UserError as `read_sealed`."""
    try:
        rows, first, last = _metadata(path)[_SPAN].split()
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise _corrupt(path) from error
    return Extent(int(rows), int(first), int(last))


def _metadata(path: Path) -> dict[str, str]:
    require_parquet(path)
    metadata = pl.read_parquet_metadata(path)
    if _SEAL not in metadata or _SPAN not in metadata:
        raise UserError(f"{path}: was not written by the store; move it away and import it")
    return metadata


def _seal(table: pl.DataFrame) -> str:
    checksum = 0
    for name in ("ts", *NUMBERS):
        values = np.ascontiguousarray(table[name].to_physical().to_numpy())
        checksum = zlib.crc32(values.data, checksum)
    return f"{checksum:08x}"


def _corrupt(path: Path) -> UserError:
    return UserError(f"{path}: is corrupt; move it away and import or fetch its bars again")
