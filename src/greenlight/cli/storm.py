"""greenlight storm: the whole bot in bad weather, seed after seed, and what must hold."""

import os
import re
import time
from typing import TYPE_CHECKING

import click
from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from greenlight.cli.config import JSON_OPTION
from greenlight.cli.output import clock, emit
from greenlight.domain import UserError

if TYPE_CHECKING:  # they bring numba and httpx, which `--help` can do without
    from greenlight.storm import Summary, Tally

_HELD, _BROKEN = 0, 1
_SHOWN = 20


@click.command()
@click.option("--seeds", default="0..99", show_default=True, help="Which seeds, e.g. 0..999.")
@click.option("--seed", type=click.IntRange(0), help="One seed alone.")
@click.option("--trace", is_flag=True, help="Tell everything that happens in --seed.")
@click.option("--jobs", type=click.IntRange(1), help="Seeds at a time (default: one a processor).")
@JSON_OPTION
def storm(seeds: str, seed: int | None, jobs: int | None, *, trace: bool, as_json: bool) -> int:
    """Simulate the whole bot on virtual time: faults, crashes, kills, all drawn from a seed.

    After every event invariants are checked by code that shares nothing with what it checks. Exit
    code 1: one did not hold; the seed and how to replay it are printed. docs/storm.md says more.

    Example: greenlight storm --seeds 0..199
    """
    if trace:
        if seed is None:
            raise UserError("--trace tells of one seed: give it with --seed")
        return _trace(seed)
    chosen = range(seed, seed + 1) if seed is not None else _range(seeds)
    began = time.perf_counter()
    summary = _run(chosen, jobs or os.cpu_count() or 1, quiet=as_json)
    minutes = (time.perf_counter() - began) / 60.0
    emit(_plain(summary, minutes), *_told(summary, minutes), as_json=as_json)
    return _BROKEN if summary.failures else _HELD


def _range(text: str) -> range:
    found = re.fullmatch(r"(\d+)(?:\.\.(\d+))?", text)
    if found is None:
        raise UserError(f"--seeds {text}: give the first and the last, such as 0..99")
    first, last = int(found[1]), int(found[2] or found[1])
    if last < first:
        raise UserError(f"--seeds {text}: the last is before the first")
    return range(first, last + 1)


def _run(chosen: range, jobs: int, *, quiet: bool) -> "Summary":
    from greenlight.engine import warm_up
    from greenlight.storm import run_seeds

    warm_up()
    screen = Console(stderr=True, highlight=False)
    columns = (TextColumn("seeds"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    is_off = quiet or not screen.is_terminal
    with Progress(*columns, console=screen, disable=is_off, transient=True) as bar:
        task = bar.add_task("seeds", total=len(chosen))

        def told(tally: "Tally") -> None:
            bar.advance(task)
            if tally.failure is not None and not quiet:
                screen.print(f"seed {tally.seed}: {tally.failure.invariant}", style="red")

        return run_seeds(chosen, min(jobs, len(chosen)), told)


def _trace(seed: int) -> int:
    from greenlight.storm import draw_weather, simulate, trace

    weather = draw_weather(seed)
    result = simulate(weather)
    for line in trace(weather, result):
        click.echo(line)
    return _HELD if result.broken is None else _BROKEN


def _plain(summary: "Summary", minutes: float) -> dict[str, object]:
    return {
        "held": not summary.failures,
        "seeds": summary.seeds,
        "seeds_per_minute": summary.seeds / minutes,
        "days": summary.days,
        "days_per_minute": summary.days / minutes,
        "open_hours": summary.open_s / 3600.0,
        "crashes": summary.crashes,
        "orders": summary.orders,
        "fills": summary.fills,
        "longest_exposure_s": summary.exposure_s,
        "faults": dict(sorted(summary.faults.items())),
        "failures": [
            {
                "seed": one.seed,
                "invariant": one.invariant,
                "ts": one.ts,
                "why": one.why,
                "replay": _replay(one.seed),
            }
            for one in summary.failures
        ],
    }


def _told(summary: "Summary", minutes: float) -> list[RenderableType]:
    felt = ", ".join(f"{kind} {count:,}" for kind, count in sorted(summary.faults.items()))
    lines: list[RenderableType] = [
        Text(
            f"{summary.seeds:,} seeds, {summary.days:,.0f} simulated days "
            f"({summary.open_s / 3600.0:,.0f} hours of open market) in {minutes:.1f} minutes: "
            f"{summary.seeds / minutes:,.0f} seeds and {summary.days / minutes:,.0f} days a minute."
        ),
        Text(
            f"{summary.orders:,} orders, {summary.fills:,} fills, {summary.crashes:,} crashes; "
            f"longest exposure {summary.exposure_s:.0f} s of open market, faults included."
        ),
        Text(f"Faults felt: {felt or 'none'}."),
    ]
    if not summary.failures:
        return [*lines, Text("Every invariant held.", style="bold green")]
    for one in summary.failures[:_SHOWN]:
        lines.append(Text(f"seed {one.seed}, {clock(one.ts)}: {one.invariant}", style="bold red"))
        lines.append(Text(f"  {one.why}"))
        lines.append(Text(f"  replay it: {_replay(one.seed)}"))
    if len(summary.failures) > _SHOWN:
        lines.append(Text(f"... and {len(summary.failures) - _SHOWN} more; --json shows all."))
    return lines


def _replay(seed: int) -> str:
    return f"greenlight storm --seed {seed} --trace"
