import gzip
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from handmade_bars import DAILY, clean, ns

from greenlight.domain import CashDividend, Split, Timeframe, UserError
from greenlight.market.files import COLUMNS, SCHEMA, read_bars

HEADER = "ts,symbol,open,high,low,close,volume\n"


def csv(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "bars.csv"
    path.write_text(header + "".join(f"{line}\n" for line in lines))
    return path


def stamps(path: Path, timeframe: Timeframe = Timeframe.M1) -> list[int]:
    return read_bars(path, timeframe).table["ts"].to_physical().to_list()


def with_stamps(folder: Path, *written: str) -> Path:
    return csv(folder, *(f"{stamp},A,1,2,0.5,1,10" for stamp in written))


def test_csv_and_parquet_give_the_same_table(tmp_path):
    table = clean(DAILY, ("A", "B"), 5)
    table.write_csv(tmp_path / "bars.csv")
    table.write_parquet(tmp_path / "bars.parquet")
    (tmp_path / "bars.csv.gz").write_bytes(gzip.compress((tmp_path / "bars.csv").read_bytes()))
    for name in ("bars.csv", "bars.csv.gz", "bars.parquet"):
        read = read_bars(tmp_path / name, Timeframe.D1)
        assert read.table.schema == SCHEMA
        assert read.table.equals(table)
        assert read.notes == ()


@pytest.mark.parametrize(
    "written",
    [
        "2024-03-08T14:30:00Z",
        "2024-03-08 14:30",
        "2024-03-08T14:30:00.000+00:00",
        "2024-03-08 09:30:00-05:00",
        "2024-03-08T09:30-0500",
        "1709908200",
        "1709908200000",
        "1709908200000000",
        "1709908200000000000",
    ],
)
def test_a_time_may_be_written_in_many_ways(tmp_path, written):
    assert stamps(with_stamps(tmp_path, written)) == [ns("2024-03-08T14:30")]


def test_offsets_are_heeded_row_by_row_over_a_clock_change(tmp_path):
    path = with_stamps(tmp_path, "2024-03-08T09:30-05:00", "2024-03-11T09:30-04:00")
    assert stamps(path) == [ns("2024-03-08T14:30"), ns("2024-03-11T13:30")]


def test_a_daily_bar_is_meant_by_its_date_as_written(tmp_path):
    path = with_stamps(tmp_path, "2024-03-08T00:00-05:00", "2024-03-11T00:00-04:00")
    assert stamps(path, Timeframe.D1) == [ns("2024-03-08"), ns("2024-03-11")]
    new_york = clean(DAILY, ("A",), 3).with_columns(
        pl.col("ts").dt.replace_time_zone(None).dt.replace_time_zone("America/New_York")
    )
    new_york.write_parquet(tmp_path / "bars.parquet")
    read = read_bars(tmp_path / "bars.parquet", Timeframe.D1)
    assert read.table["ts"].equals(clean(DAILY, ("A",), 3)["ts"])
    assert read.notes == ("ts is midnight in America/New_York: taken as that date",)


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (pl.col("ts").dt.replace_time_zone(None), "ts has no time zone: taken as UTC"),
        (pl.col("ts").dt.epoch("ms"), "ts is a number: taken as ms since 1970, UTC"),
        (pl.col("ts").dt.epoch("s").cast(pl.Float64), "ts is a number: taken as s since 1970, UTC"),
        (pl.col("ts").dt.date(), None),
        (pl.col("ts").dt.cast_time_unit("us"), None),
        (pl.col("ts").dt.convert_time_zone("Asia/Tokyo"), None),
    ],
)
def test_any_sensible_type_of_time_is_understood_and_said(tmp_path, change, note):
    table = clean(DAILY, ("A",), 4)
    table.with_columns(change).write_parquet(tmp_path / "bars.parquet")
    read = read_bars(tmp_path / "bars.parquet", Timeframe.D1)
    assert read.table.equals(table)
    assert read.notes == (() if note is None else (note,))


def test_names_of_columns_may_be_in_any_case_and_others_are_left_aside(tmp_path):
    header = "TS,Symbol,Open,HIGH,low,Close,Volume,adj_close\n"
    read = read_bars(csv(tmp_path, "2024-03-08,A,1,2,0.5,1,10,9", header=header), Timeframe.D1)
    assert tuple(read.table.columns) == COLUMNS
    assert read.notes == ("columns left aside: adj_close",)


def test_an_empty_price_is_left_for_the_check_to_name(tmp_path):
    read = read_bars(csv(tmp_path, "2024-03-08,A,,nan,0.5,1,10"), Timeframe.D1)
    assert read.table["open"].is_nan().all()
    assert read.table["high"].is_nan().all()


def test_dividends_and_splits_beside_daily_bars_become_actions(tmp_path):
    header = HEADER.replace("\n", ",dividend,split_ratio\n")
    lines = ["2024-03-07,A,1,2,0.5,1,10,0,1", "2024-03-08,A,1,2,0.5,1,10,0.25,4"]
    path = csv(tmp_path, *lines, header=header)
    day = date(2024, 3, 8)
    expected = (CashDividend("A", day, Decimal("0.25")), Split("A", day, Decimal("4.0")))
    assert read_bars(path, Timeframe.D1).actions == expected
    assert read_bars(path, Timeframe.H1).actions == ()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("2024-03-08,A,abc,2,0.5,1,10", r"bars.csv row 1: open 'abc' is not a number"),
        ("8 March,A,1,2,0.5,1,10", r"bars.csv row 1: ts '8 March' is no time; write 2020-01-31"),
        ("2024-13-08,A,1,2,0.5,1,10", r"row 1: ts '2024-13-08' is no time"),
        ("20240308,A,1,2,0.5,1,10", r"ts runs from 20240308 to 20240308: neither s, ms, us nor ns"),
        ("9999-12-31,A,1,2,0.5,1,10", r"ts 9999-12-31 00:00:00 is no time of a market"),
    ],
)
def test_what_cannot_be_read_is_named_by_row_and_value(tmp_path, line, words):
    with pytest.raises(UserError, match=words):
        read_bars(csv(tmp_path, line), Timeframe.D1)


def test_units_of_time_may_not_be_mixed(tmp_path):
    with pytest.raises(UserError, match="neither s, ms, us nor ns"):
        read_bars(with_stamps(tmp_path, "1709908200", "1709908260000"), Timeframe.M1)


def test_missing_columns_are_named_with_those_there_are(tmp_path):
    path = csv(tmp_path, "2024-03-08,1", header="date,close\n")
    words = "no column ts, symbol, open, high, low, volume; bars need .*, the file has date, close"
    with pytest.raises(UserError, match=words):
        read_bars(path, Timeframe.D1)


def test_a_column_that_is_there_twice_is_refused(tmp_path):
    path = csv(tmp_path, "2024-03-08,A,1,2,0.5,1,10,5", header=HEADER.replace("\n", ",Close\n"))
    with pytest.raises(UserError, match="two columns are called close"):
        read_bars(path, Timeframe.D1)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bars.parquet", b"PAR1 but cut off"),
        ("bars.parquet", b""),
        ("bars.parquet", b"PAR1" + bytes(400) + b"PAR1"),
        ("bars.csv", b""),
        ("bars.csv.gz", gzip.compress(HEADER.encode() * 500, mtime=0)[:-30]),
    ],
)
def test_a_corrupt_file_gives_one_line_that_names_it(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=str(tmp_path / name)) as caught:
        read_bars(tmp_path / name, Timeframe.D1)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_of_another_kind_or_without_rows_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"none\.csv: no such file"):
        read_bars(tmp_path / "none.csv", Timeframe.D1)
    with pytest.raises(UserError, match=r"bars\.xlsx: bars are read from \.parquet"):
        read_bars(tmp_path / "bars.xlsx", Timeframe.D1)
    with pytest.raises(UserError, match="has no rows"):
        read_bars(csv(tmp_path), Timeframe.D1)
