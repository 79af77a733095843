"""greenlight paper: the bot on live data without real money, or on stored bars as if live."""

import asyncio
import os
import signal
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from greenlight.cli.config import CONFIG_OPTION, JSON_OPTION, SET_OPTION
from greenlight.cli.output import console, emit, money, percent
from greenlight.domain import UserError

if TYPE_CHECKING:  # settings bring pydantic, which `--help` can do without
    from greenlight.config import Config


@click.command()
@click.option(
    "--replay",
    "days",
    nargs=2,
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="START END",
    help="Trade stored bars from START to END as if live; needs no key and no network.",
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0),
    default=0.0,
    help="Of a replay: market seconds a second; 0 (default): as fast as it goes.",
)
@click.option("--new-run", "anew", is_flag=True, help="Begin a new run, though one can go on.")
@CONFIG_OPTION
@SET_OPTION
@JSON_OPTION
def paper(
    days: tuple[object, object] | None,
    speed: float,
    config_file: Path | None,
    assignments: tuple[str, ...],
    *,
    anew: bool,
    as_json: bool,
) -> int:
    """Trade on paper until you stop it (Ctrl-C); a run that was cut off goes on where it was.

    With --replay stored bars are traded with the simulated exchange; such time is marked as
    replayed and never counts as paper trading.

    Example: greenlight paper --replay 2019-01-02 2019-12-31
    """
    from greenlight.config import load, parse_assignments

    config = load(config_file, os.environ, parse_assignments(assignments)).config
    if days is not None:
        return _replay(config, _stretch(days), speed, anew=anew, as_json=as_json)
    if speed:
        raise UserError("--speed belongs to --replay; live data has the world's speed")
    from greenlight.cli.paper_live import trade

    return trade(config, anew=anew, as_json=as_json)


def _stretch(days: tuple[object, object]) -> tuple[date, date]:
    start, end = (day.date() for day in days)  # type: ignore[attr-defined]  # click gives datetimes
    if start > end:
        raise UserError(f"--replay {start} {end}: the start is after the end")
    return start, end


def _replay(
    config: "Config", stretch: tuple[date, date], speed: float, *, anew: bool, as_json: bool
) -> int:
    from greenlight.wiring import Pace, build_stored, held_run, open_ledger, run_replay

    shown = console()
    status = shown.status("reading bars") if not as_json else None
    if status is not None:
        status.start()
    try:
        stored = build_stored(config, *stretch, told=lambda text: _tell(status, text))
        with open_ledger(config, os.environ) as ledger:
            pace = Pace(speed, stored.stretch.count, lambda text: _tell(status, text))
            with (
                held_run(ledger, stored.began, pace.now, anew=anew) as held,
                _stopping(pace.stop),
            ):
                done = asyncio.run(run_replay(stored, held.journal, held.lease.fence, pace))
    finally:
        if status is not None:
            status.stop()
    cash = stored.began.cash
    result = {
        "run": held.run,
        "mode": "replay",
        "resumed": held.is_resumed,
        "finished": done.is_whole,
        "start": stretch[0],
        "end": stretch[1],
        "rows": done.rows,
        "fills": done.fills,
        "equity": done.equity,
        "cash": done.cash,
        "return": done.equity / cash - 1.0,
        "seconds": done.wall_s,
        "times_the_world": done.market_s / max(done.wall_s, 1e-9),
    }
    told = "told to its end" if done.is_whole else "stopped; the same command goes on"
    lines = [
        f"Run {held.run}{' (taken up again)' if held.is_resumed else ''}: {told}",
        f"{done.rows:,} bar times, {done.fills:,} fills",
        f"Took {done.wall_s:.1f} s: {result['times_the_world']:,.0f} times the world's speed",
        f"Equity {money(done.equity)} ({percent(done.equity / cash - 1.0)} on {money(cash)}), "
        "marked as replayed: it never counts as paper trading",
        "Hold it against the backtester: greenlight replay --against backtest",
    ]
    emit(result, *lines, as_json=as_json)
    return 0


def _tell(status: object, text: str) -> None:
    if status is not None:
        status.update(text)  # type: ignore[attr-defined]  # rich's status


class _stopping:  # noqa: N801  # a context manager that reads as a word
    """While inside, SIGINT and SIGTERM call `stop` instead of ending the process."""

    def __init__(self, stop: object) -> None:
        self._stop = stop

    def __enter__(self) -> None:
        names = (signal.SIGINT, signal.SIGTERM)
        self._before = {name: signal.signal(name, self._heed) for name in names}

    def __exit__(self, *_: object) -> None:
        for name, handler in self._before.items():
            signal.signal(name, handler)

    def _heed(self, *_: object) -> None:
        self._stop()  # type: ignore[operator]  # a callable
