"""greenlight approve: let an entry go on that waits for a person."""

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
def approve(
    name: str,
    ledger_url: str | None,
    config_file: Path | None,
    assignments: tuple[str, ...],
    *,
    as_json: bool,
) -> int:
    """Let an entry go on that waits for you; every gate is asked again. ID: see greenlight status.

    The instrument will do where only one entry of it waits. Exit code 1: it was not approved.

    Example: greenlight approve AAPL
    """
    config = resolved(config_file, assignments, ledger_url)
    return settle(config, name, approved=True, as_json=as_json)
