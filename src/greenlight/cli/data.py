"""greenlight data: bring prices into the store, list them, check them."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack

import click

from greenlight.cli.config import CONFIG_OPTION, JSON_OPTION
from greenlight.cli.output import emit, table
from greenlight.config import Config, load
from greenlight.domain import AssetClass, Timeframe, UserError

if TYPE_CHECKING:  # they bring polars, which `--help` can do without
    from greenlight.market import BarSpec, Report, Store, Terms

F = TypeVar("F", bound=Callable[..., Any])

_NS = 1_000_000_000
_NO = 1  # exit code: ran, and the answer is no
_ASSETS = {"XNYS": AssetClass.EQUITY, "24/7": AssetClass.CRYPTO}
_BAR_FILES = ("*.parquet", "*.csv", "*.csv.gz")
_FILE = click.Path(path_type=Path)
_DAY = click.DateTime(formats=["%Y-%m-%d"])  # midnight without a zone: meant as UTC


class Kind(TypedDict):
    """What the bars of a file are said to be."""

    calendar: str
    timeframe: str
    adjustment: str


class Place(TypedDict):
    """Which store."""

    folder: Path | None
    config_file: Path | None


class ImportOptions(Kind, Place):
    """Options of `data import`."""

    quarantine: bool
    actions: tuple[Path, ...]
    tickers: Path | None


class CheckOptions(Kind, Place):
    """Options of `data check`."""

    actions: tuple[Path, ...]


class FetchOptions(Place):
    """Options of `data fetch`."""

    calendar: str
    timeframe: str
    start: datetime
    end: datetime | None
    quarantine: bool


def _with(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Several options as one decorator, shown in this order."""
    return lambda command: reduce(lambda done, option: option(done), reversed(options), command)


_CALENDAR = click.option(
    "--calendar",
    type=click.Choice(tuple(_ASSETS)),
    default="XNYS",
    show_default=True,
    help="XNYS: regular hours of NYSE and Nasdaq. 24/7: crypto, in UTC days.",
)
_TIMEFRAME = click.option(
    "--timeframe",
    type=click.Choice([str(timeframe) for timeframe in Timeframe]),
    default=str(Timeframe.D1),
    show_default=True,
    help="Length of the bars.",
)
_ADJUSTMENT = click.option(
    "--adjustment",
    type=click.Choice(("raw", "split", "total")),
    default="raw",
    show_default=True,
    help="What prices were corrected for: nothing; splits; splits and dividends.",
)
_STORE = click.option(
    "--store",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the store (default: data.store of the configuration, ./data).",
)
_QUARANTINE = click.option(
    "--quarantine", is_flag=True, help="Set bad rows aside in a file instead of refusing all."
)
_ACTIONS = click.option(
    "--actions",
    type=_FILE,
    multiple=True,
    help="Table of splits, dividends and other actions; may be repeated.",
)
_TICKERS = click.option(
    "--tickers",
    type=_FILE,
    help="Table security, last_date, ticker: whose a ticker was until when.",
)
_PLACE = _with(_STORE, CONFIG_OPTION, JSON_OPTION)


@click.group()
def data() -> None:
    """Bring prices into the store, list them, check them."""


@data.command("import", short_help="Bring bar files into the store.")
@click.argument("files", nargs=-1, required=True, type=_FILE, metavar="FILE...")
@_with(_CALENDAR, _TIMEFRAME, _ADJUSTMENT, _ACTIONS, _TICKERS, _QUARANTINE, _PLACE)
def import_(files: tuple[Path, ...], *, as_json: bool, **options: Unpack[ImportOptions]) -> None:
    """Check bar files, Parquet or CSV, and bring them into the store.

    Columns: ts (the bar's open, UTC; for daily bars the date), symbol, open, high, low, close,
    volume. Bars outside regular hours are left aside. Bringing the same bars in again changes
    nothing.

    \b
    Example:
      greenlight data import prices.parquet --timeframe 1d --adjustment raw
    """
    from greenlight.cli import data_views
    from greenlight.market import DefectError, import_file, unmatched

    store, spec = _store(options), _spec(options)
    terms = _terms(options["actions"], options["tickers"], quarantine=options["quarantine"])
    results = []
    for path in _bar_files(files):
        try:
            intake = import_file(store, path, spec, terms)
        except DefectError as error:
            if as_json:
                emit(data_views.refused(error), as_json=True)
            else:
                _say(data_views.complaints(error.report))
            raise
        results.append(data_views.intake_result(intake))
        if not as_json:
            _say(data_views.intake_lines(intake))
    idle = unmatched(store, spec, terms)
    if as_json:
        emit({"store": store.root, "files": results, "unmatched": idle}, as_json=True)
    elif idle is not None:
        click.echo(f"note: {idle}")


@data.command("list")
@_PLACE
def list_(*, as_json: bool, **options: Unpack[Place]) -> int:
    """List what the store holds.

    \b
    Example:
      greenlight data list
    """
    from greenlight.cli import data_views

    store = _store(options)
    rows, problems = data_views.contents(store)
    if not rows and not problems:
        raise UserError(f"{store.root}: no bars yet; greenlight data import or fetch brings some")
    columns = ("calendar", "timeframe", "adjustment", "symbol", ">bars", "first", "last")
    shown = table(None, columns, [tuple(str(cell) for cell in row.values()) for row in rows])
    emit({"store": store.root, "bars": rows, "problems": problems}, shown, as_json=as_json)
    for problem in problems:
        click.echo(problem, err=True)
    return _NO if problems else 0


@data.command("check", short_help="Name every defect in the store, or in files.")
@click.argument("files", nargs=-1, type=_FILE, metavar="[FILE]...")
@_with(_CALENDAR, _TIMEFRAME, _ADJUSTMENT, _ACTIONS, _PLACE)
def check_(files: tuple[Path, ...], *, as_json: bool, **options: Unpack[CheckOptions]) -> int:
    """Name every defect in the store, or in FILEs without bringing them in.

    The kind of bars is asked for FILEs only. Exit code 1 when there are defects that must not be.

    \b
    Example:
      greenlight data check prices.csv --timeframe 1h --calendar 24/7
    """
    from greenlight.cli import data_views

    reports = _file_reports(files, options) if files else _stored_reports(_store(options))
    results, bad = [], False
    for name, report in reports:
        bad |= isinstance(report, str) or report.refusals > 0
        results.append(data_views.check_result(name, report))
        if not as_json:
            _say(data_views.check_lines(name, report))
    if as_json:
        emit(results, as_json=True)
    return _NO if bad else 0


@data.command("fetch", short_help="Fetch bars from a provider into the store.")
@click.argument("provider", metavar="PROVIDER")
@click.argument("symbols", nargs=-1, required=True, metavar="SYMBOL...")
@_with(_CALENDAR, _TIMEFRAME)
@click.option("--start", type=_DAY, required=True, metavar="YYYY-MM-DD", help="First day.")
@click.option(
    "--end",
    type=_DAY,
    metavar="YYYY-MM-DD",
    help="Last day (default: all that is complete by now).",
)
@_with(_QUARANTINE, _PLACE)
def fetch_(
    provider: str, symbols: tuple[str, ...], *, as_json: bool, **options: Unpack[FetchOptions]
) -> int:
    """Fetch bars from PROVIDER (alpaca, ccxt, polygon, yahoo) into the store.

    An interrupted download goes on where it stopped; done again, it brings what is new. The symbol
    us38 stands for the 38 large caps of the example book. Keys come from the environment.

    \b
    Example:
      greenlight data fetch yahoo AAPL MSFT --start 2015-01-01
    """
    from greenlight.cli import data_fetch

    config = _config(options["config_file"])
    source = data_fetch.source(provider, config, os.environ)
    now = _now()
    end = now if options["end"] is None else min(now, _midnight(options["end"] + timedelta(days=1)))
    asked = data_fetch.Asked(
        symbols=data_fetch.named(symbols),
        asset_class=_ASSETS[options["calendar"]],
        spec=data_fetch.spec(source, options["calendar"], Timeframe(options["timeframe"])),
        start=_midnight(options["start"]),
        end=end,
    )
    terms = _terms((), None, quarantine=options["quarantine"])
    return data_fetch.run(_store(options), source, asked, terms, as_json=as_json)


def _file_reports(
    files: tuple[Path, ...], options: CheckOptions
) -> Iterator[tuple[str, "Report | str"]]:
    from greenlight.market import check, read_delivery

    spec, terms = _spec(options), _terms(options["actions"], None, quarantine=False)
    for path in _bar_files(files):
        delivery = read_delivery(path, spec, terms)
        yield path.name, check(delivery.table, spec, now=terms.now, actions=delivery.actions)


def _stored_reports(store: "Store") -> Iterator[tuple[str, "Report | str"]]:
    """A report for each symbol of the store, or the words of why it cannot be read."""
    from greenlight.market import check, stored_actions

    specs = store.specs()
    if not specs:
        raise UserError(f"{store.root}: no bars yet; greenlight data import or fetch brings some")
    now = _now()
    for spec in specs:
        actions = stored_actions(store, spec)
        for symbol in store.symbols(spec):
            name = f"{spec} {symbol}"
            try:
                bars = store.read(spec, symbol)
            except UserError as error:
                yield name, str(error)
                continue
            own = [action for action in actions if action.symbol == symbol]
            yield name, check(bars, spec, now=now, actions=own)


def _say(lines: Iterator[str]) -> None:
    for line in lines:
        click.echo(line)


def _bar_files(paths: tuple[Path, ...]) -> Iterator[Path]:
    """The files, and the bar files of the folders among them."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        inside = sorted(file for pattern in _BAR_FILES for file in path.glob(pattern))
        if not inside:
            raise UserError(f"{path}: has no {', '.join(_BAR_FILES)} files")
        yield from inside


def _terms(actions: tuple[Path, ...], tickers: Path | None, *, quarantine: bool) -> "Terms":
    from greenlight.market import Terms, read_any_actions, read_ticker_map

    return Terms(
        now=_now(),
        quarantine=quarantine,
        actions=tuple(action for path in actions for action in read_any_actions(path)),
        tickers=None if tickers is None else read_ticker_map(tickers),
    )


def _spec(options: Kind) -> "BarSpec":
    from greenlight.market import Adjustment, BarSpec

    return BarSpec(
        options["calendar"], Timeframe(options["timeframe"]), Adjustment(options["adjustment"])
    )


def _store(options: Place) -> "Store":
    from greenlight.market import Store

    folder = options["folder"]
    return Store(_config(options["config_file"]).data.store if folder is None else folder)


def _config(path: Path | None) -> Config:
    return load(path, os.environ).config


def _now() -> int:
    moment = datetime.now(UTC)  # noqa: TID251  # the door: what bars are judged against is read here
    return int(moment.timestamp()) * _NS


def _midnight(day: datetime) -> int:
    return int(day.replace(tzinfo=UTC).timestamp()) * _NS
