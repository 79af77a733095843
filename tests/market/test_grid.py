import numpy as np
import pytest
from handmade_bars import day, ns, text

from greenlight.domain import Timeframe, UserError
from greenlight.market.bars import Adjustment, BarSpec, from_arrays
from greenlight.market.grid import Place, windows


def at(*moments: str) -> np.ndarray:
    return np.array([ns(moment) for moment in moments], dtype=np.int64)


def spans(found) -> list[tuple[str, str]]:
    return [(text(o), text(c)) for o, c in zip(found.open_ts, found.close_ts, strict=True)]


def test_a_daily_bar_is_its_session_half_days_included():
    found = windows(at("2024-11-27", "2024-11-29"), "XNYS", Timeframe.D1)
    assert spans(found) == [
        ("2024-11-27T14:30", "2024-11-27T21:00"),
        ("2024-11-29T14:30", "2024-11-29T18:00"),
    ]
    assert found.session.tolist() == [day("2024-11-27"), day("2024-11-29")]
    assert np.diff(found.slot).tolist() == [1]  # Thanksgiving in between is no gap


def test_a_daily_stamp_that_is_no_midnight_or_no_session_is_told_apart():
    found = windows(at("2024-11-27T05:00", "2024-11-28", "2024-11-30"), "XNYS", Timeframe.D1)
    assert found.place.tolist() == [Place.OFF_GRID, Place.CLOSED, Place.CLOSED]


def test_hours_begin_at_the_open_and_the_last_is_cut_at_the_close():
    found = windows(at("2024-03-08T14:30", "2024-03-08T20:30"), "XNYS", Timeframe.H1)
    assert spans(found) == [
        ("2024-03-08T14:30", "2024-03-08T15:30"),
        ("2024-03-08T20:30", "2024-03-08T21:00"),
    ]


def test_full_hours_are_understood_too_and_the_first_is_cut_at_the_open():
    found = windows(
        at("2024-03-08T14:00", "2024-03-08T15:00", "2024-03-11T13:00"), "XNYS", Timeframe.H1
    )
    assert spans(found) == [
        ("2024-03-08T14:30", "2024-03-08T15:00"),
        ("2024-03-08T15:00", "2024-03-08T16:00"),
        ("2024-03-11T13:30", "2024-03-11T14:00"),
    ]
    assert np.diff(found.slot).tolist() == [1, 6]


def test_minutes_know_regular_hours_from_early_late_and_closed():
    found = windows(
        at(
            "2024-11-29T14:29", "2024-11-29T14:30", "2024-11-29T17:59", "2024-11-29T18:00",
            "2024-11-28T15:00", "2024-11-30T15:00", "2024-11-29T15:00:30",
        ),
        "XNYS",
        Timeframe.M1,
    )  # fmt: skip
    assert [Place(place).name for place in found.place] == [
        "OUTSIDE", "ON_GRID", "ON_GRID", "OUTSIDE", "CLOSED", "CLOSED", "OFF_GRID",
    ]  # fmt: skip


@pytest.mark.parametrize("timeframe", [t for t in Timeframe if t is not Timeframe.D1])
def test_consecutive_bars_have_consecutive_slots_over_clock_changes_and_half_days(timeframe):
    minutes = np.arange(ns("2024-10-28"), ns("2024-12-01"), timeframe.duration_ns // 2)
    found = windows(minutes, "XNYS", timeframe)
    on_grid = found.place == Place.ON_GRID
    assert np.all(np.diff(found.slot[on_grid]) == 1)
    assert np.all(found.close_ts[on_grid][:-1] <= found.open_ts[on_grid][1:])


def test_crypto_bars_begin_at_whole_multiples_in_utc():
    found = windows(at("2024-01-01T04:00", "2024-01-01T05:00"), "24/7", Timeframe.H4)
    assert found.place.tolist() == [Place.ON_GRID, Place.OFF_GRID]
    assert spans(found)[0] == ("2024-01-01T04:00", "2024-01-01T08:00")


def test_a_year_that_no_calendar_knows_is_closed():
    found = windows(at("2150-01-04", "2150-01-05"), "XNYS", Timeframe.D1)
    assert found.place.tolist() == [Place.CLOSED, Place.CLOSED]


def test_bars_are_made_from_stamps_and_prices():
    spec = BarSpec("XNYS", Timeframe.D1, Adjustment.RAW)
    closes = np.array([[10.0, np.nan], [11.0, 5.0]])
    full = from_arrays(
        spec, ("A", "B"), at("2024-11-27", "2024-11-29"), (closes, closes + 1, closes - 1, closes)
    )
    assert spans(full)[1] == ("2024-11-29T14:30", "2024-11-29T18:00")
    assert not full.closes_only
    assert np.isnan(full.volume).all()
    only = from_arrays(spec, ("A", "B"), at("2024-11-27", "2024-11-29"), closes)
    assert only.closes_only
    assert np.array_equal(only.open, closes, equal_nan=True)


def test_a_stamp_at_which_no_bar_begins_is_refused():
    spec = BarSpec("XNYS", Timeframe.D1, Adjustment.RAW)
    with pytest.raises(UserError, match=r"no 1d bar of XNYS begins at 2024-11-28T00:00:00Z"):
        from_arrays(spec, ("A",), at("2024-11-28"), np.ones((1, 1)))


def test_a_kind_of_bars_needs_a_calendar_that_exists():
    with pytest.raises(UserError, match="unknown calendar crypto"):
        BarSpec("crypto", Timeframe.D1, Adjustment.RAW)
