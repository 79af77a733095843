"""A file of keys, encrypted under a passphrase: Fernet, its key drawn by Argon2id.

Paper and live have files, and may have passphrases, of their own, so that what trades paper cannot
read what moves money. Argon2id's cost is RFC 9106's second choice (64 MiB, three passes).
"""

import base64
import json
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from greenlight.domain import UserError

_VERSION = 1
_SALT_BYTES, _KEY_BYTES = 16, 32
_MOST_KIB = 1 << 20  # a file that asks for more memory than this is not one of ours


@dataclass(frozen=True, slots=True)
class Credentials:
    """Key and secret of an account at a venue; neither is ever shown."""

    key: str = field(repr=False)
    secret: str = field(repr=False)

    @property
    def hint(self) -> str:
        """Enough of the key's name to tell two apart."""
        return f"...{self.key[-4:]}" if len(self.key) >= 12 else "..."


@dataclass(frozen=True, slots=True)
class Cost:
    """What guessing a passphrase costs: passes over so many KiB in so many lanes."""

    passes: int = 3
    memory_kib: int = 65_536
    lanes: int = 4


class KeyStore:
    """Credentials by venue in one file, readable by its owner alone."""

    def __init__(
        self, path: Path, cost: Cost = Cost(), draw: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        self.path, self._cost, self._draw = path, cost, draw

    def exists(self) -> bool:
        """Whether there is a file."""
        return self.path.exists()

    def read(self, passphrase: str) -> dict[str, Credentials]:
        """Everything in it, nothing where there is no file.

        Raises UserError for a wrong passphrase, and for a file that is none or not private.
        """
        from cryptography.fernet import InvalidToken

        try:
            if not self.path.exists():
                return {}
            if os.name == "posix" and self.path.stat().st_mode & 0o077:
                raise UserError(f"{self.path}: others may read it; chmod 600 {self.path}")
            content = json.loads(self.path.read_text(encoding="ascii"))
            cost = Cost(**content["argon2id"])
            if content["version"] != _VERSION or cost.memory_kib > _MOST_KIB:
                raise UserError(f"{self.path}: was written by another version of greenlight")
            salt = base64.b64decode(content["salt"])
            text = _fernet(passphrase, salt, cost).decrypt(content["keys"].encode())
            return {name: Credentials(**both) for name, both in json.loads(text).items()}
        except InvalidToken:
            raise UserError(f"{self.path}: wrong passphrase, or the file was changed") from None
        except OSError as error:
            raise UserError(f"{self.path}: cannot be read ({error.strerror})") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UserError(f"{self.path}: is no key store; move it away and add keys") from None

    def write(self, entries: Mapping[str, Credentials], passphrase: str) -> None:
        """Replace all that is in it, whole or not at all."""
        if not passphrase:
            raise UserError("an empty passphrase protects nothing; choose one")
        salt = self._draw(_SALT_BYTES)
        plain = {name: {"key": both.key, "secret": both.secret} for name, both in entries.items()}
        token = _fernet(passphrase, salt, self._cost).encrypt(json.dumps(plain).encode())
        content = {
            "version": _VERSION,
            "argon2id": {
                "passes": self._cost.passes,
                "memory_kib": self._cost.memory_kib,
                "lanes": self._cost.lanes,
            },
            "salt": base64.b64encode(salt).decode(),
            "keys": token.decode(),
        }
        _replace(self.path, content)


def _fernet(passphrase: str, salt: bytes, cost: Cost) -> Any:  # noqa: ANN401  # loaded late
    from argon2.low_level import Type, hash_secret_raw
    from cryptography.fernet import Fernet

    key = hash_secret_raw(
        passphrase.encode(),
        salt,
        time_cost=cost.passes,
        memory_cost=cost.memory_kib,
        parallelism=cost.lanes,
        hash_len=_KEY_BYTES,
        type=Type.ID,
    )
    return Fernet(base64.urlsafe_b64encode(key))


def _replace(path: Path, content: Mapping[str, object]) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror}); unchanged") from error
    finally:
        draft.unlink(missing_ok=True)
