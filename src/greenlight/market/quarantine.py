"""Where rows go that may not enter: a CSV for each source, each row with its reason."""

from pathlib import Path
from urllib.parse import quote

import polars as pl

from greenlight.domain import UserError
from greenlight.market.bars import BarSpec
from greenlight.market.durable import replacing


def set_aside(root: Path, spec: BarSpec, source: str, bad: pl.DataFrame) -> Path | None:
    """Write the `bad` rows of a check to the source's file; None where there are none.

    Rows that lie there already stay, once each. Raises UserError when the disk does not take them.
    """
    if bad.height == 0:
        return None
    kind = f"{spec.calendar.replace('/', '-')}-{spec.timeframe}-{spec.adjustment}"
    path = root / "quarantine" / kind / f"{quote(source, safe=' @^=+')}.csv"
    rows = bad.with_columns(pl.col("ts").dt.strftime("%Y-%m-%dT%H:%M:%SZ")).cast(pl.String)
    try:
        if path.exists():
            earlier = pl.read_csv(path, infer_schema=False)
            rows = pl.concat([earlier, rows]).unique(maintain_order=True)
    except pl.exceptions.PolarsError as error:
        raise UserError(f"{path}: cannot be read; move it away") from error
    with replacing(path) as draft:
        rows.write_csv(draft)
    return path
