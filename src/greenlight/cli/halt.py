"""greenlight halt: no new positions; what is held stays protected."""

from pathlib import Path

import click

from greenlight.cli.asking import ACCOUNT_OPTION, LEDGER_OPTION, ask, resolved
from greenlight.cli.config import CONFIG_OPTION, JSON_OPTION, SET_OPTION


@click.command()
@click.argument("why", nargs=-1)
@ACCOUNT_OPTION
@LEDGER_OPTION
@CONFIG_OPTION
@SET_OPTION
@JSON_OPTION
def halt(
    why: tuple[str, ...],
    account: str | None,
    ledger_url: str | None,
    config_file: Path | None,
    assignments: tuple[str, ...],
    *,
    as_json: bool,
) -> int:
    """Stop entries, for the reason WHY. Stops and exits go on; greenlight resume lifts it.

    Example: greenlight halt earnings tonight
    """
    config = resolved(config_file, assignments, ledger_url)
    reason = " ".join(why) or "no reason given"
    ask(config, account, lambda control: control.halt(reason), as_json=as_json)
    return 0
