"""The projector on rows in memory: what each record does to the views."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_scenes import began, decided, filled, reported, ticket
from record_strategies import records

from greenlight.domain import Action, OrderState, Reason, Role, Side
from greenlight.ledger import (
    APPROVALS,
    COVERAGE,
    DECISIONS,
    EQUITY,
    FILLS,
    HALTS,
    HEARTBEATS,
    OPEN_STATES,
    ORDERS,
    POSITIONS,
    RUNS,
    Act,
    Answered,
    ApprovalAsked,
    ApprovalGiven,
    Beat,
    Covered,
    Entry,
    Halted,
    KillChecked,
    Killed,
    Outcome,
    Resumed,
    Sending,
    Started,
    Stopped,
)
from greenlight.ledger.views import project


class MemoryRows:
    """`views.Rows` in a dict."""

    def __init__(self):
        self.tables = {}

    def get(self, view, *key):
        return self.tables.get(view.name, {}).get(key)

    def put(self, view, row):
        self.tables.setdefault(view.name, {})[view.key_of(row)] = row

    def all(self, view):
        return list(self.tables.get(view.name, {}).values())

    def one(self, view):
        (row,) = self.all(view)
        return row


def after(*told, start: bool = True) -> MemoryRows:
    rows = MemoryRows()
    told = [began(), *told] if start else told
    for seq, record in enumerate(told, start=1):
        project(Entry(seq, "r1", seq * 10, seq * 100, record), rows)
    return rows


def sent(client: str, **more) -> Sending:
    return Sending(Act.SUBMIT, client, ticket(client), **more)


def state_after(*told) -> str:
    return after(sent("c"), *told).get(ORDERS, "r1", "c").state


def answered(outcome: Outcome, act: Act = Act.SUBMIT, **more) -> Answered:
    return Answered(act, "c", outcome, "v1", **more)


def test_a_run_is_followed_from_its_beginning_to_its_end():
    assert after().one(RUNS).state == "began"
    run = after(Started(4, "host/1")).one(RUNS)
    assert (run.state, run.fence, run.holder) == ("running", 4, "host/1")
    run = after(Started(4, "h"), Stopped("SIGTERM")).one(RUNS)
    assert (run.state, run.why) == ("stopped", "SIGTERM")
    run = after(Started(4, "h"), Stopped("SIGTERM"), Started(5, "h")).one(RUNS)
    assert (run.state, run.why) == ("running", "")


def test_halts_and_kills_stand_until_a_person_resumes():
    def flags(*told):
        run = after(*told).one(RUNS)
        return (run.is_halted, run.is_killed)

    assert flags(Halted("watch", "drift")) == (True, False)
    assert flags(Halted("watch", "drift"), Resumed("me")) == (False, False)
    assert flags(Killed("me", "storm"), Halted("watch", "x")) == (True, True)
    assert flags(Killed("me", "storm"), Resumed("me")) == (False, False)
    checked = KillChecked(False, ("gl1-0-1E0",), ("AAA",), (), "asked twice")
    rows = after(Killed("me", "storm"), checked)
    assert [(row.what, row.why) for row in rows.all(HALTS)] == [
        ("killed", "storm"),
        ("checked", "not flat: gl1-0-1E0, AAA; asked twice"),
    ]


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ([], "sending"),
        ([answered(Outcome.ACCEPTED)], "pending"),
        ([answered(Outcome.UNKNOWN)], "unknown"),
        ([answered(Outcome.UNKNOWN), answered(Outcome.ABSENT)], "absent"),
        ([answered(Outcome.UNKNOWN), answered(Outcome.ACCEPTED)], "pending"),
        ([answered(Outcome.REFUSED)], "rejected"),
        ([answered(Outcome.FAILED)], "failed"),
        ([reported("c", "v1"), answered(Outcome.UNKNOWN)], "working"),
        ([answered(Outcome.ABSENT), reported("c", "v1")], "working"),
        ([reported("c", "v1"), answered(Outcome.ACCEPTED, Act.CANCEL)], "cancelling"),
        ([reported("c", "v1"), answered(Outcome.REFUSED, Act.CANCEL)], "working"),
        ([reported("c", "v1", "10", OrderState.FILLED), reported("c", "v1", "4")], "filled"),
        (
            [reported("c", "v1", state=OrderState.CANCELLED), answered(Outcome.ACCEPTED)],
            "cancelled",
        ),
    ],
)
def test_an_order_is_in_the_state_that_is_known_of_it(told, state):
    assert state_after(*told) == state


def test_what_may_still_fill_is_open():
    assert set(OPEN_STATES) == {"sending", "unknown", "pending", "working", "cancelling"}


def test_fills_of_an_order_only_grow():
    late = [reported("c", "v1", "6"), reported("c", "v1", "4"), reported("c", "v1", "4")]
    row = after(sent("c"), *late).get(ORDERS, "r1", "c")
    assert (row.filled, row.average) == (Decimal(6), Decimal("9.5"))


def test_an_order_that_replaces_another_ends_it():
    change = Sending(Act.REPLACE, "d", ticket("d"), replaces="v1")
    rows = after(
        sent("c"),
        answered(Outcome.ACCEPTED),
        change,
        Answered(Act.REPLACE, "d", Outcome.ACCEPTED, "v2"),
    )
    old, new = rows.get(ORDERS, "r1", "c"), rows.get(ORDERS, "r1", "d")
    assert (old.state, old.replaced_by, new.state, new.replaces) == (
        "replaced", "v2", "pending", "v1",
    )  # fmt: skip


def test_a_refused_replacement_leaves_the_old_order_as_it_was():
    change = Sending(Act.REPLACE, "d", ticket("d"), replaces="v1")
    refused = Answered(Act.REPLACE, "d", Outcome.REFUSED, detail="too late")
    rows = after(sent("c"), answered(Outcome.ACCEPTED), change, refused)
    assert rows.get(ORDERS, "r1", "c").state == "pending"
    assert rows.get(ORDERS, "r1", "d").reason == "too late"


def test_legs_and_orders_of_others_have_rows_of_their_own():
    from ledger_scenes import venue_order

    rows = after(reported("theirs", "v7", legs=(venue_order("", "v8"),)))
    assert [(row.client_id, row.role, row.sent_ts) for row in rows.all(ORDERS)] == [
        ("theirs", "", None), ("v8", "", None),
    ]  # fmt: skip


def test_a_fill_is_told_with_its_ticket_and_exact():
    row = after(filled(0.1, 101.25)).one(FILLS)
    assert (row.quantity, row.price, row.fee) == (
        Decimal("0.1"),
        Decimal("101.25"),
        Decimal("0.25"),
    )
    assert (row.instrument, row.side, row.role, row.intent) == ("AAA", "buy", "entry", 3)
    assert (row.client_id, row.venue_id, row.execution_id) == ("gl1-0-3E0", "v1", "x1")


def held(*fills):
    row = after(*fills).one(POSITIONS)
    return (row.quantity, row.average, row.realised, row.fees)


def test_positions_follow_fills_in_plain_arithmetic():
    buy, sell = Side.BUY, Side.SELL
    assert held(filled(10, 100.0)) == (10, 100, 0, Decimal("0.25"))
    assert held(filled(10, 100.0), filled(30, 104.0)) == (40, 103, 0, Decimal("0.50"))
    assert held(filled(10, 100.0), filled(4, 110.0, sell)) == (6, 100, 40, Decimal("0.50"))
    assert held(filled(10, 100.0), filled(10, 90.0, sell)) == (0, 0, -100, Decimal("0.50"))
    assert held(filled(10, 100.0), filled(15, 110.0, sell)) == (-5, 110, 100, Decimal("0.50"))
    assert held(filled(10, 100.0, sell), filled(4, 90.0, buy)) == (-6, 100, 40, Decimal("0.50"))


def test_tenths_add_up_to_nothing():
    assert held(filled(0.1, 1.0), filled(0.2, 1.0), filled(0.3, 1.0, Side.SELL))[0] == 0


def test_a_split_changes_units_and_keeps_what_was_paid():
    split = decided(adjustments=[{"symbol": 0, "before": 10.0, "after": 40.0}])
    assert held(filled(10, 100.0), split)[:2] == (40, 25)
    gone = decided(adjustments=[{"symbol": 0, "before": 10.0, "after": 0.0}])
    assert held(filled(10, 100.0), gone)[:2] == (0, 0)


def test_trades_by_hand_are_fills_too_and_orders_fills_are_not_counted_twice():
    by_hand = {"symbol": 1, "role": Role.MANUAL, "side": -1, "quantity": 5.0, "price": 20.0}
    booked = {"symbol": 0, "role": Role.ENTRY, "side": 1, "quantity": 10.0, "price": 100.0}
    rows = after(filled(10, 100.0), decided(fills=[booked, by_hand]))
    assert [(row.instrument, row.role) for row in rows.all(FILLS)] == [
        ("AAA", "entry"), ("BBB", "manual"),
    ]  # fmt: skip
    assert rows.get(POSITIONS, "r1", "BBB").quantity == -5


def test_decisions_bear_their_words_and_codes_of_a_newer_engine_their_number():
    row = {"symbol": 1, "action": Action.REFUSE, "reason": Reason.SECTOR, "side": 1, "score": 61.0}
    rows = after(decided([row, row | {"reason": 99, "side": 0, "symbol": 7}], equity=5.0))
    first, second = rows.all(DECISIONS)
    assert (first.instrument, first.action, first.reason, first.side) == (
        "BBB", "refuse", "sector", "buy",
    )  # fmt: skip
    assert (second.instrument, second.reason, second.side) == ("#7", "99", "")
    assert rows.one(EQUITY).equity == 5.0


def test_an_approval_is_decided_once():
    asked = ApprovalAsked("a1", "AAA", 1, 10.0, 100.0, 99)
    assert after(asked).one(APPROVALS).state == "waiting"
    yes, no = ApprovalGiven("a1", "me", True), ApprovalGiven("a1", "you", False)
    row = after(asked, yes, no).one(APPROVALS)
    assert (row.state, row.by, row.decided_ts) == ("approved", "me", 30)
    assert after(asked, no).one(APPROVALS).state == "rejected"
    late = ApprovalGiven("a1", "clock", False, expired=True)
    assert after(asked, late).one(APPROVALS).state == "expired"
    assert after(yes).all(APPROVALS) == []


def test_beats_and_coverage_are_kept_as_told():
    rows = after(Beat(1.0, 2.0, {"feed": 0.5}), Covered("AAA", 1, 2, 3.0, 4.0, 5.0, 6.0))
    beat, covered = rows.one(HEARTBEATS), rows.one(COVERAGE)
    assert (beat.ts, beat.wall_ts, beat.lags) == (20, 200, {"feed": 0.5})
    assert (covered.since, covered.exposed_s, covered.longest_s) == (1, 4.0, 6.0)


@settings(max_examples=60, deadline=None)
@given(st.lists(records(), max_size=6), st.booleans())
def test_no_record_whatever_it_says_stops_the_projector(told, start):
    after(*told, start=start)


def test_rows_are_never_changed_in_place():
    rows = after(sent("c"))
    row = rows.get(ORDERS, "r1", "c")
    copy = replace(row)
    project(Entry(9, "r1", 90, 900, answered(Outcome.ACCEPTED)), rows)
    assert row == copy
