"""How `greenlight data` shows what came in, what is there and what is wrong."""

from collections.abc import Iterator

import numpy as np

from greenlight.domain import Timeframe, UserError
from greenlight.market import DefectError, DefectKind, Intake, Report, Store

_SHOWN = 10  # defects of one kind shown to a person


def intake_result(intake: Intake) -> dict[str, object]:
    """What came in from a file, for JSON."""
    return {
        "source": intake.source,
        "stored": True,
        "symbols": len(intake.changes),
        "added": intake.added,
        "replaced": intake.replaced,
        "unchanged": intake.unchanged,
        "set_aside": intake.report.bad.height,
        "outside_hours": intake.report.outside,
        "actions": intake.actions,
        "quarantine": intake.quarantined,
        "notes": intake.notes,
        "defects": defects(intake.report),
    }


def intake_lines(intake: Intake) -> Iterator[str]:
    """What came in from a file, for people."""
    actions = f", {_many(intake.actions, 'corporate action')}" if intake.actions else ""
    symbols = _many(len(intake.changes), "symbol")
    yield (
        f"{intake.source}: {symbols}, {_many(intake.added, 'bar')} added, {intake.replaced} "
        f"replaced, {intake.unchanged} unchanged{actions}"
    )
    for note in intake.notes:
        yield f"  note: {note}"
    for change in intake.changes:
        if change.replaced.height > 0:
            ts, *_ = change.replaced.row(0)
            before, after = change.replaced["close"][0], change.replaced["close_new"][0]
            bars = _many(change.replaced.height, "bar")
            yield (
                f"  {change.symbol}: {bars} had other values, the first of {ts:%Y-%m-%d %H:%M}Z "
                f"(close {before:g}, now {after:g})"
            )
    yield from complaints(intake.report)
    if intake.quarantined is not None:
        yield f"  {_many(intake.report.bad.height, 'bad row')} set aside in {intake.quarantined}"


def refused(error: DefectError) -> dict[str, object]:
    """A refusal, for JSON."""
    return {"stored": False, "error": str(error), "defects": defects(error.report)}


def check_result(name: str, report: Report | str) -> dict[str, object]:
    """A check, for JSON; of a file that cannot be read, the words."""
    if isinstance(report, str):
        return {"name": name, "ok": False, "error": report, "counts": {}, "defects": []}
    return {
        "name": name,
        "ok": report.refusals == 0,
        "bars": report.good.height,
        "outside_hours": report.outside,
        "counts": report.counts(),
        "defects": defects(report),
    }


def check_lines(name: str, report: Report | str) -> Iterator[str]:
    """A check, for people."""
    if isinstance(report, str):
        yield f"{name}: {report}"
        return
    verdict = f"{_many(report.refusals, 'defect')}" if report.refusals else "good"
    outside = f", {report.outside} outside regular hours" if report.outside else ""
    yield f"{name}: {verdict}, {_many(report.good.height, 'bar')} fit to be used{outside}"
    yield from complaints(report)


def complaints(report: Report) -> Iterator[str]:
    """The first defects of each kind, and how many more there are; gaps by symbol."""
    for kind, count in report.counts().items():
        if kind is DefectKind.GAP:
            yield from (f"  {kind.severity}: {line}" for line in _gaps(report))
            continue
        for line in report.lines(kind, _SHOWN):
            yield f"  {kind.severity}: {line}"
        if count > _SHOWN:
            yield f"  {kind.severity}: and {count - _SHOWN} more of {kind}; --json has them all"


def _gaps(report: Report) -> Iterator[str]:
    """The first gap of each symbol and how many it has; of many symbols the first ones."""
    symbols = report.by_symbol(DefectKind.GAP)
    for line, count in symbols[:_SHOWN]:
        yield line if count == 1 else f"{line} (the first of {count} gaps)"
    more = [count for _, count in symbols[_SHOWN:]]
    if more:
        yield f"and {_many(sum(more), 'gap')} of {_many(len(more), 'symbol')} more; --json has all"


def defects(report: Report) -> list[dict[str, object]]:
    """Every defect, for JSON."""
    rows = report.defects.iter_rows(named=True)
    return [dict(row) for row in rows]


def contents(store: Store) -> tuple[list[dict[str, object]], list[str]]:
    """A row for each symbol of the store, and a line for each file that cannot be read."""
    rows: list[dict[str, object]] = []
    problems: list[str] = []
    for spec in store.specs():
        for symbol in store.symbols(spec):
            try:
                extent = store.extent(spec, symbol)
            except UserError as error:
                problems.append(str(error))
                continue
            rows.append(
                {
                    "calendar": spec.calendar,
                    "timeframe": str(spec.timeframe),
                    "adjustment": str(spec.adjustment),
                    "symbol": symbol,
                    "bars": extent.rows,
                    "first": _stamp(extent.first, spec.timeframe),
                    "last": _stamp(extent.last, spec.timeframe),
                }
            )
    return rows, problems


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _stamp(ts: int, timeframe: Timeframe) -> str:
    """2020-01-31 of a day, 2020-01-31T14:30Z of less."""
    text = str(np.datetime64(ts, "ns").astype("datetime64[m]"))
    return text.partition("T")[0] if timeframe is Timeframe.D1 else f"{text}Z"
