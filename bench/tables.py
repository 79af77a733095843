"""The tables that are printed."""

from collections.abc import Mapping, Sequence

from bench.harness import Measurement
from bench.results import Row, Verdict
from bench.works import OURS

Table = Sequence[Sequence[str]]


def rows_table(rows: Sequence[Row]) -> str:
    """Every row, with how many times longer than ours it took."""
    ours = {row.work: row for row in rows if row.engine == OURS}
    lines = [
        [
            "work",
            "engine",
            "wall ms",
            "user ms",
            "M/s",
            "equity",
            "trades",
            "rss MB",
            "x user",
            "x wall",
        ]
    ]
    for row in rows:
        mine = ours.get(row.work, row)
        lines.append(
            [
                row.work,
                row.engine,
                f"{row.wall_s * 1e3:,.2f}",
                f"{row.user_s * 1e3:,.2f}",
                f"{row.rate / 1e6:,.2f}",
                f"{row.equity:,.2f}",
                f"{row.trades:,}",
                f"{row.rss_mb:,.0f}",
                f"{row.user_s / mine.user_s:,.1f}",
                f"{row.wall_s / mine.wall_s:,.1f}",
            ]
        )
    return aligned(lines)


def verdict_table(verdicts: Sequence[Verdict]) -> str:
    """What was asked and what was reached."""
    lines = [["target", "against", "by user", "by wall", "least", "aim", "reached"]]
    for verdict in verdicts:
        target = verdict.target
        unit = f" {target.unit}"
        figures = (verdict.user, verdict.wall, target.least, target.aim)
        shown = [f"{figure:,.2f}" if figure < 10 else f"{figure:,.0f}" for figure in figures]
        lines.append([target.work, target.against, *[f + unit for f in shown], verdict.word])
    return aligned(lines)


def memory_table(measured: Mapping[tuple[str, str], Sequence[Measurement]]) -> str:
    """What one of our calls needs beside what it reads, and how large its results are."""
    lines = [["memory of one call, MB", "read", "given", "peak beside what is read"]]
    for (work, engine), rounds in measured.items():
        if engine == OURS and rounds[0].memory:
            read, given, peak = rounds[0].memory
            lines.append([work, f"{read:,.1f}", f"{given:,.1f}", f"{peak:,.1f}"])
    return aligned(lines)


def aligned(lines: Table) -> str:
    """Columns of equal width, the first two to the left."""
    widths = [max(len(line[k]) for line in lines) for k in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if k < 2 and not _is_number(cell) else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _is_number(cell: str) -> bool:
    return cell.replace(",", "").replace(".", "").isdigit()
