"""greenlight reconcile: compare book and broker now, and say what to do about a difference."""

from pathlib import Path

import click

from greenlight.cli.asking import ACCOUNT_OPTION, LEDGER_OPTION, ask, resolved
from greenlight.cli.config import CONFIG_OPTION, JSON_OPTION, SET_OPTION


@click.command()
@click.option("--adopt", "how", flag_value="adopted", help="The broker is right: book its word.")
@click.option(
    "--release", "how", flag_value="released", help="You keep the position: the bot forgets it."
)
@click.option(
    "--repair", "how", flag_value="repaired", help="The book is right: trade at the broker."
)
@ACCOUNT_OPTION
@LEDGER_OPTION
@CONFIG_OPTION
@SET_OPTION
@JSON_OPTION
def reconcile(
    how: str | None,
    account: str | None,
    ledger_url: str | None,
    config_file: Path | None,
    assignments: tuple[str, ...],
    *,
    as_json: bool,
) -> int:
    """Compare book and broker now: orders, positions, cash.

    What the broker's own record does not explain, and is not small, has halted entries until you
    choose one of the three; then allow entries again with greenlight resume. Where no bot runs,
    the word waits an hour for one.

    Example: greenlight reconcile --adopt
    """
    config = resolved(config_file, assignments, ledger_url)
    ask(config, account, lambda control: control.reconcile(how or ""), as_json=as_json)
    return 0
