"""Stored bars as a market: the path through each, bars of other lengths, nothing ahead of time."""

from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from exchange_market import DAY, OPEN, SECOND, market
from hypothesis import given, settings
from hypothesis import strategies as st

from greenlight.brokers.exchange import Tape
from greenlight.brokers.exchange.adjusting import adjusted
from greenlight.brokers.exchange.shifting import shifted
from greenlight.brokers.exchange.tape import Span
from greenlight.domain import CashDividend, Split, Timeframe, UserError
from greenlight.market import Adjustment, BarSpec, History, from_arrays, sample

CLOSE = OPEN + 6 * 3_600 * SECOND + 1_800 * SECOND
MINUTE, DAILY = Span(1, "Min"), Span(1, "Day")


def _ticks_of_first_day(tape, symbol="SPY"):
    found = []
    for tick in tape.ticks(OPEN):
        if tick.ts >= CLOSE:
            return found
        if tick.symbol == symbol:
            found.append(tick)
    return found


@settings(max_examples=40, deadline=None)
@given(
    st.floats(90, 110), st.floats(90, 110), st.floats(0, 5), st.floats(0, 5), st.integers(30, 7_200)
)
def test_a_bar_is_walked_from_open_to_close_and_touches_both_extremes(o, c, up, down, step_s):
    opened, close = round(o, 2), round(c, 2)
    high, low = round(max(o, c) + up, 2), round(min(o, c) - down, 2)
    row = [np.array([[value]]) for value in (opened, high, low, close)]
    spec = BarSpec("XNYS", Timeframe.D1, Adjustment.RAW)
    block = from_arrays(spec, ("SPY",), np.array([OPEN // DAY * DAY]), tuple(row))
    tape = Tape(History((block,), market().instruments), step_s)
    ticks = list(tape.ticks(OPEN))
    prices = [float(tick.price) for tick in ticks]
    assert (prices[0], prices[-1]) == (opened, close)
    assert (max(prices), min(prices)) == (high, low)
    assert [tick.is_gap for tick in ticks] == [True] + [False] * (len(ticks) - 1)
    times = [tick.ts for tick in ticks]
    assert times == sorted(set(times))
    assert times[0] == OPEN
    assert CLOSE - SECOND < times[-1] < CLOSE
    cells = tape.bars("SPY", MINUTE, (OPEN, CLOSE), CLOSE)
    assert len(cells.ts) == 390
    assert (cells.open[0], cells.close[-1]) == (opened, close)
    assert (cells.high.max(), cells.low.min()) == (high, low)
    assert cells.volume.sum() == pytest.approx(1_000_000)


def test_a_bar_of_any_length_is_made_of_the_minutes_in_it():
    tape = Tape(market())
    minutes = tape.bars("SPY", MINUTE, (OPEN, CLOSE), CLOSE)
    quarter = tape.bars("SPY", Span(15, "Min"), (OPEN, CLOSE), CLOSE)
    assert len(quarter.ts) == 26
    assert quarter.high[3] == minutes.high[45:60].max()
    assert quarter.volume.sum() == pytest.approx(minutes.volume.sum())


def test_the_bar_in_progress_is_as_far_as_time_has_come():
    tape = Tape(market())
    now = OPEN + 3_600 * SECOND
    day = tape.bars("SPY", DAILY, (OPEN - 3 * DAY, now), now)
    minutes = tape.bars("SPY", MINUTE, (OPEN, now), now)
    assert day.close[-1] == minutes.close[-1]
    assert day.volume[-1] == pytest.approx(minutes.volume.sum())
    later = tape.bars("SPY", DAILY, (OPEN - 3 * DAY, now), CLOSE)
    assert later.volume[-1] > day.volume[-1]


def test_days_weeks_and_months_begin_at_midnight_in_new_york_and_coins_days_in_utc():
    tape, now = Tape(market()), OPEN + 9 * DAY
    reach = (OPEN - 5 * DAY, now)
    assert int(tape.bars("SPY", DAILY, reach, now).ts[0]) % DAY == 5 * 3_600 * SECOND
    week = tape.bars("SPY", Span(1, "Week"), reach, now)
    assert np.all((week.ts // DAY + 3) % 7 == 0)  # Mondays
    assert np.all(tape.bars("BTC/USD", DAILY, reach, now).ts % DAY == 0)
    month = tape.bars("SPY", Span(1, "Month"), (OPEN - 40 * DAY, now), now)
    assert str(np.datetime64(int(month.ts[-1]), "ns"))[:10] == "2024-03-01"


def test_adjusted_bars_know_only_actions_that_have_happened():
    tape = Tape(market())
    now = OPEN + 3 * DAY
    cells = tape.bars("SPY", DAILY, (OPEN - 5 * DAY, now), now)
    ahead = [Split("SPY", date(2024, 3, 11), Decimal(2))]
    assert adjusted(cells, ahead, "split", now) is cells
    done = [Split("SPY", date(2024, 3, 5), Decimal(2))]
    half = adjusted(cells, done, "split", now)
    before = cells.ts // DAY < 19_787
    assert np.allclose(half.close[before], cells.close[before] / 2, atol=1e-4)
    assert np.array_equal(half.close[~before], cells.close[~before])
    paid = [CashDividend("SPY", date(2024, 3, 5), Decimal(5))]
    factor = 1 - 5 / cells.close[before][-1]
    assert np.allclose(adjusted(cells, paid, "all", now).open[before], cells.open[before] * factor)


def test_days_told_as_others_keep_their_prices_and_the_hours_of_their_calendar():
    day, onto = OPEN // DAY, 20_000  # 2024-10-04
    history = shifted(market(), day, onto)
    stocks, coins = history.blocks
    at = int(np.searchsorted(stocks.session, onto))
    was = market().blocks[0]
    before = int(np.searchsorted(was.session, day))
    assert np.array_equal(stocks.close[at:], was.close[before:])
    assert int(stocks.open_ts[at]) % DAY == (13 * 60 + 30) * 60 * SECOND  # summer time
    assert int(coins.session[0]) - int(market().blocks[1].session[0]) == onto - day
    with pytest.raises(UserError, match="only a session"):
        shifted(market(), day, onto + 1)


def test_the_sample_can_be_told_as_any_other_day():
    history = sample().only(["AAPL"])
    moved = shifted(history, 18_323, 20_000)  # 2020-03-02
    row = int(np.searchsorted(moved.blocks[0].session, 20_000))
    was = int(np.searchsorted(history.blocks[0].session, 18_323))
    assert moved.blocks[0].close[row, 0] == history.blocks[0].close[was, 0]
