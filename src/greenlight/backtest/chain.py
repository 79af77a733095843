"""A file whose lines vouch for each other: JSONL, each line holding the hash of the one before."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Link:
    """One line: what it says, and its hash, which covers the hash before it."""

    body: Mapping[str, Any]
    hash: str


def read_chain(path: Path) -> tuple[list[Link], str]:
    """The links up to the first broken one, and what is wrong there ("" where all hold).

    A last line without its end was torn by a crash before it counted; it is cut off.
    """
    data = path.read_bytes() if path.exists() else b""
    whole, newline, torn = data.rpartition(b"\n")
    if torn:
        write_whole(path, whole + newline)
    links: list[Link] = []
    previous = _GENESIS
    for number, line in enumerate(whole.split(b"\n") if whole else [], start=1):
        try:
            entry = json.loads(line)
            body, stated = dict(entry["body"]), str(entry["hash"])
        except (ValueError, KeyError, TypeError):
            return links, f"line {number} is not readable"
        if stated != _digest(body, previous):
            return links, f"line {number} was changed, or the one before it is gone"
        links.append(Link(body, stated))
        previous = stated
    return links, ""


def append_link(path: Path, body: Mapping[str, Any], links: list[Link]) -> Link:
    """Append `body` after `links` as `read_chain` gave them; it is on disk when this returns."""
    link = Link(body, _digest(body, links[-1].hash if links else _GENESIS))
    with path.open("ab") as file:
        file.write(_line(link))
        file.flush()
        os.fsync(file.fileno())
    return link


def rewrite_chain(path: Path, links: list[Link]) -> None:
    """Keep `links` as the file, and the file as it was found beside it (`.broken`)."""
    if path.exists():
        os.replace(path, path.with_name(path.name + ".broken"))
    write_whole(path, b"".join(_line(link) for link in links))


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file whole or not at all."""
    beside = path.with_name(path.name + ".part")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)


def _digest(body: Mapping[str, Any], previous: str) -> str:
    return hashlib.sha256(previous.encode() + _canonical(body)).hexdigest()


def _canonical(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _line(link: Link) -> bytes:
    return _canonical({"body": dict(link.body), "hash": link.hash}) + b"\n"
