import exchange_calendars
import numpy as np
import pytest
from handmade_bars import day, text

from greenlight.domain import UserError
from greenlight.market.calendars import require_calendar, sessions, sessions_around


def hours(date: str) -> tuple[str, str]:
    known = sessions("XNYS", day(date), day(date))
    assert len(known.day) == 1
    return text(known.open[0])[-5:], text(known.close[0])[-5:]


@pytest.mark.filterwarnings("ignore")  # the library's own about pandas
def test_the_baked_sessions_are_those_of_the_calendar_library():
    first, last = "1990-01-01", "2030-12-31"
    theirs = exchange_calendars.get_calendar("XNYS", start=first, end=last).schedule
    ours = sessions("XNYS", day(first), day(last))
    assert np.array_equal(ours.day.astype("datetime64[D]"), theirs.index.to_numpy("datetime64[D]"))
    assert np.array_equal(ours.open, theirs["open"].dt.as_unit("ns").astype("int64"))
    assert np.array_equal(ours.close, theirs["close"].dt.as_unit("ns").astype("int64"))


def test_a_session_follows_new_york_over_both_days_of_clock_change():
    assert hours("2024-03-08") == ("14:30", "21:00")  # winter time
    assert hours("2024-03-11") == ("13:30", "20:00")  # since Sunday, 10 March: summer time
    assert hours("2024-11-01") == ("13:30", "20:00")
    assert hours("2024-11-04") == ("14:30", "21:00")


def test_a_half_day_closes_at_one_in_new_york():
    assert hours("2024-07-03") == ("13:30", "17:00")
    assert hours("2024-11-29") == ("14:30", "18:00")
    assert hours("2024-12-24") == ("14:30", "18:00")


@pytest.mark.parametrize(
    "date",
    [
        "2001-09-11",
        "2012-10-29",
        "2018-12-05",
        "2024-03-29",
        "2024-06-19",
        "2025-01-09",
        "2024-06-22",
    ],
)
def test_there_is_no_session_on_holidays_weekends_and_days_of_mourning(date):
    assert len(sessions("XNYS", day(date), day(date)).day) == 0


def test_crypto_has_a_session_every_utc_day():
    known = sessions("24/7", day("2024-02-28"), day("2024-03-01"))
    assert [text(ts) for ts in known.open] == [
        "2024-02-28T00:00", "2024-02-29T00:00", "2024-03-01T00:00",
    ]  # fmt: skip
    assert np.array_equal(known.close[:-1], known.open[1:])


def test_what_lies_beyond_the_known_years_has_no_sessions():
    assert len(sessions("XNYS", day("2090-01-01"), day("2090-12-31")).day) == 0
    assert len(sessions_around("XNYS", np.empty(0, dtype=np.int64)).day) == 0


def test_an_unknown_calendar_is_refused_with_those_there_are():
    with pytest.raises(UserError, match="unknown calendar XNAS: did you mean XNYS"):
        require_calendar("XNAS")


def test_nobody_can_write_into_the_shared_sessions():
    with pytest.raises(ValueError, match="read-only"):
        sessions("XNYS", 0, 20_000).open[0] = 0
