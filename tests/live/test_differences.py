"""Every difference between a run and its backtest has a name."""

import numpy as np
import pytest

from greenlight.domain import Action, BarsClosed, BarTime, Reason, Role, Side
from greenlight.engine.logs import DECISION, FILL
from greenlight.live.differences import Account, Cause, compare

HOUR = 3_600_000_000_000


def bars(row: int, close: float = 100.0, score: float = 70.0) -> BarsClosed:
    time = BarTime(row * HOUR, (row + 1) * HOUR, 20_000, (row + 1) * HOUR)
    one = np.array([close, 50.0])
    return BarsClosed(time, 0, one, one, one, one, one, np.array([score, 50.0], dtype=np.float32))


def decision(row: int, quantity: float = 10.0, action: int = Action.ENTER, **more):
    values = {"ts": (row + 1) * HOUR, "intent": 1, "quantity": quantity, "action": action, **more}
    one = np.zeros(1, dtype=DECISION)
    for name, value in values.items():
        one[name] = value
    return one


def fill(row: int, quantity: float = 10.0, price: float = 100.0, fee: float = 1.0, **more):
    values = {"ts": row * HOUR, "intent": 1, "quantity": quantity, "price": price, "fee": fee}
    one = np.zeros(1, dtype=FILL)
    for name, value in {**values, "side": Side.BUY, "role": Role.ENTRY, **more}.items():
        one[name] = value
    return one


def account(decisions=(), fills=(), rows=None, equity: float = 1_000.0) -> Account:
    made = Account(
        ("A", "B"),
        (0,),
        np.concatenate([np.zeros(0, DECISION), *decisions]),
        np.concatenate([np.zeros(0, FILL), *fills]),
        equity,
    )
    made.see([bars(row) for row in range(6)] if rows is None else rows)
    return made


def causes(run: Account, backtest: Account) -> list[Cause]:
    return [one.cause for one in compare(run, backtest).differences]


def test_equal_records_have_no_difference():
    one = account([decision(1)], [fill(2)])
    made = compare(one, account([decision(1)], [fill(2)]))
    assert made.is_equal
    assert (made.decisions, made.fills) == (1, 1)


def test_a_price_is_named_with_what_it_cost():
    made = compare(
        account([decision(1)], [fill(2, price=101.0)]), account([decision(1)], [fill(2)])
    )
    (one,) = made.differences
    assert (one.cause, one.symbol, one.money) == (Cause.PRICE, "A", pytest.approx(-10.0))
    assert "101.0000 here, 100.0000 there" in one.text


def test_a_fee_is_a_cost():
    made = compare(account([decision(1)], [fill(2, fee=3.0)]), account([decision(1)], [fill(2)]))
    assert [(d.cause, d.money) for d in made.differences] == [(Cause.COST, -2.0)]


def test_partial_fills_count_together():
    parts = [fill(2, quantity=4.0, price=99.0), fill(3, quantity=6.0, price=100.0, fee=0.0)]
    whole = [fill(2, price=99.6)]
    assert causes(account([decision(1)], parts), account([decision(1)], whole)) == []


def test_a_fill_in_another_bar_is_timing():
    assert causes(account([decision(1)], [fill(3)]), account([decision(1)], [fill(2)])) == [
        Cause.TIMING
    ]


def test_another_quantity_is_size_and_what_comes_of_it_follows():
    run = account([decision(1, 8.0)], [fill(2, 8.0)])
    assert causes(run, account([decision(1)], [fill(2)])) == [Cause.SIZE, Cause.FOLLOWS]


def test_what_only_one_side_did_is_missing_and_says_why_the_other_did_not():
    refused = decision(1, 0.0, Action.REFUSE, reason=Reason.DEPLOYED)
    made = compare(account([decision(1)]), account([refused]))
    (one,) = made.differences
    assert one.cause is Cause.MISSING
    assert one.text.endswith("refused on the other side: DEPLOYED")


def test_the_same_decision_a_bar_later_is_timing():
    assert causes(account([decision(2)]), account([decision(1)])) == [Cause.TIMING, Cause.FOLLOWS]


def test_other_bars_come_before_every_other_cause():
    rows = [bars(row, close=90.0 if row == 1 else 100.0) for row in range(6)]
    made = compare(account([decision(1)], rows=rows), account([]))
    assert [one.cause for one in made.differences] == [Cause.DATA, Cause.DATA]
    assert "1 bars differ, here first: open 90 here, 100 there" in made.differences[0].text


def test_a_bar_that_never_came_is_data():
    made = compare(account(rows=[bars(row) for row in range(5)]), account())
    assert {one.text for one in made.differences} == {"1 bars differ, here first: no bar here"}
    assert {one.symbol for one in made.differences} == {"A", "B"}


def test_a_price_of_another_bar_comes_of_the_data_and_is_paid_by_it():
    run = account(
        [decision(1)], [fill(2, price=101.0)], [bars(row, 101.0 + (row > 1)) for row in range(6)]
    )
    backtest = account([decision(1)], [fill(2)], [bars(row, 101.0) for row in range(6)])
    made = compare(run, backtest)
    assert {one.cause for one in made.differences} == {Cause.DATA}
    assert made.by_cause()[Cause.DATA][1] == pytest.approx(-10.0)


def test_a_price_of_another_hour_comes_of_the_timing():
    run, backtest = (
        account([decision(1)], [fill(3, price=101.0)]),
        account([decision(1)], [fill(2)]),
    )
    assert causes(run, backtest) == [Cause.TIMING, Cause.TIMING]


def test_prices_that_differ_far_behind_the_comma_are_told_to_where_they_do():
    run = account([decision(1)], [fill(2, price=100.0000012)])
    (one,) = compare(run, account([decision(1)], [fill(2)])).differences
    assert one.text == "entry: 100.000001 here, 100.000000 there"
