import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_scenes import KEY, busy_day, opened, word, write
from record_strategies import records
from test_rebuilding import everything

from greenlight.domain import UserError
from greenlight.ledger import export_lines, key_id, parse_export

OTHER = KEY[::-1]


def exported(ledger, run: str = "r1", key: bytes = KEY) -> bytes:
    return b"".join(export_lines(ledger.lines(run), key_id(key)))


def imported(ledger, data: bytes) -> None:
    ledger.import_run(*parse_export(data.splitlines(keepends=True), "r1.jsonl"))


@pytest.fixture
def data(tmp_path) -> bytes:
    with opened(f"sqlite:///{tmp_path}/source.db") as ledger:
        write(ledger, busy_day(8))
        return exported(ledger)


def test_a_run_goes_out_and_in_equal_to_the_byte_with_all_its_views(url, tmp_path, data):
    with opened(url) as ledger:
        imported(ledger, data)
        assert exported(ledger) == data
        assert all(finding.is_whole for finding in ledger.verify())
        there = everything(ledger)
    with opened(f"sqlite:///{tmp_path}/source.db") as source:
        assert everything(source) == there


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(told=st.lists(records(), min_size=1, max_size=5))
def test_whatever_was_journalled_goes_out_and_in(tmp_path_factory, told):
    folder = tmp_path_factory.mktemp("transfer")
    with opened(f"sqlite:///{folder}/a.db") as source:
        write(source, told)
        data = exported(source)
    with opened(f"sqlite:///{folder}/b.db") as target:
        imported(target, data)
        assert exported(target) == data


def test_every_line_is_json_with_the_same_few_names(data):
    head, *entries = [json.loads(line) for line in data.splitlines()]
    assert head == {
        "format": "greenlight-journal", "version": 1, "run": "r1", "account": "acc",
        "key_id": key_id(KEY),
    }  # fmt: skip
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    assert {tuple(entry) for entry in entries} == {
        ("seq", "ts", "wall_ts", "kind", "record", "mac")
    }
    assert entries[0]["kind"] == "RunBegan"
    assert entries[0]["record"]["symbols"] == ["AAA", "BBB"]


def test_a_run_that_is_there_is_not_imported_over(url, data):
    with opened(url) as ledger:
        imported(ledger, data)
        before = everything(ledger)
        with pytest.raises(UserError, match="run r1 is in this ledger already"):
            imported(ledger, data)
        assert everything(ledger) == before


def test_an_export_that_was_edited_is_refused_and_nothing_is_imported(url, data):
    with opened(url) as ledger:
        with pytest.raises(UserError, match="entry 1 was changed since it was exported"):
            imported(ledger, data.replace(b'"cash":100000.0', b'"cash":900000.0'))
        assert ledger.runs() == []


def test_a_run_sealed_with_another_key_is_taken_as_it_is_and_marked(url, data):
    with opened(url, OTHER) as ledger:
        imported(ledger, data)
        assert exported(ledger, key=KEY) == data
        of_book, finding = ledger.verify()
        assert of_book.is_whole
        assert finding.is_whole
        assert not finding.is_sealed_here
        write(ledger, [word("own")], "r2")
        assert ledger.verify()[-1].is_sealed_here


def lines_of(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (lambda _: [], "r1.jsonl: holds no entries"),
        (lambda lines: lines[:1], "r1.jsonl: holds no entries"),
        (lambda lines: lines[1:], "names no greenlight-journal"),
        (lambda lines: [lines[0], lines[2]], "line 2 holds entry 2, not 1"),
        (lambda lines: [*lines[:3], lines[3][:40]], "line 4 cannot be read"),
        (lambda _: [b"[]\n"], "line 1 cannot be read"),
        (
            lambda lines: [lines[0].replace(b'"version":1', b'"version":2')],
            "is version 2, known is 1; upgrade Greenlight",
        ),
        (
            lambda lines: [lines[0], lines[1].replace(b"RunBegan", b"RunEnded")],
            "no record is called 'RunEnded'",
        ),
        (lambda lines: [lines[0], lines[1].replace(b'"seq":1', b'"seq":"1"')], "no whole number"),
    ],
)
def test_what_is_no_export_is_told_with_its_line(data, edit, complaint):
    with pytest.raises(UserError, match=complaint):
        parse_export(edit(lines_of(data)), "r1.jsonl")
