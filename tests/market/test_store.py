import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from handmade_bars import CRYPTO, DAILY, MINUTES, ns, one, planted
from hypothesis import given, settings
from hypothesis import strategies as st

from greenlight.domain import Timeframe, UserError
from greenlight.market import Adjustment, BarSpec, Store
from greenlight.market.files import read_bars
from greenlight.market.loading import Wanted, load_blocks
from greenlight.market.store import union

HOURS = BarSpec("XNYS", Timeframe.H1, Adjustment.RAW)


def state(root: Path) -> dict[str, tuple[bytes, int]]:
    """Every file with its content and time of change."""
    return {str(p): (p.read_bytes(), p.stat().st_mtime_ns) for p in root.rglob("*") if p.is_file()}


def test_what_is_put_in_comes_out(tmp_path):
    store = Store(tmp_path / "data")
    table = one(DAILY, "AAPL", 20)
    change = store.upsert(DAILY, "AAPL", table)
    assert (change.added, change.unchanged, change.replaced.height) == (20, 0, 0)
    assert store.read(DAILY, "AAPL").equals(table)
    extent = store.extent(DAILY, "AAPL")
    assert (extent.rows, extent.first, extent.last) == (20, ns("2024-01-02"), ns("2024-01-30"))
    assert store.path(DAILY, "AAPL") == tmp_path / "data" / "XNYS" / "1d" / "raw" / "AAPL.parquet"


def test_a_file_of_the_store_is_itself_a_bar_file(tmp_path):
    table = one(DAILY, "AAPL", 5)
    Store(tmp_path).upsert(DAILY, "AAPL", table)
    assert read_bars(Store(tmp_path).path(DAILY, "AAPL"), Timeframe.D1).table.equals(table)


def test_the_same_bars_again_change_no_byte(tmp_path):
    store, table = Store(tmp_path), one(DAILY, "A", 20)
    store.upsert(DAILY, "A", table)
    before = state(tmp_path)
    for again in (table, table[5:9]):
        change = store.upsert(DAILY, "A", again)
        assert (change.added, change.unchanged) == (0, again.height)
        assert change.replaced.height == 0
    assert state(tmp_path) == before


def test_the_order_in_which_bars_come_does_not_matter(tmp_path):
    table = one(DAILY, "A", 20)
    for name, parts in (("one", [table]), ("two", [table[12:], table[:7], table[5:14]])):
        for part in parts:
            Store(tmp_path / name).upsert(DAILY, "A", part)
    files = [Store(tmp_path / name).path(DAILY, "A").read_bytes() for name in ("one", "two")]
    assert files[0] == files[1]


def test_new_values_win_and_are_reported(tmp_path):
    store, table = Store(tmp_path), one(DAILY, "A", 8)
    store.upsert(DAILY, "A", table[:6])
    newer = planted(table, 3, close=float(table["low"][3]), volume=7.0)
    change = store.upsert(DAILY, "A", newer)
    assert (change.added, change.unchanged) == (2, 5)
    (row,) = change.replaced.to_dicts()
    assert row["ts"] == table["ts"][3]
    assert (row["close"], row["close_new"]) == (table["close"][3], table["low"][3])
    assert (row["volume"], row["volume_new"]) == (table["volume"][3], 7.0)
    assert store.read(DAILY, "A").equals(newer)


def test_an_unknown_volume_is_the_same_unknown_volume(tmp_path):
    store = Store(tmp_path)
    table = one(DAILY, "A", 4).with_columns(volume=pl.lit(float("nan")))
    store.upsert(DAILY, "A", table)
    assert store.upsert(DAILY, "A", table).unchanged == 4


@settings(max_examples=25, deadline=None)
@given(
    parts=st.lists(
        st.tuples(st.integers(0, 39), st.integers(1, 20), st.integers(0, 1)), min_size=1, max_size=6
    )
)
def test_upserts_add_up_to_the_last_word_on_every_bar(tmp_path_factory, parts):
    store = Store(tmp_path_factory.mktemp("store"))
    versions = [one(DAILY, "A", 60, seed) for seed in (0, 1)]
    expected: dict[object, tuple[object, ...]] = {}
    for start, count, version in parts:
        part = versions[version][start : start + count]
        change = store.upsert(DAILY, "A", part)
        rows = {row[0]: row for row in part.rows()}
        assert change.added == len(rows.keys() - expected.keys())
        differ = [ts for ts in rows.keys() & expected.keys() if rows[ts] != expected[ts]]
        assert change.replaced.height == len(differ)
        expected |= rows
    assert store.read(DAILY, "A").rows() == [expected[ts] for ts in sorted(expected)]


KILLED = """
import os, sys
from pathlib import Path
import polars as pl
from greenlight.market import Adjustment, BarSpec, Store
from greenlight.domain import Timeframe
Path.replace = lambda self, target: os._exit(9)
Store(Path(sys.argv[1])).upsert(
    BarSpec("XNYS", Timeframe.D1, Adjustment.RAW), "A", pl.read_parquet(sys.argv[2])
)
"""


def test_a_process_killed_between_writing_and_replacing_leaves_the_old_file(tmp_path):
    store, table = Store(tmp_path / "data"), one(DAILY, "A", 30)
    store.upsert(DAILY, "A", table[:20])
    before = state(tmp_path / "data")
    table.write_parquet(tmp_path / "more.parquet")
    command = [sys.executable, "-c", KILLED, str(tmp_path / "data"), str(tmp_path / "more.parquet")]
    assert subprocess.run(command, check=False).returncode == 9
    after = state(tmp_path / "data")
    assert {name: after[name] for name in before} == before
    assert [name for name in after.keys() - before.keys() if not name.endswith(".tmp")] == []
    assert len(after) == len(before) + 1  # the draft was written, but is nobody's bars
    assert store.symbols(DAILY) == ("A",)
    assert store.upsert(DAILY, "A", table).added == 10


def test_an_interruption_leaves_nothing_behind(tmp_path, monkeypatch):
    store = Store(tmp_path)
    store.upsert(DAILY, "A", one(DAILY, "A", 5))
    before = state(tmp_path)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.upsert(DAILY, "A", one(DAILY, "A", 9))
    assert state(tmp_path) == before


def test_a_full_disk_gives_one_line_and_changes_nothing(tmp_path, monkeypatch):
    store = Store(tmp_path)
    store.upsert(DAILY, "A", one(DAILY, "A", 5))
    before = state(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(
        UserError, match=r"A\.parquet: cannot be written \(No space left on device\)"
    ):
        store.upsert(DAILY, "A", one(DAILY, "A", 9))
    assert state(tmp_path) == before


def test_no_flipped_bit_ever_changes_a_price(tmp_path):
    store = Store(tmp_path)
    store.upsert(DAILY, "A", one(DAILY, "A", 400))
    path, whole = store.path(DAILY, "A"), store.read(DAILY, "A")
    content, told = path.read_bytes(), []
    for place in np.random.default_rng(0).integers(4, len(content) - 600, 60):
        spoiled = bytearray(content)
        spoiled[place] ^= 1 << int(place) % 8
        path.write_bytes(spoiled)
        try:
            read = store.read(DAILY, "A")
        except UserError as error:
            told.append(str(error))
        else:
            assert read.equals(whole)  # it was a bit that nobody reads
    assert set(told) == {f"{path}: is corrupt; move it away and import or fetch its bars again"}
    assert len(told) > 50


def test_a_cut_or_foreign_file_is_named(tmp_path):
    store = Store(tmp_path)
    store.upsert(DAILY, "A", one(DAILY, "A", 400))
    path = store.path(DAILY, "A")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match=r"A\.parquet: is no whole Parquet file"):
        store.read(DAILY, "A")
    with pytest.raises(UserError, match=r"A\.parquet: is no whole Parquet file"):
        store.extent(DAILY, "A")
    one(DAILY, "A", 5).write_parquet(path)
    with pytest.raises(UserError, match="was not written by the store"):
        store.read(DAILY, "A")


@pytest.mark.parametrize(
    "symbol",
    ["BTC/USDT", "binance:BTC/USDT-PERP", "..", ".A", "BRK.B", "A%2FB", "^GSPC", "FB@1999"],
)
def test_any_symbol_makes_a_file_name_and_comes_back(tmp_path, symbol):
    store = Store(tmp_path / "data")
    store.upsert(CRYPTO, symbol, one(CRYPTO, symbol, 3))
    assert store.symbols(CRYPTO) == (symbol,)
    assert store.path(CRYPTO, symbol).parent == tmp_path / "data" / "24-7" / "1h" / "raw"
    assert store.read(CRYPTO, symbol)["symbol"].unique().to_list() == [symbol]


def test_an_unknown_symbol_is_answered_with_the_nearest(tmp_path):
    store = Store(tmp_path)
    store.upsert(DAILY, "AAPL", one(DAILY, "AAPL", 3))
    with pytest.raises(UserError, match="no XNYS 1d raw bars of APPL: did you mean AAPL"):
        store.load(DAILY, ("APPL",))


def test_bars_on_another_grid_do_not_mix(tmp_path):
    store = Store(tmp_path)
    store.upsert(HOURS, "A", one(HOURS, "A", 14))
    whole_hours = one(HOURS, "A", 7).with_columns(ts=pl.col("ts") - pl.duration(minutes=30))
    with pytest.raises(UserError, match="begin at other minutes than those in the store"):
        store.upsert(HOURS, "A", whole_hours)


def test_a_block_stands_on_the_union_of_times_with_nan_where_a_symbol_has_no_bar(tmp_path):
    store = Store(tmp_path)
    tables = {
        "A": one(DAILY, "A", 6)[:4],
        "B": one(DAILY, "B", 6)[[0, 2, 5]],
        "C": one(DAILY, "C", 6)[1:3],
    }
    for symbol, table in tables.items():
        store.upsert(DAILY, symbol, table)
    block = store.load(DAILY, ("C", "A", "B"))
    assert block.symbols == ("C", "A", "B")
    assert block.session.tolist() == [19724, 19725, 19726, 19727, 19731]
    expected = [[0, 1, 1, 0, 0], [1, 1, 1, 1, 0], [1, 0, 1, 0, 1]]
    assert (~np.isnan(block.close.T)).astype(int).tolist() == expected
    assert block.close[[0, 2, 4], 2].tolist() == tables["B"]["close"].to_list()
    assert block.volume[:4, 1].tolist() == tables["A"]["volume"].to_list()
    assert np.array_equal(np.isnan(block.open), np.isnan(block.close))


def test_a_block_can_be_cut_to_sessions_both_ends_included(tmp_path):
    store = Store(tmp_path)
    store.upsert(MINUTES, "A", one(MINUTES, "A", 390 * 4))
    block = store.load(MINUTES, ("A",), date(2024, 1, 3), date(2024, 1, 4))
    assert sorted(set(block.session.tolist())) == [19725, 19726]
    assert block.count == 780
    assert store.load(MINUTES, ("A",), start=date(2030, 1, 1)).count == 0


def test_days_without_any_bar_are_said_and_a_symbol_without_one_is_left_out(tmp_path):
    store = Store(tmp_path)
    store.upsert(DAILY, "OLD", one(DAILY, "OLD", 5, first="2010-01-04"))
    store.upsert(DAILY, "NEW", one(DAILY, "NEW", 5))
    store.upsert(CRYPTO, "BTC", one(CRYPTO, "BTC", 48, first="2010-01-04"))
    days = {"start": date(2024, 1, 1), "end": date(2024, 12, 31)}
    (block,) = load_blocks(store, Wanted(Timeframe.D1, **days))
    assert (block.symbols, block.count) == (("NEW",), 5)
    (block,) = load_blocks(store, Wanted(Timeframe.D1, ("OLD", "NEW"), **days))
    assert block.symbols == ("OLD", "NEW")
    with pytest.raises(UserError, match="no 1d bars from 2030-01-01 to the end"):
        load_blocks(store, Wanted(Timeframe.D1, start=date(2030, 1, 1)))


@settings(max_examples=50)
@given(st.lists(st.sets(st.integers(0, 30)), max_size=5))
def test_the_union_of_times_is_the_union(parts):
    arrays = [np.array(sorted(part), dtype=np.int64) for part in parts]
    assert union(arrays).tolist() == sorted(set().union(*parts))


def test_small_bars_are_resampled_where_large_ones_are_missing(tmp_path):
    store = Store(tmp_path)
    store.upsert(MINUTES, "A", one(MINUTES, "A", 780))
    store.upsert(DAILY, "B", one(DAILY, "B", 5))
    store.upsert(CRYPTO, "BTC/USDT", one(CRYPTO, "BTC/USDT", 72))
    crypto, stocks = load_blocks(store, Wanted(Timeframe.D1))
    assert (crypto.calendar, crypto.symbols, crypto.count) == ("24/7", ("BTC/USDT",), 3)
    assert sorted(stocks.symbols) == ["A", "B"]
    assert stocks.count == 5
    a = stocks.close[:, stocks.symbols.index("A")]
    minutes = store.read(MINUTES, "A")["close"]
    assert a[:2].tolist() == [minutes[389], minutes[779]]
    assert np.isnan(a[2:]).all()


def test_a_symbol_stands_once_raw_before_adjusted_and_large_before_small(tmp_path):
    store = Store(tmp_path)
    adjusted = BarSpec("XNYS", Timeframe.D1, Adjustment.SPLIT)
    for spec, count in ((adjusted, 9), (DAILY, 7), (MINUTES, 780)):
        store.upsert(spec, "A", one(spec, "A", count))
    (block,) = load_blocks(store, Wanted(Timeframe.D1, ("A",)))
    assert (block.adjustment, block.count) == (Adjustment.RAW, 7)
    (block,) = load_blocks(store, Wanted(Timeframe.D1, ("A",), adjustment=Adjustment.SPLIT))
    assert block.count == 9


def test_what_a_run_wants_and_the_store_has_not_is_said(tmp_path):
    store = Store(tmp_path)
    with pytest.raises(
        UserError, match="no bars of 1d or shorter; greenlight data import or fetch"
    ):
        load_blocks(store, Wanted(Timeframe.D1))
    store.upsert(DAILY, "AAPL", one(DAILY, "AAPL", 3))
    with pytest.raises(UserError, match=r"unknown symbol AAPPL in .*: did you mean AAPL"):
        load_blocks(store, Wanted(Timeframe.D1, ("AAPPL",)))
    with pytest.raises(UserError, match="no bars of 1h or shorter"):
        load_blocks(store, Wanted(Timeframe.H1, ("AAPL",)))


def test_hours_on_two_grids_are_not_walked_together(tmp_path):
    store = Store(tmp_path)
    store.upsert(HOURS, "A", one(HOURS, "A", 14))
    whole_hours = one(HOURS, "B", 7).with_columns(ts=pl.col("ts") - pl.duration(minutes=30))
    store.upsert(HOURS, "B", whole_hours)
    with pytest.raises(UserError, match="1h raw bars of B begin at other minutes than those of"):
        load_blocks(store, Wanted(Timeframe.H1))


def test_loading_many_symbols_takes_no_more_than_moments(tmp_path):
    store = Store(tmp_path)
    table = one(DAILY, "A", 2520, first="2010-01-04")
    symbols = tuple(f"S{k:03d}" for k in range(60))
    for symbol in symbols:
        store.upsert(DAILY, symbol, table.with_columns(symbol=pl.lit(symbol)))
    block = store.load(DAILY, symbols)
    assert block.close.shape == (2520, 60)
    assert np.array_equal(block.close[:, 0], block.close[:, -1])
