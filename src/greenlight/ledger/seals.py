"""Seals over what the journal's own chain cannot show: a missing tail, a missing run.

A run's head seals how many lines it has and the last one's mac; heads are linked in the order in
which the runs began, and the book seals how many there are.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update

from greenlight.domain import UserError
from greenlight.ledger.lines import FIRST_MAC, seal
from greenlight.ledger.schema import BOOK, HEADS

_BOOK = 1
# built once: every write says it
_MOVE = (
    update(HEADS)
    .where(
        HEADS.c.run == bindparam("whose"),
        HEADS.c.count == bindparam("was"),
        HEADS.c.mac == bindparam("bore"),
    )
    .values(count=bindparam("now"), mac=bindparam("bears"), seal=bindparam("sealed"))
)


@dataclass(frozen=True, slots=True)
class Head:
    """How far a run has come; `number` counts the runs of the ledger from 1."""

    run: str
    number: int
    account: str
    key_id: str
    link: str
    count: int
    mac: str
    seal: str


@dataclass(frozen=True, slots=True)
class Book:
    """How many runs there are, and the link of the last."""

    key_id: str
    runs: int
    link: str
    seal: str


def key_id(key: bytes) -> str:
    """A name for a key that does not give it away."""
    return seal(key, ("key",))[:12]


def head_seal(key: bytes, run: str, count: int, mac: str) -> str:
    """The seal of a head."""
    return seal(key, ("head", run, str(count), mac))


def link_of(key: bytes, previous: str, head: Head) -> str:
    """What ties a run to its place among the runs, its account and the key of its lines."""
    return seal(key, ("run", previous, str(head.number), head.run, head.account, head.key_id))


def book_seal(key: bytes, runs: int, link: str) -> str:
    """The seal of the book."""
    return seal(key, ("book", str(runs), link))


def find_head(connection: Connection, run: str) -> Head | None:
    """The head of a run."""
    row = connection.execute(select(HEADS).where(HEADS.c.run == run)).one_or_none()
    return None if row is None else Head(**row._mapping)


def all_heads(connection: Connection) -> list[Head]:
    """Every head, in the order in which the runs began."""
    rows = connection.execute(select(HEADS).order_by(HEADS.c.number))
    return [Head(**row._mapping) for row in rows]


def find_book(connection: Connection, *, lock: bool = False) -> Book | None:
    """The book, None in a new ledger."""
    columns = (BOOK.c.key_id, BOOK.c.runs, BOOK.c.link, BOOK.c.seal)
    query = select(*columns).where(BOOK.c.id == _BOOK)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else Book(**row._mapping)


def open_book(connection: Connection, key: bytes) -> None:
    """Seal a new ledger. Raises UserError for one that another key has sealed."""
    book = find_book(connection)
    mine = key_id(key)
    if book is None:
        first = {"key_id": mine, "runs": 0, "link": FIRST_MAC, "seal": book_seal(key, 0, FIRST_MAC)}
        connection.execute(insert(BOOK).values(id=_BOOK, **first))
    elif book.key_id != mine:
        raise UserError(
            f"this ledger was sealed with key {book.key_id}, not {mine}: put its ledger.key back "
            "or set GREENLIGHT_LEDGER_KEY; or name another ledger and import its runs there"
        )


def add_head(connection: Connection, key: bytes, run: str, account: str, own: str) -> Head:
    """Put a run without lines at the end of the book; `own` names the key of its lines.

    Raises UserError where there is such a run already.
    """
    book = find_book(connection, lock=True)
    assert book is not None  # noqa: S101  # made when the ledger was opened with its key
    if find_head(connection, run) is not None:
        raise UserError(f"run {run} is in this ledger already; it was left as it is")
    number = book.runs + 1
    bare = Head(run, number, account, own, "", 0, FIRST_MAC, head_seal(key, run, 0, FIRST_MAC))
    link = link_of(key, book.link, bare)
    head = Head(run, number, account, own, link, 0, FIRST_MAC, bare.seal)
    fields = {name: getattr(head, name) for name in Head.__slots__}
    connection.execute(insert(HEADS).values(**fields))
    sealed = {"runs": number, "link": link, "seal": book_seal(key, number, link)}
    connection.execute(update(BOOK).where(BOOK.c.id == _BOOK).values(**sealed))
    return head


def move_head(connection: Connection, key: bytes, head: Head, count: int, mac: str) -> bool:
    """Set a head to its new last line; False where it is not where it was thought to be."""
    values = {"whose": head.run, "was": head.count, "bore": head.mac}
    moved = {"now": count, "bears": mac, "sealed": head_seal(key, head.run, count, mac)}
    return connection.execute(_MOVE, {**values, **moved}).rowcount == 1
