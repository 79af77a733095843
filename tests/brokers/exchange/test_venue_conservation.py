"""Whatever happens at the venue: money and units are conserved, nothing is sold twice."""

from collections import defaultdict
from contextlib import suppress
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from venue_story import BUY, HOUR, SECOND, SELL, Story

from greenlight.brokers.exchange import Changes, Form, Kind, RefusalError, VenueSettings


class Stingy:
    """Fills by the drop, and rejects now and then: drawn beforehand."""

    def __init__(self, parts):
        self._parts, self._at = parts, 0

    def rejection(self, order):
        return "no" if order.rank % 17 == 0 else ""

    def fillable(self, _order, wanted, _size):
        self._at += 1
        part = self._parts[self._at % len(self._parts)]
        return (wanted * part).to_integral_value("ROUND_FLOOR") if part < 1 else wanted


ACTS = st.one_of(
    st.tuples(st.just("trade"), st.integers(80, 120), st.booleans()),
    st.tuples(st.just("market"), st.sampled_from([BUY, SELL]), st.integers(1, 30)),
    st.tuples(st.just("limit"), st.sampled_from([BUY, SELL]), st.integers(85, 115)),
    st.tuples(st.just("stop"), st.sampled_from([BUY, SELL]), st.integers(85, 115)),
    st.tuples(st.just("trail"), st.sampled_from([BUY, SELL]), st.integers(1, 10)),
    st.tuples(st.just("bracket"), st.integers(1, 20), st.booleans()),
    st.tuples(st.just("pair"), st.integers(1, 20), st.booleans()),
    st.tuples(st.just("cancel"), st.integers(0, 20), st.booleans()),
    st.tuples(st.just("replace"), st.integers(0, 20), st.integers(85, 115)),
    st.tuples(st.just("close"), st.integers(1, 100), st.booleans()),
    st.tuples(st.just("wait"), st.integers(1, 9), st.booleans()),
)


def perform(story, act):
    name, a, b = act
    venue = story.venue
    match name:
        case "trade":
            story.trade(a, is_gap=b)
        case "market":
            story.order(a, qty=b)
        case "limit":
            story.order(a, Kind.LIMIT, limit=b)
        case "stop":
            story.order(a, Kind.STOP, stop=b)
        case "trail":
            story.order(a, Kind.TRAILING_STOP, trail_percent=b)
        case "bracket":
            story.bracket(qty=a, target=130, stop=70)
        case "pair":
            terms = {"limit": 130, "take_profit": 130, "stop_loss": 70}
            story.order(SELL, Kind.LIMIT, qty=a, form=Form.OCO, **terms)
        case "cancel":
            opened = venue.floor.book.open_orders()
            if opened:
                venue.cancel(opened[a % len(opened)].id)
        case "replace":
            opened = [o for o in venue.floor.book.open_orders() if o.limit is not None]
            if opened:
                venue.replace(opened[a % len(opened)].id, Changes(limit=Decimal(b)))
        case "close":
            venue.close("SPY", percentage=Decimal(a))
        case "wait":
            story.wait(a * (HOUR if b else SECOND))


@settings(max_examples=60, deadline=None)
@given(
    acts=st.lists(ACTS, max_size=40),
    parts=st.lists(
        st.sampled_from([Decimal(1), Decimal("0.5"), Decimal("0.2"), Decimal(0)]), min_size=1
    ),
    delay=st.sampled_from([0, SECOND // 2, 3 * SECOND]),
)
def test_money_and_units_are_conserved_and_nothing_fills_more_than_it_asked(acts, parts, delay):
    start = Decimal(20_000)
    story = Story(VenueSettings(cash=start, delay_ns=delay), Stingy(parts))
    updates = []
    for act in acts:
        with suppress(RefusalError):
            perform(story, act)
        held, promised = story.held(), story.venue.held("SPY")
        if delay == 0:
            assert promised <= abs(held)
        updates += story.venue.drain()
    cash, units, filled = start, defaultdict(Decimal), defaultdict(Decimal)
    executions = set()
    for update in updates:
        if update.qty is None:
            continue
        signed = update.order.side.sign * update.qty
        cash -= signed * update.price
        units[update.order.symbol] += signed
        filled[update.order.id] += update.qty
        assert update.execution_id not in executions
        executions.add(update.execution_id)
        assert filled[update.order.id] == update.order.filled <= update.order.qty
        assert update.position == units[update.order.symbol]
    account = story.venue.account
    assert cash + sum(line.amount for line in account.activities if line.type == "FEE") == (
        account.cash
    )
    assert {s: q for s, q in units.items() if q} == {s: p.qty for s, p in account.positions.items()}
    ended = {}
    for update in updates:
        assert not ended.get(update.order.id, False) or update.change == "order_replace_rejected"
        ended[update.order.id] = not update.order.is_open


@settings(max_examples=15, deadline=None)
@given(acts=st.lists(ACTS, max_size=25))
def test_the_same_story_told_twice_gives_the_same_updates(acts):
    def tell():
        story, told = Story(), []
        for act in acts:
            try:
                perform(story, act)
            except RefusalError as refusal:
                told.append(refusal.body)
            told += story.venue.drain()
        return told

    assert tell() == tell()
