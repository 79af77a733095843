"""Splits, dividends and money between the sessions."""

from datetime import date

from venue_story import BUY, HOUR, OPEN, SELL, Story, dec

from greenlight.brokers.exchange import Force, Kind, VenueSettings
from greenlight.domain import CashDividend, Split

NEXT_MORNING = OPEN + 19 * HOUR  # past 04:00 ET


def test_a_split_multiplies_the_position_and_moves_resting_orders():
    story = Story(actions=[Split("SPY", date(2024, 3, 5), dec(4))])
    story.order(BUY, qty=10)
    stop = story.order(SELL, Kind.STOP, stop=96, force=Force.GTC)
    worth = story.venue.floor.equity()
    story.venue.advance(NEXT_MORNING)
    assert story.held() == 40
    assert story.venue.floor.equity() == worth
    moved = story.now_of(stop)
    assert (moved.qty, moved.stop) == (dec(40), dec(24))
    assert "restated" in story.changes()
    line = story.venue.account.activities[-1]
    assert (line.type, line.qty) == ("SPLIT", dec(30))


def test_a_dividend_is_paid_on_its_ex_date_and_taken_from_who_is_short():
    actions = [CashDividend("SPY", date(2024, 3, 5), dec("1.25"))]
    long, short = Story(actions=actions), Story(actions=actions)
    long.order(BUY, qty=10)
    short.order(SELL, qty=10)
    for story, sign in ((long, 1), (short, -1)):
        before = story.venue.account.cash
        story.venue.advance(NEXT_MORNING)
        assert story.venue.account.cash - before == sign * dec("12.50")
        assert story.venue.account.activities[-1].type == "DIV"


def test_an_action_of_a_day_before_the_start_does_not_happen():
    story = Story(actions=[Split("SPY", date(2024, 3, 1), dec(4))])
    story.order(BUY, qty=10)
    story.venue.advance(NEXT_MORNING)
    assert story.held() == 10


def test_transfers_move_cash_and_are_written_down():
    story = Story()
    story.venue.transfer(dec(500))
    story.venue.transfer(dec(-200))
    assert story.venue.account.cash == dec(100_300)
    assert [line.type for line in story.venue.account.activities] == ["CSD", "CSW"]


def test_the_day_begins_with_yesterdays_worth():
    story = Story(VenueSettings(cash=dec(10_000)))
    story.order(BUY, qty=10)
    story.trade(120)
    worth = story.venue.floor.equity()
    story.venue.advance(NEXT_MORNING)
    assert story.venue.account.last_equity == worth
    assert story.venue.account.positions["SPY"].day_price == dec(120)
