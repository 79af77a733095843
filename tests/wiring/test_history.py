from datetime import date
from pathlib import Path

import numpy as np
import pytest

from greenlight.cli import main
from greenlight.config import Config, load
from greenlight.domain import AssetClass, Split, UserError
from greenlight.market import Adjustment, History
from greenlight.wiring import load_history


def configured(**overrides: object) -> Config:
    keys = {f"data.{key}": value for key, value in overrides.items()}
    return load(Path("/dev/null"), {}, keys).config


def days(symbol: str, start: str, closes: list[float]) -> str:
    """Daily bars of a CSV, one a weekday."""
    first = np.busday_offset(start, 0, roll="forward")
    rows = []
    for count, close in enumerate(closes):
        day = np.busday_offset(first, count)
        rows.append(f"{day},{symbol},{close},{close * 1.01},{close * 0.99},{close},1000000")
    return "\n".join(rows) + "\n"


@pytest.fixture
def store(tmp_path, monkeypatch) -> Path:
    """A store of three stocks, one with a split, and of one coin, filled by command."""
    monkeypatch.chdir(tmp_path)
    header = "ts,symbol,open,high,low,close,volume\n"
    stocks = days("AAPL", "2020-03-02", [100, 101, 50, 51]) + days("JPM", "2020-03-02", [90] * 4)
    Path("stocks.csv").write_text(header + stocks + days("SPY", "2020-03-02", [300] * 4))
    Path("coins.csv").write_text(header + days("BTC", "2020-03-02", [8_000] * 4))
    Path("splits.csv").write_text("symbol,ex_date,ratio\nAAPL,2020-03-04,2\n")
    assert main(["data", "import", "stocks.csv", "--actions", "splits.csv"]) == 0
    assert main(["data", "import", "coins.csv", "--calendar", "24/7"]) == 0
    return tmp_path / "data"


def test_the_sample_is_cut_to_symbols_and_days():
    history = load_history(
        configured(symbols=["JPM", "AAPL"], start="2010-01-01", end="2010-12-31")
    )
    assert history.symbols == ("AAPL", "JPM")
    assert history.blocks[0].count == 252
    assert history.sectors is not None


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"symbols": ["APPL"]}, "unknown symbol APPL: did you mean AAPL"),
        ({"start": "2030-01-01"}, "no bars from 2030-01-01 to the end; there are bars from 1990"),
        ({"timeframe": "1h"}, "the sample has daily bars, not 1h; import bars of your own"),
        ({"source": "store", "store": "nowhere"}, "nowhere: no bars of 1d or shorter"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(overrides, words):
    with pytest.raises(UserError) as caught:
        load_history(configured(**overrides))
    assert words in str(caught.value)


def of_store(store: Path, **more: object) -> History:
    return load_history(configured(source="store", store=str(store), **more))


def test_stocks_and_coins_of_a_store_are_traded_together(store):
    history = of_store(store)
    assert {block.calendar: block.symbols for block in history.blocks} == {
        "XNYS": ("AAPL", "JPM", "SPY"),
        "24/7": ("BTC",),
    }
    kinds = {s: (i.asset_class, float(i.lot_size)) for s, i in history.instruments.items()}
    assert kinds["AAPL"] == (AssetClass.EQUITY, 1.0)
    assert kinds["BTC"] == (AssetClass.CRYPTO, 1e-6)
    assert history.source.startswith("store ")


def test_a_stores_actions_come_with_the_symbols_that_are_asked_for(store):
    [split] = of_store(store).actions
    assert isinstance(split, Split)
    assert (split.symbol, split.ex_date, split.ratio) == ("AAPL", date(2020, 3, 4), 2)
    assert of_store(store, symbols=["JPM"]).actions == ()


def test_references_are_read_and_not_traded(store):
    history = of_store(store, symbols=["AAPL"], references=["SPY"])
    assert history.symbols == ("AAPL",)
    assert [block.symbols for block in history.references] == [("SPY",)]
    assert history.references[0].adjustment is Adjustment.RAW


def test_tables_beside_the_bars_are_read_where_they_are_named(store, tmp_path):
    (tmp_path / "members.csv").write_text("symbol,from,to\nAAPL,2020-03-03,\n")
    (tmp_path / "sectors.csv").write_text("symbol,sector,from,to\nAAPL,Technology,1990-01-01,\n")
    (tmp_path / "facts.csv").write_text(
        "source,key,event_time,available_at,value\ncboe,VIX,2020-03-02,2020-03-03,33.4\n"
    )
    history = of_store(
        store,
        symbols=["AAPL", "SPY"],
        membership="members.csv",
        sectors="sectors.csv",
        facts=["facts.csv"],
    )
    block = history.blocks[0]
    assert history.membership.flags("AAPL", block.session).tolist() == [False, True, True, True]
    assert history.sectors.at("AAPL", int(block.session[0])) == "Technology"
    assert history.facts.as_of("VIX", block.close_ts).tolist()[1:] == [33.4, 33.4, 33.4]


def test_the_example_book_brings_its_sectors_and_other_symbols_do_not_guess(store):
    assert set(of_store(store, symbols=["AAPL", "JPM"]).sector_numbers()) == {
        "Financials",
        "Information Technology",
    }
    mixed = of_store(store, symbols=["AAPL", "SPY"])
    assert set(mixed.sector_numbers()) == {"Information Technology"}
    assert mixed.sectors.changes("SPY") == ()
    assert of_store(store, symbols=["SPY"]).sectors is None
