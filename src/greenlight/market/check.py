"""The check: names every defect of a bar table, and says which bars are fit to enter."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from greenlight.domain import CorporateAction
from greenlight.market.bars import BarSpec
from greenlight.market.defects import DefectKind, Finding, Severity, defect_table, when
from greenlight.market.files import COLUMNS, PRICES, STAMP
from greenlight.market.row_rules import Rows, row_findings
from greenlight.market.series_rules import Series, gaps, series_findings, spacing


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found in a bar table.

    `defects`: severity, kind, symbol, ts, row (from 1), detail; a line each. `good`: the bars that
    may enter, sorted by symbol, then time. `bad`: the rows that may not, with a column `reason`.
    `outside`: number of rows before or after regular hours; they are neither good nor bad.
    """

    spec: BarSpec
    defects: pl.DataFrame
    good: pl.DataFrame
    bad: pl.DataFrame
    outside: int

    @property
    def refusals(self) -> int:
        """Number of defects that keep bars out."""
        return self.defects.filter(pl.col("severity") == Severity.REFUSE).height

    @property
    def warnings(self) -> int:
        """Number of defects that only have to be known."""
        return self.defects.height - self.refusals

    def counts(self) -> dict[DefectKind, int]:
        """Number of defects of each kind found, those that keep bars out first."""
        counted = self.defects["kind"].value_counts()
        number = dict(zip(counted["kind"], counted["count"], strict=True))
        return {kind: number[kind] for kind in DefectKind if kind in number}

    def lines(self, kind: DefectKind, limit: int) -> Iterator[str]:
        """The first `limit` defects of one kind in words."""
        yield from self._told(kind, self.defects.filter(pl.col("kind") == kind).head(limit))

    def by_symbol(self, kind: DefectKind) -> list[tuple[str, int]]:
        """Of each symbol that has defects of this kind the first one in words, and their number."""
        chosen = self.defects.filter(pl.col("kind") == kind)
        first = chosen.unique("symbol", keep="first", maintain_order=True)
        counts = chosen.group_by("symbol", maintain_order=True).len()["len"]
        return list(zip(self._told(kind, first), counts, strict=True))

    def _told(self, kind: DefectKind, chosen: pl.DataFrame) -> Iterator[str]:
        columns = ("symbol", when(self.spec), "row", "detail")
        for symbol, moment, row, detail in chosen.select(*columns).rows():
            yield f"{symbol or '(no symbol)'} {moment} row {row}: {kind}: {detail}"


def check(
    table: pl.DataFrame, spec: BarSpec, *, now: int, actions: Iterable[CorporateAction] = ()
) -> Report:
    """Judge a bar table (see `files`) that is said to be `spec`; `now` in ns UTC.

    `actions`: corporate actions known of its symbols; splits among them prove or disprove the
    declared adjustment.
    """
    table = table.with_columns(pl.col("ts").cast(STAMP))
    rows = Rows.of(table, spec)
    findings = list(row_findings(rows, now))
    fit = ~rows.is_outside
    fit[_refused(findings)] = False
    due = _series(rows, rows.is_due(now))
    findings += [spacing(due), gaps(due)]
    findings += series_findings(_series(rows, fit), actions)
    for finding in findings:
        if finding.kind is DefectKind.ADJUSTMENT:
            fit &= ~np.isin(rows.code, rows.code[finding.rows])
    defects = defect_table(table, findings)
    bad = ~fit & ~rows.is_outside
    return Report(
        spec=spec,
        defects=defects,
        good=table[_ordered(rows, fit)].select(COLUMNS),
        bad=_with_reasons(table, bad, defects),
        outside=int(np.count_nonzero(rows.is_outside & ~bad)),
    )


def _refused(findings: list[Finding]) -> NDArray[np.int64]:
    refused = [f.rows for f in findings if f.kind.severity is Severity.REFUSE]
    return np.concatenate(refused) if refused else np.empty(0, dtype=np.int64)


def _ordered(rows: Rows, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    return rows.order[chosen[rows.order]]


def _series(rows: Rows, fit: NDArray[np.bool_]) -> Series:
    order = _ordered(rows, fit)
    table = rows.table
    return Series(
        spec=rows.spec,
        rows=order,
        symbols=table["symbol"].drop_nulls().unique().sort().to_list(),
        code=rows.code[order],
        ts=rows.ts[order],
        session=rows.windows.session[order],
        slot=rows.windows.slot[order],
        price=np.stack([table[name].to_numpy()[order] for name in PRICES]),
    )


def _with_reasons(
    table: pl.DataFrame, bad: NDArray[np.bool_], defects: pl.DataFrame
) -> pl.DataFrame:
    """The bad rows as they were, each with its own defects, or with its symbol's."""
    refused = defects.filter(pl.col("severity") == Severity.REFUSE).with_columns(
        reason=pl.format("{}: {}", "kind", "detail")
    )
    by_row = refused.group_by("row").agg(own=pl.col("reason").str.join("; "))
    whole = refused.filter(pl.col("kind") == DefectKind.ADJUSTMENT)
    by_symbol = whole.group_by("symbol").agg(whole=pl.col("reason").str.join("; "))
    return (
        table.select(COLUMNS)
        .with_row_index("row", offset=1)
        .with_columns(pl.col("row").cast(pl.Int64))
        .filter(pl.Series(bad))
        .join(by_row, on="row", how="left", maintain_order="left")
        .join(by_symbol, on="symbol", how="left", maintain_order="left")
        .with_columns(reason=pl.coalesce("own", "whole"))
        .drop("own", "whole")
    )
