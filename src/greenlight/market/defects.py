"""Defects: what can be wrong with bars, and the list of what is."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import polars as pl
from numpy.typing import NDArray

from greenlight.domain import Timeframe
from greenlight.market.arrays import I64
from greenlight.market.bars import BarSpec
from greenlight.market.calendars import ALWAYS


class Severity(StrEnum):
    """Whether a defect keeps a bar out or only has to be known."""

    REFUSE = "refuse"
    WARN = "warn"


class DefectKind(StrEnum):
    """What is wrong."""

    STAMP = "stamp"  # no time or no symbol
    NAN = "nan"  # a price that is no finite number
    PRICE = "price"  # zero or negative
    RANGE = "range"  # high below low, or open or close outside them
    VOLUME = "volume"  # negative, or missing where the symbol has volume elsewhere
    DUPLICATE = "duplicate"
    ORDER = "order"  # before the row above it
    FUTURE = "future"  # not closed yet
    CALENDAR = "calendar"  # where no bar begins
    CLOCK = "clock"  # the whole file is in another time than it says
    ADJUSTMENT = "adjustment"  # the declared adjustment cannot be true
    GAP = "gap"  # bars missing against the calendar
    SPLIT = "split"  # a jump that smells of an unadjusted split
    TICK = "tick"  # declared raw, yet prices no exchange could print

    @property
    def severity(self) -> Severity:
        """The last three may be true of good bars."""
        warnings = (DefectKind.GAP, DefectKind.SPLIT, DefectKind.TICK)
        return Severity.WARN if self in warnings else Severity.REFUSE


DEFECT_SCHEMA: dict[str, pl.DataType] = {
    "severity": pl.String(),
    "kind": pl.String(),
    "symbol": pl.String(),
    "ts": pl.Datetime("ns", "UTC"),
    "row": pl.Int64(),
    "detail": pl.String(),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Rows of a bar table that have one kind of defect, and the words for each."""

    kind: DefectKind
    rows: I64
    detail: pl.Series | Sequence[str]


def found(kind: DefectKind, bad: NDArray[np.bool_], table: pl.DataFrame, words: str) -> Finding:
    """A finding for the rows where `bad`; `words` has a {column} for each value to be shown."""
    rows = np.flatnonzero(bad).astype(np.int64)
    names = [part.partition("}")[0] for part in words.split("{")[1:]]
    pattern = words
    for name in names:
        pattern = pattern.replace(f"{{{name}}}", "{}")
    shown = [pl.col(name).cast(pl.String).fill_null("nothing") for name in names]
    text = pl.format(pattern, *shown) if names else pl.lit(words)
    return Finding(kind, rows, table[rows].select(detail=text).to_series())


def defect_table(table: pl.DataFrame, findings: Sequence[Finding]) -> pl.DataFrame:
    """One line a defect in order of symbol, time and row; `row` counts from 1 as in the file."""
    parts = [
        table[finding.rows].select(
            severity=pl.lit(finding.kind.severity.value),
            kind=pl.lit(finding.kind.value),
            symbol="symbol",
            ts="ts",
            row=pl.Series(finding.rows + 1),
            detail=pl.Series(finding.detail, dtype=pl.String),
        )
        for finding in findings
        if len(finding.rows) > 0
    ]
    defects = pl.concat([pl.DataFrame(schema=DEFECT_SCHEMA), *parts])
    return defects.sort("symbol", "ts", "row", "kind", maintain_order=True)


def when(spec: BarSpec) -> pl.Expr:
    """The time of a defect for people: a date, exchange time with UTC at hand, or UTC."""
    ts = pl.col("ts")
    if spec.timeframe is Timeframe.D1:
        text = ts.dt.strftime("%Y-%m-%d")
    elif spec.calendar == ALWAYS:
        text = ts.dt.strftime("%Y-%m-%d %H:%MZ")
    else:
        exchange = ts.dt.convert_time_zone("America/New_York").dt.strftime("%Y-%m-%d %H:%M ET")
        text = pl.format("{} ({})", exchange, ts.dt.strftime("%H:%MZ"))
    return text.fill_null("(no time)")
