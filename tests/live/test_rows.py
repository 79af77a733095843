"""Bars of a feed into one row: checked at the door, folded, what comes late told apart."""

from math import inf, nan

import numpy as np
import pytest

from greenlight.domain import AssetClass, BarTime, FeedBar, Instrument, Timeframe
from greenlight.live.rows import Gathered, defect
from greenlight.live.universe import Block

MINUTE = 60_000_000_000
TIME = BarTime(600 * MINUTE, 660 * MINUTE, 20_000, 60 * MINUTE)


def gathered() -> Gathered:
    ones = tuple(Instrument(name, AssetClass.EQUITY, "XNYS") for name in ("A", "B"))
    return Gathered(0, Block("XNYS", Timeframe.H1, 0, ones), TIME)


def bar(name: str, minute: int, *prices: float, volume: float = 10.0) -> FeedBar:
    return FeedBar(name, minute * MINUTE, *prices, volume)


def test_minutes_are_folded_in_order_of_time_whatever_order_they_come_in():
    it = gathered()
    it.take([bar("A", 630, 5, 9, 4, 6), bar("A", 600, 2, 3, 1, 2.5), bar("A", 659, 6, 7, 6, 7)])
    row = it.row()
    assert [float(v[0]) for v in (row.open, row.high, row.low, row.close)] == [2, 9, 1, 7]
    assert row.volume[0] == 30.0
    assert np.isnan(row.close[1])
    assert row.missing(it.block) == ("B",)


def test_of_two_bars_with_one_stamp_the_first_counts():
    it = gathered()
    it.take([bar("A", 600, 2, 3, 1, 2), bar("A", 600, 9, 9, 9, 9)])
    assert it.row().close[0] == 2.0


def test_bars_of_other_times_and_symbols_do_not_get_in():
    it = gathered()
    it.take([bar("A", 599, 1, 1, 1, 1), bar("A", 660, 1, 1, 1, 1), bar("C", 610, 1, 1, 1, 1)])
    assert it.row().is_empty
    assert [one.open_ts // MINUTE for one in it.outside] == [599, 660]


@pytest.mark.parametrize(
    ("prices", "volume"),
    [
        ((nan, 1, 1, 1), 1),
        ((inf, inf, 1, 1), 1),
        ((1, 1, 0, 1), 1),
        ((1, 1, -1, 1), 1),
        ((2, 1, 1, 1), 1),
        ((1, 1, 1, 1), -1),
        ((1, 1, 1, 1), nan),
    ],
)
def test_a_bar_that_cannot_be_is_refused_with_its_reason(prices, volume):
    it = gathered()
    it.take([bar("A", 600, *prices, volume=volume)])
    assert it.row().is_empty
    assert it.refused[0][1] == defect(it.refused[0][0])
