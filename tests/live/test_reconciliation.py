"""Book against venue: each difference has its defined answer."""

import asyncio
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import pytest

from greenlight.domain import (
    Activity,
    ActivityKind,
    AssetClass,
    Event,
    Holding,
    Instrument,
    OrderKind,
    OrderState,
    Side,
    Switch,
    Switched,
    Timeframe,
    VenueAccount,
    VenueOrder,
)
from greenlight.engine import UNLIMITED, Desk, Rules, Trader, build_costs, build_specs
from greenlight.ledger import Answer, DriftKind, Entry, Halted, Heard, Record, Sending
from greenlight.live import Block, Timekeeper, Universe, WatchSettings
from greenlight.live.booking import Bookkeeper, Books, Seen
from greenlight.live.reconciliation import Reconciler, Sides

START = 1_552_500_000_000_000_000  # 2019-03-13, in session
CASH = 10_000.0


@dataclass
class Table:
    """Venue, clock, executor and journal, all laid open."""

    cash: Decimal = Decimal("10000")
    held: dict[str, Decimal] = field(default_factory=dict)
    orders: tuple[VenueOrder, ...] = ()
    lines: tuple[Activity, ...] = ()
    ours: set[str] = field(default_factory=set)
    unsettled: set[int] = field(default_factory=set)
    cancelled: list[str] = field(default_factory=list)
    sent: list[object] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    ts: int = START
    later: "dict[str, Decimal] | None" = None

    async def holdings(self):
        held, self.held = self.held, self.held if self.later is None else self.later
        return {n: Holding(n, q, Decimal(50), Decimal(60)) for n, q in held.items()}

    async def open_orders(self):
        return self.orders

    async def account(self):
        return VenueAccount("A", self.cash, self.cash)

    async def activities(self, since_ts):
        return tuple(one for one in self.lines if one.ts >= since_ts)

    async def cancel(self, venue_id):
        self.cancelled.append(venue_id)

    async def submit(self, ticket):
        self.sent.append(ticket)
        return order("new", ticket.client_id)

    def now(self):
        return self.ts

    async def sleep(self, seconds):
        self.ts += int(seconds * 1e9)

    def is_settled(self, symbol):
        return symbol not in self.unsettled

    def knows(self, one):
        return one.venue_id in self.ours

    def owns(self, venue_id):
        return venue_id in self.ours

    async def catch_up(self):
        self.sent.append("asked")

    def hear(self, report, by):
        self.sent.append((report.order.venue_id, by))


class Room:
    """A trader with two symbols and its reconciler."""

    def __init__(self, table: Table, entries: tuple[Entry, ...] = ()) -> None:
        self.table = table
        ones = tuple(Instrument(name, AssetClass.EQUITY, "XNYS") for name in ("AAA", "BBB"))
        universe = Universe((Block("XNYS", Timeframe.H1, 0, ones),))
        rules = Rules(UNLIMITED, build_costs(2), build_specs(2))
        self.trader = Trader(rules, CASH, Desk(universe.widths))
        times = Timekeeper(universe, START)
        seen = Seen.recall(entries)
        books = Bookkeeper(Books(self.trader, universe, times, table, self.tell), seen, START)
        self.it = Reconciler(
            Sides(
                broker=table,
                trader=self.trader,
                tickets=table,
                universe=universe,
                times=times,
                clock=table,
                settings=WatchSettings(),
                tell=self.tell,
                note=table.records.append,
                is_idle=lambda: True,
                safe=self.safe,
                fence=3,
            ),
            books,
        )

    async def safe(self):
        self.table.sent.append("safe")

    def tell(self, event: Event, *, activity: str = "") -> None:
        self.table.heard.append(Heard(event, None, activity))
        self.trader.process(event)

    def reconcile(self, resolve: Answer | None = None):
        return asyncio.run(self.it.reconcile(resolve)).drifts


def order(venue_id: str, client_id: str) -> VenueOrder:
    numbers = (Decimal(5), Decimal(0), None)
    return VenueOrder(
        venue_id, client_id, "AAA", Side.SELL, OrderKind.STOP, *numbers, OrderState.WORKING
    )


def line(name: str, kind: ActivityKind, **more) -> Activity:
    return Activity(name, kind, START + 1, **more)


def switches(table: Table) -> list[Switch]:
    return [one.event.switch for one in table.heard if isinstance(one.event, Switched)]


def test_what_agrees_is_written_down_and_changes_nothing():
    room = Room(Table())
    assert room.reconcile() == ()
    assert room.table.heard == []


def test_a_trade_by_hand_is_booked_at_its_price_and_once():
    table = Table(Decimal("9500"), {"AAA": Decimal(10)})
    bought = {"instrument": "AAA", "quantity": Decimal(10), "price": Decimal(50)}
    table.lines = (line("f1", ActivityKind.FILL, venue_id="hand", **bought),)
    room = Room(table)
    (drift,) = room.reconcile()
    assert (drift.answer, drift.cause) == (Answer.EXPLAINED, "traded by hand or by the kill switch")
    assert room.trader.quantity[0] == 10.0
    assert room.trader.average[0] == 50.0
    assert room.trader.cash == 9_500.0
    assert room.reconcile() == ()
    assert len(table.heard) == 1


def test_a_line_booked_before_a_restart_is_not_booked_again():
    table = Table(Decimal("9500"), {"AAA": Decimal(10)})
    bought = {"instrument": "AAA", "quantity": Decimal(10), "price": Decimal(50)}
    table.lines = (line("f1", ActivityKind.FILL, venue_id="hand", **bought),)
    first = Room(table)
    first.reconcile()
    entries = tuple(Entry(n, "r", 0, 0, one) for n, one in enumerate(table.heard))
    again = Room(table, entries)  # a trader that has forgotten, to see what would be booked
    (drift, _) = again.reconcile()
    assert drift.answer is Answer.HALTED


def test_own_fills_are_the_executors_business():
    table = Table(Decimal("9500"), {"AAA": Decimal(10)}, ours={"mine"})
    bought = {"instrument": "AAA", "quantity": Decimal(10), "price": Decimal(50)}
    table.lines = (line("f1", ActivityKind.FILL, venue_id="mine", **bought),)
    room = Room(table)
    assert {drift.answer for drift in room.reconcile()} == {Answer.HALTED}
    assert room.trader.quantity[0] == 0.0


def test_nothing_in_flight_is_compared():
    table = Table(held={"AAA": Decimal(10)}, unsettled={0})
    assert Room(table).reconcile() == ()


def test_a_stale_snapshot_counts_for_nothing():
    table = Table(held={"AAA": Decimal(10)}, later={})
    assert Room(table).reconcile() == ()


def test_an_unexplained_position_halts_entries_and_says_what_to_do():
    table = Table(held={"AAA": Decimal(10)})
    room = Room(table)
    (drift,) = room.reconcile()
    assert (drift.kind, drift.answer) == (DriftKind.POSITION, Answer.HALTED)
    assert switches(table) == [Switch.HALT]
    assert room.trader.switches.halted
    (halted,) = [one for one in table.records if isinstance(one, Halted)]
    assert "AAA: the book says 0.0, the broker 10" in halted.why
    assert "greenlight reconcile --adopt" in halted.why
    room.reconcile()
    assert switches(table) == [Switch.HALT]


def test_adopted_by_a_person_the_brokers_word_is_booked():
    table = Table(held={"AAA": Decimal(10)})
    room = Room(table)
    room.reconcile(Answer.ADOPTED)
    assert room.trader.quantity[0] == 10.0
    assert room.trader.average[0] == 60.0


def test_released_a_position_is_forgotten_and_compared_no_more():
    table = Table(Decimal("9500"), {"AAA": Decimal(10)})
    bought = {"instrument": "AAA", "quantity": Decimal(10), "price": Decimal(50)}
    table.lines = (line("f1", ActivityKind.FILL, venue_id="hand", **bought),)
    room = Room(table)
    room.reconcile()
    table.held = {"AAA": Decimal(25)}
    room.reconcile(Answer.RELEASED)
    assert room.trader.quantity[0] == 0.0
    assert all(drift.answer is Answer.EXPLAINED for drift in room.reconcile())


def test_repaired_the_venue_is_brought_to_the_book_under_a_name_written_down_before():
    table = Table(held={"AAA": Decimal(10)})
    room = Room(table)
    room.reconcile(Answer.REPAIRED)
    asked, safe, ticket = table.sent
    assert (asked, safe) == ("asked", "safe")
    assert (ticket.client_id, ticket.side, ticket.quantity) == ("gl3-0-0M0", Side.SELL, Decimal(10))
    assert room.trader.quantity[0] == 0.0


def test_a_deposit_is_no_profit():
    table = Table(Decimal("12000"))
    table.lines = (line("t1", ActivityKind.TRANSFER, amount=Decimal(2000)),)
    room = Room(table)
    (drift,) = room.reconcile()
    assert (drift.kind, drift.cause) == (DriftKind.CASH, "transfer of 2000")
    assert room.trader.cash == 12_000.0


@pytest.mark.parametrize(("cents", "answer"), [(10, Answer.ADOPTED), (5_000, Answer.HALTED)])
def test_small_cash_is_adopted_and_more_of_it_halts(cents, answer):
    room = Room(Table(Decimal("10000") - Decimal(cents) / 100))
    (drift,) = room.reconcile()
    assert drift.answer is answer


def test_a_split_overnight_is_explained_by_the_venues_record():
    table = Table(Decimal("9500"), {"AAA": Decimal(10)})
    bought = {"instrument": "AAA", "quantity": Decimal(10), "price": Decimal(50)}
    table.lines = (line("f1", ActivityKind.FILL, venue_id="hand", **bought),)
    room = Room(table)
    room.reconcile()
    table.held = {"AAA": Decimal(40)}
    table.lines += (line("s1", ActivityKind.ACTION, instrument="AAA"),)
    (drift,) = room.reconcile()
    assert drift.cause == "a split of 4 for 1"
    assert room.trader.quantity[0] == 40.0
    assert room.trader.average[0] == 12.5


def test_a_dividend_is_income_of_its_symbol():
    table = Table(Decimal("9500"), {"AAA": Decimal(10)})
    bought = {"instrument": "AAA", "quantity": Decimal(10), "price": Decimal(50)}
    table.lines = (line("f1", ActivityKind.FILL, venue_id="hand", **bought),)
    room = Room(table)
    room.reconcile()
    table.cash += Decimal("7.5")
    table.lines += (line("d1", ActivityKind.DIVIDEND, instrument="AAA", amount=Decimal("7.5")),)
    (drift,) = room.reconcile()
    assert drift.cause == "dividend of AAA"
    assert room.trader.cash == pytest.approx(9_507.5)


def test_orders_with_our_mark_that_no_ticket_stands_for_are_cancelled_and_others_named():
    table = Table(orders=(order("v1", "gl2-0-1S0"), order("v2", "mine-by-hand")))
    causes = {drift.cause for drift in Room(table).reconcile()}
    assert table.cancelled == ["v1"]
    assert causes == {"left behind by an earlier lease, cancelled", "not ours, left alone"}
    assert [one.client_id for one in table.records if isinstance(one, Sending)] == ["gl2-0-1S0"]


def test_closes_of_the_kill_switch_that_wait_for_the_open_are_let_alone():
    table = Table(orders=(order("v1", "gl2-0-1M0"),))
    Room(table).reconcile()
    assert table.cancelled == []


def test_reports_of_known_orders_go_to_the_executor():
    table = Table(orders=(order("v1", "gl3-0-1S0"),), ours={"v1"})
    assert Room(table).reconcile() == ()
    assert table.sent == [("v1", "reconciliation")]


def test_positions_of_other_symbols_are_named_and_left_alone():
    (drift,) = Room(Table(held={"ZZZ": Decimal(3)})).reconcile()
    assert drift.cause == "not of this run, left alone"


def test_ids_of_happenings_rise_whatever_the_day():
    seen = Seen()
    numbers = [seen.next(0, START), seen.next(0, START), seen.next(0, START - 10**15)]
    assert numbers == sorted(set(numbers))
    assert np.isfinite(numbers).all()
