"""Whether the journal is what was written: every line, every run's end, every run."""

import hmac
from dataclasses import dataclass

from greenlight.ledger.database import Database
from greenlight.ledger.lines import FIRST_MAC, Line, mac_of
from greenlight.ledger.reading import read_lines
from greenlight.ledger.seals import (
    Book,
    Head,
    all_heads,
    book_seal,
    find_book,
    find_head,
    head_seal,
    key_id,
    link_of,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of a run ("": of the ledger). seq: the first entry that is wrong.

    problem: what is wrong, "" where all is well. is_sealed_here: False of an imported run that
    another key has sealed, whose lines cannot be checked with ours.
    """

    run: str
    entries: int
    seq: int | None
    problem: str
    is_sealed_here: bool = True

    @property
    def is_whole(self) -> bool:
        """Whether nothing was found wrong."""
        return self.problem == ""


def verify_all(database: Database, key: bytes) -> list[Finding]:
    """Check the ledger itself first, then each run in the order in which they began."""
    with database.reading() as connection:
        book, heads = find_book(connection), all_heads(connection)
    of_book = Finding("", 0, None, _book_problem(key, book, heads))
    return [of_book, *[verify_run(database, key, head) for head in heads]]


def verify_run(database: Database, key: bytes, head: Head) -> Finding:
    """Check one run: each line against the one before it, then the end against the head."""
    is_ours = head.key_id == key_id(key)
    previous, expected = FIRST_MAC, 1
    for line in read_lines(database, head.run):
        problem = _line_problem(key if is_ours else None, previous, line, expected)
        if problem:
            return Finding(head.run, head.count, expected, problem, is_ours)
        if line.seq > head.count:
            if _has_grown(database, key, head.run, line.seq):
                break  # a bot has written since the head was read
            return Finding(head.run, head.count, line.seq, "was added behind the end", is_ours)
        previous, expected = line.mac, expected + 1
    problem = _end_problem(key, head, expected - 1, previous)
    return Finding(head.run, head.count, expected if problem else None, problem, is_ours)


def _has_grown(database: Database, key: bytes, run: str, seq: int) -> bool:
    """Whether the run's end, sealed, lies at that entry or behind it by now."""
    with database.reading() as connection:
        head = find_head(connection, run)
    if head is None or head.count < seq:
        return False
    return hmac.compare_digest(head.seal, head_seal(key, run, head.count, head.mac))


def _line_problem(key: bytes | None, previous: str, line: Line, expected: int) -> str:
    if line.seq > expected:
        return "is missing"
    if line.seq < expected:
        return f"stands where entry {expected} belongs"
    if key is not None and not hmac.compare_digest(line.mac, mac_of(key, previous, line)):
        return "was changed, moved or put in"
    return ""


def _end_problem(key: bytes, head: Head, count: int, mac: str) -> str:
    if not hmac.compare_digest(head.seal, head_seal(key, head.run, head.count, head.mac)):
        return "the seal over the run's end was changed"
    if count < head.count:
        return f"is missing, and all after it up to {head.count}"
    return "" if mac == head.mac else "the run does not end as it was sealed"


def _book_problem(key: bytes, book: Book | None, heads: list[Head]) -> str:
    """A run that was removed, added or moved, or a head that was changed."""
    if book is None:
        return "" if not heads else "the book of runs is missing"
    if not hmac.compare_digest(book.seal, book_seal(key, book.runs, book.link)):
        return "the seal over the book of runs was changed"
    previous = FIRST_MAC
    for number, head in enumerate(heads, start=1):
        if head.number != number:
            return f"run number {number} is missing"
        if not hmac.compare_digest(head.link, link_of(key, previous, head)):
            return f"run {head.run} (number {number}) was changed or put in"
        previous = head.link
    if len(heads) != book.runs:
        return f"run number {len(heads) + 1} of {book.runs} is missing"
    return ""
