"""Tickets out, orders back; the SDK's models read the same messages and say the same."""

import asyncio
import json
from decimal import Decimal

import httpx
import pytest
from alpaca_words import ID, LEG, NAME, answering, order, says, ticket, update
from hypothesis import given
from hypothesis import strategies as st

from greenlight.brokers.alpaca.assets import Grid
from greenlight.brokers.alpaca.orders import change_body, order_body, order_report, venue_order
from greenlight.brokers.alpaca.texts import time_ns
from greenlight.domain import (
    Execution,
    OrderKind,
    OrderState,
    RefuseError,
    RetryError,
    Side,
    Span,
)

D = Decimal
PAIR_GRID = {"price_increment": "0.1", "min_trade_increment": "0.0001", "symbol": "BTC/USD"}


def sent(call, *answers):
    """What the broker sent, and what it made of the answers, one after another."""
    requests, left = [], list(answers)

    def handler(request):
        requests.append(request)
        status, body = left.pop(0)
        return httpx.Response(status, json=body)

    async def go():
        broker = answering(handler)
        try:
            return await call(broker)
        finally:
            await broker.close()

    return requests, asyncio.run(go())


def body(request):
    return json.loads(request.content)


def test_a_ticket_is_posted_as_the_venue_takes_it():
    requests, result = sent(lambda broker: broker.submit(ticket()), (200, order()))
    assert (requests[0].method, requests[0].url.path) == ("POST", "/v2/orders")
    assert body(requests[0]) == {
        "symbol": "SPY",
        "side": "buy",
        "type": "limit",
        "qty": "10",
        "time_in_force": "day",
        "client_order_id": NAME,
        "limit_price": "512.1",
    }
    assert result.venue_id == ID
    assert result.client_id == NAME


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"kind": OrderKind.MARKET, "price": None}, {"type": "market"}),
        (
            {"kind": OrderKind.STOP, "side": Side.SELL, "price": D("9.991"), "span": Span.GTC},
            {"type": "stop", "stop_price": "10", "time_in_force": "gtc", "side": "sell"},
        ),
        (
            {
                "kind": OrderKind.STOP_LIMIT,
                "side": Side.SELL,
                "price": D("9.991"),
                "limit": D("9.499"),
            },
            {"type": "stop_limit", "stop_price": "10", "limit_price": "9.49"},
        ),
        ({"price": D("0.12345"), "side": Side.SELL}, {"limit_price": "0.1235"}),
        ({"price": D("0.12345"), "side": Side.BUY}, {"limit_price": "0.1234"}),
        ({"quantity": D("0.0000000019")}, {"qty": "0.000000001"}),
        ({"quantity": D("1E+2")}, {"qty": "100"}),
        ({"instrument": "FB@1999"}, {"symbol": "FB"}),
    ],
)
def test_every_kind_of_ticket_has_its_prices_on_the_grid(fields, expected):
    assert expected.items() <= order_body(ticket(**fields), Grid()).items()


def test_a_limit_with_a_stop_beside_it_is_a_pair():
    given_ticket = ticket(
        side=Side.SELL,
        span=Span.GTC,
        price=D("520.123"),
        stop=D("500.001"),
        stop_limit=D("490.009"),
    )
    posted = order_body(given_ticket, Grid())
    assert posted["order_class"] == "oco"
    assert posted["type"] == "limit"
    assert posted["take_profit"] == {"limit_price": "520.13"}
    assert posted["stop_loss"] == {"stop_price": "500.01", "limit_price": "490"}
    assert "limit_price" not in posted


def test_what_is_too_small_for_the_grid_is_refused_before_it_is_sent():
    with pytest.raises(RefuseError, match=r"^rule: "):
        order_body(ticket(quantity=D("0.0001")), Grid(quantity=D("0.001")))


@pytest.mark.parametrize(
    "fields",
    [
        {"price": None},
        {"kind": OrderKind.STOP, "price": None},
        {"kind": OrderKind.STOP_LIMIT, "limit": None},
    ],
)
def test_an_order_without_its_price_is_refused_before_it_is_sent(fields):
    with pytest.raises(RefuseError, match=r"^rule: "):
        order_body(ticket(**fields), Grid())


def test_the_grid_of_a_pair_is_asked_for_once_and_used():
    crypto = ticket(instrument="BTC/USD", span=Span.DAY, quantity=D("0.00019"), price=D("60000.19"))

    async def twice(broker):
        await broker.submit(crypto)
        await broker.submit(crypto)

    pair = order(symbol="BTC/USD", asset_class="crypto")
    requests, _ = sent(twice, (200, PAIR_GRID), (200, pair), (200, pair))
    assert [one.method for one in requests] == ["GET", "POST", "POST"]
    assert requests[0].url.raw_path == b"/v2/assets/BTC%2FUSD"
    posted = body(requests[1])
    assert (posted["qty"], posted["limit_price"]) == ("0.0001", "60000.1")
    assert posted["time_in_force"] == "gtc"


def test_a_grid_that_cannot_be_had_means_that_nothing_was_sent():
    with pytest.raises(RetryError):
        sent(lambda broker: broker.submit(ticket(instrument="BTC/USD")), (500, {}))


def test_a_change_names_the_new_order_and_gives_the_whole_quantity():
    call = ticket(kind=OrderKind.STOP, price=D(500), side=Side.SELL)
    requests, result = sent(lambda broker: broker.replace(ID, call), (200, order(id=LEG)))
    assert (requests[0].method, requests[0].url.path) == ("PATCH", f"/v2/orders/{ID}")
    assert body(requests[0]) == {"client_order_id": NAME, "qty": "10", "stop_price": "500"}
    assert result.venue_id == LEG


@pytest.mark.parametrize(("stands", "sends"), [("1.5", False), ("2.5", True)])
def test_a_fraction_is_sent_with_a_change_only_where_it_changes(stands, sends):
    call = ticket(quantity=D("1.5"))
    requests, _ = sent(
        lambda broker: broker.replace(ID, call), (200, order(qty=stands)), (200, order(id=LEG))
    )
    assert ("qty" in body(requests[-1])) is sends


def test_a_pair_is_not_changed_as_a_whole():
    with pytest.raises(RefuseError, match="one leg"):
        sent(lambda broker: broker.replace(ID, ticket(stop=D(1))))


def test_a_cancel_is_a_request_and_one_on_its_way_is_left_to_it():
    requests, _ = sent(lambda broker: broker.cancel(ID), (204, None))
    assert requests[0].method == "DELETE"
    busy = {"code": 42210000, "message": "order pending_cancel"}
    sent(lambda broker: broker.cancel(ID), (422, busy))


def test_an_id_cannot_lead_to_another_address():
    requests, _ = sent(lambda broker: broker.cancel("../../account?x="), (204, None))
    assert requests[0].url.raw_path == b"/v2/orders/..%2F..%2Faccount%3Fx%3D"
    with pytest.raises(RefuseError, match=r"^gone: "):
        sent(lambda broker: broker.cancel(""))


def test_an_order_that_never_was_is_none_by_the_venues_own_word():
    missing = {"code": 40410000, "message": f"order not found for {NAME}"}
    for call in (lambda broker: broker.find(NAME), lambda broker: broker.order(ID)):
        assert sent(call, (404, missing))[1] is None


def test_a_404_from_anything_on_the_way_does_not_prove_that_an_order_is_absent():
    for answer in ({"message": "no route"}, "404 page not found", None):
        with pytest.raises(RetryError, match="words"):
            sent(lambda broker: broker.find(NAME), (404, answer))


def test_an_order_is_found_by_its_name():
    requests, result = sent(lambda broker: broker.find(NAME), (200, order()))
    assert requests[0].url.path == "/v2/orders:by_client_order_id"
    assert requests[0].url.params["client_order_id"] == NAME
    assert result.client_id == NAME


def test_a_pair_that_is_found_without_its_legs_is_asked_for_them():
    leg = order(id=LEG, type="stop", stop_price="500", limit_price=None, status="held")
    whole = order(order_class="oco", legs=[leg])
    requests, result = sent(
        lambda broker: broker.find(NAME), (200, order(order_class="oco")), (200, whole)
    )
    assert requests[1].url.params["nested"] == "true"
    assert [one.venue_id for one in result.legs] == [LEG]
    assert result.legs[0].state is OrderState.PENDING
    assert result.legs[0].price == 500


def test_open_orders_are_whole_even_where_a_leg_hangs_on_no_open_order():
    leg = order(id=LEG, client_order_id="theirs")
    requests, result = sent(
        lambda broker: broker.open_orders(), (200, [order()]), (200, [order(), leg])
    )
    assert [one.url.params["nested"] for one in requests] == ["true", "false"]
    assert [one.venue_id for one in result] == [ID, LEG]


def test_open_orders_come_page_by_page_and_none_is_lost_at_a_border():
    many = [order(id=f"id{n}", submitted_at=f"2026-09-21T13:31:{n // 15:02d}Z") for n in range(505)]

    def handler(request):
        assert request.url.params["status"] == "open"
        after = request.url.params.get("after", "")
        later = [one for one in many if one["submitted_at"].rstrip("Z") + ".000000000Z" > after]
        return httpx.Response(200, json=later[:500])

    async def go():
        return await answering(handler).open_orders()

    assert {one.venue_id for one in asyncio.run(go())} == {f"id{n}" for n in range(505)}


STATES = {
    "new": OrderState.WORKING,
    "partially_filled": OrderState.WORKING,
    "filled": OrderState.FILLED,
    "done_for_day": OrderState.EXPIRED,
    "canceled": OrderState.CANCELLED,
    "expired": OrderState.EXPIRED,
    "replaced": OrderState.REPLACED,
    "pending_cancel": OrderState.CANCELLING,
    "pending_replace": OrderState.WORKING,
    "pending_review": OrderState.PENDING,
    "accepted": OrderState.PENDING,
    "pending_new": OrderState.PENDING,
    "accepted_for_bidding": OrderState.PENDING,
    "stopped": OrderState.WORKING,
    "rejected": OrderState.REJECTED,
    "suspended": OrderState.PENDING,
    "calculated": OrderState.EXPIRED,
    "held": OrderState.PENDING,
}


@pytest.mark.parametrize(("status", "state"), STATES.items())
def test_every_status_has_its_state(status, state):
    assert venue_order(order(status=status)).state is state


def test_what_is_done_for_the_day_rests_on_if_it_lasts_longer():
    assert (
        venue_order(order(status="done_for_day", time_in_force="gtc")).state is OrderState.PENDING
    )
    full = order(status="calculated", filled_qty="10", filled_avg_price="5")
    assert venue_order(full).state is OrderState.FILLED


def test_a_status_nobody_knows_counts_as_open_and_is_named():
    result = venue_order(order(status="meditating"))
    assert result.state.is_open
    assert result.reason == "status meditating"


@pytest.mark.parametrize(
    ("fields", "kind", "price", "limit"),
    [
        ({"type": "market", "limit_price": None}, OrderKind.MARKET, None, None),
        ({}, OrderKind.LIMIT, D("512.1"), None),
        ({"type": "stop", "limit_price": None, "stop_price": "5"}, OrderKind.STOP, D(5), None),
        ({"type": "stop_limit", "stop_price": "5"}, OrderKind.STOP_LIMIT, D(5), D("512.1")),
        (
            {"type": "trailing_stop", "limit_price": None, "stop_price": "5"},
            OrderKind.STOP,
            D(5),
            None,
        ),
        ({"type": "", "order_type": None}, OrderKind.LIMIT, D("512.1"), None),
    ],
)
def test_an_order_is_read_with_its_kind_and_prices(fields, kind, price, limit):
    result = venue_order(order(**fields))
    assert (result.kind, result.price, result.limit) == (kind, price, limit)


def test_an_order_by_hand_for_an_amount_of_money_can_be_read():
    result = venue_order(order(qty=None, notional="100", filled_qty="0.64", filled_avg_price="154"))
    assert (result.quantity, result.filled, result.average) == (D("0.64"), D("0.64"), D(154))


def test_an_average_of_nothing_filled_is_none():
    assert venue_order(order(filled_avg_price="0")).average is None


def test_a_replaced_order_names_the_one_in_its_place():
    result = venue_order(order(status="replaced", replaced_by=LEG))
    assert (result.state, result.replaced_by) == (OrderState.REPLACED, LEG)


def test_a_fill_is_told_with_its_own_id_and_the_total():
    data = update(
        "partial_fill",
        execution_id="2f63ea93-423d-4169-b3f6-3fdafc10c418",
        price="512.3",
        qty="4",
        position_qty="4",
        order=order(status="partially_filled", filled_qty="4", filled_avg_price="512.3"),
    )
    report = order_report(data)
    assert report.order.filled == 4
    assert report.execution == Execution(
        "2f63ea93-423d-4169-b3f6-3fdafc10c418",
        D(4),
        D("512.3"),
        time_ns("2026-09-21T13:31:06.5Z"),
    )


def test_a_fill_without_an_id_is_known_by_the_total_it_leads_to():
    data = update("fill", price=512.3, qty=4, order=order(filled_qty="10"))
    assert order_report(data).execution.id == f"{ID}:10"


@pytest.mark.parametrize(
    "event", ["new", "canceled", "replaced", "rejected", "restated", "order_cancel_rejected", "x"]
)
def test_every_other_update_tells_of_the_order_alone(event):
    assert order_report(update(event, price="1", qty="1")).execution is None


@given(
    st.decimals("0.000000001", "100000", places=9),
    st.decimals("0.01", "100000", places=2),
    st.sampled_from(Side),
)
def test_what_is_posted_comes_back_as_it_was_wanted(quantity, price, side):
    posted = order_body(ticket(quantity=quantity, price=price, side=side), Grid())
    result = venue_order(order(**posted))
    assert (result.quantity, result.price, result.side) == (quantity, price, side)


def test_a_change_without_its_quantity_leaves_it_out():
    assert "qty" not in change_body(ticket(), Grid(), quantity=False)


def test_capabilities_tell_equities_and_pairs_apart():
    broker = answering(says(200))
    equity, pair = broker.capabilities("SPY"), broker.capabilities("BTC/USD")
    assert equity.pairs
    assert equity.reserves
    assert equity.queues
    assert equity.replaces
    assert not equity.opposes
    assert not equity.rests_fractions
    assert equity.stops == {OrderKind.STOP, OrderKind.STOP_LIMIT}
    assert pair.stops == {OrderKind.STOP_LIMIT}
    assert not pair.pairs
    assert not pair.shorts
    assert pair.replaces
    assert broker.requests_per_minute == 200
    asyncio.run(broker.close())
