"""The exchange in process: what fills, which commands count between two fills, what it costs."""

from collections.abc import Iterator

import numpy as np
import pytest

from greenlight.brokers import SimulatedExchange
from greenlight.domain import (
    BarConditions,
    BarsClosed,
    BarTime,
    CancelOrder,
    HaltError,
    Happened,
    Happening,
    OrderEnded,
    OrderFilled,
    OrderId,
    OrderKind,
    OrderUpdate,
    PlaceOrder,
    Reason,
    ReplaceOrder,
    Role,
    SessionBegan,
    Side,
)
from greenlight.engine import UNLIMITED, Limits, Rules, build_costs, build_specs

NAN = float("nan")
HOUR = 3_600_000_000_000
CASH = 10_000.0
LIMITS = UNLIMITED._replace(good_till_cancelled=True)

Prices = tuple[float, float, float, float]


def exchange(limits: Limits = LIMITS, **costs: float) -> SimulatedExchange:
    free = {"half_spread": 0.0, "slippage": 0.0, "impact": 0.0, "borrow": 0.0}
    rules = Rules(limits, build_costs(1, **{**free, **costs}), build_specs(1))
    return SimulatedExchange(rules, CASH, [1])


def time(row: int) -> BarTime:
    return BarTime(row * 24 * HOUR, row * 24 * HOUR + HOUR, row, (row + 1) * HOUR)


def bar(prices: Prices, row: int = 0, volume: float = 1e6, sigma: float = NAN) -> BarsClosed:
    ohlc = (np.array([price]) for price in prices)
    nan, score = np.full(1, np.nan, dtype=np.float32), np.full(1, 50.0, dtype=np.float32)
    flags = np.zeros(1, dtype=np.uint8)
    known = BarConditions(np.full(1, sigma, dtype=np.float32), np.full(1, NAN), nan, flags, nan)
    return BarsClosed(time(row), 0, *ohlc, np.array([volume]), score, known)


def entry(quantity: float = 10.0, **terms: object) -> PlaceOrder:
    kind = terms.pop("kind", OrderKind.MARKET)
    return PlaceOrder(OrderId(0, 1, Role.ENTRY, 0), Side.BUY, kind, quantity, **terms)


def order(role: Role, kind: OrderKind, price: float = NAN, quantity: float = 10.0) -> PlaceOrder:
    return PlaceOrder(OrderId(0, 1, role, 0), Side.SELL, kind, quantity, price)


def brief(updates: Iterator[OrderUpdate]) -> list[tuple[object, ...]]:
    return [
        (u.id.role, u.quantity, u.price) if isinstance(u, OrderFilled) else (u.id.role, u.reason)
        for u in updates
    ]


def held(limits: Limits = LIMITS, **costs: float) -> SimulatedExchange:
    """Ten units bought at 100."""
    it = exchange(limits, **costs)
    it.take([entry()])
    assert brief(it.trade(bar((100.0, 100.0, 100.0, 100.0)))) == [(Role.ENTRY, 10.0, 100.0)]
    return it


STOP = order(Role.STOP, OrderKind.STOP, 95.0)


def test_a_stop_laid_because_of_a_fill_is_live_in_the_same_bar():
    it = exchange()
    it.take([entry()])
    updates = it.trade(bar((100.0, 101.0, 90.0, 92.0)))
    first = next(updates)
    assert isinstance(first, OrderFilled)
    assert first.side is Side.BUY
    it.take([STOP])
    assert brief(updates) == [(Role.STOP, 10.0, 95.0)]
    assert it.cash == CASH - 50.0


def test_an_order_taken_back_between_two_fills_does_not_fill():
    it = held()
    it.take([order(Role.TARGET, OrderKind.LIMIT, 104.0, 5.0), STOP])
    updates = it.trade(bar((105.0, 105.0, 90.0, 92.0), 1))
    assert brief(iter([next(updates)])) == [(Role.TARGET, 5.0, 105.0)]
    it.take([CancelOrder(STOP.id)])
    assert brief(updates) == []


def test_a_replaced_order_fills_at_its_new_price_under_its_new_name():
    it = held()
    it.take([STOP, ReplaceOrder(OrderId(0, 1, Role.STOP, 1), 10.0, 97.0)])
    (update,) = it.trade(bar((100.0, 100.0, 96.0, 96.0), 1))
    assert isinstance(update, OrderFilled)
    assert (update.price, update.id.attempt) == (97.0, 1)


def test_replacing_what_does_not_rest_lays_nothing():
    it = held()
    it.take([ReplaceOrder(OrderId(0, 1, Role.STOP, 1), 10.0, 97.0)])
    assert brief(it.trade(bar((100.0, 100.0, 90.0, 96.0), 1))) == []


def test_a_day_order_expires_with_its_session():
    it = exchange(UNLIMITED)
    it.take([entry(kind=OrderKind.LIMIT, price=90.0)])
    assert brief(it.trade(bar((100.0, 100.0, 99.0, 100.0)))) == []
    assert brief(it.trade(bar((80.0, 80.0, 80.0, 80.0), 1))) == [(Role.ENTRY, Reason.EXPIRED)]


def test_a_limit_out_of_time_fills_at_the_market():
    it = exchange()
    it.take([entry(kind=OrderKind.LIMIT, price=90.0, expiry_ts=time(1).open_ts)])
    assert brief(it.trade(bar((100.0, 100.0, 99.0, 100.0)))) == []
    assert brief(it.trade(bar((101.0, 102.0, 100.0, 100.0), 1))) == [(Role.ENTRY, 10.0, 101.0)]


def test_a_stop_limit_once_triggered_rests_as_a_limit_whatever_its_trigger_becomes():
    it = exchange()
    it.take([entry(kind=OrderKind.STOP_LIMIT, price=101.0, limit=103.0)])
    assert brief(it.trade(bar((105.0, 105.0, 104.0, 104.0)))) == []
    it.take([ReplaceOrder(OrderId(0, 1, Role.ENTRY, 0), 5.0, 101.0, 103.0)])
    assert brief(it.trade(bar((104.0, 104.0, 102.0, 103.0), 1))) == [(Role.ENTRY, 5.0, 103.0)]


def test_what_cash_does_not_pay_for_is_ended_after_the_fill():
    it = exchange(LIMITS._replace(leverage=1.0))
    it.take([entry(150.0)])
    updates = list(it.trade(bar((100.0, 100.0, 100.0, 100.0))))
    assert brief(iter(updates)) == [(Role.ENTRY, 100.0, 100.0), (Role.ENTRY, Reason.CASH)]
    assert isinstance(updates[1], OrderEnded)
    assert it.cash == 0.0


def test_volume_caps_a_fill_and_the_rest_goes_on_working():
    it = held(LIMITS._replace(bar_share=0.1))
    it.take([STOP])
    assert brief(it.trade(bar((100.0, 100.0, 90.0, 90.0), 1, volume=40.0))) == [
        (Role.STOP, 4.0, 95.0)
    ]
    it.take([ReplaceOrder(OrderId(0, 1, Role.STOP, 1), 6.0, 95.0)])
    assert brief(it.trade(bar((99.0, 99.0, 99.0, 99.0), 2))) == [(Role.STOP, 6.0, 99.0)]


def test_impact_asks_the_sigma_of_the_close_before():
    it = exchange(impact=1.0)
    list(it.trade(bar((100.0, 100.0, 100.0, 100.0), 0, sigma=0.04)))
    nothing = (NAN,) * 4
    list(it.trade(bar(nothing, 1, sigma=NAN)))  # no bar: its sigma is not the last known
    it.take([entry()])
    (update,) = it.trade(bar((100.0, 100.0, 100.0, 100.0), 2, volume=1_000.0, sigma=0.5))
    assert isinstance(update, OrderFilled)
    assert update.price == pytest.approx(100.0 * (1 + 0.04 * np.sqrt(10 / 1_000)))
    assert update.reference == 100.0


def test_the_account_lives_through_sessions_and_actions():
    it = held()
    it.begin(SessionBegan(time(0)))
    it.begin(SessionBegan(time(1), rate=0.365))
    assert it.cash == pytest.approx(9_000.0 * 1.001)
    it.begin(Happened(time(1), 1, 0, Happening.DIVIDEND, 2.0))
    assert it.cash == pytest.approx(9_000.0 * 1.001 + 20.0)
    it.begin(Happened(time(1), 2, 0, Happening.SPLIT, 2.0))
    it.take([order(Role.EXIT, OrderKind.MARKET, quantity=20.0)])
    assert brief(it.trade(bar((50.0, 50.0, 50.0, 50.0), 1))) == [(Role.EXIT, 20.0, 50.0)]
    with pytest.raises(HaltError):
        it.begin(Happened(time(1), 2, 0, Happening.SPLIT, 2.0))


def test_a_halted_symbol_does_not_trade():
    it = held()
    it.take([STOP])
    it.begin(Happened(time(1), 1, 0, Happening.HALT))
    assert brief(it.trade(bar((90.0, 90.0, 90.0, 90.0), 1))) == []
    it.begin(Happened(time(2), 2, 0, Happening.RESUME))
    assert brief(it.trade(bar((90.0, 90.0, 90.0, 90.0), 2))) == [(Role.STOP, 10.0, 90.0)]
