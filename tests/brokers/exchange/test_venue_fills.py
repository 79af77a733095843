"""When and at what price orders fill at the local exchange."""

from venue_story import BUY, HOUR, MINUTE, OPEN, SELL, AtMost, Story, dec

from greenlight.brokers.exchange import Force, Kind, Status, VenueSettings
from greenlight.brokers.exchange.names import nanoseconds


def test_a_market_order_fills_at_once_off_the_quote_and_never_inside_it():
    story = Story()
    order = story.now_of(story.order(BUY))
    bid, ask = story.venue.quote("SPY")
    assert order.status is Status.FILLED
    assert order.average == dec("100.03") > ask > dec(100) > bid
    assert story.now_of(story.order(SELL, symbol="SPY")).average == dec("99.97") < bid


def test_costs_are_never_zero_and_cash_moves_by_exactly_what_was_traded():
    story = Story()
    before = story.venue.account.cash
    story.order(BUY, qty=10)
    assert story.venue.account.cash == before - 10 * dec("100.03")
    assert story.venue.floor.equity() < before


def test_a_limit_at_the_touch_takes_the_offer():
    story = Story()
    _, ask = story.venue.quote("SPY")
    order = story.order(BUY, Kind.LIMIT, limit=ask)
    assert story.now_of(order).average == ask


def test_a_resting_limit_needs_the_price_to_be_traded_through():
    story = Story()
    order = story.order(BUY, Kind.LIMIT, limit=99)
    story.trade(99)
    assert story.now_of(order).status is Status.NEW
    story.trade("98.99")
    filled = story.now_of(order)
    assert (filled.status, filled.average) == (Status.FILLED, dec(99))


def test_a_gap_fills_a_limit_at_the_better_price_and_a_stop_at_the_worse():
    story = Story()
    story.order(BUY, qty=10)
    story.order(BUY, Kind.LIMIT, limit=97)
    stop = story.bracket(qty=5, target=110, stop=95)
    story.trade(90, is_gap=True)
    fills = {u.order.id: u.price for u in story.venue.drain() if u.price is not None}
    assert dec(90) in fills.values()
    leg = story.legs(stop)[1]
    assert leg.average < dec(90)


def test_a_stop_triggers_on_touch_and_fills_at_its_level_with_costs():
    story = Story()
    story.order(BUY)
    stop = story.order(SELL, Kind.STOP, stop=95)
    story.trade("95.01")
    assert story.now_of(stop).status is Status.NEW
    story.trade(95)
    assert story.now_of(stop).average == dec("94.9715")


def test_a_stop_limit_never_sells_below_its_limit():
    story = Story()
    story.order(BUY)
    stop = story.order(SELL, Kind.STOP_LIMIT, stop=95, limit=94)
    story.trade(90, is_gap=True)
    assert story.now_of(stop).filled == 0
    story.trade("94.5")
    assert story.now_of(stop).average == dec(94)


def test_a_trailing_stop_follows_the_high_and_stays_when_the_price_falls():
    story = Story()
    story.order(BUY)
    trail = story.order(SELL, Kind.TRAILING_STOP, trail_percent=5)
    assert story.now_of(trail).stop == dec(95)
    story.trade(120)
    assert (story.now_of(trail).hwm, story.now_of(trail).stop) == (dec(120), dec(114))
    story.trade(115)
    assert story.now_of(trail).stop == dec(114)
    story.trade(114)
    assert story.now_of(trail).status is Status.FILLED


def test_orders_of_a_closed_market_wait_for_the_open_and_fill_at_its_first_price():
    story = Story()
    story.wait(8 * HOUR)
    order = story.order(BUY)
    assert order.status is Status.ACCEPTED
    story.venue.advance(OPEN + 24 * HOUR)
    assert story.now_of(order).filled == 0
    story.ts = OPEN + 24 * HOUR
    story.trade(104, is_gap=True, after=0)
    assert story.now_of(order).average == dec("104.0312")


def test_a_half_day_ends_the_day_orders_at_its_own_close():
    story = Story()
    story.ts = nanoseconds("2024-07-03T13:30:00Z")  # closes at 13:00 ET
    story.trade(100)
    order = story.order(BUY, Kind.LIMIT, limit=90)
    story.venue.advance(nanoseconds("2024-07-03T16:59:59Z"))
    assert story.now_of(order).is_open
    story.venue.advance(nanoseconds("2024-07-03T17:00:00Z"))
    assert story.now_of(order).status is Status.EXPIRED


def test_the_open_moves_with_daylight_saving():
    story = Story()
    story.venue.advance(nanoseconds("2024-03-08T22:00:00Z"))
    order = story.order(BUY)
    story.venue.advance(nanoseconds("2024-03-11T13:29:59Z"))
    assert story.now_of(order).status is Status.ACCEPTED
    story.venue.advance(nanoseconds("2024-03-11T13:30:00Z"))
    assert story.now_of(order).status is Status.NEW


def test_a_day_order_expires_at_the_close_and_gtc_goes_on():
    story = Story()
    day = story.order(BUY, Kind.LIMIT, limit=90)
    gtc = story.order(BUY, Kind.LIMIT, limit=91, force=Force.GTC)
    story.wait(7 * HOUR)
    assert story.now_of(day).status is Status.EXPIRED
    assert story.now_of(gtc).status is Status.NEW


def test_ioc_cancels_what_does_not_fill_and_fok_wants_all_or_nothing():
    story = Story(conditions=AtMost(5))
    ioc = story.order(BUY, force=Force.IOC)
    fok = story.order(BUY, force=Force.FOK)
    assert (story.now_of(ioc).status, story.now_of(ioc).filled) == (Status.CANCELED, dec(5))
    assert (story.now_of(fok).status, story.now_of(fok).filled) == (Status.CANCELED, dec(0))


def test_orders_for_the_close_fill_at_the_last_price_of_the_session():
    story = Story()
    order = story.order(BUY, force=Force.CLS)
    story.trade(103, after=6 * HOUR)
    assert story.now_of(order).filled == 0
    story.wait(HOUR)
    assert story.now_of(order).average == dec(103)


def test_an_order_for_the_open_fills_at_the_first_price_or_not_at_all():
    story = Story()
    story.wait(8 * HOUR)
    order = story.order(BUY, Kind.LIMIT, force=Force.OPG, limit=99)
    market = story.order(BUY, force=Force.OPG)
    story.ts = OPEN + 24 * HOUR
    story.trade(101, is_gap=True, after=0)
    assert story.now_of(order).status is Status.EXPIRED
    assert story.now_of(market).status is Status.FILLED


def test_a_notional_order_buys_what_its_money_buys():
    story = Story()
    order = story.now_of(story.order(BUY, qty=None, notional=500))
    assert order.status is Status.FILLED
    assert (
        order.qty == order.filled == (dec(500) / dec("100.03")).quantize(dec("1e-9"), "ROUND_DOWN")
    )


def test_while_a_symbol_is_halted_nothing_fills_and_the_first_trade_after_is_a_jump():
    story = Story()
    story.order(BUY)
    stop = story.order(SELL, Kind.STOP, stop=95)
    story.venue.halt("SPY")
    story.trade(94)
    market = story.order(BUY, symbol="AAPL")
    assert story.now_of(stop).status is Status.NEW
    assert story.now_of(market).status is Status.FILLED
    story.venue.resume("SPY")
    story.trade(92, is_gap=True)
    assert story.now_of(stop).average < dec(92)


def test_extended_hours_take_a_limit_before_the_open_and_nothing_else_then():
    story = Story()
    story.venue.advance(OPEN + 20 * HOUR)  # 05:30 ET of the next day
    story.ts = OPEN + 20 * HOUR
    story.trade(100)
    early = story.order(BUY, Kind.LIMIT, limit="100.5", extended_hours=True)
    queued = story.order(BUY, Kind.LIMIT, limit="100.5")
    assert story.now_of(early).status is Status.FILLED
    assert story.now_of(queued).status is Status.ACCEPTED


def test_with_a_delay_orders_and_cancels_are_on_their_way_and_a_fill_may_win_the_race():
    story = Story(VenueSettings(delay_ns=MINUTE))
    order = story.order(BUY, Kind.LIMIT, limit=99)
    assert story.now_of(order).status is Status.PENDING_NEW
    story.wait(MINUTE)
    assert story.now_of(order).status is Status.NEW
    story.venue.cancel(order.id)
    assert story.now_of(order).status is Status.PENDING_CANCEL
    story.trade(98)
    assert story.now_of(order).status is Status.FILLED
    story.wait(MINUTE)
    assert story.now_of(order).status is Status.FILLED
