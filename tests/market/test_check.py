from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from handmade_bars import (
    CRYPTO,
    DAILY,
    MINUTES,
    NOW,
    clean,
    flat,
    frame,
    grid,
    ns,
    one,
    planted,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from greenlight.domain import CashDividend, Split, Timeframe
from greenlight.market import Adjustment, BarSpec, DefectKind, Report, Severity, check
from greenlight.market.calendars import NS_DAY
from greenlight.market.tables import day_of

HOURS = BarSpec("XNYS", Timeframe.H1, Adjustment.RAW)
SPLIT_ADJUSTED = replace(DAILY, adjustment=Adjustment.SPLIT)


def found(report: Report) -> list[tuple[str, str, int]]:
    """Kind, symbol and row of every defect."""
    return report.defects.select("kind", "symbol", "row").rows()


def judged(table: pl.DataFrame, spec: BarSpec = DAILY, **more: object) -> Report:
    return check(table, spec, now=NOW, **more)


def the_line(report: Report) -> str:
    (kind,) = report.counts()
    (line,) = report.lines(kind, 10)
    return line


@pytest.mark.parametrize("spec", [DAILY, MINUTES, HOURS, CRYPTO])
def test_clean_bars_have_no_defect_and_all_of_them_may_enter(spec):
    table = clean(spec, ("B", "A"), 300)
    report = judged(table, spec)
    assert found(report) == []
    assert report.bad.height == 0
    assert report.good.equals(table.sort("symbol", "ts"))


@pytest.mark.parametrize(
    ("values", "kind", "words"),
    [
        ({"close": np.nan}, "nan", "nan: open 10.0 high 12.0 low 9.0 close NaN"),
        ({"open": np.inf}, "nan", "nan: open inf high 12.0"),
        ({"low": 0.0}, "price", "price: open 10.0 high 12.0 low 0.0 close 11.0"),
        ({"low": -3.0}, "price", "low -3.0"),
        ({"high": 8.0}, "range", "range: open 10.0 high 8.0 low 9.0 close 11.0"),
        ({"open": 13.0}, "range", "open 13.0 high 12.0"),
        ({"close": 8.5}, "range", "low 9.0 close 8.5"),
        ({"volume": -1.0}, "volume", "volume: volume -1.0"),
        ({"volume": np.nan}, "volume", "volume NaN, known for other bars of the symbol"),
    ],
)
def test_each_bad_value_is_named_with_symbol_time_and_values(values, kind, words):
    ts = grid(DAILY, 3)
    table = frame(ts, "A", [10.0] * 3, [12.0] * 3, [9.0] * 3, [11.0] * 3, [5.0] * 3)
    report = judged(planted(table, 1, **values))
    assert found(report) == [(kind, "A", 2)]
    assert the_line(report).startswith("A 2024-01-03 row 2: ")
    assert words in the_line(report)
    assert report.good.height == 2
    assert report.bad["row"].to_list() == [2]
    assert report.bad["reason"][0].startswith(f"{kind}: ")


def test_a_symbol_without_any_volume_is_no_defect():
    table = clean(DAILY, ("A", "B"), 4).with_columns(
        volume=pl.when(pl.col("symbol") == "A").then(float("nan")).otherwise(pl.col("volume"))
    )
    assert found(judged(table)) == []


def test_a_row_can_have_several_defects_and_each_is_named():
    report = judged(planted(one(DAILY, "A", 3), 1, low=-1.0, high=-2.0, volume=-5.0))
    assert {kind for kind, _, _ in found(report)} == {"price", "range", "volume"}
    assert report.bad.height == 1
    assert report.bad["reason"][0].count(": ") == 3


def test_a_row_without_time_or_symbol_is_named_by_its_row():
    table = clean(DAILY, ("A",), 4)
    report = judged(planted(planted(table, 1, ts=None), 2, symbol=None))
    stamps = [one_found for one_found in found(report) if one_found[0] == "stamp"]
    assert sorted(stamps, key=str) == [("stamp", "A", 2), ("stamp", None, 3)]
    assert report.good.height == 2


def test_a_repeated_row_is_set_aside_but_the_first_stays():
    table = clean(DAILY, ("A",), 4)
    report = judged(pl.concat([table, table[2:3]]).sort("ts", maintain_order=True))
    assert found(report) == [("duplicate", "A", 4)]
    assert report.good.equals(table)


def test_rows_that_contradict_each_other_are_all_bad():
    table = clean(DAILY, ("A",), 4)
    other = planted(table, 2, close=float(table["low"][2]))
    report = judged(pl.concat([table[:3], other[2:3], table[3:]]))
    assert found(report) == [("duplicate", "A", 3), ("duplicate", "A", 4)]
    assert report.good.height == 3


def test_a_row_that_steps_back_in_time_is_out_of_order():
    table = clean(DAILY, ("A", "B"), 4)
    report = judged(table[[0, 2, 1, 3, 4, 5, 6, 7]])
    assert ("order", "A", 3) in found(report)
    assert {row for kind, _, row in found(report) if kind == "order"} == {3}
    assert {symbol for kind, symbol, _ in found(report) if kind == "order"} == {"A"}


def test_symbols_may_alternate_row_by_row():
    table = clean(DAILY, ("A", "B"), 4)
    assert found(judged(table.sort("ts", "symbol"))) == []


def test_a_bar_that_has_not_closed_by_now_is_from_the_future():
    table = clean(DAILY, ("A",), 3)  # 2, 3 and 4 January; the last closes at 21:00 UTC
    late = check(table, DAILY, now=ns("2024-01-04T20:59"))
    assert found(late) == [("future", "A", 3)]
    assert found(check(table, DAILY, now=ns("2024-01-04T21:00"))) == []


def test_one_row_from_the_future_does_not_make_the_next_one_late():
    table = clean(DAILY, ("A",), 4)
    report = judged(planted(table, 1, ts=np.datetime64("2040-06-01").item()))
    assert found(report) == [("gap", "A", 3), ("future", "A", 2)]


def test_bars_off_the_calendars_grid_are_named():
    table = one(MINUTES, "A", 10)
    report = judged(table.with_columns(ts=pl.col("ts") + pl.duration(seconds=30)), MINUTES)
    assert report.counts() == {DefectKind.CALENDAR: 10}
    assert "no 1m bar of XNYS begins then" in next(report.lines(DefectKind.CALENDAR, 1))


def test_a_bar_on_a_holiday_is_named_in_exchange_time():
    closed = flat(np.array([ns("2024-07-04T15:00")]), "A", 10)
    report = judged(closed, MINUTES)
    assert the_line(report).startswith("A 2024-07-04 11:00 ET (15:00Z) row 1: calendar: XNYS has")


def test_daily_bars_with_a_time_of_day_are_told_where_they_belong():
    report = judged(flat(np.array([ns("2024-07-05T20:00")]), "A", 10))
    assert "daily ones at 00:00 UTC of the date" in the_line(report)


def test_bars_outside_regular_hours_are_counted_but_no_defect():
    early = flat(ns("2024-01-02T12:00") + np.arange(150) * 60 * 10**9, "A", 50.0)
    regular = one(MINUTES, "A", 390)
    report = judged(pl.concat([early, regular]), MINUTES)
    assert found(report) == []
    assert report.outside == 150
    assert report.good.equals(regular)


def test_a_gap_says_how_many_bars_are_missing_and_is_only_a_warning():
    table = one(DAILY, "A", 10)
    report = judged(pl.concat([table[:3], table[5:]]))
    assert found(report) == [("gap", "A", 4)]
    assert "2 bars missing before it, since 2024-01-04" in the_line(report)
    assert report.refusals == 0
    assert report.warnings == 1
    assert report.good.height == 8


def test_weekends_nights_and_half_days_are_no_gaps():
    report = judged(one(MINUTES, "A", 390 * 3 + 210 * 2, first="2024-11-26"), MINUTES)
    assert found(report) == []


def test_a_ticker_that_was_silent_for_long_may_have_two_lives():
    old = one(DAILY, "FB", 50, first="2003-01-02")
    new = one(DAILY, "FB", 50, first="2012-05-18")
    assert "give each life its own symbol" in the_line(judged(pl.concat([old, new])))


def split_series(ratio: float, spec: BarSpec = DAILY) -> pl.DataFrame:
    """Twenty days at 100, twenty at 100 / ratio, with 1 % to and fro."""
    swing = 1 + 0.01 * np.sin(np.arange(40))
    price = np.where(np.arange(40) < 20, 100.0, 100.0 / ratio) * swing
    return flat(grid(spec, 40), "A", np.round(price, 2))


@pytest.mark.parametrize("ratio", [1.5, 2, 3, 4, 7, 10, 20, 0.5, 0.125])
def test_a_jump_by_a_splits_ratio_smells_of_a_split(ratio):
    report = judged(split_series(ratio))
    assert found(report) == [("split", "A", 21)]
    assert report.refusals == 0
    word = f"{ratio:g}:1" if ratio > 1 else f"1:{1 / ratio:g}"
    words = f"smells of an unadjusted {word} split; declare it, mend the prices, or it is a real"
    assert words in the_line(report)


@pytest.mark.parametrize("adjustment", [Adjustment.SPLIT, Adjustment.TOTAL])
def test_a_split_that_adjusted_prices_must_hold_already_is_not_to_be_declared(adjustment):
    spec = BarSpec("XNYS", Timeframe.D1, adjustment)
    line = the_line(judged(split_series(2, spec), spec))
    assert "split; mend the prices, or it is a real move" in line
    assert "declare it" not in line


def test_a_crash_of_another_size_or_a_print_that_is_gone_by_the_close_does_not_smell():
    assert found(judged(split_series(1.32))) == []
    table = split_series(1.0)
    report = judged(planted(table, 20, open=50.0, low=50.0))
    assert found(report) == []


def test_a_known_split_explains_the_jump_even_when_its_date_is_a_weekend():
    ex_day = day_of(int(grid(DAILY, 40)[20]) // NS_DAY)
    assert judged(split_series(4), actions=[Split("A", ex_day, Decimal(4))]).defects.height == 0
    saturday = date(2024, 2, 3)
    table = flat(grid(DAILY, 10, "2024-01-30"), "A", [100.0] * 4 + [25.0] * 6)
    assert judged(table, actions=[Split("A", saturday, Decimal(4))]).defects.height == 0
    assert judged(table, actions=[Split("B", saturday, Decimal(4))]).defects.height == 1


def test_a_split_inside_the_day_of_minute_bars_is_seen_overnight_only():
    ts = grid(MINUTES, 780)
    price = np.where(np.arange(780) < 390, 100.0, 25.0)
    assert found(judged(flat(ts, "A", price), MINUTES)) == [("split", "A", 391)]
    midday = np.where(np.arange(780) < 200, 100.0, 25.0)
    assert found(judged(flat(ts, "A", midday), MINUTES)) == []


KNOWN = [Split("A", date(2024, 1, 31), Decimal(4))]


def test_raw_prices_without_a_jump_at_a_known_split_are_not_raw():
    table = pl.concat([split_series(1.0), one(DAILY, "B", 40)])
    report = judged(table, actions=KNOWN)
    assert found(report) == [("adjustment", "A", 21)]
    assert "declared raw, but the 4:1 split of 2024-01-31 shows no jump" in the_line(report)
    assert report.good["symbol"].unique().to_list() == ["B"]
    assert report.bad.height == 40
    assert report.bad["reason"].str.starts_with("adjustment: ").all()


def test_adjusted_prices_with_a_jump_at_a_known_split_are_not_adjusted():
    report = judged(split_series(4.0), SPLIT_ADJUSTED, actions=KNOWN)
    assert found(report) == [("adjustment", "A", 21)]
    assert "declared split, but the 4:1 split of 2024-01-31 shows a jump" in the_line(report)


def test_a_true_declaration_is_believed_and_small_splits_prove_nothing():
    assert judged(split_series(4.0), DAILY, actions=KNOWN).defects.height == 0
    assert judged(split_series(1.0), SPLIT_ADJUSTED, actions=KNOWN).defects.height == 0
    small = [Split("A", date(2024, 1, 31), Decimal("1.0027"))]
    assert judged(split_series(1.0), actions=small).defects.height == 0
    dividend = [CashDividend("A", date(2024, 1, 31), Decimal("0.5"))]
    assert judged(split_series(1.0), actions=dividend).defects.height == 0


def test_raw_prices_that_stand_on_no_tick_look_adjusted():
    odd = pl.col("open", "high", "low", "close") * 0.8723114
    table = one(DAILY, "A", 60).with_columns(odd)
    report = judged(table)
    assert report.counts() == {DefectKind.TICK: 1}
    assert "declared raw, but" in the_line(report)
    assert report.good.height == 60
    assert judged(table, SPLIT_ADJUSTED).defects.height == 0


def test_prices_that_went_through_float32_or_are_in_sixteenths_are_on_a_tick():
    table = one(DAILY, "A", 60)
    rounded = table.with_columns(pl.col("open", "high", "low", "close").cast(pl.Float32))
    assert judged(rounded.cast(table.schema)).defects.height == 0
    old = flat(grid(DAILY, 60), "A", 20 + np.arange(60) / 16)
    assert judged(old).defects.height == 0


def shifted(table: pl.DataFrame, hours: float) -> pl.DataFrame:
    return table.with_columns(pl.col("ts") + pl.duration(minutes=round(hours * 60)))


@pytest.mark.parametrize(("first", "ahead"), [("2024-01-02", -5), ("2024-07-08", -4)])
def test_new_york_time_passed_off_as_utc_is_noticed(first, ahead):
    report = judged(shifted(one(MINUTES, "A", 780, first=first), ahead), MINUTES)
    assert DefectKind.CLOCK in report.counts()
    assert "New York time" in next(report.lines(DefectKind.CLOCK, 1))


def test_stamps_at_the_ends_of_bars_are_noticed():
    report = judged(shifted(one(MINUTES, "A", 390 * 6), 1 / 60), MINUTES)
    assert DefectKind.CLOCK in report.counts()
    assert "the ends of bars" in next(report.lines(DefectKind.CLOCK, 1))


def test_full_hours_with_a_bar_after_the_close_are_no_ends_of_bars():
    known = [ns(f"2024-01-{d:02}T{h}:00") for d in (2, 3, 4, 5, 8, 9) for h in range(14, 23)]
    report = judged(flat(np.array(known), "A", 50.0), HOURS)
    assert found(report) == []
    assert report.outside == 12


@pytest.mark.parametrize(
    ("spec", "step"), [(CRYPTO, 8), (CRYPTO, 24), (MINUTES, 5), (MINUTES, 60), (DAILY, 5)]
)
def test_bars_of_a_larger_time_frame_than_declared_are_noticed(spec, step):
    table = one(spec, "A", 390 * 5)[::step]
    report = judged(table, spec)
    assert f"stand {step} windows of {spec.timeframe} apart" in next(
        report.lines(DefectKind.CLOCK, 1)
    )


def test_bars_that_are_missing_here_and_there_are_of_the_declared_time_frame():
    table = one(MINUTES, "A", 2000)
    kept = np.random.default_rng(0).random(2000) < 0.3
    report = judged(table.filter(pl.Series(kept)), MINUTES)
    assert set(report.counts()) == {DefectKind.GAP}


FAULTS = {
    "nan": {"close": np.nan},
    "price": {"low": -1.0},
    "range": {"high": 0.01},
    "volume": {"volume": -2.0},
}


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    spec=st.sampled_from([DAILY, MINUTES, HOURS, CRYPTO]),
    faults=st.dictionaries(st.integers(0, 119), st.sampled_from(sorted(FAULTS)), max_size=8),
    extra=st.lists(st.integers(0, 119), max_size=3, unique=True),
)
def test_check_names_what_was_planted_and_nothing_else(seed, spec, faults, extra):
    table = clean(spec, ("A", "B", "C"), 40, seed)
    spoiled = table
    for row, kind in faults.items():
        spoiled = planted(spoiled, row, **FAULTS[kind])
    spoiled = pl.concat([spoiled, spoiled[extra]]).sort("symbol", "ts", maintain_order=True)
    report = judged(spoiled, spec)
    refused = report.defects.filter(
        (pl.col("severity") == Severity.REFUSE) & (pl.col("kind") != "duplicate")
    )
    expected = [
        (kind, table["symbol"][row], table["ts"][row])
        for row, kind in faults.items()
        for _ in range(1 + (row in extra))
    ]
    assert sorted(refused.select("kind", "symbol", "ts").rows()) == sorted(expected)
    doubles = report.defects.filter(pl.col("kind") == "duplicate")
    assert doubles.height == len(extra)
    assert report.good.equals(table[sorted(set(range(120)) - set(faults))])
    assert report.good.height + report.bad.height == spoiled.height
    assert set(report.counts()) - {DefectKind.GAP, DefectKind.DUPLICATE} == set(faults.values())


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), lost=st.sets(st.integers(1, 58), max_size=12))
def test_every_gap_is_named_with_its_length(seed, lost):
    table = one(DAILY, "A", 60, seed)
    kept = sorted(set(range(60)) - lost)
    report = judged(table[kept])
    gaps = report.defects.filter(pl.col("kind") == "gap")
    missing = [int(detail.split()[0]) for detail in gaps["detail"]]
    assert missing == [b - a - 1 for a, b in pairwise(kept) if b - a > 1]
    assert sum(missing) == len(lost)


def test_a_million_rows_are_judged_in_seconds():
    whole = pl.concat([one(DAILY, f"S{k}", 2500, k, "2010-01-04") for k in range(4)])
    table = pl.concat([whole.with_columns(symbol=pl.col("symbol") + f"-{k}") for k in range(100)])
    assert judged(table).good.height == 1_000_000
