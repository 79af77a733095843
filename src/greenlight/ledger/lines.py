"""An entry as it is stored, and the chain of seals that makes an edit visible.

mac = HMAC-SHA256(key, mac before it, account, run, seq, ts, wall_ts, kind, body): whoever changes,
drops, adds or moves a line without the key breaks the chain there. docs/journal.md states against
what that helps and against what not.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, replace

from greenlight.ledger.codec import decode, encode, kind_of
from greenlight.ledger.records import Entry, Record

#: What comes before the first line of a run.
FIRST_MAC = "0" * 64


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the journal. body: the record as JSON; mac: its seal in hex, "" before sealing."""

    run: str
    account: str
    seq: int
    ts: int
    wall_ts: int
    kind: str
    body: str
    mac: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when a record is written down."""

    run: str
    account: str
    seq: int
    ts: int
    wall_ts: int


def line_of(place: Place, record: Record) -> Line:
    """The record in its place, not sealed yet."""
    return Line(
        run=place.run,
        account=place.account,
        seq=place.seq,
        ts=place.ts,
        wall_ts=place.wall_ts,
        kind=kind_of(record),
        body=encode(record).decode(),
    )


def entry_of(line: Line) -> Entry:
    """The entry that a line holds. Raises UserError where it cannot be read."""
    return Entry(line.seq, line.run, line.ts, line.wall_ts, decode(line.kind, line.body))


def seal_line(key: bytes, previous: str, line: Line) -> Line:
    """The line with its seal, given the seal before it."""
    return replace(line, mac=mac_of(key, previous, line))


def mac_of(key: bytes, previous: str, line: Line) -> str:
    """The seal that a line must bear, in hex."""
    numbers = f"{line.seq} {line.ts} {line.wall_ts}"
    return seal(key, (previous, line.account, line.run, numbers, line.kind, line.body))


def seal(key: bytes, parts: Iterable[str]) -> str:
    """HMAC-SHA256 over parts, each preceded by its length, so that none can run into the next."""
    digest = hmac.new(key, digestmod=hashlib.sha256)
    for part in parts:
        data = part.encode()
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()
