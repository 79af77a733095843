"""Facts are what was known at a moment, never what became known later."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenlight.domain import Fact, UserError
from greenlight.market.facts import NO_FACTS, Facts, read_facts


def fact(event: int, known: int, value: float, key: str = "gdp") -> Fact:
    return Fact("bureau", key, event, known, value)


def ns(*moments: int) -> np.ndarray:
    return np.array(moments, dtype=np.int64)


def test_a_fact_is_known_from_its_availability_on_and_not_from_its_event() -> None:
    facts = Facts.of([fact(10, 20, 1.5)])
    values = facts.as_of("gdp", ns(10, 19, 20, 21))
    np.testing.assert_array_equal(values, [np.nan, np.nan, 1.5, 1.5])


def test_an_unknown_key_is_nan_everywhere() -> None:
    assert np.isnan(NO_FACTS.as_of("vix", ns(1, 2))).all()


def test_a_revision_replaces_the_value_only_from_when_it_was_published() -> None:
    facts = Facts.of([fact(10, 20, 1.0), fact(10, 40, 1.1), fact(30, 50, 2.0)])
    np.testing.assert_array_equal(facts.as_of("gdp", ns(39, 40, 50)), [1.0, 1.1, 2.0])


def test_a_late_revision_of_an_old_event_does_not_hide_the_newest_one() -> None:
    facts = Facts.of([fact(10, 20, 1.0), fact(30, 40, 2.0), fact(10, 60, 1.7)])
    np.testing.assert_array_equal(facts.as_of("gdp", ns(30, 59, 60, 99)), [1.0, 2.0, 2.0, 2.0])


def test_rows_sorted_by_event_and_revision_give_the_same_as_rows_sorted_by_availability() -> None:
    rows = [fact(10, 20, 1.0), fact(10, 60, 1.7), fact(30, 40, 2.0)]
    by_availability = Facts.of(sorted(rows, key=lambda f: f.available_at))
    ts = np.arange(0, 80, dtype=np.int64)
    np.testing.assert_array_equal(Facts.of(rows).as_of("gdp", ts), by_availability.as_of("gdp", ts))


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ([fact(30, 60, 1.0), fact(10, 20, 2.0)], "gdp of 1970-01-01T00:00:00 is out of order"),
        ([fact(10, 20, 1.0), fact(10, 20, 2.0)], "stands twice"),
        ([fact(10, 20, 1.0), Fact("fed", "gdp", 11, 21, 1.0)], "comes from bureau and fed"),
    ],
)
def test_defects_are_refused_in_one_line(rows: list[Fact], line: str) -> None:
    with pytest.raises(UserError, match=line) as caught:
        Facts.of(rows)
    assert "\n" not in str(caught.value)


def test_columns_with_nan_or_availability_before_the_event_are_refused() -> None:
    with pytest.raises(UserError, match="not a finite number"):
        Facts.from_columns(["s"], ["k"], ns(1), ns(2), np.array([np.nan]))
    with pytest.raises(UserError, match="available before it happened"):
        Facts.from_columns(["s"], ["k"], ns(3), ns(2), np.array([1.0]))


def test_two_stores_join_unless_they_share_a_key() -> None:
    one, other = Facts.of([fact(1, 2, 1.0)]), Facts.of([fact(1, 2, 3.0, key="vix")])
    assert one.joined(other).keys() == ("gdp", "vix")
    with pytest.raises(UserError, match="gdp comes from two places"):
        one.joined(one)


statements = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 30), st.floats(-5, 5)),
    max_size=20,
    unique_by=lambda row: row[:2],
).map(lambda rows: sorted(rows, key=lambda row: (row[0] + row[1], row[0])))


@given(rows=statements, now=st.integers(-1, 70))
def test_what_is_cut_at_a_moment_answers_for_every_moment_up_to_it_as_the_whole_does(
    rows: list[tuple[int, int, float]], now: int
) -> None:
    facts = Facts.of([fact(event, event + delay, value) for event, delay, value in rows])
    ts = np.arange(-1, now + 1, dtype=np.int64)
    cut = facts.until(now)
    np.testing.assert_array_equal(cut.as_of("gdp", ts), facts.as_of("gdp", ts))
    for series in cut.series.values():
        assert series.available_at.max() <= now


@given(rows=statements)
def test_as_of_agrees_with_reading_the_statements_one_by_one(
    rows: list[tuple[int, int, float]],
) -> None:
    facts = Facts.of([fact(event, event + delay, value) for event, delay, value in rows])
    ts = np.arange(0, 65, dtype=np.int64)
    expected = []
    for now in ts:
        known = [
            (event, event + delay, value) for event, delay, value in rows if event + delay <= now
        ]
        expected.append(max(known)[2] if known else np.nan)
    np.testing.assert_array_equal(facts.as_of("gdp", ts), expected)


def test_a_csv_and_a_parquet_file_read_alike(tmp_path: Path) -> None:
    import polars as pl

    text = (
        "source,key,event_time,available_at,value\n"
        "cboe,vix,2020-01-02,2020-01-02T21:15:00Z,12.5\n"
        "cboe,vix,2020-01-03,2020-01-03T16:15:00-05:00,14.0\n"
    )
    (tmp_path / "facts.csv").write_text(text)
    frame = pl.read_csv(tmp_path / "facts.csv", try_parse_dates=True)
    in_ns = pl.col("available_at").dt.cast_time_unit("ns")
    frame.with_columns(in_ns).write_parquet(tmp_path / "facts.parquet")
    closes = np.array(["2020-01-02T21:14", "2020-01-02T21:15", "2020-01-03T21:15"], dtype="M8[ns]")
    for name in ("facts.csv", "facts.parquet"):
        values = read_facts(tmp_path / name).as_of("vix", closes.astype(np.int64))
        np.testing.assert_array_equal(values, [np.nan, 12.5, 14.0])


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ("a,k,2020-01-01,2020-01-02,much", r"facts.csv line 2: value 'much' is not a number"),
        ("a,k,2020-01-01,2020-01-02,nan", r"line 2: value 'nan' is not a finite number"),
        ("a,k,yesterday,2020-01-02,1", r"line 2: event_time 'yesterday' is not a date or time"),
        ("a,k,2020-01-03,2020-01-02,1", r"facts.csv: facts: k of 2020-01-03T00:00:00 is available"),
        ("a,k,2020-01-03,2020-01-02", r"line 2: 4 cells, the header has 5"),
    ],
)
def test_a_bad_cell_is_named_by_file_and_line(tmp_path: Path, row: str, line: str) -> None:
    path = tmp_path / "facts.csv"
    path.write_text(f"source,key,event_time,available_at,value\n{row}\n")
    with pytest.raises(UserError, match=line):
        read_facts(path)


def test_a_missing_file_column_or_content_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        read_facts(tmp_path / "none.csv")
    path = tmp_path / "short.csv"
    path.write_text("key,value\nk,1\n")
    with pytest.raises(UserError, match="no column source; it has key, value"):
        read_facts(path)
    path.write_text("")
    with pytest.raises(UserError, match="is empty"):
        read_facts(path)
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 and then nothing")
    with pytest.raises(UserError, match=r"broken\.parquet"):
        read_facts(broken)
