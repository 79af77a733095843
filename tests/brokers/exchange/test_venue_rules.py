"""Alpaca's rules, each as it answers when it is broken."""

import pytest
from venue_story import BUY, MINUTE, SELL, AtMost, Story, dec, refusal

from greenlight.brokers.exchange import Changes, Force, Form, Kind, Status, VenueSettings


def test_a_client_id_is_never_free_again_even_after_a_cancel():
    story = Story()
    order = story.order(BUY, Kind.LIMIT, limit=90, client_order_id="mine")
    with refusal(422, "client_order_id must be unique"):
        story.order(BUY, Kind.LIMIT, limit=90, client_order_id="mine")
    story.venue.cancel(order.id)
    with refusal(422, "client_order_id must be unique"):
        story.order(BUY, Kind.LIMIT, limit=90, client_order_id="mine")


@pytest.mark.parametrize("kind", [Kind.STOP, Kind.TRAILING_STOP])
def test_crypto_takes_no_plain_and_no_trailing_stops(kind):
    terms = {"stop": 40_000} if kind is Kind.STOP else {"trail_percent": 5}
    with refusal(422, "invalid order type for crypto order"):
        Story().order(SELL, kind, qty=1, symbol="BTC/USD", **terms)


@pytest.mark.parametrize("force", [Force.DAY, Force.FOK, Force.OPG, Force.CLS])
def test_crypto_orders_are_gtc_or_ioc(force):
    with refusal(422, "invalid crypto time_in_force"):
        Story().order(BUY, qty=1, symbol="BTC/USD", force=force)


def test_crypto_cannot_be_sold_short_nor_bought_on_margin():
    story = Story()
    with refusal(403, "insufficient balance for BTC"):
        story.order(SELL, qty=1, symbol="BTC/USD")
    with refusal(403, "insufficient balance for USD"):
        story.order(BUY, qty=3, symbol="BTC/USD")


def test_the_fee_of_a_coin_bought_is_kept_back_in_coins():
    story = Story()
    story.order(BUY, qty=1, symbol="BTC/USD")
    assert story.held("BTC/USD") == dec("0.9975")
    with refusal(403, "insufficient balance for BTC"):
        story.order(SELL, qty=1, symbol="BTC/USD")
    assert [line.type for line in story.venue.account.activities] == ["FILL", "CFEE"]


def test_units_promised_to_one_order_are_not_there_for_another():
    story = Story()
    story.order(BUY, qty=10)
    first = story.order(SELL, Kind.LIMIT, limit=120, qty=6)
    with refusal(403, "insufficient qty available for order (requested: 5, available: 4)") as no:
        story.order(SELL, qty=5)
    assert no.value.body | {"message": ""} == {
        "code": 40310000,
        "message": "",
        "symbol": "SPY",
        "available": "4",
        "existing_qty": "10",
        "held_for_orders": "6",
        "related_orders": [first.id],
    }
    story.venue.cancel(first.id)
    assert story.now_of(story.order(SELL, qty=10)).status is Status.FILLED


def test_a_sale_never_turns_a_position_around():
    story = Story()
    story.order(BUY, qty=10)
    with refusal(403, "insufficient qty"):
        story.order(SELL, qty=11)


def test_orders_of_both_sides_are_a_potential_wash_trade():
    story = Story()
    story.order(BUY, qty=10)
    stop = story.order(SELL, Kind.STOP, stop=90)
    with refusal(403, "potential wash trade detected. use complex orders") as no:
        story.order(BUY, Kind.LIMIT, limit=80)
    assert no.value.body["existing_order_id"] == stop.id
    assert no.value.body["reject_reason"] == "opposite side market/stop order exists"
    story.venue.cancel(stop.id)
    story.order(SELL, Kind.LIMIT, limit=110)
    with refusal(403, "potential wash trade"):
        story.order(BUY)
    assert story.order(BUY, Kind.LIMIT, limit=90).is_open


def test_complex_orders_and_trailing_stops_are_exempt_from_the_wash_trade_rule():
    story = Story()
    story.order(BUY, qty=10)
    story.order(SELL, Kind.STOP, stop=90, qty=5)
    assert story.bracket(qty=1)
    other = Story()
    other.order(BUY, qty=10)
    other.order(BUY, Kind.LIMIT, limit=90)
    assert other.order(SELL, Kind.TRAILING_STOP, trail_percent=5)


def test_nothing_may_open_both_ways():
    story = Story()
    story.order(BUY, Kind.LIMIT, limit=90)
    with refusal(403, "cannot open a short sell while a long buy order is open"):
        story.order(SELL)


def test_fractions_are_for_the_day_and_cannot_be_shorted():
    story = Story()
    with refusal(422, "fractional orders must be DAY orders"):
        story.order(BUY, qty="1.5", force=Force.GTC)
    with refusal(422, "fractional orders cannot be sold short"):
        story.order(SELL, qty="1.5")
    assert story.now_of(story.order(BUY, qty="1.5")).filled == dec("1.5")
    with refusal(422, "fractional orders must be simple orders"):
        story.bracket(qty="0.5")


def test_legs_are_held_until_their_entry_has_filled_whole():
    story = Story()
    entry = story.order(BUY, Kind.LIMIT, limit=99, form=Form.BRACKET, take_profit=110, stop_loss=95)
    assert [leg.status for leg in story.legs(entry)] == [Status.HELD, Status.HELD]
    story.trade(94, is_gap=True)
    target, stop = story.legs(entry)
    assert story.now_of(entry).filled == 10
    assert (target.status, stop.status) == (Status.CANCELED, Status.FILLED)


def test_the_legs_of_a_partly_filled_and_then_cancelled_entry_are_gone():
    story = Story(conditions=AtMost(3))
    entry = story.bracket(qty=10)
    assert story.now_of(entry).filled == 3
    story.venue.cancel(entry.id)
    assert [leg.status for leg in story.legs(entry)] == [Status.CANCELED] * 2
    assert story.held() == 3
    assert story.venue.held("SPY") == 0


def test_when_the_target_fills_the_stop_is_cancelled_and_the_other_way_round():
    story = Story()
    entry = story.bracket()
    story.trade("110.01")
    target, stop = story.legs(entry)
    assert (target.average, stop.status) == (dec(110), Status.CANCELED)
    other = Story()
    entry = other.bracket()
    other.trade(95)
    target, stop = other.legs(entry)
    assert (target.status, stop.status) == (Status.CANCELED, Status.FILLED)
    assert other.held() == 0


def test_a_partly_filled_target_takes_its_part_off_the_stop():
    story = Story(conditions=AtMost(4, Kind.LIMIT))
    entry = story.bracket()
    story.trade(111)
    target, stop = story.legs(entry)
    assert (target.filled, stop.leaves) == (dec(4), dec(6))
    story.trade(95)
    assert story.held() == 0


def test_a_pair_promises_its_units_once():
    story = Story()
    story.order(BUY, qty=10)
    pair = story.order(SELL, Kind.LIMIT, limit=110, form=Form.OCO, take_profit=110, stop_loss=95)
    assert story.venue.held("SPY") == 10
    assert [leg.status for leg in story.legs(pair)] == [Status.HELD]
    story.trade(95)
    assert story.now_of(pair).status is Status.CANCELED
    assert story.held() == 0


def test_brackets_open_and_pairs_close():
    story = Story()
    with refusal(422, "oco orders must be exit orders"):
        story.order(SELL, Kind.LIMIT, limit=110, form=Form.OCO, take_profit=110, stop_loss=95)
    story.order(BUY)
    with refusal(422, "bracket orders must be entry orders"):
        story.order(SELL, qty=5, form=Form.BRACKET, take_profit=90, stop_loss=110)


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"form": Form.BRACKET, "stop_loss": 95}, "require take_profit"),
        ({"form": Form.BRACKET, "take_profit": 110}, "require stop_loss"),
        ({"form": Form.OTO}, "require either"),
        ({"form": Form.BRACKET, "take_profit": 90, "stop_loss": 95}, "must be >"),
        ({"form": Form.BRACKET, "take_profit": 110, "stop_loss": 95, "force": Force.IOC}, "day or"),
        ({"kind": Kind.LIMIT}, "require a limit price"),
        ({"kind": Kind.STOP}, "require a stop price"),
        ({"limit": 90}, "market orders require no stop or limit price"),
        ({"kind": Kind.LIMIT, "limit": "90.001"}, "sub-penny"),
        ({"kind": Kind.TRAILING_STOP}, "one of trail_price or trail_percent"),
        ({"qty": 0}, "qty must be > 0"),
        ({"notional": 100}, "only one"),
        ({"extended_hours": True}, "extended hours order must be DAY limit orders"),
    ],
)
def test_what_makes_no_sense_is_refused(terms, words):
    terms = dict(terms)
    kind = terms.pop("kind", Kind.MARKET)
    with refusal(422, words):
        Story().order(BUY, kind, **terms)


def test_a_stop_that_the_market_is_through_already_is_refused():
    story = Story()
    story.order(BUY)
    with refusal(422, "base_price"):
        story.order(SELL, Kind.STOP, stop=100)
    with refusal(422, "base_price"):
        story.order(SELL, Kind.STOP, stop=101)
    with refusal(422, "stop_loss.stop_price"):
        story.bracket(stop=100)
    assert story.order(SELL, Kind.STOP, stop="99.99").is_open


def test_more_than_the_buying_power_is_refused_and_resting_orders_count():
    story = Story(VenueSettings(cash=dec(1_000), multiplier=dec(1)))
    story.order(BUY, Kind.LIMIT, limit=90, qty=10)
    with refusal(403, "insufficient buying power") as no:
        story.order(BUY, Kind.LIMIT, limit=90, qty=2)
    assert no.value.body["buying_power"] == "100"
    assert no.value.body["cost_basis"] == "180"


def test_a_cash_account_does_not_short():
    with refusal(403, "not allowed to short"):
        Story(VenueSettings(multiplier=dec(1))).order(SELL)
    story = Story()
    story.order(SELL)
    assert story.held() == -10


def test_a_replacement_is_another_order_and_starts_anew():
    story = Story()
    old = story.order(BUY, Kind.LIMIT, limit=90)
    new = story.venue.replace(old.id, Changes(limit=dec(91), client_order_id="second"))
    was, stands = story.now_of(old), story.now_of(new)
    assert (was.status, was.replaced_by) == (Status.REPLACED, new.id)
    assert (stands.status, stands.replaces, stands.limit) == (Status.NEW, old.id, dec(91))
    assert stands.client_order_id == "second" != was.client_order_id
    with refusal(422, "client_order_id must be unique"):
        story.venue.replace(new.id, Changes(limit=dec(92), client_order_id="second"))
    with refusal(422, "order is not open"):
        story.venue.replace(old.id, Changes(limit=dec(92)))


def test_replacing_a_partly_filled_order_orders_its_whole_quantity_again():
    story = Story(conditions=AtMost(3))
    story.order(BUY, qty=3)
    old = story.order(BUY, Kind.LIMIT, limit=99)
    story.trade(98)
    new = story.now_of(story.venue.replace(old.id, Changes(limit=dec(95))))
    assert story.now_of(old).filled == 3
    assert (new.qty, new.filled) == (dec(10), dec(0))


def test_the_stop_of_a_pair_can_be_moved_and_still_belongs_to_it():
    story = Story()
    entry = story.bracket()
    stop = story.legs(entry)[1]
    moved = story.venue.replace(stop.id, Changes(stop=dec(98)))
    target, now = story.legs(entry)
    assert now.id == moved.id
    story.trade(98)
    assert story.held() == 0
    assert story.now_of(target).status is Status.CANCELED


def test_a_queued_order_cannot_be_replaced_yet():
    story = Story()
    story.wait(8 * 60 * MINUTE)
    queued = story.order(BUY, Kind.LIMIT, limit=90)
    with refusal(422, "order isn't sent to exchange yet"):
        story.venue.replace(queued.id, Changes(limit=dec(91)))


def test_a_replacement_that_comes_too_late_is_rejected():
    story = Story(VenueSettings(delay_ns=MINUTE))
    old = story.order(BUY, Kind.LIMIT, limit=99)
    story.wait(MINUTE)
    new = story.venue.replace(old.id, Changes(limit=dec(98)))
    story.trade(97)
    story.wait(MINUTE)
    assert story.now_of(old).status is Status.FILLED
    assert story.now_of(new).status is Status.REJECTED
    assert "order_replace_rejected" in story.changes()


def test_what_has_ended_cannot_be_cancelled():
    story = Story()
    order = story.order(BUY)
    with refusal(422, 'order is already in "filled" state'):
        story.venue.cancel(order.id)
    with refusal(404, "order not found"):
        story.venue.cancel("nobody")


def test_a_position_is_closed_in_part_or_whole():
    story = Story()
    story.order(BUY, qty=10)
    story.venue.close("SPY", qty=dec(4))
    assert story.held() == 6
    story.venue.close("SPY", percentage=dec(50))
    assert story.held() == 3
    story.venue.close("SPY")
    assert story.held() == 0
    with refusal(404, "position does not exist"):
        story.venue.close("SPY")


def test_an_unknown_symbol_is_refused():
    with refusal(422, 'asset "XYZ" not found'):
        Story().order(BUY, symbol="XYZ")


def test_the_venue_tells_the_states_an_order_goes_through():
    story = Story()
    story.changes()
    story.order(BUY)
    assert story.changes() == ["pending_new", "new", "fill"]
    order = story.order(BUY, Kind.LIMIT, limit=90)
    story.venue.replace(order.id, Changes(limit=dec(91)))
    assert story.changes() == ["pending_new", "new", "pending_replace", "replaced", "new"]
    story.venue.cancel_all()
    assert story.changes() == ["canceled"]
