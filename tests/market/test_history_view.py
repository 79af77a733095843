"""History is everything; a View is what one symbol's strategy may know of it by a given bar."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenlight.domain import (
    AssetClass,
    CashDividend,
    CorporateAction,
    Fact,
    Instrument,
    SpinOff,
    Split,
    Timeframe,
    UserError,
)
from greenlight.market.adjust import forward_factors
from greenlight.market.bars import Adjustment, Bars
from greenlight.market.facts import Facts
from greenlight.market.history import History
from greenlight.market.membership import Membership
from greenlight.market.sectors import Sectors
from greenlight.market.tables import day_number
from greenlight.market.view import views

NAN = float("nan")
DAY_NS = 86_400_000_000_000
START = date(2020, 1, 1)
FIRST = day_number(START)


def daily(
    symbols: tuple[str, ...], close: list[list[float]] | np.ndarray, calendar: str = "24/7"
) -> Bars:
    values = np.array(close, dtype=np.float64)
    session = FIRST + np.arange(len(values), dtype=np.int64)
    arrays = [values.copy() for _ in range(4)]
    return Bars(
        calendar=calendar,
        timeframe=Timeframe.D1,
        adjustment=Adjustment.RAW,
        symbols=symbols,
        open_ts=session * DAY_NS,
        close_ts=(session + 1) * DAY_NS,
        session=session,
        open=arrays[0],
        high=arrays[1],
        low=arrays[2],
        close=arrays[3],
        volume=np.where(np.isnan(values), np.nan, 100.0),
    )


def history(*blocks: Bars, **more: object) -> History:
    symbols = [symbol for block in blocks for symbol in block.symbols]
    instruments = {s: Instrument(s, AssetClass.CRYPTO, "24/7") for s in symbols}
    return History(blocks=blocks, instruments=instruments, **more)  # type: ignore[arg-type]


def day(number: int) -> date:
    return START + timedelta(days=number)


def end_of(number: int) -> int:
    return (FIRST + number + 1) * DAY_NS


def test_a_symbol_in_two_blocks_or_without_an_instrument_is_refused() -> None:
    with pytest.raises(UserError, match="A stands in two blocks"):
        history(daily(("A",), [[1.0]]), daily(("A",), [[1.0]]))
    with pytest.raises(UserError, match="A has bars but no instrument"):
        History(blocks=(daily(("A",), [[1.0]]),), instruments={})


def test_an_unknown_symbol_is_answered_with_the_nearest() -> None:
    past = history(daily(("AAPL", "MSFT"), [[1.0, 2.0]]))
    with pytest.raises(UserError, match="unknown symbol APPL: did you mean AAPL"):
        past.only(["APPL"])
    with pytest.raises(UserError, match="unknown symbol msft: did you mean MSFT"):
        past.block_of("msft")
    with pytest.raises(UserError, match="unknown symbol ZZZ: known are AAPL, MSFT"):
        past.only(["ZZZ"])
    with pytest.raises(UserError, match="no symbol was chosen"):
        past.only([])


def test_a_subset_keeps_its_columns_its_actions_and_the_rows_it_has_bars_in() -> None:
    past = history(
        daily(("A", "B", "C"), [[1.0, 2.0, 3.0], [NAN, 5.0, NAN], [7.0, 8.0, 9.0]]),
        daily(("D",), [[1.0]]),
        actions=(Split("A", day(2), Decimal(2)), Split("B", day(2), Decimal(3))),
    )
    part = past.only(["C", "A"])
    assert part.symbols == ("A", "C")
    assert part.blocks[0].close.tolist() == [[1.0, 3.0], [7.0, 9.0]]
    assert part.blocks[0].session.tolist() == [FIRST, FIRST + 2]
    assert [action.symbol for action in part.actions] == ["A"]
    assert set(part.instruments) == {"A", "C"}


def test_between_keeps_both_ends_and_says_what_there_is_when_nothing_is_left() -> None:
    past = history(daily(("A",), [[1.0], [2.0], [3.0], [4.0]]))
    assert past.between(day(1), day(2)).blocks[0].close[:, 0].tolist() == [2.0, 3.0]
    assert past.between(None, None).blocks[0].count == 4
    with pytest.raises(
        UserError,
        match=r"no bars from 2031-01-01 to the end; there are bars from 2020-01-01 to 2020-01-04",
    ):
        past.between(date(2031, 1, 1), None)


def test_the_fingerprint_changes_with_every_part_and_with_nothing_else() -> None:
    block = daily(("A", "B"), [[1.0, 2.0], [NAN, 3.0]])
    base = history(block, source="one place")
    changed = {
        "nothing": base,
        "price": history(daily(("A", "B"), [[1.0, 2.0], [NAN, 3.5]])),
        "symbol": history(daily(("A", "C"), [[1.0, 2.0], [NAN, 3.0]])),
        "closes_only": history(replace(block, closes_only=True)),
        "adjustment": history(replace(block, adjustment=Adjustment.TOTAL)),
        "session": history(replace(block, session=block.session - 1)),
        "action": replace(base, actions=(Split("A", day(1), Decimal(2)),)),
        "ratio": replace(base, actions=(Split("A", day(1), Decimal(3)),)),
        "fact": replace(base, facts=Facts.of([Fact("s", "k", 1, 2, 3.0)])),
        "fact_time": replace(base, facts=Facts.of([Fact("s", "k", 1, 3, 3.0)])),
        "member": replace(base, membership=Membership.of([("A", day(0), None)])),
        "sector": replace(base, sectors=Sectors.of([("A", "Energy", day(0), None)])),
        "reference": replace(base, references=(daily(("SPX",), [[1.0]]),)),
        "instrument": replace(
            base,
            instruments={**base.instruments, "A": Instrument("A", AssetClass.EQUITY, "XNYS")},
        ),
    }
    prints = {name: past.fingerprint() for name, past in changed.items()}
    assert len(set(prints.values())) == len(prints)
    same = history(daily(("A", "B"), [[1.0, 2.0], [-NAN, 3.0]]), source="another place")
    assert same.fingerprint() == base.fingerprint()
    twice = replace(base, actions=(Split("A", day(1), Decimal("2.0")),))
    assert twice.fingerprint() == prints["action"]


def test_a_view_has_its_own_bars_without_holes_and_their_row_numbers() -> None:
    past = history(daily(("A", "B", "C"), [[1.0, NAN, NAN], [NAN, 5.0, NAN], [7.0, 8.0, NAN]]))
    seen = {view.symbol: (column, view, rows) for column, view, rows in views(past, past.blocks[0])}
    assert set(seen) == {"A", "B"}  # C has no bar at all
    column, view, rows = seen["A"]
    assert (column, rows.tolist(), view.close.tolist()) == (0, [0, 2], [1.0, 7.0])
    assert view.close_ts.tolist() == [end_of(0), end_of(2)]


def test_a_view_cannot_be_written_to() -> None:
    past = history(daily(("A",), [[1.0], [2.0]]))
    ((_, view, _),) = views(past, past.blocks[0])
    for array in (view.close, view.volume, view.close_ts, view.until(1).close, view.last(1).open):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 9


def test_a_split_changes_neither_the_adjusted_price_nor_the_adjusted_volume() -> None:
    block = daily(("A",), [[100.0], [102.0], [26.0]])
    block = replace(block, volume=np.array([[10.0], [10.0], [40.0]]))
    past = history(block, actions=(Split("A", day(2), Decimal(4)),))
    ((_, view, _),) = views(past, past.blocks[0])
    assert view.close.tolist() == [100.0, 102.0, 104.0]
    assert view.volume.tolist() == [10.0, 10.0, 10.0]


def test_a_dividend_is_no_loss_and_on_a_split_day_it_is_paid_on_the_new_units() -> None:
    session = FIRST + np.arange(3, dtype=np.int64)
    price, _ = forward_factors(
        [CashDividend("A", day(1), Decimal(2))], "A", session, np.array([100.0, 98.0, 98.0])
    )
    np.testing.assert_allclose(price * [100.0, 98.0, 98.0], [100.0, 100.0, 100.0], rtol=1e-15)
    both = [CashDividend("A", day(1), Decimal(2)), Split("A", day(1), Decimal(2))]
    price, volume = forward_factors(both, "A", session, np.array([100.0, 48.0, 48.0]))
    np.testing.assert_allclose(price * [100.0, 48.0, 48.0], 100.0, rtol=1e-15)
    np.testing.assert_allclose(volume, [1.0, 0.5, 0.5])


def test_a_spin_off_takes_its_share_of_the_basis_out_of_the_price() -> None:
    session = FIRST + np.arange(2, dtype=np.int64)
    spin = SpinOff("A", day(1), "KID", Decimal(1), Decimal("0.25"))
    price, volume = forward_factors([spin], "A", session, np.array([100.0, 75.0]))
    np.testing.assert_allclose(price * [100.0, 75.0], 100.0)
    assert volume.tolist() == [1.0, 1.0]


def test_an_action_on_a_day_without_a_bar_counts_from_the_next_bar() -> None:
    session = FIRST + np.array([0, 3], dtype=np.int64)
    price, _ = forward_factors(
        [Split("A", day(1), Decimal(2))], "A", session, np.array([10.0, 5.0])
    )
    assert price.tolist() == [1.0, 2.0]


def test_actions_of_others_before_the_first_bar_or_after_the_last_change_nothing() -> None:
    session = FIRST + np.arange(3, dtype=np.int64)
    actions: list[CorporateAction] = [
        Split("B", day(1), Decimal(2)),
        Split("A", day(-50), Decimal(3)),
        Split("A", day(0), Decimal(5)),
        CashDividend("A", day(0), Decimal(1)),
        Split("A", day(3), Decimal(7)),
    ]
    price, volume = forward_factors(actions, "A", session, np.full(3, 10.0))
    assert price.tolist() == volume.tolist() == [1.0, 1.0, 1.0]


def test_a_dividend_as_large_as_the_price_is_refused() -> None:
    session = FIRST + np.arange(2, dtype=np.int64)
    with pytest.raises(UserError, match=r"dividend of A on 2020-01-02: 12 a unit is not below"):
        forward_factors([CashDividend("A", day(1), Decimal(12))], "A", session, np.full(2, 10.0))


def test_a_reference_is_read_as_of_each_close_and_adjusted_for_its_own_splits() -> None:
    index = daily(("SPX",), [[10.0], [NAN], [6.0]])
    late = replace(index, close_ts=index.close_ts + 1)  # closes a moment after the stock
    past = history(
        daily(("A",), [[1.0], [2.0], [3.0], [4.0]]),
        references=(late,),
        actions=(Split("SPX", day(2), Decimal(2)),),
    )
    ((_, view, _),) = views(past, past.blocks[0])
    np.testing.assert_array_equal(view.index("SPX"), [NAN, 10.0, 10.0, 12.0])
    assert np.isnan(view.index("NDX")).all()


def test_the_sector_of_a_bar_is_the_one_of_its_day() -> None:
    rows = [("A", "Energy", day(1), day(2)), ("A", "Utilities", day(2), None)]
    past = history(daily(("A", "B"), [[1.0, 1.0]] * 3), sectors=Sectors.of(rows))
    by_symbol = {view.symbol: view for _, view, _ in views(past, past.blocks[0])}
    assert by_symbol["A"].sector.tolist() == ["", "Energy", "Utilities"]
    assert by_symbol["B"].sector.tolist() == ["", "", ""]
    assert by_symbol["A"].until(2).background.sectors == ((FIRST + 1, "Energy"),)


def test_the_last_bars_differ_from_a_view_of_them_alone_by_one_scale_only() -> None:
    past = history(
        daily(("A",), [[100.0], [50.0], [51.0], [25.0]]),
        actions=(Split("A", day(1), Decimal(2)), Split("A", day(3), Decimal(2))),
    )
    ((_, whole, _),) = views(past, past.blocks[0])
    short = past.between(day(2), None)
    ((_, alone, _),) = views(short, short.blocks[0])
    ratio = whole.last(2).close / alone.close
    assert ratio[0] == ratio[1] == 2.0
    assert whole.last(9).count == 4


@st.composite
def markets(draw: st.DrawFn) -> History:
    count = draw(st.integers(1, 12))
    price = st.one_of(st.just(NAN), st.floats(50.0, 150.0))
    closes = draw(st.lists(st.tuples(price, price), min_size=count, max_size=count))
    days = st.integers(-1, count + 1)
    splits = draw(st.lists(st.tuples(days, st.sampled_from(["2", "0.5", "3"])), max_size=3))
    dividends = draw(st.lists(st.tuples(days, st.sampled_from(["0.5", "4"])), max_size=3))
    actions = (
        *(Split("A", day(n), Decimal(r)) for n, r in dict(splits).items()),
        *(CashDividend("A", day(n), Decimal(a)) for n, a in dict(dividends).items()),
    )
    lags = draw(
        st.lists(st.tuples(st.integers(0, count), st.integers(0, 4)), max_size=5, unique=True)
    )
    facts = sorted(
        (Fact("s", "k", end_of(n), end_of(n + lag), float(n)) for n, lag in lags),
        key=lambda f: (f.available_at, f.event_time),
    )
    sectors = [("A", str(n), day(n), None) for n in range(0, count + 2, 3)]
    return history(
        daily(("A", "B"), np.array(closes)),
        actions=actions,
        facts=Facts.of(facts),
        sectors=Sectors.of(sectors),
        references=(daily(("SPX",), np.arange(count + 2, dtype=np.float64)[:, None] + 1.0),),
    )


@settings(max_examples=150, deadline=None)
@given(past=markets(), data=st.data())
def test_a_view_cut_at_a_bar_is_the_view_of_a_world_that_ended_there(
    past: History, data: st.DataObject
) -> None:
    for _, view, rows in views(past, past.blocks[0]):
        count = data.draw(st.integers(1, view.count))
        end = day(int(rows[count - 1]))
        ended = replace(
            past.between(None, end),
            actions=tuple(action for action in past.actions if action.ex_date <= end),
            facts=past.facts.until(end_of(int(rows[count - 1]))),
            references=tuple(block for block in past.between(None, end).references),
        )
        now = {v.symbol: v for _, v, _ in views(ended, ended.blocks[0])}[view.symbol]
        cut = view.until(count)
        for name in ("open", "high", "low", "close", "volume", "close_ts", "session", "sector"):
            np.testing.assert_array_equal(getattr(cut, name), getattr(now, name))
            np.testing.assert_array_equal(getattr(cut, name), getattr(view, name)[:count])
        np.testing.assert_array_equal(cut.fact("k"), view.fact("k")[:count])
        np.testing.assert_array_equal(cut.fact("k"), now.fact("k"))
        np.testing.assert_array_equal(cut.index("SPX"), view.index("SPX")[:count])
        known = cut.background
        assert all(s.available_at.max() <= cut.close_ts[-1] for s in known.facts.series.values())
        assert all((ts <= cut.close_ts[-1]).all() for ts, _ in known.indices.values())
        assert all(session <= cut.session[-1] for session, _ in known.sectors)


def test_a_view_of_nothing_knows_nothing() -> None:
    past = history(daily(("A",), [[1.0]]), facts=Facts.of([Fact("s", "k", 1, 2, 3.0)]))
    ((_, view, _),) = views(past, past.blocks[0])
    assert view.until(0).count == 0
    assert view.until(0).background.facts.keys() == ()
