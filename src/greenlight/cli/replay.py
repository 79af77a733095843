"""greenlight replay: a run's journal told again, and held against the backtester."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from greenlight.cli.config import CONFIG_OPTION, JSON_OPTION, SET_OPTION
from greenlight.cli.output import clock, emit, money, table

if TYPE_CHECKING:  # they bring settings and engine, which `--help` can do without
    from greenlight.config import Config
    from greenlight.live import Compared, Repeated

LATEST = "latest"
_SHOWN = 20
_MEANING = {
    "data": "the bars or scores decided on were others",
    "timing": "the same, in another bar",
    "fill price": "filled at another price",
    "cost": "another fee",
    "size": "another quantity",
    "missing": "only one of them did it",
    "follows": "comes of an earlier difference",
}


@click.command()
@click.argument("run", default=LATEST)
@click.option(
    "--against",
    type=click.Choice(["backtest"]),
    help="Run the same stretch of stored bars through the backtester, name every difference.",
)
@click.option("--all", "is_all", is_flag=True, help=f"Every difference, not the first {_SHOWN}.")
@CONFIG_OPTION
@SET_OPTION
@JSON_OPTION
def replay(
    run: str,
    against: str | None,
    config_file: Path | None,
    assignments: tuple[str, ...],
    *,
    is_all: bool,
    as_json: bool,
) -> int:
    """Tell the journal of RUN (default: the latest) to a new trader, and compare every decision.

    Equal means to the last bit. Exit code 1: something came out otherwise.

    Example: greenlight replay --against backtest
    """
    from greenlight.config import load, parse_assignments
    from greenlight.live import repeat
    from greenlight.wiring import latest_run, read_ledger

    config = load(config_file, os.environ, parse_assignments(assignments)).config
    with read_ledger(config) as ledger:
        run = latest_run(ledger) if run == LATEST else run
        repeated = repeat(ledger.read(run))
    compared = _compared(config, repeated) if against else None
    emit(
        _result(run, repeated, compared),
        *_lines(run, repeated),
        *([] if compared is None else _report(compared, None if is_all else _SHOWN)),
        as_json=as_json,
    )
    return 1 if repeated.unequal or not (compared is None or compared.is_equal) else 0


def _compared(config: "Config", repeated: "Repeated") -> "Compared":
    from greenlight.config import Config
    from greenlight.live import compare
    from greenlight.wiring import backtested

    run = repeated.run
    settings = {**run.settings, "ledger": config.ledger.model_dump()}
    if settings.pop("replay", None) is not None:
        return compare(repeated.account, backtested(Config.model_validate(settings), run))
    # a live run was told no stored bars: those of this configuration stand in for its own
    settings["data"] = {
        **config.data.model_dump(),
        "symbols": list(run.symbols),
        "timeframe": settings["live"]["timeframe"],
    }
    live = repeated.account
    return compare(live, backtested(Config.model_validate(settings), run, live))


def _lines(run: str, repeated: "Repeated") -> list[str]:
    told = f"Run {run}: {repeated.events:,} events told again, {repeated.decisions:,} decisions"
    if not repeated.unequal:
        return [f"{told}, all equal to the last bit"]
    first = repeated.unequal[0]
    return [
        f"{told}; {len(repeated.unequal):,} steps came out otherwise",
        f"first: entry {first.seq}, {clock(first.ts)}, after {first.event}: {first.text}",
    ]


def _report(compared: "Compared", most: int | None) -> list[Any]:
    if compared.is_equal:
        return [
            f"Against the backtest: {compared.decisions:,} entries and exits and the fills of "
            f"{compared.fills:,} orders, all equal; equity equal to the last bit"
        ]
    named = sum(amount for _, amount in compared.by_cause().values())
    rows = [
        (cause.value, f"{count:,}", money(amount) if amount else "", _MEANING[cause.value])
        for cause, (count, amount) in compared.by_cause().items()
        if count
    ]
    rest = "trades that only one of them made, and what they led to"
    rows.append(("rest", "", money(compared.equity - named), rest))
    side = "higher" if compared.equity > 0 else "lower"
    shown = compared.differences[:most]
    several = [(clock(one.ts), one.symbol, one.cause.value, one.text) for one in shown]
    more = len(compared.differences) - len(shown)
    return [
        f"Against the backtest: {compared.decisions:,} entries and exits and the fills of "
        f"{compared.fills:,} orders are equal, {len(compared.differences):,} differences; "
        f"the run ended {money(abs(compared.equity))} {side}",
        table("By cause", ["cause", ">number", ">money", "meaning"], rows),
        table(
            "In order of time; here: the run, there: the backtest",
            ["when", "symbol", "cause", "what"],
            several,
        ),
        *([f"and {more:,} more: --all"] if more else []),
    ]


def _result(run: str, repeated: "Repeated", compared: "Compared | None") -> dict[str, Any]:
    result: dict[str, Any] = {
        "run": run,
        "events": repeated.events,
        "decisions": repeated.decisions,
        "unequal": repeated.unequal,
    }
    if compared is not None:
        result["against"] = {
            "equal": compared.is_equal,
            "decisions": compared.decisions,
            "fills": compared.fills,
            "equity": compared.equity,
            "by_cause": {
                cause.value: {"number": count, "money": amount}
                for cause, (count, amount) in compared.by_cause().items()
            },
            "differences": compared.differences,
        }
    return result
