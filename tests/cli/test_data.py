import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pytest

from greenlight.cli import data_fetch, main
from greenlight.config import load
from greenlight.domain import AssetClass, RefuseError, Timeframe
from greenlight.market import Adjustment
from greenlight.market.providers import Capabilities, ProviderSettings
from greenlight.market.providers.files import Files

DAYS = ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08"]


def bar_file(path: Path, symbols: tuple[str, ...] = ("AAPL", "MSFT"), **changes: object) -> Path:
    """Five days of each symbol; `changes` by column for the last row."""
    rows = [
        {"ts": day, "symbol": symbol, "open": 10.0, "high": 12.0, "low": 9.0, "close": 11.0,
         "volume": 1000.0}
        for symbol in symbols
        for day in DAYS
    ]  # fmt: skip
    rows[-1] |= changes
    pl.DataFrame(rows).write_csv(path)
    return path


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys) -> str:
    return capsys.readouterr().out


def test_import_list_and_check_go_together(here, capsys):
    bar_file(here / "two.csv")
    assert main(["data", "import", "two.csv"]) == 0
    assert said(capsys) == "two.csv: 2 symbols, 10 bars added, 0 replaced, 0 unchanged\n"
    assert main(["data", "list"]) == 0
    lines = said(capsys).splitlines()
    assert lines[1].split() == ["XNYS", "1d", "raw", "AAPL", "5", "2024-01-02", "2024-01-08"]
    assert len(lines) == 3
    assert main(["data", "check"]) == 0
    assert said(capsys).splitlines()[0] == "XNYS 1d raw AAPL: good, 5 bars fit to be used"
    assert (here / "data" / "XNYS" / "1d" / "raw" / "MSFT.parquet").exists()


def test_the_store_is_where_the_setting_or_the_option_says(here, capsys):
    bar_file(here / "two.csv")
    (here / "greenlight.toml").write_text('[data]\nstore = "prices"\n')
    assert main(["data", "import", "two.csv"]) == 0
    assert (here / "prices" / "XNYS").is_dir()
    assert main(["data", "import", "two.csv", "--store", "elsewhere"]) == 0
    assert (here / "elsewhere" / "XNYS").is_dir()
    assert not (here / "data").exists()
    said(capsys)


def test_importing_again_changes_nothing_and_says_so(here, capsys):
    bar_file(here / "two.csv")
    main(["data", "import", "two.csv"])
    said(capsys)
    assert main(["data", "import", "two.csv", "--json"]) == 0
    (result,) = json.loads(said(capsys))["files"]
    assert (result["added"], result["replaced"], result["unchanged"]) == (0, 0, 10)
    bar_file(here / "two.csv", close=10.5)
    assert main(["data", "import", "two.csv"]) == 0
    assert "MSFT: 1 bar had other values, the first of 2024-01-08 00:00Z (close 11, now 10.5)" in (
        said(capsys)
    )


def test_a_bad_row_refuses_the_file_with_every_defect_and_exit_code_two(here, capsys):
    bar_file(here / "two.csv", high=5.0, volume=-3.0)
    assert main(["data", "import", "two.csv"]) == 2
    output = capsys.readouterr()
    assert "refuse: MSFT 2024-01-08 row 10: range: open 10.0 high 5.0" in output.out
    assert "refuse: MSFT 2024-01-08 row 10: volume: volume -3.0" in output.out
    assert output.err.startswith("greenlight: two.csv: nothing was stored, 1 of 10 rows are bad")
    assert output.err.count("\n") == 1
    assert not (here / "data").exists()


def test_a_refusal_is_json_too_when_asked_for(here, capsys):
    bar_file(here / "two.csv", high=5.0)
    assert main(["data", "import", "two.csv", "--json"]) == 2
    result = json.loads(said(capsys))
    assert result["stored"] is False
    (defect,) = result["defects"]
    assert defect["kind"] == "range"
    assert defect["symbol"] == "MSFT"
    assert defect["ts"].startswith("2024-01-08T00:00:00")
    assert defect["row"] == 10


def test_quarantine_keeps_the_good_rows_and_names_the_file_of_the_others(here, capsys):
    bar_file(here / "two.csv", high=5.0)
    assert main(["data", "import", "two.csv", "--quarantine"]) == 0
    assert "1 bad row set aside in data/quarantine/XNYS-1d-raw/two.csv.csv" in said(capsys)
    main(["data", "list", "--json"])
    assert [row["bars"] for row in json.loads(said(capsys))["bars"]] == [5, 4]


def test_a_folder_stands_for_the_bar_files_in_it(here, capsys):
    (here / "in").mkdir()
    bar_file(here / "in" / "a.csv", ("A",))
    bar_file(here / "in" / "b.csv", ("B",))
    (here / "in" / "readme.txt").write_text("no bars")
    assert main(["data", "import", "in"]) == 0
    assert len(said(capsys).splitlines()) == 2
    (here / "empty").mkdir()
    assert main(["data", "import", "empty"]) == 2
    assert "empty: has no *.parquet" in capsys.readouterr().err


def test_actions_come_from_tables_and_explain_the_jump(here, capsys):
    bar_file(here / "a.csv", ("A",), open=2.75, high=3.0, low=2.5, close=2.8)
    assert main(["data", "check", "a.csv"]) == 0
    assert "smells of an unadjusted 4:1 split" in said(capsys)
    (here / "splits.csv").write_text("symbol,ex_date,ratio\nA,2024-01-08,4\n")
    assert main(["data", "import", "a.csv", "--actions", "splits.csv"]) == 0
    assert said(capsys) == (
        "a.csv: 1 symbol, 5 bars added, 0 replaced, 0 unchanged, 1 corporate action\n"
    )
    assert main(["data", "check", "a.csv", "--adjustment", "split", "--actions", "splits.csv"]) == 1
    assert "declared split, but the 4:1 split of 2024-01-08 shows a jump" in said(capsys)


def test_splits_of_split_adjusted_prices_are_left_aside_and_the_import_says_so(here, capsys):
    bar_file(here / "a.csv", ("A",))
    (here / "actions.csv").write_text(
        "symbol,ex_date,kind,ratio,cash\nA,2024-01-04,split,4,\nA,2024-01-05,dividend,,0.2\n"
    )
    command = ["data", "import", "a.csv", "--adjustment", "split", "--actions", "actions.csv"]
    assert main(command) == 0
    assert said(capsys) == (
        "a.csv: 1 symbol, 5 bars added, 0 replaced, 0 unchanged, 1 corporate action\n"
        "  note: split-adjusted prices hold 1 split already: left aside, not applied\n"
    )


def test_actions_of_symbols_without_bars_are_named_once_for_all_files(here, capsys):
    bar_file(here / "a.csv", ("A",))
    bar_file(here / "b.csv", ("B",))
    (here / "splits.csv").write_text(
        "symbol,ex_date,ratio\nZ,2019-01-08,4\nB,2019-01-08,4\nZ,2020-01-08,4\nY,2020-01-08,4\n"
    )
    assert main(["data", "import", "a.csv", "b.csv", "--actions", "splits.csv"]) == 0
    lines = said(capsys).splitlines()
    assert lines[-1] == "note: no bars of Y, Z: 3 splits have nothing to act on"
    assert sum("note" in line for line in lines) == 1


def test_gaps_are_told_by_symbol(here, capsys):
    names = [f"S{number:02}" for number in range(12)]
    days = ("2024-01-02", "2024-01-04", "2024-01-09")
    rows = [f"{day},{name},10,10.1,9.9,10,100" for name in names for day in days]
    header = "ts,symbol,open,high,low,close,volume"
    (here / "holes.csv").write_text("\n".join([header, *rows]) + "\n")
    assert main(["data", "check", "holes.csv"]) == 0
    lines = [line.strip() for line in said(capsys).splitlines() if "gap" in line]
    assert len(lines) == 11
    assert lines[1] == (
        "warn: S01 2024-01-04 row 5: gap: 1 bar missing before it, since 2024-01-02 "
        "(the first of 2 gaps)"
    )
    assert lines[-1] == "warn: and 4 gaps of 2 symbols more; --json has all"


def test_checking_files_stores_nothing_and_answers_by_exit_code(here, capsys):
    bar_file(here / "good.csv")
    bar_file(here / "bad.csv", close=float("nan"))
    assert main(["data", "check", "good.csv"]) == 0
    assert main(["data", "check", "good.csv", "bad.csv", "--json"]) == 1
    good, bad = json.loads(said(capsys).partition("\n")[2])
    assert (good["ok"], bad["ok"], bad["counts"]) == (True, False, {"nan": 1})
    assert not (here / "data").exists()


def test_a_corrupt_file_of_the_store_is_one_line_and_the_others_are_still_judged(here, capsys):
    bar_file(here / "two.csv")
    main(["data", "import", "two.csv"])
    path = here / "data" / "XNYS" / "1d" / "raw" / "AAPL.parquet"
    path.write_bytes(path.read_bytes()[:200])
    said(capsys)
    assert main(["data", "check"]) == 1
    first, second = said(capsys).splitlines()
    assert first == (
        "XNYS 1d raw AAPL: data/XNYS/1d/raw/AAPL.parquet: is no whole Parquet file "
        "(cut off, or another format)"
    )
    assert second.startswith("XNYS 1d raw MSFT: good")
    assert main(["data", "list"]) == 1
    output = capsys.readouterr()
    assert "AAPL.parquet: is no whole Parquet file" in output.err
    assert "MSFT" in output.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["list"], "data: no bars yet; greenlight data import or fetch brings some"),
        (["check"], "data: no bars yet"),
        (["import", "none.csv"], "none.csv: no such file"),
        (["import", "a.csv", "--timeframe", "8h"], "'8h' is not one of '1m', '5m'"),
        (["import", "a.csv", "--calendar", "NYSE"], "'NYSE' is not one of 'XNYS', '24/7'"),
        (["import", "a.csv", "--adjustment", "none"], "'none' is not one of 'raw', 'split'"),
        (["fetch", "yahooo", "AAPL", "--start", "2024-01-01"], "unknown provider yahooo: did you"),
        (["fetch", "polygon", "AAPL", "--start", "2024-01-01"], "set POLYGON_API_KEY"),
        (["fetch", "files", "AAPL", "--start", "2024-01-01"], "greenlight data import brings them"),
        (["fetch", "yahoo", "AAPL", "--start", "2999-01-01"], "--start before now"),
        (["fetch", "yahoo", "AAPL", "--start", "soon"], "'soon' does not match the format"),
    ],
)
def test_mistakes_are_answered_with_one_line_and_exit_code_two(
    here, capsys, monkeypatch, arguments, words
):
    monkeypatch.delenv("POLYGON_API_KEY", raising=False)
    bar_file(here / "a.csv")
    assert main(["data", *arguments]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert words in error


@dataclass(frozen=True)
class Shelf:
    """A provider that reads a bar file, and knows no symbol but those in it."""

    path: Path
    name: str = "shelf"

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(Adjustment.RAW, {AssetClass.EQUITY: (Timeframe.D1,)}, is_live=False)

    def fetch(self, request):
        pages = list(Files(ProviderSettings(path=str(self.path))).fetch(request))
        if not pages:
            raise RefuseError(f"shelf: never heard of {request.symbol}")
        yield from pages


@pytest.fixture
def shelf(here, monkeypatch):
    bar_file(here / "shelf.csv")
    monkeypatch.setattr(data_fetch, "provider", lambda _name, _settings: Shelf(here / "shelf.csv"))
    return ["data", "fetch", "shelf"]


def test_fetch_brings_symbols_in_and_is_done_when_nothing_is_new(shelf, capsys):
    wanted = [*shelf, "AAPL", "MSFT", "--start", "2024-01-01", "--end", "2024-01-05"]
    assert main(wanted) == 0
    assert "XNYS 1d raw bars from shelf" in said(capsys)
    assert main([*wanted, "--json"]) == 0
    result = json.loads(said(capsys))
    assert [one["added"] for one in result["fetched"]] == [0, 0]
    assert main([*shelf, "AAPL", "--start", "2024-01-01", "--json"]) == 0
    assert [one["added"] for one in json.loads(said(capsys))["fetched"]] == [1]


def test_a_symbol_that_fails_does_not_stop_the_others(shelf, capsys):
    assert main([*shelf, "NONE", "AAPL", "--start", "2024-01-01", "--json"]) == 1
    output = capsys.readouterr()
    result = json.loads(output.out)
    assert result["failed"] == [{"symbol": "NONE", "error": "shelf: never heard of NONE"}]
    assert [(one["symbol"], one["added"]) for one in result["fetched"]] == [("AAPL", 5)]
    assert "NONE failed: shelf: never heard of NONE" in output.err


def test_where_every_symbol_fails_it_could_not_run(shelf, capsys):
    assert main([*shelf, "NONE", "--start", "2024-01-01"]) == 2
    assert capsys.readouterr().err.endswith("greenlight: shelf: never heard of NONE\n")


def test_the_example_book_can_be_named():
    symbols = data_fetch.named(("us38", "AAPL", "SPY"))
    assert len(symbols) == 39
    assert symbols[-1] == "SPY"


def test_providers_are_told_what_is_configured():
    config = load(None, None, {"providers.yahoo.base_url": "http://127.0.0.1:9"}).config
    found = data_fetch.source("yahoo", config, {"KEY": "x"})
    assert found.settings == replace(
        ProviderSettings(), base_url="http://127.0.0.1:9", environment={"KEY": "x"}
    )


def test_every_command_has_help_with_an_example_and_loads_nothing_heavy_for_it(capsys):
    for name in ("import", "list", "check", "fetch"):
        assert main(["data", name, "--help"]) == 0
        assert f"greenlight data {name}" in said(capsys).partition("Example:")[2]
    code = (
        "import sys; from greenlight.cli import main; main(['data', 'import', '--help']);"
        "print([m for m in ('polars', 'greenlight.market') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
