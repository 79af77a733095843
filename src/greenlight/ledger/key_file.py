"""The key that seals the journal: outside the database, readable by its owner alone."""

import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from greenlight.domain import UserError

ENV_KEY = "GREENLIGHT_LEDGER_KEY"
FILE_NAME = "ledger.key"
_BYTES = 32


def key_path(url: str) -> Path:
    """Where the key of a ledger lies: beside a SQLite file, else in the present folder."""
    prefix, found, name = url.partition(":///")
    if found and prefix.startswith("sqlite"):
        return Path(name.partition("?")[0]).expanduser().parent / FILE_NAME
    return Path(FILE_NAME)


def load_key(
    path: Path,
    environment: Mapping[str, str],
    draw: Callable[[int], bytes] = secrets.token_bytes,
    *,
    make: bool = True,
) -> bytes:
    """The key from the environment (64 hex digits) or the file.

    make: where there is no file, make one. Raises UserError for a key that is missing, is none, or
    that others than its owner may read.
    """
    given = environment.get(ENV_KEY, "")
    if given:
        return _parse(given, ENV_KEY)
    try:
        if not path.exists():
            if not make:
                raise UserError(
                    f"{path}: the key that sealed this ledger is not there; put it back or set "
                    f"{ENV_KEY}"
                )
            _make(path, draw(_BYTES).hex())
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise UserError(f"{path}: others may read this key; chmod 600 {path}")
        return _parse(path.read_text(encoding="ascii"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is no text"
        raise UserError(f"{path}: the ledger's key cannot be read or made ({reason})") from error


def _make(path: Path, text: str) -> None:
    """Whole or not at all, and never in the place of a key that another process has just made."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()


def _parse(text: str, where: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError as error:
        raise UserError(f"{where}: is no key; it must be {2 * _BYTES} hex digits") from error
    if len(key) != _BYTES:
        raise UserError(f"{where}: is no key; it must be {2 * _BYTES} hex digits")
    return key
