import dataclasses
import struct
import time
import typing
from decimal import Decimal
from enum import Enum
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from record_strategies import of_type, records

from greenlight.domain import (
    BarConditions,
    BarsClosed,
    BarTime,
    OrderReport,
    OrderState,
    Side,
    UserError,
    VenueOrder,
)
from greenlight.domain.orders import OrderKind
from greenlight.engine import logs
from greenlight.ledger import (
    Beat,
    Heard,
    Mode,
    Record,
    Reported,
    RunBegan,
    Stopped,
    decode,
    encode,
    kind_of,
    layouts,
)

KINDS = typing.get_args(Record)


def bits(value):
    """A value in which equal means equal to the last bit; every NaN is the same."""
    if isinstance(value, Enum):
        return (type(value).__name__, value.value)
    if isinstance(value, float):
        return "nan" if value != value else struct.pack("d", value)
    if isinstance(value, Decimal):
        return (value.as_tuple(),)
    if isinstance(value, np.ndarray):
        return (value.dtype, value.shape, [bits(one) for one in value.tolist()])
    if isinstance(value, dict):
        return [(key, bits(item)) for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        return [bits(one) for one in value]
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        return (type(value).__name__, [bits(getattr(value, f.name)) for f in fields])
    return value


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_of_record_comes_back_to_the_last_bit(kind):
    @settings(max_examples=30, deadline=None)
    @given(of_type(kind))
    def check(record):
        body = encode(record)
        again = decode(kind_of(record), body)
        assert bits(again) == bits(record)
        assert encode(again) == body

    check()


@settings(max_examples=50, deadline=None)
@given(records())
def test_a_body_is_one_line_of_json_that_any_database_takes(record):
    body = encode(record).decode()
    assert "\n" not in body
    assert "\0" not in body


@given(st.lists(st.floats(width=32), max_size=5), st.lists(st.floats(), max_size=5))
def test_float32_and_float64_keep_every_bit(narrow, wide):
    score, price = np.array(narrow, np.float32), np.array(wide, np.float64)
    event = BarsClosed(BarTime(1, 2, 3, 4), 0, price, price, price, price, price, score)
    again = decode("Heard", encode(Heard(event))).event
    assert bits(again.score) == bits(score)
    assert bits(again.close) == bits(price)


@pytest.mark.parametrize("odd", [nan, inf, -inf, -0.0, 5e-324, 1.7976931348623157e308])
def test_a_float_json_cannot_hold_is_kept(odd):
    again = decode("Beat", encode(Beat(odd, 1.0, {"feed": odd})))
    assert bits(again) == bits(Beat(odd, 1.0, {"feed": odd}))


def test_an_array_is_written_as_it_was_when_it_was_handed_over():
    prices = np.ones(3)
    body = encode(Heard(BarsClosed(BarTime(1, 2, 3, 4), 0, *[prices] * 5, np.zeros(3, np.float32))))
    prices[:] = 2.0
    assert decode("Heard", body).event.close.tolist() == [1.0, 1.0, 1.0]


def test_legs_of_an_order_come_back_inside_it():
    def order(name, legs=()):
        three = Decimal(3)
        return VenueOrder(
            name, name, "A", Side.SELL, OrderKind.LIMIT, three, three, None, OrderState.WORKING,
            legs=legs,
        )  # fmt: skip

    record = Reported(OrderReport(order("a", (order("b"), order("c")))), "stream")
    assert decode("Reported", encode(record)) == record


def test_text_that_utf8_cannot_hold_does_not_stop_the_bot():
    assert decode("Stopped", encode(Stopped("half \ud800 pair"))) == Stopped("half ? pair")


def test_rules_with_arrays_and_marks_come_back():
    rules = {"lot": np.array([1.0, nan, inf]), "n": {1: ("a", Decimal("0.10"))}, "$float": "x"}
    began = RunBegan(
        "r", "a", "b", Mode.REPLAY, ("A",), (1,), ("XNYS 1d",), rules, {}, 1.0, -1, True, "1"
    )
    again = decode("RunBegan", encode(began))
    assert bits(again.rules["lot"]) == bits(rules["lot"])
    assert again.rules["n"] == {1: ["a", Decimal("0.10")]}
    assert again.rules["$float"] == "x"


def test_a_field_that_an_old_entry_lacks_takes_its_default():
    assert decode("KillChecked", b'{"flat":true,"orders":[],"positions":[],"queued":[]}').flat


@pytest.mark.parametrize(
    ("kind", "body", "complaint"),
    [
        ("Levitated", b"{}", "no record is called 'Levitated'; a newer Greenlight wrote it"),
        ("Stopped", b'{"why":"x","mood":1}', "unknown field mood"),
        ("Stopped", b'{"why"', "a Stopped cannot be read"),
        ("Stopped", b"{}", "a Stopped cannot be read"),
        ("Started", b'{"fence":1.5,"holder":"x"}', "a Started cannot be read"),
        ("Halted", b"[]", "a Halted cannot be read"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(kind, body, complaint):
    with pytest.raises(UserError, match=complaint):
        decode(kind, body)


@pytest.mark.parametrize("name", ["FILL", "DECISION", "FLOW", "ADJUSTMENT"])
def test_the_journal_lays_tables_out_as_the_engine_does(name):
    assert getattr(layouts, name) == getattr(logs, name)


def test_bars_of_500_symbols_are_written_in_a_millisecond():
    draw = np.random.default_rng(7)
    wide = [draw.normal(100.0, 10.0, 500) for _ in range(6)]
    narrow = [draw.normal(0.0, 1.0, 500).astype(np.float32) for _ in range(7)]
    known = BarConditions(narrow[0], wide[5], narrow[1], np.ones(500, np.uint8), *narrow[2:6])
    record = Heard(BarsClosed(BarTime(1, 2, 3, 4), 0, *wide[:5], narrow[6], known))
    encode(record)

    def once():
        start = time.perf_counter()
        encode(record)
        return time.perf_counter() - start

    assert min(once() for _ in range(20)) < 2e-3
