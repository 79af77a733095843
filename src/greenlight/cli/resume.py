"""greenlight resume: entries again, after a halt or a kill."""

from pathlib import Path

import click

from greenlight.cli.asking import ACCOUNT_OPTION, LEDGER_OPTION, ask, mailbox_of, resolved
from greenlight.cli.config import CONFIG_OPTION, JSON_OPTION, SET_OPTION


@click.command()
@ACCOUNT_OPTION
@LEDGER_OPTION
@CONFIG_OPTION
@SET_OPTION
@JSON_OPTION
def resume(
    account: str | None,
    ledger_url: str | None,
    config_file: Path | None,
    assignments: tuple[str, ...],
    *,
    as_json: bool,
) -> int:
    """Allow entries again, after a halt or a kill. You are asked to type RESUME.

    Example: greenlight resume
    """
    from greenlight.control import CONFIRMATION

    config = resolved(config_file, assignments, ledger_url)
    mark = mailbox_of(config).mark()
    if mark is not None:
        ended = f"; it ended {mark.text}" if mark.text else ""
        click.echo(f"The kill switch was pulled by {mark.by}{ended}.", err=True)
    text = f"Type {CONFIRMATION} to allow new positions"
    typed = click.prompt(text, err=True, default="", show_default=False)
    ask(config, account, lambda control: control.resume(typed), as_json=as_json)
    return 0
