from dataclasses import replace
from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from handmade_bars import DAILY, MINUTES, NOW, clean, flat, grid, one, planted

from greenlight.domain import (
    CashDividend,
    CashMerger,
    Delisting,
    SpinOff,
    Split,
    StockMerger,
    TickerChange,
    UserError,
)
from greenlight.market import (
    Adjustment,
    DefectError,
    Store,
    Terms,
    TickerMap,
    read_any_actions,
    read_delivery,
    stored_actions,
)
from greenlight.market.action_store import keep_actions, merged
from greenlight.market.intake import Delivery, admit, import_file

TERMS = Terms(now=NOW)
LENIENT = Terms(now=NOW, quarantine=True)


def test_clean_bars_come_in_a_symbol_at_a_time(tmp_path):
    store, table = Store(tmp_path), clean(DAILY, ("B", "A"), 10)
    intake = admit(store, DAILY, Delivery("two.csv", table), TERMS)
    assert [(change.symbol, change.added) for change in intake.changes] == [("A", 10), ("B", 10)]
    assert intake.quarantined is None
    assert store.symbols(DAILY) == ("A", "B")
    assert store.read(DAILY, "B").equals(table[:10])


def test_one_bad_row_refuses_all_and_the_line_says_which_and_what_to_do(tmp_path):
    table = planted(clean(DAILY, ("A", "B"), 10), 13, high=0.5)
    with pytest.raises(DefectError) as caught:
        admit(Store(tmp_path), DAILY, Delivery("two.csv", table), TERMS)
    assert str(caught.value).startswith(
        "two.csv: nothing was stored, 1 of 20 rows are bad: B 2024-01-05 row 14: range: open "
    )
    assert str(caught.value).endswith("; --quarantine sets them aside")
    assert caught.value.report.refusals == 1
    assert list(tmp_path.iterdir()) == []


def test_quarantine_sets_bad_rows_aside_with_their_reasons_and_keeps_the_rest(tmp_path):
    store = Store(tmp_path)
    table = planted(planted(clean(DAILY, ("A", "B"), 10), 13, high=0.5), 2, close=None)
    intake = admit(store, DAILY, Delivery("two.csv", table.fill_null(float("nan"))), LENIENT)
    assert intake.quarantined == tmp_path / "quarantine" / "XNYS-1d-raw" / "two.csv.csv"
    aside = pl.read_csv(intake.quarantined)
    assert aside["row"].to_list() == [3, 14]
    assert aside["symbol"].to_list() == ["A", "B"]
    assert [reason.split(":")[0] for reason in aside["reason"]] == ["nan", "range"]
    assert store.read(DAILY, "A").height == store.read(DAILY, "B").height == 9


def test_what_was_set_aside_once_stays_and_stands_there_once(tmp_path):
    store = Store(tmp_path)
    first = planted(one(DAILY, "A", 10), 4, high=0.5)
    for table in (first, first, planted(one(DAILY, "A", 10), 6, low=-1.0)):
        intake = admit(store, DAILY, Delivery("a.csv", table), LENIENT)
    assert pl.read_csv(intake.quarantined)["row"].to_list() == [5, 7]


def test_a_file_in_the_wrong_clock_is_refused_even_with_quarantine(tmp_path):
    table = one(MINUTES, "A", 780).with_columns(ts=pl.col("ts") - pl.duration(hours=5))
    with pytest.raises(DefectError, match=r"m\.csv: nothing was stored: .* New York time"):
        admit(Store(tmp_path), MINUTES, Delivery("m.csv", table), LENIENT)
    assert list(tmp_path.iterdir()) == []


def test_bars_outside_regular_hours_are_counted_in_a_note(tmp_path):
    early = flat(grid(MINUTES, 100) - 100 * 60 * 10**9, "A", 50.0)
    table = pl.concat([early, one(MINUTES, "A", 390)])
    intake = admit(Store(tmp_path), MINUTES, Delivery("m.csv", table), TERMS)
    assert intake.notes == ("100 bars outside regular hours were left aside",)
    assert intake.changes[0].added == 390


def test_a_file_of_which_nothing_lies_in_regular_hours_is_refused(tmp_path):
    daily = one(DAILY, "A", 4, first="2024-01-09")  # midnights in UTC are evenings in New York
    daily.write_parquet(tmp_path / "d.parquet")
    with pytest.raises(UserError, match="none of its 4 bars lies within the regular hours of XNYS"):
        import_file(Store(tmp_path / "data"), tmp_path / "d.parquet", MINUTES, TERMS)
    assert not (tmp_path / "data").exists()


SPLIT = Split("A", date(2024, 1, 5), Decimal(4))
HALVES = flat(grid(DAILY, 6), "A", [100.0] * 3 + [25.0] * 3)


def test_actions_are_kept_beside_the_bars_and_known_the_next_time(tmp_path):
    store = Store(tmp_path)
    intake = admit(store, DAILY, Delivery("a.csv", HALVES, (SPLIT,)), TERMS)
    assert intake.actions == 1
    assert intake.report.defects.height == 0
    assert stored_actions(store, DAILY) == (SPLIT,)
    assert stored_actions(store, replace(DAILY, timeframe=MINUTES.timeframe)) == (SPLIT,)
    assert stored_actions(store, replace(DAILY, adjustment=Adjustment.SPLIT)) == ()
    again = admit(store, DAILY, Delivery("a.csv", HALVES), TERMS)
    assert again.report.defects.height == 0
    assert again.actions == 0


def test_a_declaration_that_known_actions_disprove_is_refused(tmp_path):
    adjusted = replace(DAILY, adjustment=Adjustment.TOTAL)
    with pytest.raises(DefectError, match="declared total, but the 4:1 split of 2024-01-05 shows"):
        admit(Store(tmp_path), adjusted, Delivery("a.csv", HALVES, (SPLIT,)), TERMS)


EVERY = (
    SPLIT,
    CashDividend("A", date(2024, 2, 1), Decimal("0.24")),
    TickerChange("A", date(2024, 3, 1), "AA"),
    SpinOff("A", date(2024, 4, 1), "C", Decimal("0.1"), Decimal("0.07")),
    CashMerger("B", date(2024, 5, 1), Decimal("12.5")),
    StockMerger("D", date(2024, 5, 1), "A", Decimal("0.5"), Decimal(3)),
    Delisting("E", date(2024, 6, 1)),
    Delisting("F", date(2024, 6, 1), Decimal("0.02")),
)


def test_every_kind_of_action_survives_the_store(tmp_path):
    store = Store(tmp_path)
    assert keep_actions(store, DAILY, EVERY) == len(EVERY)
    assert set(stored_actions(store, DAILY)) == set(EVERY)
    before = (tmp_path / "XNYS" / "actions-raw.csv").read_bytes()
    assert keep_actions(store, DAILY, EVERY[2:4]) == 0
    assert (tmp_path / "XNYS" / "actions-raw.csv").read_bytes() == before


def test_a_newer_word_on_an_action_replaces_the_older(tmp_path):
    store = Store(tmp_path)
    keep_actions(store, DAILY, EVERY)
    newer = CashDividend("A", date(2024, 2, 1), Decimal("0.25"))
    assert keep_actions(store, DAILY, [newer]) == 1
    kept = stored_actions(store, DAILY)
    assert newer in kept
    assert EVERY[1] not in kept
    assert merged(EVERY, [newer]) == kept


def test_an_impossible_action_changes_nothing(tmp_path):
    with pytest.raises(UserError, match="is not above zero"):
        keep_actions(Store(tmp_path), DAILY, [Split("A", date(2024, 1, 5), Decimal(0))])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        ("symbol,ex_date,ratio", "A,2024-01-05,4", SPLIT),
        ("symbol,last_session_before,split_factor", "A,2024-01-04,4", SPLIT),
        ("symbol,ex_date,amount", "A,2024-02-01,0.24", EVERY[1]),
        ("symbol,ex_date,kind,cash", "B,2024-05-01,cash_merger,12.5", EVERY[4]),
        ("symbol,date,dividend,split_ratio", "A,2024-01-05,0,4", SPLIT),
    ],
)
def test_a_table_of_actions_is_understood_by_its_columns(tmp_path, header, row, expected):
    path = tmp_path / "actions.csv"
    path.write_text(f"{header}\n{row}\n")
    assert read_any_actions(path) == (expected,)


def test_actions_beside_raw_bars_come_in_with_them_but_not_beside_adjusted_ones(tmp_path):
    table = HALVES.with_columns(dividend=pl.lit(0.0), split_ratio=pl.lit(1.0))
    table = planted(table, 3, split_ratio=4.0)
    table.write_parquet(tmp_path / "a.parquet")
    assert read_delivery(tmp_path / "a.parquet", DAILY, TERMS).actions == (SPLIT,)
    adjusted = replace(DAILY, adjustment=Adjustment.SPLIT)
    assert read_delivery(tmp_path / "a.parquet", adjusted, TERMS).actions == ()


def test_a_ticker_with_two_lives_becomes_two_instruments(tmp_path):
    early, late = one(DAILY, "FB", 5, first="2003-01-02"), one(DAILY, "FB", 5, first="2012-05-18")
    meta = one(DAILY, "META", 5, first="2022-06-09")
    pl.concat([early, late, meta]).write_parquet(tmp_path / "fb.parquet")
    tickers = TickerMap.of(
        [
            ("FB.1", date(1999, 1, 4), "FB"),
            ("FB.1", date(2003, 3, 28), "FB"),
            ("META", date(2012, 5, 18), "FB"),
            ("META", date(2022, 6, 8), "FB"),
            ("META", None, "META"),
        ]
    )
    terms = Terms(
        NOW, tickers=tickers, actions=(CashDividend("META", date(2022, 6, 10), Decimal(1)),)
    )
    delivery = read_delivery(tmp_path / "fb.parquet", DAILY, terms)
    store = Store(tmp_path / "data")
    intake = admit(store, DAILY, delivery, terms)
    assert [(c.symbol, c.added) for c in intake.changes] == [("FB", 5), ("META", 10)]
    assert intake.report.refusals == 0
    kinds = [(type(action).__name__, action.symbol) for action in stored_actions(store, DAILY)]
    assert ("Delisting", "FB") in kinds
    assert ("TickerChange", "META") in kinds
    assert ("CashDividend", "META") in kinds


def test_rows_of_an_instrument_may_stand_in_the_file_under_its_later_ticker_first(tmp_path):
    old, new = one(DAILY, "WMI", 5, first="1998-07-06"), one(DAILY, "AAA", 5, first="1998-08-03")
    pl.concat([new, old]).write_parquet(tmp_path / "w.parquet")
    rows = [
        ("X", date(1998, 1, 2), "WMI"),
        ("X", date(1998, 7, 31), "WMI"),
        ("X", None, "AAA"),
    ]
    terms = Terms(NOW, tickers=TickerMap.of(rows))
    delivery = read_delivery(tmp_path / "w.parquet", DAILY, terms)
    intake = admit(Store(tmp_path / "data"), DAILY, delivery, terms)
    assert intake.report.refusals == 0
    assert [(c.symbol, c.added) for c in intake.changes] == [("AAA", 10)]
