"""What the verbs that ask something of a bot have in common: whom they ask, and how they wait."""

import asyncio
import getpass
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from greenlight.cli.output import console, to_json

if TYPE_CHECKING:  # they bring settings and database, which `--help` can do without
    from greenlight.config import Config
    from greenlight.control import Control, Sent
    from greenlight.live import Mailbox, Request

LEDGER_OPTION = click.option(
    "--ledger", "ledger_url", metavar="URL", help="The ledger (default: that of the configuration)."
)
ACCOUNT_OPTION = click.option(
    "--account", help="Which account's bot (default: every bot that runs at the ledger)."
)
_WAIT_S = 4.0  # a bot looks once a second


def resolved(
    config_file: Path | None, assignments: tuple[str, ...], ledger_url: str | None
) -> "Config":
    """The configuration; --ledger comes before --set."""
    from greenlight.config import load, parse_assignments

    overrides: dict[str, Any] = {"ledger.url": ledger_url, **parse_assignments(assignments)}
    return load(config_file, os.environ, overrides).config


def mailbox_of(config: "Config") -> "Mailbox":
    """The mailbox beside the ledger."""
    from greenlight.live import Mailbox
    from greenlight.wiring import ledger_folder

    return Mailbox(ledger_folder(config) / "control")


def control_of(config: "Config", account: str = "") -> "Control":
    """The service that asks the bot of an account."""
    from greenlight.control import Caller, Control
    from greenlight.wiring import wall

    caller = Caller(getpass.getuser(), wall, lambda: secrets.token_hex(8))
    return Control(mailbox_of(config), caller, account)


def accounts(config: "Config", account: str | None) -> tuple[str, ...]:
    """Whom to ask; the empty name, which every bot hears, where the ledger is away."""
    from greenlight.control import accounts_of
    from greenlight.domain import GreenlightError
    from greenlight.ledger import AwayError
    from greenlight.wiring import read_ledger

    if account is not None:
        return (account,)
    try:
        with read_ledger(config) as ledger:
            return accounts_of(ledger) or ("",)
    except (GreenlightError, AwayError) as error:
        click.echo(f"greenlight: the ledger cannot be read ({error}); asking every bot", err=True)
        return ("",)


def ask(
    config: "Config", account: str | None, post: "Callable[[Control], Request]", *, as_json: bool
) -> "list[Sent]":
    """Post a request to each bot, and show what became of it."""
    sent = []
    for name in accounts(config, account):
        control = control_of(config, name)
        sent.append(asyncio.run(control.answered(post(control), _WAIT_S)))
    if as_json:
        click.echo(to_json([_plain(one) for one in sent]))
    else:
        for one in sent:
            console().print(_told(one), soft_wrap=True, markup=False)
    return sent


def _plain(sent: "Sent") -> Mapping[str, object]:
    request, reply = sent.request, sent.reply
    return {
        "id": request.id,
        "verb": str(request.verb),
        "account": request.account,
        "subject": request.subject,
        "is_taken": reply is not None,
        "is_done": reply is not None and reply.is_done,
        "reply": None if reply is None else reply.text,
    }


def _told(sent: "Sent") -> str:
    who = f"Account {sent.request.account}: " if sent.request.account else ""
    if sent.reply is not None:
        return f"{who}{sent.reply.text}."
    return (
        f"{who}no running bot has taken this yet; it is written down, and the bot "
        "does it when it starts or wakes."
    )
