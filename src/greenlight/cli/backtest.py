"""greenlight backtest: trade history, judge it, write a report."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from math import isnan, nan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.text import Text

from greenlight.cli.config import CONFIG_OPTION, JSON_OPTION, SET_OPTION
from greenlight.cli.output import emit, money, percent, table
from greenlight.config import Config, load, parse_assignments
from greenlight.domain import Timeframe, UserError

if TYPE_CHECKING:  # they bring numba and polars, which `--help` can do without
    from greenlight.backtest import Comparison, Result, Segment

_NO = 1  # exit code: ran, and the answer is no
_DAY = click.DateTime(formats=["%Y-%m-%d"])
_COLORS = {"fails": "red", "unproven": "yellow", "holds": "green"}
Told = Callable[[str], None]


@click.command()
@click.argument("strategies", nargs=-1, metavar="[STRATEGY]...")
@click.option("--symbols", help="What is traded, e.g. AAPL,MSFT (default: all there is).")
@click.option("--start", type=_DAY, help="First session, e.g. 2010-01-04.")
@click.option("--end", type=_DAY, help="Last session.")
@click.option(
    "--timeframe",
    type=click.Choice([str(timeframe) for timeframe in Timeframe]),
    help="Length of a bar (default: 1d).",
)
@click.option("--cash", type=str, help="Money at the start (default: 100000).")
@click.option("--split", type=str, help="Share of history to train on, 0: none (default: 0.7).")
@click.option("--windows", type=str, help="Parts the rest is divided into (default: 1).")
@click.option("--tries", type=str, help="Parameter sets tried a strategy, 1: none (default: 12).")
@click.option("--sample", is_flag=True, help="Trade the sample that ships with Greenlight.")
@click.option(
    "--store",
    type=click.Path(file_okay=False, path_type=Path),
    help="Trade what `greenlight data` has put into this folder.",
)
@click.option("--runs", type=click.Path(file_okay=False, path_type=Path), help="Folder of results.")
@SET_OPTION
@CONFIG_OPTION
@JSON_OPTION
def backtest(
    strategies: tuple[str, ...],
    config_file: Path | None,
    assignments: tuple[str, ...],
    *,
    as_json: bool,
    **options: Any,  # noqa: ANN401  # one option a key of the configuration
) -> int:
    """Trade history with STRATEGY (shipped names or your own .py files; none: all shipped).

    Example: greenlight backtest momentum_breakout my_strategy.py --start 2005-01-01
    """
    overrides = parse_assignments(assignments) | _overrides(strategies, options)
    return run(load(config_file, os.environ, overrides).config, as_json=as_json)


def run(config: Config, *, as_json: bool) -> int:
    """Run a configured backtest and show it; 1 where the look-ahead audit failed."""
    from greenlight.backtest import Places, conduct, to_plain
    from greenlight.wiring import build_plan, load_history, register

    with progress(quiet=as_json) as told:
        told("reading prices")
        history = load_history(config)
        places = Places(config.backtest.runs, config.data.store / "trials.jsonl")
        plan = build_plan(config, history)
        result, folder = conduct(history, plan, _stored(config), places, told)
        told("registering it in the ledger")
        trouble = register(config, os.environ, result, folder)
    if trouble is not None:
        click.echo(f"greenlight: {trouble}", err=True)
    report = folder / "report.html"
    found = {"folder": str(folder), "report": str(report), **to_plain(result)}
    emit(found, *summary(result), Text(f"Report: {report}", style="bold"), as_json=as_json)
    return _NO if result.audit.outcome == "failed" else 0


@contextmanager
def progress(*, quiet: bool) -> Iterator[Told]:
    """Say on standard error what is being done: a spinner for people, lines for a pipe."""
    if quiet:
        yield lambda _: None
        return
    screen = Console(stderr=True, highlight=False)
    if not screen.is_terminal:
        yield _lines
        return
    with screen.status("starting") as status:
        yield lambda words: status.update(escape(words))


def _lines(words: str) -> None:
    """One line for each step; the many parameter sets of a search are left out."""
    if "parameter set" not in words or "parameter set 1 of" in words:
        click.echo(words, err=True)
        sys.stderr.flush()


def summary(result: "Result") -> list[RenderableType]:
    """The verdict, the measures, the benchmarks, and what kept it from trading."""
    from greenlight.backtest.report import judge

    verdict = judge(result)
    lines: list[RenderableType] = [
        Text(result.title, style="bold"),
        Text(verdict.claim, style=f"bold {_COLORS[verdict.tone]}"),
        *(Text(reason) for reason in verdict.reasons),
        *(Text(f"! {warning}", style="yellow") for warning in _warnings(result)),
        *(Text(note, style="dim") for note in result.notes),
        Text(""),
        _measures(result),
        Text(""),
        _benchmarks(result),
        Text(""),
        _refusals(result),
        Text(""),
    ]
    return lines


def _overrides(strategies: tuple[str, ...], options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as keys of the configuration; None leaves a key as it is."""
    if options["sample"] and options["store"] is not None:
        raise UserError("--sample and --store exclude each other; give one")
    symbols = options["symbols"]
    source = "sample" if options["sample"] else "store" if options["store"] is not None else None
    return {
        "strategies.names": list(strategies) or None,
        "data.symbols": None if symbols is None else [s.strip() for s in symbols.split(",")],
        "data.start": _day(options["start"]),
        "data.end": _day(options["end"]),
        "data.timeframe": options["timeframe"],
        "data.source": source,
        "data.store": options["store"],
        "account.cash": options["cash"],
        "backtest.split": options["split"],
        "backtest.windows": options["windows"],
        "backtest.tries": options["tries"],
        "backtest.runs": options["runs"],
    }


def _day(moment: datetime | None) -> str | None:
    return None if moment is None else moment.date().isoformat()


def _stored(config: Config) -> dict[str, Any]:
    """What is stored and identifies a run: all but the places where things lie on this disk."""
    plain: dict[str, Any] = config.model_dump(mode="json")
    del plain["backtest"]["runs"]
    del plain["data"]["store"]
    return plain


def _warnings(result: "Result") -> list[str]:
    from greenlight.backtest.report import day

    warnings = []
    if result.halt is not None:
        share = percent(result.halt.unobserved, 0)
        warnings.append(f"halted from {day(result.halt.session)}, {share} unobserved")
    if result.audit.outcome == "failed":
        warnings.append(f"look-ahead audit failed: {result.audit.detail}")
    if not result.provenance.is_survivorship_controlled:
        warnings.append("survivorship: not controlled")
    if not result.trials.is_intact:
        warnings.append(f"the trial ledger was broken: {result.trials.complaint}")
    return warnings


def _measures(result: "Result") -> RenderableType:
    parts = [p for p in (result.out_of_sample, result.in_sample, result.whole) if p is not None]
    rows = [
        [name, *(read(part) for part in parts)]
        for name, read in (
            *_returns(parts),
            ("Volatility a year", lambda p: percent(p.performance.volatility_ann)),
            (_sharpe_label(result), _sharpe),
            ("Deflated Sharpe", lambda p: percent(p.deflated, 1)),
            ("Max drawdown", lambda p: percent(p.performance.max_drawdown)),
            ("Exposure, mean", lambda p: percent(p.exposure.mean)),
            ("Round trips", lambda p: f"{p.trades.count:,}"),
            ("Win rate", lambda p: percent(p.trades.win_rate, 1)),
            ("Expectancy a trade", lambda p: percent(p.trades.expectancy)),
            ("Costs paid", lambda p: money(p.costs.total)),
        )
    ]
    return table(None, ["", *(f">{part.name}" for part in parts)], rows)


def _returns(parts: Sequence["Segment"]) -> list[tuple[str, Callable[["Segment"], str]]]:
    """The return a year, and over the period where a part is too short to say it a year."""
    from greenlight.backtest.report import is_short

    def a_year(part: "Segment") -> str:
        measured = part.performance
        return percent(nan if is_short(measured) else measured.annual_return)

    rows: list[tuple[str, Callable[[Segment], str]]] = [("Return a year", a_year)]
    if any(is_short(part.performance) for part in parts):
        rows.insert(0, ("Return in all", lambda p: percent(p.performance.total_return)))
    return rows


def _sharpe_label(result: "Result") -> str:
    return "Sharpe over bills" if result.provenance.has_rates else "Sharpe, bills taken as zero"


def _sharpe(part: "Segment | Comparison") -> str:
    sharpe = part.performance.sharpe
    if isnan(sharpe.ratio_ann):
        return "n/a"
    error = "" if isnan(sharpe.error_ann) else f" ± {sharpe.error_ann:.2f}"
    return f"{sharpe.ratio_ann:.2f}{error}"


def _benchmarks(result: "Result") -> RenderableType:
    from greenlight.backtest.report import period, returned

    part = result.headline
    rows = [
        [
            f"{comparison.name}, {comparison.scaling}",
            percent(returned(comparison.performance)),
            _sharpe(comparison),
            percent(comparison.performance.max_drawdown),
        ]
        for comparison in part.comparisons
    ]
    head = [
        f"Against ({part.name})",
        f">return {period(part.performance)}",
        ">Sharpe",
        ">max drawdown",
    ]
    return table(None, head, rows)


def _refusals(result: "Result") -> RenderableType:
    rows = [
        [f"  {step.label}" if step.refused > 0 else step.label, _count(step.count, step.refused)]
        for step in result.funnel
    ]
    return table(None, ["Why no trade", ">count"], rows)


def _count(count: int, refused: int) -> str:
    return f"-{refused:,}" if refused > 0 else f"{count:,}"
