import asyncio
from decimal import Decimal

import httpx
import pytest
from alpaca_words import ID, answering, says

from greenlight.brokers.alpaca.accounts import activity, activity_kind, holding, venue_account
from greenlight.brokers.alpaca.texts import time_ns
from greenlight.domain import ActivityKind, Holding, VenueAccount

D = Decimal
ACCOUNT = {
    "id": "904837e3-3b76-47ec-b432-046db621571b",
    "account_number": "PA3TESTFIXT1",
    "status": "ACTIVE",
    "currency": "USD",
    "cash": "-52840.17",
    "equity": "100210.55",
    "trading_blocked": False,
    "account_blocked": False,
    "trade_suspended_by_user": False,
}
POSITION = {
    "asset_id": "b0b6dd9d-8b9b-48a9-ba46-b9d54906e415",
    "symbol": "SPY",
    "exchange": "ARCA",
    "asset_class": "us_equity",
    "avg_entry_price": "512.1",
    "qty": "12.345678901",
    "side": "long",
    "current_price": "513",
    "cost_basis": "6321.5",
}
FILL = {
    "activity_type": "FILL",
    "cum_qty": "1",
    "id": "20190524113406977::8efc7b9a-8b2b-4000-9955-d36e7db0df74",
    "leaves_qty": "0",
    "price": "1.63",
    "qty": "3",
    "side": "buy",
    "symbol": "LPCN",
    "transaction_time": "2019-05-24T15:34:06.977Z",
    "order_id": ID,
    "type": "fill",
}
DIVIDEND = {
    "activity_type": "DIV",
    "id": "20190801011955195::5f596936-6f23-4cef-bdf1-3806aae57dbf",
    "date": "2019-08-01",
    "net_amount": "1.02",
    "symbol": "T",
    "qty": "2",
    "per_share_amount": "0.51",
}
COIN_FEE = {
    "id": "20220812000000000::53be51ba-46f9-43de-b81f-576f241dc680",
    "activity_type": "CFEE",
    "date": "2022-08-12",
    "net_amount": "0",
    "description": "Coin Pair Transaction Fee (Non USD)",
    "symbol": "ETHUSD",
    "qty": "-0.000195",
    "price": "1884.5",
    "status": "executed",
}


def asked(call, handler):
    async def go():
        broker = answering(handler)
        try:
            return await call(broker)
        finally:
            await broker.close()

    return asyncio.run(go())


def test_the_account_is_told_with_its_id_cash_and_equity():
    result = asked(lambda broker: broker.account(), says(200, ACCOUNT))
    assert result == VenueAccount(ACCOUNT["id"], D("-52840.17"), D("100210.55"))


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"account_blocked": True}, "account blocked"),
        ({"trading_blocked": True}, "trading blocked"),
        ({"trade_suspended_by_user": True}, "trade suspended by user"),
        ({"status": "ACCOUNT_CLOSED"}, "status account_closed"),
    ],
)
def test_an_account_that_may_not_trade_says_why(fields, why):
    assert venue_account(ACCOUNT | fields).blocked == why


@pytest.mark.parametrize("fields", [{"cash": None}, {"equity": "NaN"}, {"id": None}])
def test_half_an_account_is_none(fields):
    with pytest.raises(ValueError, match=r"account|number"):
        venue_account(ACCOUNT | fields)


def test_positions_are_told_by_instrument():
    coins = POSITION | {"symbol": "BTCUSD", "asset_class": "crypto", "current_price": None}
    result = asked(lambda broker: broker.holdings(), says(200, [POSITION, coins]))
    assert result["SPY"] == Holding("SPY", D("12.345678901"), D("512.1"), D(513))
    assert result["BTC/USD"].price is None


@pytest.mark.parametrize(("qty", "side"), [("-5", "short"), ("5", "short"), ("-5", "long")])
def test_a_short_position_is_negative_however_it_is_written(qty, side):
    assert holding(POSITION | {"qty": qty, "side": side}).quantity == -5


def test_a_fill_moves_units_and_cash_by_its_side():
    bought, sold = activity(FILL), activity(FILL | {"side": "sell_short"})
    assert (bought.quantity, bought.amount) == (3, D("-4.89"))
    assert (sold.quantity, sold.amount) == (-3, D("4.89"))
    assert bought.venue_id == ID
    assert bought.ts == time_ns("2019-05-24T15:34:06.977Z")


def test_what_is_booked_for_a_day_bears_its_begin_in_new_york():
    result = activity(DIVIDEND)
    assert result.kind is ActivityKind.DIVIDEND
    assert (result.quantity, result.price, result.amount) == (2, D("0.51"), D("1.02"))
    assert result.ts == time_ns("2019-08-01T00:00:00-04:00")
    exact = activity(DIVIDEND | {"created_at": "2019-08-01T13:00:00Z"})
    assert exact.ts == time_ns("2019-08-01T13:00:00Z")


def test_a_fee_in_coins_takes_coins_and_no_cash():
    result = activity(COIN_FEE)
    assert result.kind is ActivityKind.FEE
    assert (result.instrument, result.quantity, result.amount) == ("ETH/USD", D("-0.000195"), 0)


def test_a_line_that_was_cancelled_moved_nothing():
    assert activity(DIVIDEND | {"status": "canceled"}) is None


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ("FILL", ActivityKind.FILL),
        ("CSD", ActivityKind.TRANSFER),
        ("CSW", ActivityKind.TRANSFER),
        ("JNLC", ActivityKind.TRANSFER),
        ("JNLS", ActivityKind.TRANSFER),
        ("ACATC", ActivityKind.TRANSFER),
        ("DIV", ActivityKind.DIVIDEND),
        ("DIVNRA", ActivityKind.DIVIDEND),
        ("DIVROC", ActivityKind.DIVIDEND),
        ("DIVFEE", ActivityKind.FEE),
        ("FEE", ActivityKind.FEE),
        ("CFEE", ActivityKind.FEE),
        ("PTC", ActivityKind.FEE),
        ("INT", ActivityKind.INTEREST),
        ("INTNRA", ActivityKind.INTEREST),
        ("SPLIT", ActivityKind.ACTION),
        ("SSP", ActivityKind.ACTION),
        ("SSO", ActivityKind.ACTION),
        ("SPIN", ActivityKind.ACTION),
        ("MA", ActivityKind.ACTION),
        ("NC", ActivityKind.ACTION),
        ("REORG", ActivityKind.ACTION),
        ("OPASN", ActivityKind.OTHER),
        ("NEVERSEEN", ActivityKind.OTHER),
    ],
)
def test_every_type_of_activity_has_its_kind(told, kind):
    assert activity_kind(told) is kind


def test_activities_come_page_by_page_oldest_first_each_once():
    since = time_ns("2019-05-24T15:34:06.977Z")
    rows = [FILL | {"id": f"20190524113406977::{n:03d}"} for n in range(250)]
    rows.append(DIVIDEND | {"date": "2019-05-24"})
    early = FILL | {"id": "early", "transaction_time": "2019-05-24T15:34:06.976Z"}
    rows.insert(0, early)
    rows.insert(0, DIVIDEND | {"id": "yesterday", "date": "2019-05-23"})
    tokens = []

    def handler(request):
        token = request.url.params.get("page_token")
        tokens.append(token)
        assert request.url.params["direction"] == "asc"
        assert request.url.params["after"] == "2019-05-22T04:00:00.000000000Z"
        first = 0 if token is None else [row["id"] for row in rows].index(token) + 1
        return httpx.Response(200, json=rows[first : first + 100])

    result = asked(lambda broker: broker.activities(since), handler)
    assert len(tokens) == 3
    assert len(result) == 251
    assert result[0].kind is ActivityKind.DIVIDEND
    assert [one.id for one in result[1:]] == sorted(one.id for one in result[1:])
    assert "yesterday" not in {one.id for one in result}
    assert "early" not in {one.id for one in result}


def test_a_venue_that_gives_the_same_page_for_ever_is_left():
    page = [FILL | {"id": str(n)} for n in range(100)]
    assert len(asked(lambda broker: broker.activities(0), says(200, page))) == 100


def test_the_venues_clock_is_told_in_utc():
    clock = {"timestamp": "2026-09-21T09:45:12.345678-04:00", "is_open": True}
    expected = time_ns("2026-09-21T13:45:12.345678Z")
    assert asked(lambda broker: broker.now(), says(200, clock)) == expected
