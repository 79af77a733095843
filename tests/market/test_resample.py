import numpy as np
import pytest
from handmade_bars import CRYPTO, DAILY, MINUTES, grid, ns, text
from hypothesis import given, settings
from hypothesis import strategies as st

from greenlight.domain import Timeframe, UserError
from greenlight.market import Adjustment, Bars, BarSpec, from_arrays, resample


def bars(
    spec: BarSpec, count: int, symbols: int = 1, seed: int = 0, first: str = "2024-01-02"
) -> Bars:
    """Random bars, a fifth of them missing, every time having at least one."""
    rng = np.random.default_rng(seed)
    close = 50 * np.exp(np.cumsum(rng.normal(0, 0.01, (count, symbols)), axis=0))
    opens = close * np.exp(rng.normal(0, 0.005, close.shape))
    high, low = np.maximum(opens, close) + 0.1, np.minimum(opens, close) - 0.1
    volume = np.floor(rng.random(close.shape) * 1000)
    gone = rng.random(close.shape) < 0.2
    gone[np.arange(count), rng.integers(0, symbols, count)] = False
    for values in (opens, high, low, close, volume):
        values[gone] = np.nan
    names = tuple(f"S{k}" for k in range(symbols))
    stamps = grid(spec, count, first)
    return from_arrays(spec, names, stamps, (opens, high, low, close), volume)


def slowly(source: Bars, start: int, end: int, column: int) -> tuple[float, ...]:
    """Open, high, low, close, volume of the bars that open in [start, end), one by one."""
    inside = [
        row
        for row in range(source.count)
        if start <= source.open_ts[row] < end and not np.isnan(source.close[row, column])
    ]
    if not inside:
        return (np.nan,) * 5
    return (
        source.open[inside[0], column],
        max(source.high[row, column] for row in inside),
        min(source.low[row, column] for row in inside),
        source.close[inside[-1], column],
        sum(source.volume[row, column] for row in inside),
    )


@pytest.mark.parametrize(
    ("spec", "timeframe", "count"),
    [
        (MINUTES, Timeframe.M5, 900),
        (MINUTES, Timeframe.H1, 900),
        (MINUTES, Timeframe.H4, 900),
        (MINUTES, Timeframe.D1, 1200),
        (CRYPTO, Timeframe.H4, 200),
        (CRYPTO, Timeframe.D1, 200),
    ],
)
def test_each_large_bar_is_what_its_small_ones_say(spec, timeframe, count):
    source = bars(spec, count, symbols=3)
    large = resample(source, timeframe)
    assert large.count > 2
    for row in range(large.count):
        for column in range(3):
            expected = slowly(source, large.open_ts[row], large.close_ts[row], column)
            values = (large.open, large.high, large.low, large.close, large.volume)
            assert [v[row, column] for v in values] == pytest.approx(expected, nan_ok=True)


def spans(found: Bars) -> list[str]:
    return [
        f"{text(o)[5:]} {text(c)[11:]}" for o, c in zip(found.open_ts, found.close_ts, strict=True)
    ]


def test_hours_of_a_half_day_end_with_it_and_the_next_session_begins_anew():
    source = bars(MINUTES, 210 + 390, first="2024-11-29")
    assert spans(resample(source, Timeframe.H1)) == [
        "11-29T14:30 15:30", "11-29T15:30 16:30", "11-29T16:30 17:30", "11-29T17:30 18:00",
        "12-02T14:30 15:30", "12-02T15:30 16:30", "12-02T16:30 17:30", "12-02T17:30 18:30",
        "12-02T18:30 19:30", "12-02T19:30 20:30", "12-02T20:30 21:00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ("2024-03-08", ["03-08T14:30 21:00", "03-11T13:30 20:00"]),
        ("2024-11-01", ["11-01T13:30 20:00", "11-04T14:30 21:00"]),
        ("2024-07-03", ["07-03T13:30 17:00"]),
    ],
)
def test_days_are_sessions_over_clock_changes_and_half_days(first, expected):
    count = 210 if first == "2024-07-03" else 780
    assert spans(resample(bars(MINUTES, count, first=first), Timeframe.D1)) == expected


def test_four_hours_begin_at_the_open_and_never_reach_into_the_next_session():
    assert spans(resample(bars(MINUTES, 780), Timeframe.H4)) == [
        "01-02T14:30 18:30", "01-02T18:30 21:00", "01-03T14:30 18:30", "01-03T18:30 21:00",
    ]  # fmt: skip


def test_crypto_days_are_utc_days():
    source = bars(CRYPTO, 60, first="2024-03-09")
    assert spans(resample(source, Timeframe.D1)) == ["03-09T00:00 00:00", "03-10T00:00 00:00"]


def test_a_window_that_was_not_seen_to_its_end_is_left_out():
    source = bars(MINUTES, 390 + 389)
    assert resample(source, Timeframe.D1).count == 1
    until = ns("2024-01-03T21:00")
    assert resample(source, Timeframe.D1, until=until).count == 2
    assert resample(source, Timeframe.D1, until=until - 1).count == 1


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 1000),
    count=st.integers(1, 900),
    timeframe=st.sampled_from(
        [Timeframe.M5, Timeframe.M30, Timeframe.H1, Timeframe.H4, Timeframe.D1]
    ),
)
def test_what_comes_later_changes_no_bar_that_has_closed(seed, count, timeframe):
    whole = bars(MINUTES, 900, symbols=2, seed=seed)
    part = from_arrays(
        MINUTES, whole.symbols, grid(MINUTES, 900)[:count],
        (whole.open[:count], whole.high[:count], whole.low[:count], whole.close[:count]),
        whole.volume[:count],
    )  # fmt: skip
    early, late = resample(part, timeframe), resample(whole, timeframe)
    assert early.count <= late.count
    assert np.all(early.close_ts <= part.close_ts[-1])
    for name in ("open_ts", "close_ts", "session", "open", "high", "low", "close", "volume"):
        assert np.array_equal(
            getattr(early, name), getattr(late, name)[: early.count],
            equal_nan=name not in ("open_ts", "close_ts", "session"),
        )  # fmt: skip


def test_closes_only_stay_closes_only():
    closes = np.arange(390, dtype=np.float64)[:, None] + 1
    source = from_arrays(MINUTES, ("A",), grid(MINUTES, 390), closes)
    large = resample(source, Timeframe.D1)
    assert large.closes_only
    assert large.open[0, 0] == large.high[0, 0] == large.low[0, 0] == large.close[0, 0] == 390


def test_the_same_time_frame_is_no_work_and_a_smaller_one_is_refused():
    source = bars(DAILY, 5)
    assert resample(source, Timeframe.D1) is source
    with pytest.raises(UserError, match="1d bars cannot be made into 1h bars"):
        resample(source, Timeframe.H1)


def test_bars_on_full_hours_do_not_fit_windows_from_the_open():
    spec = BarSpec("XNYS", Timeframe.H1, Adjustment.RAW)
    ts = ns("2024-01-02T14:00") + np.arange(7) * 3_600 * 10**9
    source = from_arrays(spec, ("A",), ts, np.ones((7, 1)))
    assert resample(source, Timeframe.D1).count == 1
    with pytest.raises(UserError, match="1h bar of 2024-01-02T18:00:00Z lies across two 4h bars"):
        resample(source, Timeframe.H4)


def test_nothing_gives_nothing():
    empty = from_arrays(MINUTES, ("A",), np.empty(0, dtype=np.int64), np.empty((0, 1)))
    assert resample(empty, Timeframe.D1).count == 0
