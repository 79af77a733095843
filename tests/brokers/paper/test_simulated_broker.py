"""The simulated broker as a venue: quotes, requests, streams, restarts."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from ticketing import done

from greenlight.brokers.paper import SimulatedBroker, SimulatedMarket
from greenlight.domain import (
    Activity,
    ActivityKind,
    BarConditions,
    BarsClosed,
    BarTime,
    DuplicateError,
    Happened,
    Happening,
    OrderId,
    OrderKind,
    OrderReport,
    OrderState,
    Quote,
    RefuseError,
    RetryError,
    Role,
    SessionBegan,
    Side,
    Span,
    Ticket,
)
from greenlight.engine import UNLIMITED, Limits, Rules, build_costs, build_specs

HOUR = 3_600_000_000_000
FREE = {"half_spread": 0.0, "slippage": 0.0, "impact": 0.0, "borrow": 0.0}
GTC = UNLIMITED._replace(good_till_cancelled=True)


def broker(limits: Limits = GTC, cash: float = 10_000.0, **costs: float) -> SimulatedBroker:
    rules = Rules(limits, build_costs(2, **{**FREE, **costs}), build_specs(2, lot=0.001))
    return SimulatedBroker(rules, cash, SimulatedMarket(["AAA", "BBB"], [2]), lambda: 7)


def time(row: int) -> BarTime:
    return BarTime(row * 24 * HOUR, row * 24 * HOUR + HOUR, row, (row + 1) * HOUR)


def bar(price: float, row: int = 0, volume: float = 400.0, sigma: float = 0.02) -> BarsClosed:
    ohlc = (np.array([price, np.nan]) for _ in range(4))
    nan, score = np.full(2, np.nan, dtype=np.float32), np.full(2, 50.0, dtype=np.float32)
    sigmas, flags = np.full(2, sigma, dtype=np.float32), np.zeros(2, dtype=np.uint8)
    known = BarConditions(sigmas, np.full(2, np.nan), nan, flags, nan)
    return BarsClosed(time(row), 0, *ohlc, np.array([volume, np.nan]), score, known)


def ticket(
    name: str = "a",
    role: Role = Role.ENTRY,
    kind: OrderKind = OrderKind.MARKET,
    quantity: str = "10",
    **terms: Decimal | int | None,
) -> Ticket:
    side = Side.BUY if role is Role.ENTRY else Side.SELL
    order = OrderId(0, 1, role, 0)
    whole = Ticket(name, "AAA", side, kind, Decimal(quantity), Span.GTC, order=order)
    return replace(whole, **terms)


def quoted(it: SimulatedBroker, bid: str, ask: str, row: int = 1) -> list[OrderReport]:
    quote = Quote("AAA", time(row).open_ts + 5, Decimal(bid), Decimal(ask))
    return list(it.quote(quote, time(row)))


def fills(
    reports: list[OrderReport],
) -> list[tuple[Decimal, Decimal, Decimal | None]]:
    told = [report.execution for report in reports if report.execution is not None]
    return [(one.quantity, one.price, one.reference) for one in told]


def lay(it: SimulatedBroker, *tickets: Ticket) -> list[str]:
    return [done(it.submit(one)).venue_id for one in tickets]


def held(**costs: float) -> SimulatedBroker:
    """Ten units at 100, as the bar knew the price."""
    it = broker(**costs)
    lay(it, ticket("entry"))
    assert fills(quoted(it, "100", "100")) != []
    return it


def test_a_purchase_pays_the_ask_with_slippage_and_no_half_spread_on_top() -> None:
    it = broker(half_spread=0.01, slippage=0.001)
    lay(it, ticket())
    ((quantity, price, reference),) = fills(quoted(it, "99", "101"))
    assert (quantity, reference) == (10, 100)
    assert float(price) == pytest.approx(101 * 1.001, rel=1e-12)


def test_a_sale_receives_the_bid_and_impact_comes_from_the_last_bar() -> None:
    it = held(impact=0.5)
    it.show(bar(100.0))
    lay(it, ticket("x", Role.EXIT))
    ((_, price, reference),) = fills(quoted(it, "99", "101"))
    assert float(price) == pytest.approx(99 * (1 - 0.5 * 0.02 * (10 / 400) ** 0.5), rel=1e-6)
    assert reference == 100


@pytest.mark.parametrize(("ask", "price"), [("100.01", None), ("100", "100"), ("99.5", "99.5")])
def test_a_limit_fills_when_it_is_reached_and_never_worse(ask: str, price: str | None) -> None:
    it = broker(slippage=0.01, half_spread=0.01)
    lay(it, ticket(kind=OrderKind.LIMIT, price=Decimal(100)))
    expected = [] if price is None else [(Decimal(10), Decimal(price), Decimal(price))]
    assert fills(quoted(it, "99", ask)) == expected


@pytest.mark.parametrize(("bid", "price"), [("103", None), ("104", "104"), ("104.5", "104.5")])
def test_a_target_fills_at_the_bid(bid: str, price: str | None) -> None:
    it = held()
    lay(it, ticket("t", Role.TARGET, OrderKind.LIMIT, price=Decimal(104)))
    got = fills(quoted(it, bid, "105"))
    assert got == ([] if price is None else [(Decimal(10), Decimal(price), Decimal(price))])


def test_a_stop_is_triggered_by_the_bid_and_sold_there() -> None:
    it = held(slippage=0.001)
    lay(it, ticket("s", Role.STOP, OrderKind.STOP, price=Decimal(98)))
    assert fills(quoted(it, "98.01", "98.02")) == []
    assert fills(quoted(it, "98.01", "97")) == []  # crossed quotes are none
    ((_, price, reference),) = fills(quoted(it, "97", "99"))
    assert float(price) == pytest.approx(97 * 0.999, rel=1e-12)
    assert reference == 98
    assert done(it.holdings()) == {}


def test_a_short_is_bought_back_at_the_ask() -> None:
    it = broker()
    lay(it, ticket("e", side=Side.SELL))
    assert fills(quoted(it, "100", "102")) == [(10, 100, 101)]
    lay(it, ticket("s", Role.STOP, OrderKind.STOP, side=Side.BUY, price=Decimal(105)))
    assert fills(quoted(it, "104.9", "104.99")) == []
    assert fills(quoted(it, "104", "106")) == [(10, 106, 105)]


def test_quotes_out_of_hours_and_of_halted_symbols_fill_nothing() -> None:
    it = broker()
    lay(it, ticket())
    assert (
        list(it.quote(Quote("AAA", time(1).open_ts - 1, Decimal(99), Decimal(100)), time(1))) == []
    )
    it.begin(Happened(time(1), 1, 0, Happening.HALT))
    assert quoted(it, "99", "100") == []
    it.begin(Happened(time(1), 2, 0, Happening.RESUME))
    assert fills(quoted(it, "99", "100")) != []


def test_a_day_entry_expires_with_its_session_and_a_limit_out_of_time_takes_the_market() -> None:
    it = broker(UNLIMITED)
    lay(it, ticket("d", kind=OrderKind.LIMIT, price=Decimal(90)))
    assert quoted(it, "99", "100", row=1) == []
    (report,) = quoted(it, "99", "100", row=2)
    assert (report.order.state, report.order.reason) == (OrderState.EXPIRED, "EXPIRED")
    expiry = time(2).open_ts + 5
    lay(it, ticket("l", kind=OrderKind.LIMIT, price=Decimal(90), expiry_ts=expiry))
    assert fills(quoted(it, "99", "100", row=2)) == [(10, 100, Decimal("99.5"))]


def test_cash_cuts_a_purchase_and_says_so() -> None:
    it = broker(GTC._replace(leverage=1.0), cash=500.0)
    (venue_id,) = lay(it, ticket())
    filled, ended = quoted(it, "100", "100")
    assert filled.execution is not None
    assert filled.execution.quantity == 5
    assert (ended.order.state, ended.order.reason) == (OrderState.CANCELLED, "CASH")
    assert done(it.order(venue_id)).filled == 5


def test_a_name_is_taken_once_and_a_slot_has_one_order() -> None:
    it = broker()
    lay(it, ticket("a"))
    with pytest.raises(DuplicateError):
        done(it.submit(ticket("a")))
    with pytest.raises(RefuseError, match="rule: AAA has an open entry order already"):
        done(it.submit(ticket("b")))
    with pytest.raises(RefuseError, match="does not list CCC"):
        done(it.submit(ticket("c", instrument="CCC")))
    assert done(it.find("b")) is None


def test_what_is_gone_cannot_be_cancelled_or_replaced() -> None:
    it = broker()
    (venue_id,) = lay(it, ticket("a"))
    done(it.cancel(venue_id))
    assert done(it.find("a")).state is OrderState.CANCELLED
    for request in (it.cancel(venue_id), it.cancel("?"), it.replace(venue_id, ticket("b"))):
        with pytest.raises(RefuseError, match="not open any more"):
            done(request)
    assert quoted(it, "99", "100") == []


def test_a_replaced_order_carries_its_fills_under_a_new_name() -> None:
    it = held()
    limits = {"kind": OrderKind.STOP, "role": Role.STOP}
    (before,) = lay(it, ticket("s", price=Decimal(90), **limits))
    after = done(it.replace(before, ticket("s2", price=Decimal(95), quantity="4", **limits)))
    old = done(it.order(before))
    assert (old.state, old.replaced_by) == (OrderState.REPLACED, after.venue_id)
    assert done(it.open_orders()) == (after,)
    assert fills(quoted(it, "94", "94")) == [(4, 94, 94)]
    assert done(it.find("s2")).state is OrderState.FILLED
    assert done(it.holdings())["AAA"].quantity == 6


def test_orders_without_a_traders_id_act_as_their_kind_says() -> None:
    it = held()
    lay(it, ticket("s", Role.STOP, OrderKind.STOP, price=Decimal(90)))
    lay(it, ticket("kill", Role.EXIT, order=None))
    filled, taken = quoted(it, "99", "99")
    assert (filled.order.client_id, filled.order.state) == ("kill", OrderState.FILLED)
    assert (taken.order.client_id, taken.order.state) == ("s", OrderState.CANCELLED)
    assert done(it.holdings()) == {}


def test_a_split_is_told_of_every_order_that_it_changed() -> None:
    it = held()
    lay(it, ticket("s", Role.STOP, OrderKind.STOP, price=Decimal(90)))
    (report,) = it.begin(Happened(time(1), 1, 0, Happening.SPLIT, 2.0))
    assert (report.order.price, report.order.quantity) == (45, 20)
    assert done(it.holdings())["AAA"].quantity == 20


def test_activities_add_up_to_the_cash() -> None:
    it = held(per_share=0.01)
    it.begin(SessionBegan(time(2), 0.05))
    it.begin(SessionBegan(time(4), 0.05))
    it.begin(Happened(time(4), 1, 0, Happening.DIVIDEND, 0.5))
    it.begin(Happened(time(4), 1, -1, Happening.DEPOSIT, 250.0))
    told: tuple[Activity, ...] = done(it.activities(0))
    kinds = [one.kind for one in told]
    assert kinds == [
        *(ActivityKind.FILL, ActivityKind.INTEREST, ActivityKind.DIVIDEND, ActivityKind.TRANSFER)
    ]
    account = done(it.account())
    moved = float(sum(one.amount for one in told))
    assert float(account.cash) == pytest.approx(10_000 + moved, abs=1e-9)
    assert len({one.id for one in told}) == 4
    assert done(it.activities(time(4).open_ts)) == told[1:]


def test_the_stream_tells_what_the_caller_is_told_until_it_is_closed() -> None:
    async def scenario() -> tuple[list[OrderReport], list[OrderReport]]:
        it = broker()
        stream = it.reports()
        await it.submit(ticket("a"))
        told = quoted(it, "99", "100")
        await it.submit(ticket("b", Role.STOP, OrderKind.STOP, price=Decimal(90)))
        await it.cancel("sim:b")
        heard = [await anext(stream) for _ in range(4)]
        await it.close()
        with pytest.raises(RetryError):
            await anext(stream)
        return told, heard

    told, heard = asyncio.run(scenario())
    names = [(report.order.client_id, report.order.state) for report in heard]
    assert names == [
        ("a", OrderState.WORKING),
        ("a", OrderState.FILLED),
        ("b", OrderState.WORKING),
        ("b", OrderState.CANCELLED),
    ]
    assert heard[1] == told[0]


def test_capabilities_say_that_the_engines_slots_are_kept() -> None:
    assert broker().capabilities("AAA").native
    with pytest.raises(RefuseError):
        broker().capabilities("ZZZ")
