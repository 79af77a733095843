"""The kill switch against a venue that misbehaves, on virtual time."""

import asyncio
import copy
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from killed_venue import NS, D, Manners, Venue, entry

from greenlight.domain import ClientId, HaltError, LeaseError, RetryError, Role, Side
from greenlight.ledger import (
    Act,
    Answered,
    KillChecked,
    Killed,
    MemoryDisk,
    MemoryJournal,
    Mode,
    Reported,
    RunBegan,
    Sending,
)
from greenlight.live.killing import Hold, KillOrder, kill
from greenlight.storm import VirtualClock, run

MONDAY = 1_700_000_000 * NS
ORDER = KillOrder("tester", "because")


def ledger(clock, symbols=("AAPL", "MSFT")):
    """A ledger with a run on it, and its port for the kill switch."""
    disk = MemoryDisk()
    began = RunBegan(
        "r1", "A1", "venue", Mode.STORM, symbols, (len(symbols),), ("XNYS 1d",), {}, {}, 1e5, -1,
        False, "0",
    )  # fmt: skip
    disk.begin_run(began, MONDAY)

    async def seize():
        return Hold(fence := disk.take(), symbols, MemoryJournal(disk, "r1", fence, clock.now))

    return disk, seize


def killed(prepare, manners=None, order=ORDER, with_ledger=True):
    """Run the switch; returns outcome, venue, records."""

    async def main():
        clock = VirtualClock(MONDAY)
        venue = Venue(clock, copy.deepcopy(manners))
        disk, seize = ledger(clock)
        prepare(venue)
        outcome = await kill(venue, clock, seize if with_ledger else None, order)
        venue.happen()
        return outcome, venue, [one.record for one in disk.entries("r1")], clock.now() - MONDAY

    return run(main())


def long_with_stop(venue):
    venue.hold("AAPL", 10)
    venue.rest("AAPL", Side.SELL, 10, "gl1-0-1S1")


def test_positions_and_orders_are_gone_and_it_was_looked_at_afterwards():
    def prepare(venue):
        long_with_stop(venue)
        venue.hold("MSFT", -5)
        venue.rest("TSLA", Side.BUY, 3, "by-hand")

    outcome, venue, records, took = killed(prepare)
    assert outcome.is_flat
    assert not any(venue.position.values())
    assert dict(outcome.closed) == {"AAPL": D(-10), "MSFT": D(5)}
    assert len(outcome.cancelled) == 2
    assert outcome.foreign == ("TSLA buy 3 (by-hand)",)
    assert isinstance(records[1], Killed)
    assert records[-1] == KillChecked(True, (), (), (), outcome.trouble)
    assert took < 20 * NS


def test_the_lease_is_raised_so_that_a_waking_bot_can_neither_write_nor_send():
    async def main():
        clock = VirtualClock(MONDAY)
        disk, seize = ledger(clock)
        bot = MemoryJournal(disk, "r1", disk.take(), clock.now)
        await kill(Venue(clock), clock, seize, ORDER)
        assert not await bot.holds()
        with pytest.raises(LeaseError):
            bot.append(Killed("bot", ""))

    run(main())


def test_every_order_is_written_down_before_it_is_sent_and_bears_the_new_lease():
    _, venue, records, _ = killed(long_with_stop)
    sent = [r for r in records if isinstance(r, Sending) and r.act is Act.SUBMIT]
    assert [r.client_id for r in sent] == venue.submitted
    identity = ClientId.parse(venue.submitted[0])
    assert (identity.fence, identity.symbol, identity.role) == (1, 0, Role.MANUAL)
    reports = [r.report.order for r in records if isinstance(r, Reported)]
    assert reports[-1].filled == 10


def test_a_stop_is_cancelled_before_its_units_are_sold():
    outcome, venue, _, _ = killed(long_with_stop, Manners(cancel_s=3.0))
    assert outcome.is_flat
    assert venue.lowest["AAPL"] == 0
    assert outcome.refused == {}


def test_partial_fills_are_waited_for_and_not_sold_twice():
    outcome, venue, _, _ = killed(long_with_stop, Manners(parts=4, fill_s=2.5))
    assert outcome.is_flat
    assert len(venue.submitted) == 1
    assert venue.lowest["AAPL"] == 0


@pytest.mark.parametrize("fault", ["taken", "lost", "late", "hang", "bug", "busy", "refuse"])
def test_whatever_becomes_of_the_request_the_position_is_sold_once(fault):
    outcome, venue, _, _ = killed(long_with_stop, Manners(faults=[fault]))
    assert outcome.is_flat
    assert venue.position["AAPL"] == 0
    assert venue.lowest["AAPL"] == 0


def test_after_an_unknown_outcome_the_venue_is_asked_by_name_before_anything_else():
    _, venue, records, _ = killed(long_with_stop, Manners(faults=["lost"]))
    answers = [r.outcome.value for r in records if isinstance(r, Answered) and r.act is Act.SUBMIT]
    assert answers == ["unknown", "absent", "accepted"]
    assert len({*venue.submitted}) == 1


def test_a_stale_view_of_positions_sells_nothing_twice():
    outcome, venue, _, _ = killed(long_with_stop, Manners(lag_s=3.0))
    assert outcome.is_flat
    assert venue.lowest["AAPL"] == 0


def test_what_a_stale_bot_sent_last_is_found_and_closed():
    def prepare(venue):
        long_with_stop(venue)
        venue.later(7.0, lambda: venue.arrive(entry("MSFT", 4)))

    outcome, venue, _, _ = killed(prepare)
    assert outcome.is_flat
    assert venue.position == {"AAPL": 0, "MSFT": 0}


def test_a_buy_that_fills_while_it_is_being_cancelled_is_sold_as_well():
    def prepare(venue):
        order = venue.rest("AAPL", Side.BUY, 6, "gl1-0-1E1")
        venue.later(0.1, lambda: venue.fill(order.venue_id, D(2)))

    outcome, _, _, _ = killed(prepare, Manners(cancel_s=1.0))
    assert outcome.is_flat
    assert dict(outcome.closed) == {"AAPL": D(-2)}


def test_a_closed_market_queues_the_closes_and_says_so():
    outcome, venue, records, took = killed(long_with_stop, Manners(is_open=False))
    assert not outcome.is_flat
    assert outcome.queued == ("AAPL 10",)
    assert len(venue.submitted) == 1
    assert records[-1].queued == ("AAPL 10",)
    assert took < 30 * NS


def test_a_second_kill_replaces_what_the_first_had_queued():
    async def main():
        clock = VirtualClock(MONDAY)
        venue = Venue(clock, Manners(is_open=False))
        _, seize = ledger(clock)
        long_with_stop(venue)
        await kill(venue, clock, seize, ORDER)
        venue.manners.is_open = True
        outcome = await kill(venue, clock, seize, ORDER)
        assert outcome.is_flat
        assert venue.lowest["AAPL"] == 0

    run(main())


def test_a_venue_that_takes_nothing_while_closed_raises_the_alarm():
    outcome, _, _, took = killed(long_with_stop, Manners(is_open=False, queues=False))
    assert not outcome.is_flat
    assert outcome.refused == {"AAPL": "market is closed"}
    assert outcome.positions == ("AAPL 10",)
    assert took >= 120 * NS


def test_an_order_that_cannot_be_cancelled_raises_the_alarm_and_nothing_is_sold_twice():
    outcome, _, records, _ = killed(long_with_stop, Manners(cancel_faults=["never"] * 1000))
    assert not outcome.is_flat
    assert outcome.orders == ("AAPL sell 10 (gl1-0-1S1)",)
    assert not [r for r in records if isinstance(r, Sending) and r.act is Act.SUBMIT]


def test_a_cancellation_without_an_answer_is_asked_for_again():
    outcome, _, _, _ = killed(long_with_stop, Manners(cancel_faults=["unknown", "unknown"]))
    assert outcome.is_flat


def test_a_venue_that_cannot_be_read_for_a_while_is_read_again():
    faults = [RetryError("502"), RetryError("slow down", 5.0), HaltError("keys refused")]
    outcome, _, _, _ = killed(long_with_stop, Manners(read_faults=list(faults)))
    assert outcome.is_flat


def test_a_venue_that_can_never_be_read_raises_the_alarm():
    faults = [HaltError("keys refused")] * 1000
    outcome, _, _, _ = killed(long_with_stop, Manners(read_faults=faults))
    assert not outcome.is_flat
    assert not outcome.seen
    assert outcome.trouble == "keys refused"


def test_without_a_ledger_it_kills_all_the_same_and_says_so():
    outcome, venue, records, _ = killed(long_with_stop, with_ledger=False)
    assert outcome.is_flat
    assert outcome.ledger
    assert ClientId.parse(venue.submitted[0]).fence == MONDAY // NS
    assert len(records) == 1


def test_a_ledger_that_hangs_delays_a_kill_by_its_time_limit_only_and_is_asked_again_at_the_end():
    async def main():
        clock = VirtualClock(MONDAY)
        venue = Venue(clock)
        disk, seize = ledger(clock)
        long_with_stop(venue)
        calls = []

        async def hang():
            calls.append(clock.now())
            if len(calls) == 1:
                await asyncio.sleep(1e6)
            return await seize()

        outcome = await kill(venue, clock, hang, ORDER)
        records = [type(one.record) for one in disk.entries("r1")]
        assert outcome.is_flat
        assert outcome.ledger == ""
        assert records == [RunBegan, Killed, KillChecked]
        assert clock.now() - MONDAY < 30 * NS

    run(main())


def test_a_ledger_that_hangs_in_the_middle_delays_a_kill_once_not_at_every_send():
    class Hanging(MemoryJournal):
        async def durable(self):
            await super().durable()
            if len(self._disk.lines) > 2:
                await asyncio.sleep(1e6)

    async def main():
        clock = VirtualClock(MONDAY)
        venue = Venue(clock)
        disk, _ = ledger(clock)
        for n in range(8):
            venue.hold(f"S{n}", 1)

        async def seize():
            return Hold(fence := disk.take(), (), Hanging(disk, "r1", fence, clock.now))

        outcome = await kill(venue, clock, seize, ORDER)
        assert outcome.is_flat
        assert "no answer" in outcome.ledger
        assert clock.now() - MONDAY < 20 * NS

    run(main())


def test_many_positions_stay_within_the_rate_limit():
    def prepare(venue):
        for n in range(100):
            venue.hold(f"S{n}", 1)
            venue.rest(f"S{n}", Side.SELL, 1, f"gl1-{n}-1S1")

    outcome, venue, _, took = killed(prepare, order=replace(ORDER, patience_s=600.0))
    assert outcome.is_flat
    minutes = took / NS / 60.0
    assert venue.requests <= venue.requests_per_minute * (0.25 + minutes) + 1


@settings(max_examples=60, deadline=None)
@given(
    manners=st.builds(
        Manners,
        fill_s=st.sampled_from([0.05, 0.5, 1.5]),
        parts=st.integers(1, 3),
        cancel_s=st.sampled_from([0.05, 0.9, 2.5]),
        lag_s=st.sampled_from([0.0, 0.7, 3.0]),
        faults=st.lists(
            st.sampled_from(["", "taken", "lost", "late", "busy", "refuse", "bug"]), max_size=6
        ),
        cancel_faults=st.lists(st.sampled_from(["", "unknown", "never"]), max_size=4),
    ),
    held=st.lists(st.sampled_from([-12, -6, 6, 12]), min_size=1, max_size=3),
    late=st.lists(st.floats(0.0, 9.0), max_size=2),
)
@example(Manners(fill_s=1.5, lag_s=3.0, faults=["", "", "", "", "taken"]), [-12, 6, -12], [])
@example(Manners(fill_s=0.05, cancel_s=0.05, faults=["", "late", "refuse"]), [-12, 6], [])
def test_whatever_goes_wrong_it_ends_flat_and_no_position_is_turned_round(manners, held, late):
    def prepare(venue):
        for n, quantity in enumerate(held):
            venue.hold(f"S{n}", quantity)
            side = Side.SELL if quantity > 0 else Side.BUY
            venue.rest(f"S{n}", side, abs(quantity), f"gl1-{n}-1S1")
        for n, seconds in enumerate(late):
            venue.later(seconds, lambda n=n: venue.arrive(entry("LATE", 3, f"gl1-9-{n}E1")))

    outcome, venue, _, _ = killed(prepare, manners)
    assert outcome.is_flat
    assert not any(venue.position.values())
    for n, quantity in enumerate(held):
        if quantity > 0:
            assert venue.lowest[f"S{n}"] == 0
