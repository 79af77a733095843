from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenlight.brokers.alpaca.texts import (
    increment,
    inner_price,
    instrument_of,
    new_york_day,
    number,
    outer_price,
    plain,
    symbol_of,
    time_ns,
    time_text,
    whole_lots,
)
from greenlight.domain import Side

PRICES = st.decimals("0.0001", "99999", places=6)


@given(st.integers(0, 4_102_444_800_000_000_000))
def test_a_time_survives_being_written_to_the_nanosecond(ts):
    assert time_ns(time_text(ts)) == ts


@pytest.mark.parametrize(
    "text",
    [
        "2021-03-16T18:38:01.942282Z",
        "2021-03-16T14:38:01.942282-04:00",
        "2021-03-16 18:38:01.942282000Z",
        "2021-03-16T18:38:01.9422820004Z",
    ],
)
def test_times_in_every_shape_that_alpaca_writes_are_one_time(text):
    assert time_ns(text) == 1_615_919_881_942_282_000


@pytest.mark.parametrize("text", ["", "2021-03-16", "yesterday", None, 5, "2021-13-16T18:38:01Z"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match=r"time|month"):
        time_ns(text)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=0, max_value=10**9))
def test_a_number_is_written_without_exponent_and_keeps_its_value(value):
    text = plain(value)
    assert "E" not in text.upper()
    assert Decimal(text) == value


@pytest.mark.parametrize("value", [Decimal("1E+2"), Decimal("1E-9"), Decimal("0E-12"), Decimal(0)])
def test_decimals_with_an_exponent_inside_are_written_plainly(value):
    assert Decimal(plain(value)) == value
    assert "E" not in plain(value)


@given(PRICES, st.sampled_from(Side))
def test_a_limit_on_the_grid_is_never_worse_and_never_a_step_away(price, side):
    step = increment(price)
    result = inner_price(price, side, step)
    assert result % step == 0
    assert 0 <= (price - result) * side < step


@given(PRICES, st.sampled_from(Side))
def test_a_stop_limits_limit_on_the_grid_is_never_tighter(price, side):
    step = increment(price)
    assert 0 <= (outer_price(price, side, step) - price) * side < step


def test_prices_have_two_decimals_from_a_dollar_on_and_four_below():
    assert increment(Decimal(1)) == Decimal("0.01")
    assert increment(Decimal("0.9999")) == Decimal("0.0001")


@given(st.decimals("0.000000001", "1000", places=12))
def test_a_quantity_on_the_grid_is_never_more_than_asked_for(quantity):
    step = Decimal("0.000000001")
    assert 0 <= quantity - whole_lots(quantity, step) < step


@pytest.mark.parametrize("instrument", ["BTC/USD", "ETH/BTC", "DOGE/USDT", "USDT/USD", "BTC/USDC"])
def test_a_pair_without_its_stroke_is_the_same_instrument(instrument):
    assert instrument_of(instrument.replace("/", ""), "crypto") == instrument
    assert instrument_of(instrument) == instrument


def test_a_ticker_is_its_own_id_and_a_second_life_has_the_tickers_symbol():
    assert instrument_of("SPY") == "SPY"
    assert instrument_of("BRK.B", "us_equity") == "BRK.B"
    assert instrument_of("AUSD", "us_equity") == "AUSD"
    assert symbol_of("FB@1999") == "FB"
    assert symbol_of("BTC/USD") == "BTC/USD"


def test_activities_that_name_no_class_are_told_apart_by_their_length():
    assert instrument_of("ETHUSD") == "ETH/USD"
    assert instrument_of("ETH") == "ETH"


@pytest.mark.parametrize("value", ["NaN", "Infinity", float("nan"), float("inf"), "ten", True, []])
def test_what_is_no_finite_number_is_refused(value):
    with pytest.raises(ValueError, match="number"):
        number(value)


def test_nothing_is_no_number_and_zero_is_one():
    assert number(None) is None
    assert number("") is None
    assert number("0") == 0
    assert number(0.1) == Decimal("0.1")


def test_the_books_day_is_new_yorks():
    assert str(new_york_day(time_ns("2026-09-22T03:59:59Z"))) == "2026-09-21"
    assert str(new_york_day(time_ns("2026-12-22T04:59:59Z"))) == "2026-12-21"
