"""Fills are counted by order, once, whatever is replayed, doubled or late; other small parts."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from workbench import HOUR, NS, FakeTimes, HandClock

from greenlight.domain import (
    Execution,
    OrderId,
    OrderKind,
    OrderReport,
    OrderState,
    Role,
    Side,
    Span,
    Ticket,
    VenueOrder,
)
from greenlight.live.accounting import Count
from greenlight.live.anomaly import Anomalies
from greenlight.live.coverage import Cover, Coverage
from greenlight.live.retrying import Backoff, Budget, Urgency
from greenlight.live.settings import WatchSettings
from greenlight.live.working import Tickets, Working

ORDER = OrderId(0, 1, Role.STOP, 0)
TICKET = Ticket(
    "gl1-0-1S0", "AAA", Side.SELL, OrderKind.STOP, Decimal(10), Span.GTC, Decimal(95), order=ORDER
)


def report(filled: str, average: str, price: str | None = None, part: str = "0") -> OrderReport:
    order = VenueOrder(
        "v1",
        TICKET.client_id,
        "AAA",
        Side.SELL,
        OrderKind.STOP,
        Decimal(10),
        Decimal(filled),
        Decimal(average),
        OrderState.WORKING,
    )
    if price is None:
        return OrderReport(order)
    return OrderReport(order, Execution(f"x{filled}", Decimal(part), Decimal(price), 7))


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.randoms())
def test_replayed_doubled_and_reordered_reports_count_every_unit_once(
    parts: list[int], chance: object
) -> None:
    told, filled, notional = [], Decimal(0), Decimal(0)
    for n, part in enumerate(parts):
        filled += part
        notional += part * (100 + n)
        told.append(report(str(filled), str(notional / filled), str(100 + n), str(part)))
    mess = told + told[: len(told) // 2]
    chance.shuffle(mess)  # type: ignore[attr-defined]
    count, booked = Count(), Decimal(0)
    for one in [*mess, told[-1]]:
        gain = count.gain(one)
        if gain is not None:
            assert gain.quantity > 0
            count.book(gain)
            booked += gain.quantity
    assert booked == count.filled == sum(parts)


def test_the_price_of_news_is_the_executions_or_what_the_averages_imply() -> None:
    count = Count()
    first = count.gain(report("4", "100", "100", "4"))
    assert first is not None
    count.book(first)
    missed = count.gain(report("10", "103", "106", "2"))  # one of 4 at 104.5 was never told
    assert missed is not None
    assert (missed.quantity, missed.price) == (Decimal(6), Decimal(105))


def test_an_ended_order_never_opens_again() -> None:
    one = Working(TICKET, ORDER, 0, "v1")
    working = report("0", "0").order
    one.absorb(replace(working, state=OrderState.CANCELLED), 1)
    one.absorb(working, 2)
    assert not one.is_open


def test_a_replacement_turned_down_leaves_the_order_before_it_in_question() -> None:
    one = Working(TICKET, ORDER, 0, "v1", OrderState.WORKING)
    one.replacement = replace(TICKET, client_id="gl1-0-1S1", price=Decimal(97))
    one.moved("v2")
    one.absorb(replace(report("0", "0").order, venue_id="v2", state=OrderState.REJECTED), 1)
    assert (one.venue_id, one.ticket, one.is_unsure) == ("v1", TICKET, True)
    assert one.is_open


def test_names_are_never_used_twice_in_a_run() -> None:
    tickets = Tickets(fence=7)
    tickets.used("gl3-0-1S4")
    assert [tickets.name(ORDER), tickets.name(ORDER)] == ["gl7-0-1S5", "gl7-0-1S6"]


# how often, how soon


def test_a_budget_keeps_a_share_for_what_reduces() -> None:
    async def spend(urgency: Urgency) -> int:
        clock = HandClock(0)
        budget, count = Budget(60, clock), 0
        while True:
            task = asyncio.ensure_future(budget.admit(urgency))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            if not task.done():
                task.cancel()
                return count
            count += 1

    spent = [asyncio.run(spend(urgency)) for urgency in Urgency]
    assert spent == [7, 11, 15]


def test_a_venue_that_asks_to_be_left_alone_is() -> None:
    async def whole() -> int:
        clock = HandClock(0)
        budget = Budget(600, clock)
        budget.close(7.0)
        task = asyncio.ensure_future(budget.admit(Urgency.REDUCE))
        await clock.let(6.9)
        assert not task.done()
        await clock.let(0.3)
        assert task.done()
        return clock.now()

    asyncio.run(whole())


def test_waits_double_up_to_the_longest_and_calm_forgets() -> None:
    backoff = Backoff(0.5, 30.0, np.random.default_rng(1))
    waits = [backoff.failed("a", n) for n in range(12)]
    assert all(0.75 * 0.5 * 2**n <= wait <= 1.25 * 0.5 * 2**n for n, wait in enumerate(waits[:5]))
    assert max(waits) <= 37.5
    assert backoff.count("a", 11) == 12
    assert backoff.count("a", 200 * NS) == 0
    assert backoff.failed("b", 0, least_s=9.0) == 9.0


# how well positions are protected


def test_coverage_is_exact_and_a_closed_market_is_no_exposure() -> None:
    coverage = Coverage(FakeTimes(), lambda _symbol: "AAA")  # type: ignore[arg-type]
    coverage.note(0, Cover.BARE, 10 * HOUR)
    coverage.note(0, Cover.STOPPED, 10 * HOUR + 3 * NS)
    coverage.note(0, Cover.BY_DAY, 15 * HOUR)
    coverage.note(0, Cover.NONE, 34 * HOUR)  # a night, and an hour of the next day
    (covered,) = coverage.take(40 * HOUR)
    assert covered.covered_s == 5 * 3600 - 3
    assert covered.exposed_s == 3 + 2 * 3600
    assert covered.uncoverable_s == 17 * 3600
    assert covered.longest_s == 2 * 3600
    assert coverage.take(41 * HOUR) == ()


def test_an_exposed_stretch_goes_on_over_a_reading() -> None:
    coverage = Coverage(FakeTimes(), lambda _symbol: "AAA")  # type: ignore[arg-type]
    coverage.note(0, Cover.BARE, 10 * HOUR)
    (first,) = coverage.take(10 * HOUR + 5 * NS)
    (second,) = coverage.take(10 * HOUR + 9 * NS)
    assert (first.longest_s, second.longest_s, second.exposed_s) == (5.0, 9.0, 4.0)


# what is out of the ordinary


@pytest.mark.parametrize(("orders", "is_odd"), [(30, False), (31, True)])
def test_orders_too_fast_are_an_anomaly(orders: int, is_odd: bool) -> None:
    anomalies = Anomalies(WatchSettings(orders_per_minute=30))
    for n in range(orders):
        anomalies.ordered(n * NS)
    assert (anomalies.why(31 * NS) is not None) is is_odd
    assert anomalies.why(200 * NS) is None


def test_refusals_count_from_ten_orders_on() -> None:
    anomalies = Anomalies(WatchSettings(rejected_share=0.2))
    for n in range(9):
        anomalies.answered(n, is_refused=True)
    assert anomalies.why(10) is None
    anomalies.answered(9, is_refused=False)
    assert anomalies.why(10) == "9 of 10 orders were refused"


def test_failures_and_unexplained_money_are_anomalies() -> None:
    anomalies = Anomalies(WatchSettings(errors_per_minute=3, pnl_unexplained=0.02))
    for n in range(4):
        anomalies.failed(n)
    assert anomalies.why(5) == "more than 3 requests failed within a minute"
    anomalies.worth(100_000.0, 100_010.0)
    anomalies.worth(90_000.0, 90_100.0)  # prices fell for both
    assert anomalies.why(100 * NS) is None
    anomalies.worth(93_000.0, 90_100.0)
    assert anomalies.why(100 * NS) == (
        "equity moved by 3,000.00 that neither prices nor fills explain"
    )
