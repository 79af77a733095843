"""greenlight keys: keys of brokers in an encrypted file, paper and live apart."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from greenlight.cli.asking import LEDGER_OPTION, resolved
from greenlight.cli.config import CONFIG_OPTION, JSON_OPTION
from greenlight.cli.output import emit, table
from greenlight.domain import UserError

if TYPE_CHECKING:  # settings bring pydantic, which `--help` can do without
    from greenlight.config import Credentials, KeyStore

F = TypeVar("F", bound=Callable[..., object])
_NEW = "GREENLIGHT_NEW_PASSPHRASE"


def _where(command: F) -> F:
    """Options that say which store is meant."""
    live = click.option("--live", "is_live", is_flag=True, help="Keys that move real money.")
    return live(LEDGER_OPTION(CONFIG_OPTION(command)))


STDIN = click.option(
    "--stdin", "from_stdin", is_flag=True, help="Read key and secret as two lines, for scripts."
)


@click.group()
def keys() -> None:
    """Keep keys of brokers in an encrypted file beside the ledger, paper and live apart.

    The environment comes first: APCA_API_KEY_ID and APCA_API_SECRET_KEY for Alpaca's paper account.
    The passphrase comes from GREENLIGHT_PASSPHRASE, a file named by GREENLIGHT_PASSPHRASE_FILE, or
    you are asked for it.
    """


@keys.command()
@click.argument("venue")
@STDIN
@_where
def add(
    venue: str,
    config_file: Path | None,
    ledger_url: str | None,
    *,
    is_live: bool,
    from_stdin: bool,
) -> None:
    """Add the keys of VENUE: alpaca, or an exchange such as kraken.

    Example: greenlight keys add alpaca
    """
    store = _store(config_file, ledger_url, is_live=is_live)
    words = _passphrase(store)
    entries = store.read(words)
    if venue in entries:
        raise UserError(f"{venue} has keys ({entries[venue].hint}); greenlight keys rotate {venue}")
    pair = _pair(venue, from_stdin=from_stdin)
    store.write({**entries, venue: pair}, words)
    click.echo(f"Keys of {venue} ({pair.hint}) are in {store.path}.")


@keys.command()
@click.argument("venue")
@STDIN
@_where
def rotate(
    venue: str,
    config_file: Path | None,
    ledger_url: str | None,
    *,
    is_live: bool,
    from_stdin: bool,
) -> None:
    """Replace the keys of VENUE. A running bot takes the new ones when the old are refused.

    Example: greenlight keys rotate alpaca
    """
    store = _store(config_file, ledger_url, is_live=is_live)
    words, entries = _opened(store, venue)
    pair = _pair(venue, from_stdin=from_stdin)
    store.write({**entries, venue: pair}, words)
    click.echo(f"Keys of {venue}: {entries[venue].hint} became {pair.hint}.")


@keys.command()
@click.argument("venue")
@_where
def remove(venue: str, config_file: Path | None, ledger_url: str | None, *, is_live: bool) -> None:
    """Remove the keys of VENUE.

    Example: greenlight keys remove alpaca
    """
    store = _store(config_file, ledger_url, is_live=is_live)
    words, entries = _opened(store, venue)
    store.write({name: pair for name, pair in entries.items() if name != venue}, words)
    click.echo(f"Keys of {venue} are gone from {store.path}; revoke them at {venue}, too.")


@keys.command("list")
@_where
@JSON_OPTION
def list_keys(
    config_file: Path | None, ledger_url: str | None, *, is_live: bool, as_json: bool
) -> None:
    """List whose keys there are, by the last four characters of each key's name.

    Example: greenlight keys list
    """
    store = _store(config_file, ledger_url, is_live=is_live)
    entries = store.read(_passphrase(store)) if store.exists() else {}
    shown = [{"venue": name, "key": pair.hint} for name, pair in sorted(entries.items())]
    rows = [(one["venue"], one["key"]) for one in shown]
    told = table(None, ["venue", "key"], rows) if rows else f"No keys in {store.path}."
    emit(shown, told, as_json=as_json)


@keys.command()
@_where
def rekey(config_file: Path | None, ledger_url: str | None, *, is_live: bool) -> None:
    """Protect the keys by another passphrase (asked for, or from GREENLIGHT_NEW_PASSPHRASE).

    Example: greenlight keys rekey
    """
    store = _store(config_file, ledger_url, is_live=is_live)
    if not store.exists():
        raise UserError(f"no keys in {store.path}; greenlight keys add makes it")
    entries = store.read(_passphrase(store))
    store.write(entries, os.environ.get(_NEW) or _ask_new("New passphrase"))
    click.echo(f"{store.path} has a new passphrase.")


def _store(config_file: Path | None, ledger_url: str | None, *, is_live: bool) -> "KeyStore":
    from greenlight.config import Purpose, store_of
    from greenlight.wiring import ledger_folder

    config = resolved(config_file, (), ledger_url)
    return store_of(ledger_folder(config), Purpose.LIVE if is_live else Purpose.PAPER)


def _opened(store: "KeyStore", venue: str) -> "tuple[str, dict[str, Credentials]]":
    """Passphrase and content of a store that has keys of the venue."""
    if not store.exists():
        raise UserError(f"no keys in {store.path}; greenlight keys add {venue}")
    words = _passphrase(store)
    entries = store.read(words)
    if venue not in entries:
        known = f"there are {', '.join(sorted(entries))}" if entries else "there are none"
        raise UserError(f"no keys of {venue} in {store.path}; {known}")
    return words, entries


def _passphrase(store: "KeyStore") -> str:
    from greenlight.config import passphrase_of

    def prompt() -> str:
        if not store.exists():
            return _ask_new(f"Passphrase for {store.path}")
        given: str = click.prompt("Passphrase", hide_input=True, err=True)
        return given

    return passphrase_of(os.environ, prompt)


def _ask_new(text: str) -> str:
    given: str = click.prompt(text, hide_input=True, confirmation_prompt=True, err=True)
    return given


def _pair(venue: str, *, from_stdin: bool) -> "Credentials":
    """Key and secret, never from the command line, which others can read."""
    from greenlight.config import Credentials

    if from_stdin:
        lines = [line.strip() for line in sys.stdin.read().splitlines() if line.strip()]
        if len(lines) != 2:
            raise UserError(f"--stdin: write two lines, key and secret ({len(lines)} came)")
        return Credentials(*lines)
    key = click.prompt(f"Key of {venue}", hide_input=True, err=True).strip()
    secret = click.prompt(f"Secret of {venue}", hide_input=True, err=True).strip()
    return Credentials(key, secret)
