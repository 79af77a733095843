"""How a running bot hears of a person: small files in a folder beside the ledger database.

It works with SQLite, with PostgreSQL and with the database away. Each request is one file, put in
place whole; its answer stands beside it, and a request that has an answer is never taken again.
KILL is the file for the desperate: whoever makes it, even empty, has pulled the kill switch.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from greenlight.domain import UserError
from greenlight.market import replacing

_REQUEST, _ANSWER = ".request", ".answer"
KILL_FILE = "KILL"


class Verb(StrEnum):
    """What may be asked of a running bot."""

    HALT = "halt"
    RESUME = "resume"
    APPROVE = "approve"
    REJECT = "reject"
    RECONCILE = "reconcile"


@dataclass(frozen=True, slots=True)
class Request:
    """Something asked of the bot of an account (empty: of every bot at this database).

    subject: the id of an ask, or how to reconcile. asked_ts, expires_ts: the machine's clock.
    """

    id: str
    verb: Verb
    by: str
    asked_ts: int
    expires_ts: int
    account: str = ""
    subject: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a request, and whether it was done."""

    text: str
    is_done: bool = True


class KillState(StrEnum):
    """Who empties the account: the bot itself is asked to, another process does, or it was done."""

    ASKED = "asked"
    ELSEWHERE = "elsewhere"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class KillMark:
    """What the file KILL says; it stays until `greenlight resume`."""

    state: KillState = KillState.ASKED
    by: str = f"a file named {KILL_FILE}"
    why: str = ""
    ts: int = 0
    text: str = ""


class Mailbox:
    """Requests and the file KILL of one ledger database. `folder` is made when it is needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def kill_file(self) -> Path:
        """The file for the desperate: beside the database, not hidden in the folder."""
        return self.folder.parent / KILL_FILE

    def post(self, request: Request) -> None:
        """Put a request in place. Raises UserError where the disk does not take it."""
        self._make()
        _write(self.folder / f"{request.id}{_REQUEST}", asdict(request))

    def take(self, account: str, now: int) -> list[Request]:
        """What is asked of the bot of `account` and was not answered, oldest first.

        What is out of date is answered here.
        """
        found = []
        for request in sorted(self._read(), key=lambda one: (one.asked_ts, one.id)):
            if request.account not in ("", account):
                continue
            if now >= request.expires_ts:
                self.answer(request.id, Reply("expired before a bot took it", is_done=False))
            else:
                found.append(request)
        return found

    def answer(self, id: str, reply: Reply) -> None:  # noqa: A002  # the journal's word
        """Say what became of a request; it is never taken again."""
        _write(self.folder / f"{id}{_ANSWER}", asdict(reply))
        (self.folder / f"{id}{_REQUEST}").unlink(missing_ok=True)

    def reply_to(self, id: str) -> Reply | None:  # noqa: A002  # the journal's word
        """What became of a request, None while nobody has taken it."""
        try:
            return Reply(**json.loads((self.folder / f"{id}{_ANSWER}").read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def withdraw(self, verb: Verb) -> None:
        """Take back what was asked and not taken yet."""
        for request in self._read():
            if request.verb is verb:
                self.answer(request.id, Reply("withdrawn", is_done=False))

    def mark(self) -> KillMark | None:
        """What the file KILL says, None where there is none; one that cannot be read asks."""
        try:
            text = self.kill_file.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return None
        except OSError:
            return KillMark()
        try:
            found = json.loads(text)
            return KillMark(**{**found, "state": KillState(found["state"])})
        except (ValueError, KeyError, TypeError):
            return KillMark(why=text.strip()[:200])

    def set_mark(self, mark: KillMark) -> None:
        """Write the file KILL."""
        _write(self.kill_file, asdict(mark))

    def clear_mark(self) -> None:
        """Take the file KILL away."""
        self.kill_file.unlink(missing_ok=True)

    def _make(self) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{self.folder}: cannot be made ({error.strerror})") from error

    def _read(self) -> Iterator[Request]:
        if not self.folder.is_dir():
            return
        names = [entry.name for entry in os.scandir(self.folder)]
        for name in names:
            stem = name.removesuffix(_REQUEST)
            if stem == name or f"{stem}{_ANSWER}" in names:
                continue
            request = _parse(self.folder / name)
            if request is not None and request.id == stem:
                yield request


def _parse(path: Path) -> Request | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Request(**{**found, "verb": Verb(found["verb"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None  # not one of ours


def _write(path: Path, content: dict[str, Any]) -> None:
    with replacing(path) as draft:
        draft.write_text(json.dumps(content), encoding="utf-8")
