"""Every way a request can fail, and what the caller is told it means."""

import asyncio
import logging

import httpx
import pytest
from alpaca_words import ID, SECRET, SETTINGS, answering, order, raises, says, ticket

from greenlight.brokers.alpaca import AlpacaBroker
from greenlight.domain import (
    DuplicateError,
    HaltError,
    RefuseError,
    RetryError,
    UnknownError,
)
from greenlight.storm import run

REQUEST = httpx.Request("POST", "http://127.0.0.1:1/v2/orders")
ACTS = {
    "submit": lambda broker: broker.submit(ticket()),
    "replace": lambda broker: broker.replace(ID, ticket()),
    "cancel": lambda broker: broker.cancel(ID),
}
READS = {
    "find": lambda broker: broker.find("gl1-0-7E0"),
    "order": lambda broker: broker.order(ID),
    "open_orders": lambda broker: broker.open_orders(),
    "holdings": lambda broker: broker.holdings(),
    "account": lambda broker: broker.account(),
    "activities": lambda broker: broker.activities(0),
    "now": lambda broker: broker.now(),
}


def failed(call, handler):
    """What a call raises."""

    async def go():
        broker = answering(handler)
        try:
            await call(broker)
        finally:
            await broker.close()

    with pytest.raises((RetryError, UnknownError, RefuseError, HaltError)) as caught:
        asyncio.run(go())
    assert "\n" not in str(caught.value)
    assert SECRET not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("refused", request=REQUEST),
        httpx.ConnectError("name or service not known", request=REQUEST),
        httpx.ConnectTimeout("slow", request=REQUEST),
        httpx.PoolTimeout("busy", request=REQUEST),
        httpx.ProxyError("no", request=REQUEST),
    ],
    ids=lambda error: f"{type(error).__name__}-{error}",
)
def test_a_request_that_never_left_may_be_sent_again(name, error):
    assert type(failed(ACTS[name], raises(error))) is RetryError


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout("slow", request=REQUEST),
        httpx.WriteTimeout("slow", request=REQUEST),
        httpx.ReadError("reset", request=REQUEST),
        httpx.WriteError("reset", request=REQUEST),
        httpx.RemoteProtocolError("disconnected without an answer", request=REQUEST),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_request_that_may_have_arrived_is_unknown(name, error):
    assert type(failed(ACTS[name], raises(error))) is UnknownError


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize("status", [307, 408, 500, 502, 503, 504])
def test_a_failure_inside_the_venue_leaves_a_deed_unknown(name, status):
    assert (
        type(failed(ACTS[name], says(status, {"message": "internal server error"}))) is UnknownError
    )


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("status", [307, 408, 500, 502, 503, 504])
def test_the_same_failure_of_a_question_may_be_asked_again(name, status):
    assert type(failed(READS[name], says(status, b"<html>"))) is RetryError


@pytest.mark.parametrize("name", READS)
def test_a_question_without_an_answer_may_be_asked_again(name):
    assert (
        type(failed(READS[name], raises(httpx.ReadTimeout("slow", request=REQUEST)))) is RetryError
    )


@pytest.mark.parametrize("name", ["submit", "replace"])
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"id": 5}', b'{"status": "new"}'])
def test_an_answer_to_a_deed_that_cannot_be_read_is_unknown(name, body):
    assert type(failed(ACTS[name], says(200, body))) is UnknownError


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("body", [b"", b"{", b"5", b'[{"id": 5}]'])
def test_an_answer_to_a_question_that_cannot_be_read_may_be_asked_again(name, body):
    assert type(failed(READS[name], says(200, body))) is RetryError


@pytest.mark.parametrize("name", ACTS | READS)
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, {"code": 40110000, "message": "request is not authorized"}),
        (403, {"message": "forbidden."}),
        (403, {"code": 40310000, "message": "forbidden."}),
        (403, b"<html>"),
    ],
)
def test_keys_that_are_refused_halt(name, status, body):
    assert type(failed((ACTS | READS)[name], says(status, body))) is HaltError


@pytest.mark.parametrize("name", ACTS | READS)
def test_the_rate_limit_is_waited_for_as_long_as_the_venue_says(name):
    call = (ACTS | READS)[name]
    error = failed(call, says(429, {"code": 42910000, "message": "slow"}, **{"retry-after": "3.5"}))
    assert type(error) is RetryError
    assert error.wait_s == 3.5


@pytest.mark.parametrize(
    ("said", "waits"),
    [
        ("-1", 0.0),
        ("NaN", 0.0),
        ("soon", 0.0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0),
        ("1e9", 300.0),
    ],
)
def test_a_retry_after_that_makes_no_sense_does_no_harm(said, waits):
    error = failed(ACTS["submit"], says(429, {}, **{"retry-after": said}))
    assert error.wait_s == waits


@pytest.mark.parametrize("name", ["submit", "replace"])
def test_a_name_used_before_is_a_duplicate(name):
    body = {"code": 40010001, "message": "client_order_id must be unique"}
    assert type(failed(ACTS[name], says(422, body))) is DuplicateError


SHARES = {
    "available": "0",
    "code": 40310000,
    "existing_qty": "10",
    "held_for_orders": "10",
    "message": "insufficient qty available for order (requested: 10, available: 0)",
    "related_orders": [ID],
    "symbol": "SPY",
}
COINS = {
    "available": "0",
    "balance": "0.12",
    "code": 40310000,
    "message": "insufficient balance for BTC (requested: 0.12, available: 0)",
    "symbol": "BTC",
}
WASH = {
    "code": 40310000,
    "existing_order_id": ID,
    "message": "potential wash trade detected. use complex orders",
    "reject_reason": "opposite side limit order exists",
}
BUSY = {"code": 42210000, "message": "cannot replace order in pending_new status"}


@pytest.mark.parametrize(
    ("status", "body", "word"),
    [
        (403, SHARES, "held: "),
        (422, SHARES, "held: "),
        (403, SHARES | {"existing_qty": "0", "held_for_orders": "0"}, "held: "),
        (403, COINS, "held: "),
        (403, WASH, "wash: "),
        (422, {"code": 42210000, "message": WASH["message"]}, "wash: "),
        (422, BUSY, "wait: "),
        (422, {"code": 42210000, "message": "cannot replace order in accepted status"}, "wait: "),
    ],
)
def test_what_another_order_of_ours_stands_in_the_way_of_may_succeed_later(status, body, word):
    error = failed(ACTS["submit"], says(status, body))
    assert type(error) is RetryError
    assert str(error).startswith(word)


@pytest.mark.parametrize(
    ("status", "code", "message", "word"),
    [
        (403, 40310000, "insufficient buying power", "funds: "),
        (403, 40310000, "insufficient day trading buying power", "funds: "),
        (403, 40310000, "insufficient balance for USD (requested: 10, available: 9)", "funds: "),
        (403, 40310100, "trade denied due to pattern day trading protection", "rule: "),
        (403, 40310000, "account is not allowed to short", "rule: "),
        (403, 40310000, "something nobody has seen yet", "rule: "),
        (422, 42210000, "stop price must be less than current price", "through: "),
        (422, 42210000, "stop_loss.stop_price must be <= base_price - 0.01", "through: "),
        (
            422,
            42210000,
            "stop price must be less than or equal to base_price - 0.01",
            "through: ",
        ),
        (422, 42210000, "fractional orders must be DAY orders", "rule: "),
        (422, 42210000, "invalid crypto time_in_force", "rule: "),
        (422, 42210000, "stop price must be limited to 2 decimal places", "rule: "),
        (
            422,
            42210000,
            "invalid limit_price 290.123. sub-penny increment does not fulfill minimum pricing "
            "criteria",
            "rule: ",
        ),
        (422, 42210000, "asset SPY is not tradable", "halted: "),
        (422, 42210000, 'asset "SPYY" not found', "halted: "),
        (404, 40410000, "asset not found for SPYY", "halted: "),
        (422, 42210000, 'order is already in "filled" state', "gone: "),
        (422, 42210000, "cannot replace order in filled status", "gone: "),
        (422, 42210000, "order already replaced", "gone: "),
        (422, 42210000, "order is not cancelable", "gone: "),
        (404, 40410000, f"order not found for {ID}", "gone: "),
        (400, 40010000, "request body format is invalid", "rule: "),
    ],
)
def test_a_refusal_begins_with_its_reason_for_machines(status, code, message, word):
    error = failed(ACTS["submit"], says(status, {"code": code, "message": message}))
    assert type(error) is RefuseError
    assert str(error).startswith(word)
    assert message in str(error)


@pytest.mark.parametrize(
    "message",
    [
        "account is restricted to liquidation only",
        "trading is blocked",
        "account not authorized to trade",
        "new orders are rejected by user request",
    ],
)
def test_an_account_that_may_not_trade_halts(message):
    error = failed(ACTS["submit"], says(403, {"code": 40310000, "message": message}))
    assert type(error) is HaltError


def test_data_outside_the_plan_halts_and_says_so():
    body = {"code": 42210000, "message": "subscription does not permit querying recent SIP data"}
    assert "SIP" in str(failed(READS["account"], says(403, body)))


def test_nothing_is_ever_sent_twice():
    seen = []

    def handler(request):
        seen.append(request.method)
        return httpx.Response(504, json={"message": "gateway"})

    for call in ACTS.values():
        failed(call, handler)
    assert seen == ["POST", "PATCH", "DELETE"]


def test_a_redirect_does_not_carry_the_keys_elsewhere():
    hosts = []

    def handler(request):
        hosts.append(request.url.host)
        return httpx.Response(307, headers={"location": "https://evil.com/v2/account"})

    failed(READS["account"], handler)
    assert hosts == ["127.0.0.1"]


def test_a_venue_that_drips_its_answer_is_given_the_time_of_one_request():
    async def slow(_):
        await asyncio.sleep(3600)
        return httpx.Response(200)

    async def go():
        broker = AlpacaBroker(SETTINGS, transport=httpx.MockTransport(slow))
        with pytest.raises(UnknownError, match="no answer"):
            await broker.submit(ticket())
        with pytest.raises(RetryError, match="no answer"):
            await broker.account()
        assert asyncio.get_running_loop().time() == pytest.approx(2 * SETTINGS.timeout_s)

    run(go())


def test_the_keys_stand_in_no_log_at_any_level(caplog):
    caplog.set_level(logging.DEBUG)

    async def go():
        broker = answering(says(200, order()))
        await broker.submit(ticket())
        await broker.close()

    asyncio.run(go())
    assert SECRET not in caplog.text
