"""greenlight reject: drop an entry that waits for a person."""

from pathlib import Path

import click

from greenlight.cli.answering import settle
from greenlight.cli.asking import LEDGER_OPTION, resolved
from greenlight.cli.config import CONFIG_OPTION, JSON_OPTION, SET_OPTION


@click.command()
@click.argument("name", metavar="ID")
@LEDGER_OPTION
@CONFIG_OPTION
@SET_OPTION
@JSON_OPTION
def reject(
    name: str,
    ledger_url: str | None,
    config_file: Path | None,
    assignments: tuple[str, ...],
    *,
    as_json: bool,
) -> int:
    """Drop an entry that waits for you. ID: see greenlight status, or the instrument.

    Example: greenlight reject AAPL
    """
    config = resolved(config_file, assignments, ledger_url)
    return settle(config, name, approved=False, as_json=as_json)
