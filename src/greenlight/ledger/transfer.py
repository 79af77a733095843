"""The journal outside the database: JSON lines that any program can read; docs/journal.md."""

import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence

import orjson
from sqlalchemy import insert

from greenlight.domain import UserError
from greenlight.ledger.database import Database
from greenlight.ledger.lines import FIRST_MAC, Line, entry_of, mac_of
from greenlight.ledger.projection import StoredRows
from greenlight.ledger.schema import JOURNAL
from greenlight.ledger.seals import add_head, key_id, move_head
from greenlight.ledger.views import project

FORMAT = "greenlight-journal"
VERSION = 1
_AT_ONCE = 1_000


def export_lines(lines: Iterable[Line], own: str) -> Iterator[bytes]:
    """A version line, then an entry a line, each ended by a newline. own: name of the key."""
    first = True
    for line in lines:
        if first:
            head = {
                "format": FORMAT,
                "version": VERSION,
                "run": line.run,
                "account": line.account,
                "key_id": own,
            }
            yield orjson.dumps(head) + b"\n"
            first = False
        place = {"seq": line.seq, "ts": line.ts, "wall_ts": line.wall_ts, "kind": line.kind}
        start = orjson.dumps(place)[:-1]
        end = orjson.dumps({"mac": line.mac})[1:]
        # the record's own bytes, not a second encoding: they are what was sealed
        yield start + b',"record":' + line.body.encode() + b"," + end + b"\n"


def parse_export(texts: Iterable[bytes], name: str) -> tuple[list[Line], str]:
    """Lines of an export and the name of the key that sealed them.

    Raises UserError, naming file and line, for what is no export or cannot be read.
    """
    lines: list[Line] = []
    head: dict[str, str] = {}
    for number, text in enumerate(texts, start=1):
        try:
            found = orjson.loads(text)
            if number == 1:
                head = _head(found, name)
                continue
            line = _line(found, text, head)
            entry_of(line)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise UserError(f"{name}: line {number} cannot be read ({error})") from error
        if line.seq != len(lines) + 1:
            raise UserError(f"{name}: line {number} holds entry {line.seq}, not {len(lines) + 1}")
        lines.append(line)
    if not lines:
        raise UserError(f"{name}: holds no entries")
    return lines, head["key_id"]


def import_lines(database: Database, key: bytes, lines: Sequence[Line], own: str) -> None:
    """Put a run into the ledger with the seals it has.

    own: name of the key that made them; where it is ours, they are checked. Raises UserError for a
    run that is there already, or whose seals are not right.
    """
    if own == key_id(key):
        _check(key, lines)
    rows = StoredRows()
    last = lines[-1]
    with database.writing() as connection:
        head = add_head(connection, key, last.run, last.account, own)
        move_head(connection, key, head, last.seq, last.mac)
        rows.use(connection)
        for start in range(0, len(lines), _AT_ONCE):
            part = lines[start : start + _AT_ONCE]
            values = [{n: getattr(line, n) for n in Line.__slots__} for line in part]
            connection.execute(insert(JOURNAL), values)
            for line in part:
                project(entry_of(line), rows)
            rows.flush()


def _check(key: bytes, lines: Sequence[Line]) -> None:
    previous = FIRST_MAC
    for line in lines:
        if not hmac.compare_digest(line.mac, mac_of(key, previous, line)):
            raise UserError(
                f"run {line.run}: entry {line.seq} was changed since it was exported; "
                "nothing was imported"
            )
        previous = line.mac


def _head(found: Mapping[str, object], name: str) -> dict[str, str]:
    if found.get("format") != FORMAT:
        raise UserError(f"{name}: is no export of a journal (line 1 names no {FORMAT})")
    if found["version"] != VERSION:
        raise UserError(
            f"{name}: is version {found['version']}, known is {VERSION}; upgrade Greenlight"
        )
    return {key: str(found[key]) for key in ("run", "account", "key_id")}


def _line(found: Mapping[str, object], text: bytes, head: Mapping[str, str]) -> Line:
    """The record's bytes are cut from the text, so that they stay what was sealed."""
    start = text.index(b',"record":') + len(b',"record":')
    end = text.rindex(b',"mac":')
    return Line(
        run=head["run"],
        account=head["account"],
        seq=_whole(found["seq"]),
        ts=_whole(found["ts"]),
        wall_ts=_whole(found["wall_ts"]),
        kind=str(found["kind"]),
        body=text[start:end].decode(),
        mac=str(found["mac"]),
    )


def _whole(found: object) -> int:
    if not isinstance(found, int):
        raise TypeError(f"{found!r} is no whole number")
    return found
