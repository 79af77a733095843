"""The trial ledger counts what overlaps, and a reset leaves a trace whatever is deleted."""

import json
import multiprocessing
from datetime import date
from pathlib import Path

import pytest

from greenlight.backtest.trials import Trial, TrialLedger
from greenlight.domain import UserError


def trial(key, symbols=("AAA",), years=(2010, 2015), members=1):
    return Trial(
        key * 8, f"run {key}", tuple(symbols), date(years[0], 1, 1), date(years[1], 1, 1), members
    )


@pytest.fixture
def home(tmp_path):
    return tmp_path


def ledger(home):
    return TrialLedger(home / "data" / "trials.jsonl", home / "runs")


def finished(home, key):
    folder = home / "runs" / f"some-strategy-{key * 8}"
    folder.mkdir()
    (folder / "result.json").write_text("{}")


def count(home):
    return ledger(home).count(["AAA"], date(2000, 1, 1), date(2020, 1, 1))


def test_every_backtest_and_every_member_counts(home):
    assert ledger(home).record(trial("a")).trials == 1
    assert ledger(home).record(trial("b", members=40)).trials == 41
    assert count(home).trials == 41


def test_the_same_inputs_are_the_same_trial(home):
    ledger(home).record(trial("a", members=5))
    assert ledger(home).record(trial("a", members=5)).trials == 5


def test_only_overlapping_symbols_and_dates_count(home):
    ledger(home).record(trial("a", ["AAA", "BBB"], (2000, 2005)))
    ledger(home).record(trial("b", ["CCC"], (2000, 2005)))
    ledger(home).record(trial("c", ["AAA"], (2006, 2008)))
    one = ledger(home).count(["BBB", "CCC"], date(2004, 1, 1), date(2004, 12, 31))
    assert one.trials == 2
    assert ledger(home).count(["AAA"], date(2005, 1, 1), date(2006, 1, 1)).trials == 2
    assert ledger(home).count(["AAA"], date(2005, 1, 2), date(2005, 12, 31)).trials == 0
    assert ledger(home).count(["DDD"], date(1900, 1, 1), date(2100, 1, 1)).trials == 0


def path(home):
    return home / "data" / "trials.jsonl"


def delete_ledger(home):
    path(home).unlink()


def truncate_ledger(home):
    lines = path(home).read_bytes().splitlines(keepends=True)
    path(home).write_bytes(b"".join(lines[:-1]))


def cut_mid_line(home):
    path(home).write_bytes(path(home).read_bytes()[:-20])


def edit_members(home):
    path(home).write_text(path(home).read_text().replace('"members":40', '"members":1'))


def delete_middle_line(home):
    lines = path(home).read_bytes().splitlines(keepends=True)
    path(home).write_bytes(lines[0] + lines[2])


def swap_for_garbage(home):
    path(home).write_text("nothing to see here\n")


def forge_a_shorter_chain(home):
    other = TrialLedger(home / "forged" / "trials.jsonl", home / "forged-runs")
    other.record(trial("c"))
    path(home).write_bytes((home / "forged" / "trials.jsonl").read_bytes())


def delete_the_anchor_too(home):
    path(home).unlink()
    (home / "runs" / ".trials.anchor").unlink()


@pytest.mark.parametrize(
    "tamper",
    [
        delete_ledger,
        truncate_ledger,
        cut_mid_line,
        edit_members,
        delete_middle_line,
        swap_for_garbage,
        forge_a_shorter_chain,
        delete_the_anchor_too,
    ],
)
def test_a_reset_leaves_a_trace_that_stays(home, tamper):
    for key, members in (("a", 1), ("b", 40), ("c", 1)):
        ledger(home).record(trial(key, members=members))
        finished(home, key)
    tamper(home)
    found = count(home)
    assert not found.is_intact
    assert found.lost > 0
    ledger(home).record(trial("d"))
    again = count(home)
    assert again.complaint == found.complaint
    assert again.trials == found.trials + 1
    if tamper is not delete_the_anchor_too:
        assert found.trials == 42


def test_an_edited_anchor_is_seen(home):
    ledger(home).record(trial("a"))
    anchor = home / "runs" / ".trials.anchor"
    anchor.write_text(json.dumps({"lines": 1, "head": "0" * 64, "trials": 1}))
    assert not count(home).is_intact


def test_a_line_torn_by_a_crash_is_no_break(home):
    ledger(home).record(trial("a"))
    with path(home).open("ab") as file:
        file.write(b'{"body":{"kind":"tri')
    assert count(home).is_intact
    assert ledger(home).record(trial("b")).trials == 2
    assert count(home).is_intact


def test_a_crash_between_ledger_and_anchor_is_no_break(home):
    ledger(home).record(trial("a"))
    before = (home / "runs" / ".trials.anchor").read_bytes()
    ledger(home).record(trial("b"))
    (home / "runs" / ".trials.anchor").write_bytes(before)
    assert count(home).is_intact
    assert ledger(home).record(trial("c")).trials == 3
    assert count(home).is_intact


def _record_many(home, name):
    for number in range(10):
        ledger(home).record(trial(f"{name}{number}"))


def test_writers_at_the_same_time_lose_nothing(home):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_record_many, args=(home, name)) for name in "xyz"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert count(home).trials == 30
    assert count(home).is_intact


def test_a_ledger_that_cannot_be_written_is_the_users_to_know(home):
    (home / "data").write_text("a file where the folder should be")
    with pytest.raises(UserError, match="trial ledger"):
        ledger(Path(home)).record(trial("a"))
