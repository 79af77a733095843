"""greenlight audit: cut the future away at every bar and ask the strategies again."""

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from greenlight.cli.config import CONFIG_OPTION, JSON_OPTION, SET_OPTION
from greenlight.cli.output import clock, emit
from greenlight.config import Config, load, parse_assignments
from greenlight.domain import Timeframe, UserError

if TYPE_CHECKING:  # they bring numba and polars, which `--help` can do without
    from greenlight.backtest import AuditReport

_CLEAN, _FOUND = 0, 1
_SHOWN = 20
_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command()
@click.argument("strategies", nargs=-1, metavar="[STRATEGY]...")
@click.option("--symbols", help="On which symbols, e.g. AAPL,MSFT (default: all there are).")
@click.option("--start", type=_DAY, help="First session, e.g. 2010-01-04.")
@click.option("--end", type=_DAY, help="Last session.")
@click.option(
    "--timeframe",
    type=click.Choice([str(timeframe) for timeframe in Timeframe]),
    help="Length of a bar (default: 1d).",
)
@click.option(
    "--store",
    type=click.Path(file_okay=False, path_type=Path),
    help="On what `greenlight data` has put into this folder (default: the sample).",
)
@click.option("--cuts", type=click.IntRange(4), help="A sample of so many cuts a symbol, not all.")
@click.option("--seed", type=int, default=0, show_default=True, help="Which sample.")
@SET_OPTION
@CONFIG_OPTION
@JSON_OPTION
def audit(
    strategies: tuple[str, ...],
    config_file: Path | None,
    assignments: tuple[str, ...],
    *,
    cuts: int | None,
    seed: int,
    as_json: bool,
    **options: Any,  # noqa: ANN401  # one option a key of the configuration
) -> int:
    """Ask STRATEGY again with the future cut away (shipped or your .py files; none: all shipped).

    After every bar it is replayed on the bars up to there: no vote may change, nor may it need more
    bars than its look-back. Exit code 1: one did. What no replay can see is hindsight written into
    the source, such as a list of the symbols that rose.

    Example: greenlight audit my_strategy.py --symbols AAPL,MSFT
    """
    overrides = parse_assignments(assignments) | _overrides(strategies, options)
    config = load(config_file, os.environ, overrides).config
    report = _run(config, cuts, seed, quiet=as_json)
    emit(_plain(report), *_told(report), as_json=as_json)
    return _CLEAN if report.is_clean else _FOUND


def _overrides(strategies: tuple[str, ...], options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as keys of the configuration; None leaves a key as it is."""
    symbols, store = options["symbols"], options["store"]
    days = {key: options[key] for key in ("start", "end")}
    return {
        "strategies.names": list(strategies) or None,
        "data.symbols": None if symbols is None else [one.strip() for one in symbols.split(",")],
        "data.timeframe": options["timeframe"],
        "data.source": None if store is None else "store",
        "data.store": store,
        **{f"data.{key}": None if at is None else at.date() for key, at in days.items()},
    }


def _run(config: Config, cuts: int | None, seed: int, *, quiet: bool) -> "AuditReport":
    from greenlight import backtest
    from greenlight.wiring import build_voices, load_history

    voices = [voice.strategy.tuned(voice.given) for voice in build_voices(config)]
    history = load_history(config)
    is_learned = config.strategies.weighting == "learned"
    with _progress(quiet=quiet) as bar:
        tasks = {voice.name: bar.add_task(voice.name, total=1.0) for voice in voices}

        def tell(name: str, done: float) -> None:
            if name in tasks:
                bar.update(tasks[name], completed=done)

        report = backtest.audit(
            history,
            voices,
            sample=cuts,
            seed=seed,
            score=backtest.learned_scores if is_learned else backtest.equal_scores,
            on_progress=tell,
        )
    if len(report.idle) == len(voices):
        fewest = min(voice.bars_needed() for voice in voices)
        raise UserError(f"no symbol has the {fewest} bars that a vote needs; choose a longer span")
    return report


def _progress(*, quiet: bool) -> Progress:
    """Bars on standard error, where a person watches."""
    screen = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    is_off = quiet or not screen.is_terminal
    return Progress(*columns, TimeRemainingColumn(), console=screen, disable=is_off, transient=True)


def _plain(report: "AuditReport") -> dict[str, object]:
    fields = {field.name: getattr(report, field.name) for field in dataclasses.fields(report)}
    return {"is_clean": report.is_clean, **fields}


def _told(report: "AuditReport") -> list[RenderableType]:
    """What was looked at, then each finding."""
    voices = f"{len(report.strategies)} strateg{'y' if len(report.strategies) == 1 else 'ies'}"
    where = "after every bar" if report.is_whole else "after a sample of bars"
    looked = f"{voices} on {report.scope}, the future cut away {where}"
    lines = [Text(f"{looked}: {report.replays:,} replays.")]
    if report.idle:
        words = f"! not tried, for want of bars: {', '.join(report.idle)}"
        lines.append(Text(words, style="yellow"))
    if report.is_clean:
        return [*lines, Text("Clean: no vote changes.", style="bold green")]
    found = [Text(one.told(clock), style="red") for one in report.findings[:_SHOWN]]
    if len(report.findings) > _SHOWN:
        found.append(Text(f"... and {len(report.findings) - _SHOWN} more; --json shows all."))
    return [*lines, *found]
