import re
from dataclasses import replace

import pytest
from ledger_scenes import KEY, opened, word, write
from sqlalchemy import text

from greenlight.domain import HaltError
from greenlight.ledger import Finding, HaltRow, key_id
from greenlight.ledger.lines import FIRST_MAC
from greenlight.ledger.seals import find_head, head_seal
from greenlight.ledger.verifying import verify_run

RECORDS = [word(letter) for letter in "bcdefgh"]  # entries 2 to 8 of each run


@pytest.fixture
def ledger(url):
    with opened(url) as ledger:
        for run in ("r1", "r2", "r3"):
            write(ledger, RECORDS, run)
        yield ledger


def tamper(ledger, *statements: str) -> None:
    with ledger._database.writing() as connection:
        for statement in statements:
            connection.execute(text(statement))


def problems(ledger) -> list[tuple[str, int | None, str]]:
    return [(f.run, f.seq, f.problem) for f in ledger.verify() if not f.is_whole]


def test_what_nobody_touched_is_whole(ledger):
    findings = ledger.verify()
    assert [(f.run, f.entries) for f in findings] == [("", 0), ("r1", 8), ("r2", 8), ("r3", 8)]
    assert all(finding.is_whole for finding in findings)


@pytest.mark.parametrize(
    ("change", "seq", "complaint"),
    [
        ("body = replace(body, 'd', 'x')", 4, "was changed"),
        ("ts = ts + 1", 4, "was changed"),
        ("wall_ts = wall_ts + 1", 4, "was changed"),
        ("kind = 'Stopped'", 4, "was changed"),
        ("account = 'other'", 4, "was changed"),
        (f"mac = '{FIRST_MAC}'", 4, "was changed"),
        ("seq = 40", 4, "is missing"),
        ("run = 'r9'", 4, "is missing"),
    ],
)
def test_the_first_entry_that_was_edited_is_named(ledger, change, seq, complaint):
    tamper(
        ledger,
        f"UPDATE journal SET {change} WHERE run = 'r2' AND seq = 4",  # noqa: S608
        "UPDATE journal SET body = '{}' WHERE run = 'r2' AND seq = 7",
    )
    ((run, found, problem),) = problems(ledger)
    assert (run, found) == ("r2", seq)
    assert complaint in problem


@pytest.mark.parametrize(
    ("statements", "seq", "complaint"),
    [
        (["DELETE FROM journal WHERE run = 'r1' AND seq = 5"], 5, "is missing"),
        (["DELETE FROM journal WHERE run = 'r1' AND seq = 1"], 1, "is missing"),
        (["DELETE FROM journal WHERE run = 'r1' AND seq >= 7"], 7, "is missing, and all after it"),
        (["DELETE FROM journal WHERE run = 'r1'"], 1, "is missing, and all after it up to 8"),
        (
            [
                "UPDATE journal SET seq = 99 WHERE run = 'r1' AND seq = 3",
                "UPDATE journal SET seq = 3 WHERE run = 'r1' AND seq = 4",
                "UPDATE journal SET seq = 4 WHERE run = 'r1' AND seq = 99",
            ],
            3,
            "was changed, moved or put in",
        ),
        (
            [
                "DELETE FROM journal WHERE run = 'r1' AND seq = 5",
                "UPDATE journal SET seq = 5 WHERE run = 'r1' AND seq = 8",
            ],
            5,
            "was changed, moved or put in",
        ),
        (
            [
                "INSERT INTO journal SELECT run, 9, ts, wall_ts, kind, body, mac, account "
                "FROM journal WHERE run = 'r1' AND seq = 8"
            ],
            9,
            "was changed, moved or put in",
        ),
    ],
)
def test_what_was_removed_reordered_or_inserted_is_named(ledger, statements, seq, complaint):
    tamper(ledger, *statements)
    ((run, found, problem),) = problems(ledger)
    assert (run, found) == ("r1", seq)
    assert complaint in problem


def test_a_tail_that_is_cut_off_shows_though_the_head_was_set_back(ledger):
    with ledger._database.reading() as connection:
        mac = connection.execute(
            text("SELECT mac FROM journal WHERE run = 'r1' AND seq = 5")
        ).scalar_one()
    tamper(
        ledger,
        "DELETE FROM journal WHERE run = 'r1' AND seq > 5",
        f"UPDATE heads SET count = 5, mac = '{mac}' WHERE run = 'r1'",  # noqa: S608
    )
    ((run, seq, problem),) = problems(ledger)
    assert (run, seq) == ("r1", 6)
    assert "the seal over the run's end was changed" in problem


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("DELETE FROM heads WHERE run = 'r1'", "run number 1 is missing"),
        ("DELETE FROM heads WHERE run = 'r3'", "run number 3 of 3 is missing"),
        ("UPDATE heads SET account = 'x' WHERE run = 'r2'", "run r2 (number 2) was changed"),
        ("UPDATE heads SET key_id = 'x' WHERE run = 'r2'", "run r2 (number 2) was changed"),
        ("UPDATE book SET runs = 2", "the seal over the book of runs was changed"),
        ("DELETE FROM book", "the book of runs is missing"),
    ],
)
def test_a_run_that_was_removed_or_relabelled_shows(ledger, statement, complaint):
    tamper(ledger, statement)
    run, _, problem = problems(ledger)[0]
    assert run == ""
    assert complaint in problem


def test_a_run_whose_end_is_missing_is_still_listed(ledger):
    tamper(ledger, "DELETE FROM journal WHERE run = 'r2' AND seq > 5")
    assert [one.run.run for one in ledger.runs()] == ["r1", "r2", "r3"]


def test_without_the_key_no_line_can_be_forged(ledger):
    """Whoever knows the code but not the key cannot make seals that hold."""
    other = KEY[::-1]
    tamper(
        ledger,
        f"UPDATE heads SET count = 0, mac = '{FIRST_MAC}', "  # noqa: S608
        f"seal = '{head_seal(other, 'r1', 0, FIRST_MAC)}' WHERE run = 'r1'",
        "DELETE FROM journal WHERE run = 'r1'",
    )
    assert [run for run, _, _ in problems(ledger)] == ["r1"]
    assert key_id(other) != key_id(KEY)


def test_a_run_that_was_edited_is_not_gone_on_with(ledger):
    from ledger_scenes import claim, still

    tamper(ledger, "UPDATE journal SET body = replace(body, 'c', 'x') WHERE run = 'r2' AND seq = 3")
    lease = ledger.take_lease(claim(force=True))
    journal = ledger.resume_run("r2", lease, still())
    with pytest.raises(HaltError, match="entry 3 was changed or is missing"):
        journal.entries()
    journal.close()
    tamper(ledger, "DELETE FROM journal WHERE run = 'r3' AND seq > 6")
    journal = ledger.resume_run("r3", lease, still())
    with pytest.raises(HaltError, match=re.escape("6 of 8 entries are left")):
        journal.entries()
    journal.close()


def test_edits_of_views_do_not_touch_the_journal_and_a_rebuild_mends_them(ledger):
    from greenlight.ledger import HALTS, Halted

    write(ledger, [Halted("me", "so")], "r4")
    tamper(ledger, "UPDATE halts SET why = 'nothing'")
    assert problems(ledger) == []
    ledger.rebuild()
    (row,) = ledger.rows(HALTS)
    assert isinstance(row, HaltRow)
    assert row.why == "so"


def test_a_finding_knows_whether_it_is_good():
    assert Finding("r", 1, None, "").is_whole
    assert not Finding("r", 1, 1, "is missing").is_whole


def test_a_bot_that_writes_meanwhile_raises_no_alarm(ledger):
    with ledger._database.reading() as connection:
        head = find_head(connection, "r3")
    mac = list(ledger.lines("r3"))[5].mac
    earlier = replace(head, count=6, mac=mac, seal=head_seal(KEY, "r3", 6, mac))
    assert verify_run(ledger._database, KEY, earlier).is_whole
