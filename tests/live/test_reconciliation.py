"""Book against venue: each difference has its defined answer."""

from decimal import Decimal

import numpy as np
import pytest
from reconciliation_room import START, Room, Table, line, order

from greenlight.domain import Activity, ActivityKind, Happened, Happening, Side, Switch, Switched
from greenlight.ledger import Answer, DriftKind, Entry, Halted, Sending
from greenlight.live import Timekeeper
from greenlight.live.booking import Seen


async def _told(lines: tuple[Activity, ...]) -> tuple[Activity, ...]:
    return lines


def _deposit(room: Room, amount: float) -> Happened:
    time = Timekeeper(room.universe, START).bar_time(0, START)
    return Happened(time, 1, -1, Happening.DEPOSIT, amount)


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


def test_a_venue_that_shows_the_past_for_a_while_halts_nothing():
    table = Table(held={"AAA": Decimal(10)}, later={}, stale_s=20)
    room = Room(table)
    assert room.reconcile() == ()
    assert table.heard == []


def test_one_look_that_agrees_refutes_all_others():
    table = Table(held={"AAA": Decimal(10)})
    fresh, looks = table.holdings, []

    async def holdings():
        looks.append(table.ts)
        return {} if len(looks) == 4 else await fresh()

    table.holdings = holdings
    assert Room(table).reconcile() == ()
    assert len(looks) == 4


def test_what_is_small_is_not_adopted_from_a_stale_view():
    table = Table(Decimal("9500"), {"AAA": Decimal(1000)})
    bought = {"instrument": "AAA", "quantity": Decimal(1000), "price": Decimal("0.5")}
    table.lines = (line("f1", ActivityKind.FILL, venue_id="hand", **bought),)
    room = Room(table)
    room.reconcile()
    table.held, table.later = {"AAA": Decimal(999)}, {"AAA": Decimal(1000)}
    table.stale_s = (table.ts - START) / 1e9 + 10
    assert room.reconcile() == ()
    assert room.trader.quantity[0] == 1000.0


def test_an_unexplained_position_halts_entries_and_says_what_to_do():
    table = Table(held={"AAA": Decimal(10)})
    room = Room(table)
    (drift,) = room.reconcile()
    assert (drift.kind, drift.answer) == (DriftKind.POSITION, Answer.HALTED)
    assert switches(table) == [Switch.HALT]
    assert room.trader.switches.halted
    (halted,) = [one for one in table.records if isinstance(one, Halted)]
    assert "AAA: the book says 0, the broker 10" in halted.why
    assert "greenlight reconcile --adopt" in halted.why
    room.reconcile()
    assert switches(table) == [Switch.HALT]


def test_who_resumes_without_saying_what_is_true_is_halted_again():
    table = Table(held={"AAA": Decimal(10)})
    room = Room(table)
    room.reconcile()
    room.tell(Switched(Timekeeper(room.universe, START).bar_time(0, START), Switch.RESUME))
    room.reconcile()
    assert switches(table) == [Switch.HALT, Switch.RESUME, Switch.HALT]


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


def test_a_deposit_booked_by_its_day_is_known_on_the_first_day_too():
    table = Table(Decimal("12000"))
    day = START - START % 86_400_000_000_000
    amounts = (Decimal(700), Decimal(2000))  # the first was there when the run began
    kind = ActivityKind.TRANSFER
    table.lines = tuple(Activity(f"t{a}", kind, day, amount=a) for a in amounts)
    room = Room(table)
    table.activities = lambda _since_ts: _told(table.lines)
    (drift,) = room.reconcile()
    assert (drift.answer, drift.cause) == (Answer.EXPLAINED, "transfer of 2000")
    assert room.trader.cash == 12_000.0


def test_what_a_hand_traded_in_other_symbols_moves_cash_and_halts_nothing():
    table = Table(Decimal("9850"), {"ZZZ": Decimal(3)})
    bought = {"instrument": "ZZZ", "quantity": Decimal(3), "price": Decimal(50)}
    amount = Decimal(-150)
    table.lines = (line("f1", ActivityKind.FILL, venue_id="hand", amount=amount, **bought),)
    room = Room(table)
    answers = {drift.subject: drift.answer for drift in room.reconcile()}
    assert answers == {"ZZZ": Answer.EXPLAINED, "": Answer.EXPLAINED}
    assert room.trader.cash == 9_850.0
    assert len(room.reconcile()) == 1


def test_what_a_hand_bought_and_sold_between_two_looks_is_money_alone():
    table = Table(Decimal("10020"))
    bought = {"instrument": "AAA", "quantity": Decimal(10), "price": Decimal(50)}
    sold = {"instrument": "AAA", "quantity": Decimal(-10), "price": Decimal(52)}
    table.lines = (
        line("f1", ActivityKind.FILL, venue_id="b", amount=Decimal(-500), **bought),
        line("f2", ActivityKind.FILL, venue_id="s", amount=Decimal(520), **sold),
    )
    room = Room(table)
    assert {drift.answer for drift in room.reconcile()} == {Answer.EXPLAINED}
    assert (room.trader.cash, room.trader.quantity[0]) == (10_020.0, 0.0)


def test_cash_is_told_in_cents_once_and_only_what_helps_is_offered():
    table = Table(Decimal("15000.31"))
    room = Room(table)
    room.reconcile()
    room.trader.process(_deposit(room, 0.1 + 0.2))
    table.cash += Decimal("0.3")
    room.reconcile()
    (halted,) = [one for one in table.records if isinstance(one, Halted)]
    assert "cash: the book says 10000.00, the broker 15000.31" in halted.why
    assert "--adopt" in halted.why
    assert "--repair" not in halted.why


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
