"""Refusals at the start of a bot: a clock that is wrong, symbols that the feed does not know."""

import asyncio
from decimal import Decimal

import numpy as np
import pytest

from greenlight.domain import (
    AssetClass,
    BarTime,
    Holding,
    Instrument,
    Timeframe,
    UserError,
)
from greenlight.live import Block, BlockRow, Universe
from greenlight.wiring.starting import check_clock, check_known

NS = 1_000_000_000
NOON = 1_710_000_000 * NS


class Told:
    """A broker whose clock says what it is told to say."""

    name = "alpaca"

    def __init__(self, ts):
        self.ts = ts

    async def now(self):
        return self.ts


def ticking(*times):
    return iter(times).__next__


def check(theirs, *ours, skew_s=5.0):
    asyncio.run(check_clock(Told(theirs), ticking(*ours), skew_s))


def test_a_clock_that_agrees_passes_however_slow_the_answer_is():
    check(NOON, NOON, NOON)
    check(NOON + 20 * NS, NOON, NOON + 60 * NS)
    check(NOON + 5 * NS, NOON, NOON)


@pytest.mark.parametrize(("off_s", "words"), [(90, "90 s behind"), (-90, "90 s ahead of")])
def test_a_clock_that_is_wrong_is_refused_and_the_way_out_named(off_s, words):
    with pytest.raises(UserError, match=f"{words} that of alpaca; set it") as caught:
        check(NOON + off_s * NS, NOON, NOON)
    assert "\n" not in str(caught.value)


def test_the_skew_that_is_allowed_is_the_users():
    with pytest.raises(UserError):
        check(NOON + 6 * NS, NOON, NOON)
    check(NOON + 6 * NS, NOON, NOON, skew_s=10.0)


def universe(*names):
    ones = tuple(Instrument(name, AssetClass.EQUITY, "XNYS") for name in names)
    return Universe((Block("XNYS", Timeframe.M5, 0, ones),))


def row(*closes):
    values = np.array(closes)
    return BlockRow(0, BarTime(NOON, NOON + 300 * NS, 1, 1), values, values, values, values, values)


def test_symbols_that_the_feed_has_bars_of_pass_even_if_not_in_every_one():
    check_known(universe("A", "B"), [row(1.0, np.nan), row(np.nan, 2.0)], {})


def test_a_symbol_without_a_single_bar_is_refused_by_name():
    with pytest.raises(UserError, match="no past bars of NOSUCH; check data"):
        check_known(universe("A", "NOSUCH"), [row(1.0, np.nan)], {})


def test_one_that_is_held_must_be_looked_after_bars_or_not():
    held = Holding("GONE", Decimal(5), Decimal(10))
    check_known(universe("A", "GONE"), [row(1.0, np.nan)], {"GONE": held})


def test_of_many_unknown_symbols_the_first_are_named():
    names = [f"N{n}" for n in range(9)]
    with pytest.raises(UserError, match="N0, N1, N2, N3, N4 and others; check"):
        check_known(universe(*names), [], {})
