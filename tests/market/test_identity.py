"""A ticker is not an identity: it changes, and it passes to others."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from greenlight.domain import Delisting, Split, StockMerger, TickerChange, UserError
from greenlight.market.identity import TickerMap, read_ticker_map
from greenlight.market.tables import day_number

MAP = """security,last_date,ticker,exchange
FB.1,1999-09-29,FB,
FB.1,2003-03-28,FB,
FB,2012-05-18,FB,Q
FB,2050-12-31,FB,Q
WM,1998-01-02,UW,N
WM,1998-07-16,UW,N
WM,2009-08-04,WMI,N
WM,,WM,N
"""


@pytest.fixture
def lives(tmp_path: Path) -> TickerMap:
    (tmp_path / "map.csv").write_text(MAP)
    return read_ticker_map(tmp_path / "map.csv")


def sessions(*days: str) -> np.ndarray:
    return np.array([day_number(date.fromisoformat(d)) for d in days], dtype=np.int64)


def test_the_latest_holder_keeps_the_ticker_and_an_earlier_one_gets_the_year_it_began(
    lives: TickerMap,
) -> None:
    assert lives.ids == {"FB.1": "FB@1999", "FB": "FB", "WM": "WM"}
    named = lives.identify(
        ["FB"] * 4, sessions("1999-09-29", "2003-03-28", "2012-05-18", "2021-01-04")
    )
    assert named == ["FB@1999", "FB@1999", "FB", "FB"]


def test_one_instrument_is_followed_through_its_tickers(lives: TickerMap) -> None:
    days = sessions("1998-07-16", "1998-07-17", "2009-08-04", "2009-08-05")
    assert lives.identify(["UW", "WMI", "WMI", "WM"], days) == ["WM"] * 4
    assert lives.changes() == (
        TickerChange("WM", date(1998, 7, 17), "WMI"),
        TickerChange("WM", date(2009, 8, 5), "WM"),
    )


def test_bars_on_days_of_which_the_map_says_nothing_belong_to_somebody_else(
    lives: TickerMap,
) -> None:
    days = sessions("2008-09-25", "2005-01-03", "1999-01-04", "1999-01-04", "2020-01-02")
    named = lives.identify(["WM", "FB", "FB", "UW", "SPY"], days)
    assert named == ["WM@until-2009", "FB@until-2012", "FB@until-1999", "UW@after-1998", "SPY"]


def test_an_instrument_that_ended_is_delisted_with_unknown_proceeds(lives: TickerMap) -> None:
    assert lives.delistings() == (Delisting("FB@1999", date(2003, 3, 29), None),)


def test_actions_named_by_security_are_renamed_to_instruments(lives: TickerMap) -> None:
    day = date(2000, 1, 3)
    actions = (Split("FB.1", day, Decimal(2)), StockMerger("X", day, "FB.1", Decimal(1)))
    assert lives.renamed(actions) == (
        Split("FB@1999", day, Decimal(2)),
        StockMerger("X", day, "FB@1999", Decimal(1)),
    )


def test_a_ticker_that_two_securities_have_on_one_day_is_refused() -> None:
    rows = [
        ("A", date(2000, 1, 3), "T"),
        ("A", date(2005, 1, 3), "T"),
        ("B", date(2005, 1, 3), "T"),
        ("B", None, "T"),
    ]
    with pytest.raises(UserError, match="on 2005-01-03 T is both T@2000 and T"):
        TickerMap.of(rows)
    with pytest.raises(UserError, match="A has one row"):
        TickerMap.of(rows[:1])


def test_two_that_began_in_one_year_are_told_apart_by_the_day() -> None:
    rows = [
        ("A", date(2000, 1, 3), "T"),
        ("A", date(2000, 2, 1), "T"),
        ("B", date(2000, 3, 1), "T"),
        ("B", date(2000, 4, 3), "T"),
        ("C", date(2001, 1, 2), "T"),
        ("C", None, "T"),
    ]
    assert TickerMap.of(rows).ids == {"A": "T@2000-01-03", "B": "T@2000", "C": "T"}
