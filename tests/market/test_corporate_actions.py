"""Corporate actions: what a table may say, and where on the tape it happens."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenlight.domain import (
    AssetClass,
    CashDividend,
    CashMerger,
    CorporateAction,
    Delisting,
    Happening,
    Instrument,
    SpinOff,
    Split,
    StockMerger,
    TickerChange,
    Timeframe,
    UserError,
)
from greenlight.market.action_tables import read_actions, read_dividends, read_splits
from greenlight.market.actions import applicable_actions, checked_actions
from greenlight.market.bars import Adjustment, Bars
from greenlight.market.happenings import action_id, happenings
from greenlight.market.history import History
from greenlight.market.sectors import Sectors
from greenlight.market.tables import day_number

START = date(2020, 1, 6)  # a Monday
FIRST = day_number(START)
DAY_NS = 86_400_000_000_000


def day(number: int) -> date:
    return START + timedelta(days=number)


def table(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_text(text)
    return path


def block(symbols: tuple[str, ...], days: list[int], bars_a_day: int = 1) -> Bars:
    session = FIRST + np.repeat(np.array(days, dtype=np.int64), bars_a_day)
    width = DAY_NS // bars_a_day
    open_ts = session * DAY_NS + np.tile(np.arange(bars_a_day, dtype=np.int64), len(days)) * width
    price = np.full((len(session), len(symbols)), 10.0)
    return Bars(
        calendar="24/7",
        timeframe=Timeframe.D1 if bars_a_day == 1 else Timeframe.H4,
        adjustment=Adjustment.RAW,
        symbols=symbols,
        open_ts=open_ts,
        close_ts=open_ts + width,
        session=session,
        open=price,
        high=price,
        low=price,
        close=price,
        volume=price,
    )


def history(*blocks: Bars, actions: tuple[CorporateAction, ...] = ()) -> History:
    symbols = [symbol for b in blocks for symbol in b.symbols]
    instruments = {s: Instrument(s, AssetClass.EQUITY, "24/7") for s in symbols}
    return History(blocks=blocks, instruments=instruments, actions=actions)


def tape_columns(*blocks: Bars) -> tuple[np.ndarray, np.ndarray]:
    """Session and first column of each row, in order of close, as the engine lays them out."""
    offsets = np.cumsum([0] + [len(b.symbols) for b in blocks])[:-1]
    close_ts = np.concatenate([b.close_ts for b in blocks])
    order = np.argsort(close_ts, kind="stable")
    first = np.concatenate([np.full(b.count, at) for b, at in zip(blocks, offsets, strict=True)])
    return np.concatenate([b.session for b in blocks])[order], first[order]


def test_a_split_table_is_read_and_a_rounded_factor_becomes_the_whole_number(
    tmp_path: Path,
) -> None:
    text = (
        "symbol,ex_date,ratio\n"
        "AAPL,2014-06-09,6.999997\nUSO,2020-04-29,0.125\nPFE,2020-11-17,1.054\nX,2001-01-01,0.333332\n"
    )
    by_symbol = {a.symbol: a for a in read_splits(table(tmp_path, text))}
    assert by_symbol["AAPL"] == Split("AAPL", date(2014, 6, 9), Decimal(7))
    assert by_symbol["USO"].ratio == Decimal("0.125")  # type: ignore[union-attr]  # a Split
    assert by_symbol["PFE"].ratio == Decimal("1.054")  # type: ignore[union-attr]  # a Split
    assert abs(by_symbol["X"].ratio * 3 - 1) < Decimal("1e-20")  # type: ignore[union-attr]  # a Split


def test_a_table_of_last_sessions_before_means_the_day_after(tmp_path: Path) -> None:
    text = "symbol,last_session_before,amount\nSPY,2020-03-20,1.40556\n"
    assert read_dividends(table(tmp_path, text)) == (
        CashDividend("SPY", date(2020, 3, 21), Decimal("1.40556")),
    )


def test_dividends_and_splits_side_by_side_hold_no_action_where_they_say_zero(
    tmp_path: Path,
) -> None:
    text = "symbol,ex_date,dividend,split_ratio\nA,2020-03-30,0.18,0.0\nT,2020-08-31,0.0,5.0\n"
    assert read_actions(table(tmp_path, text)) == (
        CashDividend("A", date(2020, 3, 30), Decimal("0.18")),
        Split("T", date(2020, 8, 31), Decimal(5)),
    )


def test_a_general_table_holds_every_kind(tmp_path: Path) -> None:
    text = (
        "symbol,ex_date,kind,ratio,cash,other,basis_share\n"
        "A,2020-01-06,split,2,,,\n"
        "B,2020-01-06,dividend,,0.5,,\n"
        "C,2020-01-06,ticker_change,,,CC,\n"
        "D,2020-01-06,cash_merger,,12.5,,\n"
        "E,2020-01-06,stock_merger,0.5,,A,\n"
        "F,2020-01-06,spin_off,0.25,,A,0.3\n"
        "G,2020-01-06,delisting,,,,\n"
        "H,2020-01-06,delisting,,0,,\n"
    )
    assert read_actions(table(tmp_path, text)) == (
        Split("A", START, Decimal(2)),
        CashDividend("B", START, Decimal("0.5")),
        TickerChange("C", START, "CC"),
        CashMerger("D", START, Decimal("12.5")),
        StockMerger("E", START, "A", Decimal("0.5"), Decimal(0)),
        SpinOff("F", START, "A", Decimal("0.25"), Decimal("0.3")),
        Delisting("G", START, None),
        Delisting("H", START, Decimal(0)),
    )


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ("A,2020-01-06,spilt,2,,,", "line 2: unknown kind spilt: did you mean split"),
        ("A,2020-01-06,split,,,,", "line 2: a split needs ratio"),
        ("A,2020-01-06,split,0,,,", "split of A on 2020-01-06: ratio 0 is not above zero"),
        ("A,2020-01-06,split,-2,,,", "split of A on 2020-01-06: ratio -2 is not above zero"),
        ("A,2020-01-06,dividend,,0,,", "dividend of A on 2020-01-06: amount 0 is not above zero"),
        ("A,2020-01-06,spin_off,1,,B,1.5", r"share of the basis 1.5 is not in \[0, 1\)"),
        ("A,2020-01-06,stock_merger,1,,A,", "the other symbol is its own"),
        ("A,2020-01-06,stock_merger,1,-3,B,", "cash -3 is below zero"),
        ("A,2020-01-06,delisting,,-3,,", "proceeds -3 are below zero"),
        ("A,2020-01-06,stock_merger,1,,,", "a stock_merger needs other, the acquirer"),
        ("A,06.01.2020,split,2,,,", "line 2: ex_date '06.01.2020' is not a date"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(tmp_path: Path, row: str, line: str) -> None:
    path = table(tmp_path, f"symbol,ex_date,kind,ratio,cash,other,basis_share\n{row}\n")
    with pytest.raises(UserError, match=line) as caught:
        read_actions(path)
    assert str(path) in str(caught.value)


def test_the_same_kind_twice_on_one_day_is_refused_and_two_kinds_are_not() -> None:
    dividend = CashDividend("A", START, Decimal(1))
    with pytest.raises(UserError, match="dividend of A on 2020-01-06 stands twice"):
        checked_actions([dividend, replace(dividend, amount=Decimal(2))])
    both = checked_actions([dividend, Split("A", START, Decimal(2))])
    assert [type(a) for a in both] == [Split, CashDividend]


@pytest.mark.parametrize(
    ("adjustment", "action", "refused"),
    [
        (Adjustment.RAW, Split("A", START, Decimal(2)), False),
        (Adjustment.SPLIT, Split("A", START, Decimal(2)), True),
        (Adjustment.SPLIT, CashDividend("A", START, Decimal(2)), False),
        (Adjustment.TOTAL, Split("A", START, Decimal(2)), True),
        (Adjustment.TOTAL, CashDividend("A", START, Decimal(2)), True),
        (Adjustment.TOTAL, Delisting("A", START), False),
    ],
)
def test_an_action_that_the_prices_hold_already_is_refused(
    adjustment: Adjustment, action: CorporateAction, refused: bool
) -> None:
    bars = replace(block(("A",), [0, 1]), adjustment=adjustment)
    assert applicable_actions([action], adjustment) == (() if refused else (action,))
    if refused:
        with pytest.raises(
            UserError, match=f"of A on 2020-01-06: its prices are declared {adjustment}"
        ):
            history(bars, actions=(action,))
    else:
        assert history(bars, actions=(action,)).actions == (action,)


def test_an_action_happens_in_the_first_row_of_its_block_on_or_after_its_day() -> None:
    hourly, daily = block(("A", "B"), [0, 1, 4], bars_a_day=6), block(("X",), [0, 1, 2, 3, 4])
    actions = (
        Split("A", day(1), Decimal(2)),
        CashDividend("B", day(2), Decimal("0.25")),  # no session of its block until day 4
        CashDividend("X", day(2), Decimal(1)),
        Delisting("X", day(4)),
        Split("X", day(-1), Decimal(3)),  # before anyone could hold it
        Split("X", day(9), Decimal(3)),  # after the last bar
        Split("ZZZ", day(1), Decimal(3)),  # not in this history
        TickerChange("A", day(1), "AA"),
    )
    session, first = tape_columns(hourly, daily)
    rows = happenings(history(hourly, daily, actions=actions), session, first)
    seen = [
        (session[row] - FIRST, first[row], symbol, kind, a) for row, _, symbol, kind, a, *_ in rows
    ]
    assert seen[:3] == [
        (1, 0, 0, Happening.SPLIT, 2.0),
        (2, 2, 2, Happening.DIVIDEND, 1.0),
        (4, 0, 1, Happening.DIVIDEND, 0.25),
    ]
    assert seen[3][:4] == (4, 2, 2, Happening.DELIST)
    assert np.isnan(seen[3][4])
    for row, _, symbol, *_ in rows:
        before = (first[:row] == first[row]) & (session[:row] == session[row])
        assert not before.any(), f"not the first row of the day for symbol {symbol}"


def test_mergers_and_spin_offs_name_the_other_column_and_need_it() -> None:
    bars = block(("A", "B", "C"), [0, 1, 2])
    actions = (
        StockMerger("A", day(1), "C", Decimal("0.5"), Decimal(3)),
        SpinOff("B", day(1), "A", Decimal(2), Decimal("0.1")),
        CashMerger("B", day(2), Decimal(7)),
    )
    past = history(bars, actions=actions)
    rows = happenings(past, *tape_columns(bars))
    assert [(kind, a, b, c) for *_, kind, a, b, c in rows[:2]] == [
        (Happening.SPIN_OFF, 0.0, 2.0, 0.1),
        (Happening.STOCK_MERGER, 2.0, 0.5, 3.0),
    ]
    assert (rows[2][3], rows[2][4]) == (Happening.CASH_MERGER, 7.0)
    alone = past.only(["A", "B"])
    with pytest.raises(
        UserError, match="stock_merger of A on 2020-01-07 leads to C, which has no bars"
    ):
        happenings(alone, *tape_columns(*alone.blocks))


days_of_actions = st.lists(st.integers(-2, 12), unique=True, max_size=5)


@given(
    splits=days_of_actions,
    dividends=days_of_actions,
    sessions=st.sets(st.integers(0, 10), min_size=1),
)
def test_every_action_within_the_tape_happens_once_in_order_with_growing_ids(
    splits: list[int], dividends: list[int], sessions: set[int]
) -> None:
    bars = block(("A",), sorted(sessions))
    actions = (
        *(CashDividend("A", day(n), Decimal(1)) for n in dividends),
        *(Split("A", day(n), Decimal(2)) for n in splits),
    )
    rows = happenings(history(bars, actions=actions), *tape_columns(bars))
    within = [n for n in (*splits, *dividends) if min(sessions) <= n <= max(sessions)]
    assert len(rows) == len(within)
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    ids = [row[1] for row in rows]
    assert all(a < b for a, b in pairwise(ids))


def test_the_id_of_an_action_does_not_depend_on_what_else_there_is() -> None:
    old = Split("A", date(1962, 5, 1), Decimal(2))
    assert 0 < action_id(old) < action_id(CashDividend("A", date(1962, 5, 1), Decimal(2)))


def test_a_sector_that_changes_happens_in_the_first_row_of_its_day_and_the_first_one_does_not() -> (
    None
):
    bars = block(("A", "B"), [0, 1, 4, 5])
    spans = [
        ("A", "Tech", day(-900), day(2)),
        ("A", "Energy", day(2), None),
        ("B", "Tech", day(5), None),
    ]
    made = replace(history(bars), sectors=Sectors.of(spans))
    assert made.sector_numbers() == {"Energy": 0, "Tech": 1}
    rows = happenings(made, *tape_columns(bars))
    assert [(row, symbol, kind, a) for row, _, symbol, kind, a, _, _ in rows] == [
        (2, 0, Happening.SECTOR, 0.0),
        (3, 1, Happening.SECTOR, 1.0),
    ]
