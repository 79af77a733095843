"""greenlight doctor: is everything there that a bot needs, and what to do where it is not."""

import asyncio
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click
from rich.text import Text

from greenlight.cli.asking import LEDGER_OPTION, mailbox_of, resolved
from greenlight.cli.config import CONFIG_OPTION, JSON_OPTION, SET_OPTION
from greenlight.cli.output import emit

if TYPE_CHECKING:  # they bring settings and database, which `--help` can do without
    from greenlight.config import Config
    from greenlight.control import Check, Checkup

_FINE, _ILL = 0, 1


@click.command()
@LEDGER_OPTION
@CONFIG_OPTION
@SET_OPTION
@JSON_OPTION
def doctor(
    ledger_url: str | None,
    config_file: Path | None,
    assignments: tuple[str, ...],
    *,
    as_json: bool,
) -> int:
    """Check keys, disk, database, journal, broker, clock and feed. Exit code 1: one is not fine.

    Example: greenlight doctor
    """
    from greenlight.control import examine

    config = resolved(config_file, assignments, ledger_url)
    checks = asyncio.run(examine(_checkup(config)))
    is_fine = all(one.is_fine for one in checks)
    emit({"is_fine": is_fine, "checks": checks}, *[_line(one) for one in checks], as_json=as_json)
    return _FINE if is_fine else _ILL


def _line(check: "Check") -> Text:
    mark, style = ("OK ", "green") if check.is_fine else ("!! ", "bold red")
    return Text.assemble((mark, style), f"{check.name}: {check.told}")


def _checkup(config: "Config") -> "Checkup":
    from greenlight.config import Keyring
    from greenlight.control import Checkup
    from greenlight.wiring import ledger_folder, open_broker, open_feed, open_ledger, wall

    venue = config.broker.ccxt.exchange if config.broker.name == "ccxt" else config.broker.name
    is_simulated = config.broker.name == "simulated"
    folder = ledger_folder(config)

    def keys() -> str:
        ring = Keyring(venue, folder, os.environ)
        ring.current()
        return ring.origin

    return Checkup(
        open_ledger=lambda: open_ledger(config, os.environ),
        open_broker=None if is_simulated else lambda: open_broker(config, os.environ),
        open_feed=lambda now: open_feed(config, os.environ, [_symbol(config)], now),
        keys=None if is_simulated else keys,
        folder=folder,
        free_bytes=lambda path: shutil.disk_usage(path).free,
        least_mb=config.live.least_disk,
        skew_s=config.live.clock_skew.total_seconds(),
        wall=wall,
        is_venue_time=_is_venue_time(config),
        symbol=_symbol(config),
        mailbox=mailbox_of(config),
    )


def _symbol(config: "Config") -> str:
    """One that is traded, or that any feed knows."""
    if config.data.symbols:
        return config.data.symbols[0]
    return "BTC/USD" if config.broker.name == "ccxt" else "AAPL"


def _is_venue_time(config: "Config") -> bool:
    """Whether the bot takes the broker's clock: of one on this machine, unless told not to."""
    if config.live.clock != "auto":
        return config.live.clock == "broker"
    urls = {"alpaca": config.broker.alpaca.trading_url, "ccxt": config.broker.ccxt.url}
    return urlsplit(urls.get(config.broker.name, "")).hostname in ("127.0.0.1", "localhost", "::1")
