"""Bar times by the calendar: half days, clock changes, weekends; elapsed as a tape counts it."""

from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np

from greenlight.domain import AssetClass, Instrument, Timeframe
from greenlight.live.timekeeping import Timekeeper
from greenlight.live.universe import Block, Universe, exact

HOUR = 3_600_000_000_000


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9


def keeper(calendar: str, timeframe: Timeframe, start: str) -> Timekeeper:
    kind = AssetClass.CRYPTO if calendar == "24/7" else AssetClass.EQUITY
    one = Instrument("A", kind, calendar)
    return Timekeeper(Universe((Block(calendar, timeframe, 0, (one,)),)), ns(start))


def test_a_moment_within_a_bar_belongs_to_it_and_its_close_to_the_next():
    times = keeper("XNYS", Timeframe.H1, "2024-03-07T00:00:00")
    bar = times.bar_time(0, ns("2024-03-07T15:00:00"))  # 10:00 in New York
    assert (bar.open_ts, bar.close_ts) == (ns("2024-03-07T14:30:00"), ns("2024-03-07T15:30:00"))
    assert times.bar_time(0, bar.close_ts).open_ts == bar.close_ts


def test_the_last_bar_of_a_session_is_cut_at_the_close():
    times = keeper("XNYS", Timeframe.H1, "2024-03-07T00:00:00")
    bar = times.bar_time(0, ns("2024-03-07T20:45:00"))
    assert (bar.open_ts, bar.close_ts) == (ns("2024-03-07T20:30:00"), ns("2024-03-07T21:00:00"))


def test_over_the_weekend_clocks_change_and_the_next_bar_opens_an_hour_earlier_in_utc():
    times = keeper("XNYS", Timeframe.H1, "2024-03-07T00:00:00")
    bar = times.bar_time(0, ns("2024-03-09T12:00:00"))  # a Saturday; summer time begins on Sunday
    assert bar.open_ts == ns("2024-03-11T13:30:00")
    assert bar.session == (date(2024, 3, 11) - date(1970, 1, 1)).days


def test_a_half_day_ends_at_one_in_the_afternoon():
    times = keeper("XNYS", Timeframe.D1, "2024-11-01T00:00:00")
    assert times.bar_time(0, ns("2024-11-29T15:00:00")).close_ts == ns("2024-11-29T18:00:00")
    assert not times.is_open(0, ns("2024-11-29T18:00:00"))
    assert times.is_open(0, ns("2024-11-29T17:59:59"))


def test_crypto_never_closes():
    times = keeper("24/7", Timeframe.H4, "2024-01-01T00:00:00")
    assert times.is_open(0, ns("2024-12-25T03:00:00"))
    assert times.bar_time(0, ns("2024-12-25T03:00:00")).close_ts == ns("2024-12-25T04:00:00")


def test_elapsed_counts_session_time_from_the_start_on():
    times = keeper("XNYS", Timeframe.H1, "2024-03-07T14:30:00")
    first = times.bar_time(0, ns("2024-03-07T14:30:00"))
    last = times.bar_time(0, ns("2024-03-07T20:59:00"))
    following = times.bar_time(0, ns("2024-03-08T14:30:00"))
    assert first.elapsed == HOUR
    assert last.elapsed == 6 * HOUR + HOUR // 2
    assert following.elapsed - last.elapsed == HOUR


def test_years_ahead_are_laid_out_when_they_are_asked_for():
    times = keeper("XNYS", Timeframe.D1, "2020-01-02T00:00:00")
    assert times.bar_time(0, ns("2026-07-03T12:00:00")).open_ts == ns("2026-07-06T13:30:00")


def test_floats_become_decimals_that_give_the_same_bits_back():
    for value in np.random.default_rng(1).lognormal(0.0, 9.0, 500).tolist():
        assert float(exact(value)) == value
    assert exact(0.1) == Decimal("0.1")
