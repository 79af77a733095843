"""greenlight exchange: a broker that speaks Alpaca's API, on this machine, without a key."""

import asyncio
import os
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from greenlight.cli.config import CONFIG_OPTION, SET_OPTION
from greenlight.domain import UserError

if TYPE_CHECKING:
    from greenlight.brokers.exchange import SaleFee, Tariff, VenueSettings
    from greenlight.config import AssetCosts, Config

_BPS = Decimal("0.0001")
_NS = 1_000_000_000


@click.command()
@click.option("--symbols", help="What is listed, e.g. AAPL,MSFT (default: all there is).")
@click.option("--start", help="When it begins: a day (its open) or a time, e.g. 2020-03-02.")
@click.option("--today", is_flag=True, help="Tell the stored days as if they were until today.")
@click.option("--speed", type=float, default=60.0, help="Its seconds in one; 0: moved by hand.")
@click.option("--faults", "faults_file", type=click.Path(path_type=Path), help="What goes wrong.")
@click.option("--port", type=click.IntRange(0, 65_535), default=7497, help="0: any free one.")
@click.option("--cash", type=str, help="Money at the start (default: 100000).")
@click.option("--multiplier", type=click.Choice(["1", "2", "4"]), default="2", help="Of margin.")
@click.option("--delay", type=float, default=0.0, help="Seconds an order is on its way.")
@click.option("--limit", type=click.IntRange(0), default=200, help="Requests a minute; 0: any.")
@click.option("--step", type=click.IntRange(1), default=60, help="Seconds between two trades.")
@click.option("--sample", is_flag=True, help="List the sample that ships with Greenlight.")
@click.option(
    "--store", type=click.Path(file_okay=False, path_type=Path), help="List what is stored here."
)
@SET_OPTION
@CONFIG_OPTION
def exchange(config_file: Path | None, assignments: tuple[str, ...], **options: Any) -> int:  # noqa: ANN401  # one option a setting
    """Serve Alpaca's trading and data API on this machine, driven by stored bars.

    Example: greenlight exchange --sample --symbols AAPL,MSFT --start 2020-03-02 --speed 60
    """
    from greenlight.config import load, parse_assignments

    config = load(config_file, os.environ, parse_assignments(assignments) | _overrides(options))
    try:
        asyncio.run(_serve(config.config, options))
    except KeyboardInterrupt:
        click.echo("stopped", err=True)
    return 0


async def _serve(config: "Config", options: dict[str, Any]) -> None:
    from greenlight.brokers.exchange import (
        Adversity,
        Faults,
        PacedClock,
        Tape,
        ToldClock,
        Venue,
        begin_at,
        build_app,
        read_faults,
        serve,
        told_until_today,
    )
    from greenlight.wiring import elapsed, load_history, wall

    history, speed, file = load_history(config), options["speed"], options["faults_file"]
    if speed < 0:
        raise UserError(f"--speed {speed} goes backwards; give 0 or more")
    if options["today"]:
        history, start = told_until_today(history, options["start"], wall())
    else:
        start = begin_at(history, options["start"])
    tape, faults = Tape(history, options["step"]), Faults() if file is None else read_faults(file)
    clock = ToldClock(start) if speed == 0 else PacedClock(start, speed, elapsed)
    settings = _settings(config, options)
    venue = Venue(tape.assets, start, settings, Adversity(faults), tape.actions)
    local = build_app(venue, tape, clock, faults, 0 if speed == 0 else options["limit"])
    await serve(local, options["port"], _say)


def _say(url: str) -> None:
    click.echo(
        f"{url}  (url_override for trading and data; {url.replace('http', 'ws')}/stream, /v2/iex, "
        "/v1beta3/crypto/us; any key)\nCtrl-C stops it"
    )


def _overrides(options: dict[str, Any]) -> dict[str, Any]:
    if options["sample"] and options["store"] is not None:
        raise UserError("--sample and --store exclude each other; give one")
    symbols = options["symbols"]
    source = "sample" if options["sample"] else "store" if options["store"] is not None else None
    return {
        "data.symbols": None if symbols is None else [s.strip() for s in symbols.split(",")],
        "data.source": source,
        "data.store": options["store"],
        "account.cash": options["cash"],
    }


def _settings(config: "Config", options: dict[str, Any]) -> "VenueSettings":
    from greenlight.brokers.exchange import VenueSettings

    equity = _tariff(config.costs.equity)
    if config.costs.equity.regulatory:
        equity = replace(equity, sale_fees=_sale_fees(config))
    return VenueSettings(
        cash=_decimal(config.account.cash),
        multiplier=Decimal(options["multiplier"]),
        delay_ns=int(options["delay"] * _NS),
        equity=equity,
        crypto=replace(_tariff(config.costs.crypto), in_kind=True),
    )


def _tariff(costs: "AssetCosts") -> "Tariff":
    from greenlight.brokers.exchange import Tariff

    return Tariff(
        half_spread=_decimal(costs.half_spread_bps) * _BPS,
        slippage=_decimal(costs.slippage_bps) * _BPS,
        per_unit=_decimal(costs.per_share),
        percent=_decimal(costs.fee_bps) * _BPS,
        minimum=_decimal(costs.minimum),
    )


def _sale_fees(config: "Config") -> "tuple[SaleFee, ...]":
    from greenlight.brokers.exchange import SaleFee

    return tuple(
        SaleFee(
            (row.since.toordinal() - 719_163) * 86_400 * _NS,
            _decimal(row.sec_rate),
            _decimal(row.taf_rate),
            _decimal(row.taf_cap),
        )
        for row in config.costs.regulatory_fees
    )


def _decimal(value: object) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise UserError(f"{value} is no amount") from None
