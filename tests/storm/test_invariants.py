"""Every invariant lets a correct story pass, and can fail."""

from decimal import Decimal
from pathlib import Path

import pytest
from storm_facts import Story, decided, entry, fill

from greenlight.domain import Role
from greenlight.ledger import (
    Act,
    Answer,
    Drift,
    DriftKind,
    Halted,
    KillChecked,
    Killed,
    Resumed,
    Sending,
)
from greenlight.storm.invariants import EVERY, BrokenError
from greenlight.storm.witness import (
    Ended,
    FenceMoved,
    Gone,
    LeaseAsked,
    Moved,
    Session,
    Shown,
)


@pytest.fixture
def story():
    return Story().begin()


def breaks(name, what=""):
    return pytest.raises(BrokenError, match=f"^{name}: {what}")


def test_a_correct_story_breaks_nothing(story):
    story.buy()
    stop = story.protect()
    story.wait(3600)
    story.fill(f"v-{stop}", 40, "98")
    story.book(stop, fill(0, 1, 40.0, 98.0, Role.STOP))
    story.end(stop)
    story.tell(Shown, cash=Decimal(100_000 - 80), positions=())
    story.agree()
    story.judge.rest()
    assert story.judge.longest_exposure_s < 10


def test_two_open_orders_of_one_intent_are_caught(story):
    story.buy()
    story.protect(quantity=20)
    with breaks("one-order-per-intent"):
        story.protect(quantity=20, serial=2)


def test_a_name_used_twice_is_caught(story):
    story.buy()
    story.lay("v1", "gl1-0-1S1", "S0", -1, 40, "stop")
    story.tell(Ended, venue_id="v1", state="canceled")
    with breaks("one-order-per-intent"):
        story.lay("v2", "gl1-0-1S1", "S0", -1, 40, "stop")


def test_buying_more_than_was_decided_is_caught(story):
    story.buy()
    story.send("gl1-0-1E2", "S0", 1, 40)
    story.lay("v2", "gl1-0-1E2", "S0", 1, 40, "market")
    with breaks("never-more-than-wanted"):
        story.fill("v2", 40, "100")


def test_selling_more_than_is_held_is_caught(story):
    story.buy()
    stop = story.protect()
    story.lay("v2", "gl1-0-1X1", "S0", -1, 40, "market")
    story.fill("v2", 40, "99")
    with breaks("never-oversold"):
        story.fill(f"v-{stop}", 40, "98")


def test_a_skipped_stop_is_caught(story):
    story.buy()
    story.wait(60)
    with breaks("stop-rests"):
        story.agree()


def test_a_stop_for_less_than_the_position_is_caught(story):
    story.buy()
    story.protect(quantity=39)
    story.wait(60)
    with breaks("stop-rests"):
        story.agree()


def test_a_cancelled_stop_that_nobody_lays_again_is_caught(story):
    story.buy()
    stop = story.protect()
    story.tell(Ended, venue_id=f"v-{stop}", state="canceled")
    story.wait(60)
    with breaks("stop-rests"):
        story.agree()


def test_an_exit_under_way_is_as_good_as_a_stop(story):
    story.buy()
    story.lay("v2", "gl1-0-1X1", "S0", -1, 40, "market")
    story.wait(60)
    story.agree()


def test_the_night_and_a_dead_bot_do_not_count_as_exposure(story):
    story.buy()
    story.tell(Session, is_open=False)
    story.wait(36_000)
    story.tell(Gone, bot="bot", why="crash")
    story.tell(Session, is_open=True)
    story.wait(600)
    story.agree()


def test_a_position_bare_at_the_end_is_caught(story):
    story.buy()
    with breaks("stop-rests"):
        story.judge.rest()


def test_what_the_owner_bought_needs_no_stop_of_the_bot(story):
    story.lay("v9", "by hand", "S1", 1, 10, "market")
    story.fill("v9", 10, "50")
    story.wait(600)
    story.agree()


def test_sending_before_it_is_written_is_caught(story):
    story.tell(LeaseAsked, bot="bot", holds=True)
    with breaks("journal-first"):
        story.receive("gl1-0-1E1", "S0", 1, 40)


def test_sending_twice_what_was_written_once_is_caught(story):
    story.send("gl1-0-1E1", "S0", 1, 40)
    story.tell(LeaseAsked, bot="bot", holds=True)
    with breaks("journal-first"):
        story.receive("gl1-0-1E1", "S0", 1, 40)


def test_a_fill_booked_twice_is_caught(story):
    name = story.buy()
    with breaks("booked-once"):
        story.book(name, fill(0, 1, 40.0, 100.0))


def test_a_fill_booked_before_it_happened_is_caught(story):
    story.write(decided(entry(0, 1, 40.0)))
    with breaks("booked-once"):
        story.book("gl1-0-1E1", fill(0, 1, 40.0, 100.0))


def test_a_lost_fill_is_caught_at_the_end(story):
    story.buy()
    stop = story.protect()
    story.fill(f"v-{stop}", 40, "98")
    story.end(stop)
    with breaks("booked-once"):
        story.judge.rest()


@pytest.mark.parametrize("record", [Killed("owner", ""), Halted("person", "")])
def test_an_entry_after_kill_or_halt_is_caught(story, record):
    story.write(record)
    story.wait(10)
    with breaks("only-reducing"):
        story.write(Sending(Act.SUBMIT, "gl1-0-2E1"))


def test_a_kill_that_says_flat_where_it_is_not_is_caught(story):
    story.buy()
    stop = story.protect()
    story.write(Killed("owner", ""), by="kill1")
    with breaks("kill-empties"):
        story.write(KillChecked(flat=True, orders=(), positions=(), queued=()), by="kill1")
    assert stop


def test_a_kill_of_which_nobody_hears_again_is_caught(story):
    story.write(Killed("owner", ""), by="kill1")
    story.wait(400)
    with breaks("kill-empties"):
        story.agree()


def test_an_entry_that_fills_long_after_the_word_to_stop_is_caught(story):
    story.write(decided(entry(0, 1, 40.0)))
    story.send("gl1-0-1E1", "S0", 1, 40)
    story.lay("v1", "gl1-0-1E1", "S0", 1, 40, "limit")
    story.write(Halted("person", ""))
    story.wait(120)
    with breaks("only-reducing"):
        story.fill("v1", 40, "99")


def test_an_order_that_does_not_reduce_after_a_kill_is_caught(story):
    story.buy()
    story.protect()
    story.write(Killed("owner", ""))
    story.wait(10)
    with breaks("only-reducing"):
        story.send("gl2-0-0M1", "S0", -1, 41)


def test_what_reduces_passes_after_a_kill_and_entries_after_resume(story):
    story.buy()
    stop = story.protect()
    story.write(Killed("owner", ""))
    story.wait(10)
    story.tell(Ended, venue_id=f"v-{stop}", state="canceled")
    story.send("gl2-0-0M1", "S0", -1, 40)
    story.lay("v9", "gl2-0-0M1", "S0", -1, 40, "market")
    story.write(Resumed("owner"))
    story.write(Sending(Act.SUBMIT, "gl1-1-2E1"))


def test_a_stale_bot_that_sends_is_caught(story):
    story.tell(FenceMoved, bot="other")
    story.tell(LeaseAsked, bot="bot", holds=False)
    story.write(Sending(Act.SUBMIT, "gl1-0-1E1"))
    with breaks("stale-bot-silent"):
        story.receive("gl1-0-1E1", "S0", 1, 40)


def test_a_bot_that_does_not_ask_for_its_lease_is_caught(story):
    story.write(Sending(Act.SUBMIT, "gl1-0-1E1"))
    with breaks("stale-bot-silent"):
        story.receive("gl1-0-1E1", "S0", 1, 40)


def test_what_was_under_way_when_the_lease_went_is_nobodys_fault(story):
    story.write(Sending(Act.SUBMIT, "gl1-0-1E1"))
    story.tell(LeaseAsked, bot="bot", holds=True)
    story.tell(FenceMoved, bot="other")
    story.receive("gl1-0-1E1", "S0", 1, 40)


@pytest.mark.parametrize(
    ("what", "wishes"),
    [
        ("position", [(0, 51)]),
        ("deployed", [(0, 40), (2, 240)]),
        ("sector", [(0, 40), (1, 85)]),
        ("entries", [(0, 1), (1, 1), (2, 1), (0, 1)]),
    ],
)
def test_a_gate_ignored_is_caught(story, what, wishes):
    if what == "sector":
        story.judge.scene.journal.limits["deployed"] = 1.0
    with breaks("gates-hold", what):
        for intent, (symbol, quantity) in enumerate(wishes, start=1):
            story.write(decided(entry(symbol, intent, float(quantity))))


def test_cash_that_does_not_add_up_is_caught(story):
    story.buy()
    with breaks("cash-conserved"):
        story.tell(Shown, cash=Decimal(100_000), positions=(("S0", Decimal(40)),))


def test_units_that_do_not_add_up_are_caught(story):
    story.buy()
    with breaks("cash-conserved"):
        story.tell(Shown, cash=Decimal(96_000), positions=())


def test_a_book_that_differs_at_the_end_is_caught(story):
    story.tell(Moved, kind="CSD", amount=Decimal("0.02"))
    with breaks("books-agree"):
        story.judge.rest()


def test_an_order_that_the_book_does_not_know_is_caught(story):
    story.buy()
    stop = story.protect()
    story.end(stop)
    with breaks("books-agree"):
        story.judge.rest()


def test_a_difference_that_was_named_and_stopped_entries_is_no_offence(story):
    story.lay("v9", "by hand", "S1", 1, 10, "market")
    story.fill("v9", 10, "50")
    drift = Drift(DriftKind.POSITION, "S1", Decimal(0), Decimal(10), Answer.HALTED, "")
    cash = Drift(DriftKind.CASH, "", Decimal(100_000), Decimal(99_500), Answer.HALTED, "")
    story.agree(drift, cash)
    with breaks("books-agree"):
        story.judge.rest()
    story.write(Halted("reconciliation", ""))
    story.judge.rest()


def test_a_stop_left_behind_after_the_close_is_caught(story):
    story.buy()
    stop = story.protect()
    story.lay("v9", "by hand", "S0", -1, 40, "market")
    story.fill("v9", 40, "99")
    story.wait(60)
    with breaks("nothing-left-behind"):
        story.agree()
    assert stop == "gl1-0-1S1"


def test_a_large_difference_adopted_unasked_is_caught(story):
    drift = Drift(DriftKind.POSITION, "S0", Decimal(10), Decimal(5), Answer.ADOPTED, "")
    with breaks("drift-answered"):
        story.agree(drift)


def test_a_bot_that_ends_by_itself_is_caught(story):
    with breaks("bot-lives"):
        story.tell(Gone, bot="bot", why="ended", fault="ZeroDivisionError")


def test_every_invariant_has_a_test_that_breaks_it():
    text = Path(__file__).read_text(encoding="utf-8")
    assert [make.name for make in EVERY if f'breaks("{make.name}' not in text] == []
