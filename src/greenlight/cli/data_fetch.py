"""How `greenlight data fetch` runs: symbol after symbol; a failure stops that symbol alone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from greenlight.cli.output import emit, table
from greenlight.config import Config
from greenlight.domain import AssetClass, GreenlightError, Timeframe, UserError
from greenlight.market import BarSpec, Download, Downloader, Order, Store, Terms, example_book
from greenlight.market.providers import Provider, ProviderSettings, provider

_NO = 1
_BOOK = "us38"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be fetched; `start` and `end` in ns UTC."""

    symbols: tuple[str, ...]
    asset_class: AssetClass
    spec: BarSpec
    start: int
    end: int


def source(name: str, config: Config, environment: Mapping[str, str]) -> Provider:
    """The provider of that name with its settings. Raises UserError when there is none."""
    settings = config.providers
    known = {
        "yahoo": ProviderSettings(base_url=settings.yahoo.base_url),
        "alpaca": ProviderSettings(base_url=settings.alpaca.base_url, feed=settings.alpaca.feed),
        "polygon": ProviderSettings(base_url=settings.polygon.base_url),
        "ccxt": ProviderSettings(base_url=settings.ccxt.base_url, exchange=settings.ccxt.exchange),
    }
    if name == "files":
        raise UserError("files are not fetched: greenlight data import brings them in")
    own = known.get(name, ProviderSettings())
    return provider(name, replace(own, environment=environment))


def spec(chosen: Provider, calendar: str, timeframe: Timeframe) -> BarSpec:
    """What the bars will be: the provider says what its prices have been corrected for."""
    return BarSpec(calendar, timeframe, chosen.capabilities.adjustment)


def named(symbols: tuple[str, ...]) -> tuple[str, ...]:
    """The symbols, once each, with the example book in the place of its name."""
    every = [own for s in symbols for own in (example_book().symbols if s == _BOOK else (s,))]
    return tuple(dict.fromkeys(every))


def run(store: Store, chosen: Provider, asked: Asked, terms: Terms, *, as_json: bool) -> int:
    """Fetch every symbol; 0, or 1 where some failed. Raises the first error where all did."""
    if asked.end <= asked.start:
        raise UserError("--end must lie after --start, and --start before now")
    done: list[Download] = []
    failures: dict[str, GreenlightError] = {}
    with _progress(quiet=as_json) as progress:
        for symbol in asked.symbols:
            task = progress.add_task(symbol, total=asked.end - asked.start)
            downloader = Downloader(
                store, chosen, terms, partial(_advance, progress, task, asked.start)
            )
            order = Order(symbol, asked.asset_class, asked.spec, asked.start, asked.end)
            try:
                done.append(downloader.download(order))
            except GreenlightError as error:
                failures[symbol] = error
                progress.stop_task(task)
    if not done:
        raise next(iter(failures.values()))
    columns = ("symbol", ">added", ">replaced", ">set aside", ">actions", "quarantine")
    shown = table(f"{asked.spec} bars from {chosen.name}", columns, [_cells(one) for one in done])
    result = {"store": store.root, "fetched": done, "failed": _words(failures)}
    emit(result, shown, as_json=as_json)
    for failure in _words(failures):
        click.echo("{symbol} failed: {error}".format_map(failure), err=True)
    return _NO if failures else 0


def _advance(progress: Progress, task: TaskID, start: int, until: int) -> None:
    progress.update(task, completed=until - start)


def _words(failures: Mapping[str, GreenlightError]) -> list[dict[str, str]]:
    return [{"symbol": symbol, "error": str(error)} for symbol, error in failures.items()]


def _cells(one: Download) -> tuple[str, ...]:
    numbers = (one.added, one.replaced, one.refused, one.actions)
    return (one.symbol, *(f"{number:,}" for number in numbers), str(one.quarantined or ""))


def _progress(*, quiet: bool) -> Progress:
    """A bar a symbol, on the error stream, so that results can be piped."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=quiet,
    )
