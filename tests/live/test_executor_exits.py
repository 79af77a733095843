"""Drills: exits, answers that never came, and who may send."""

import asyncio

import pytest
from drills import buy, names, outcomes, play
from model_venue import CRYPTO, EQUITIES, FREE, PLAIN
from stage_of_one import Permit, StageOfOne

from greenlight.domain import LeaseError, OrderKind, Reason, RetryError
from greenlight.ledger import Act

# exits


def test_an_exit_cancels_the_stop_then_sells() -> None:
    async def drill(stage: StageOfOne) -> None:
        await buy(stage)
        stage.do("leave")
        await stage.let(2.0)
        assert stage.filled()[-1] == ("EXIT", 10.0)
        assert stage.open() == []

    for venue in (EQUITIES, PLAIN, FREE, CRYPTO):
        play(StageOfOne(venue), drill)


def test_a_trim_leaves_the_rest_behind_its_stop() -> None:
    async def drill(stage: StageOfOne) -> None:
        await buy(stage)
        stage.do("leave", 3.0)
        await stage.let(2.0)
        assert stage.filled()[-1] == ("EXIT", 3.0)
        assert stage.open() == ["SELL STOP 7 95.00"]

    for venue in (EQUITIES, PLAIN, FREE):
        play(StageOfOne(venue), drill)


def test_a_refused_exit_brings_the_stop_back_and_is_tried_again() -> None:
    async def drill(stage: StageOfOne) -> None:
        await buy(stage)
        is_market = OrderKind.MARKET
        stage.venue.refuse = lambda t: "halted: wait" if t.kind is is_market else None
        stage.do("leave")
        await stage.let(1.0)
        seen = set()
        for _ in range(80):
            await stage.let(1.0)
            seen.update(stage.open())
        assert seen == {"SELL STOP 10 95.00"}
        assert ("error" in {level for level, _ in stage.told.alerts}) is True
        stage.venue.refuse = lambda _ticket: None
        await stage.let(60.0)
        assert stage.trader.held == 0.0

    stage = play(StageOfOne(EQUITIES), drill)
    assert stage.longest_ns <= 20 * 10**9


def test_a_stop_that_fills_while_it_is_cancelled_is_not_sold_twice() -> None:
    async def drill(stage: StageOfOne) -> None:
        await buy(stage)
        stage.venue.delay_s = 0.5
        stage.do("leave")
        stage.venue.move("90")
        await stage.let(5.0)
        assert float(stage.venue.position) == stage.trader.held == 0.0
        assert sum(q for role, q in stage.filled() if role != "ENTRY") == 10.0

    play(StageOfOne(EQUITIES), drill)


# what nobody knows


@pytest.mark.parametrize("fault", ["unknown", "lost", "late", "retry", "429"])
def test_whatever_happens_to_a_request_an_intent_is_carried_out_once(fault: str) -> None:
    async def drill(stage: StageOfOne) -> None:
        stage.venue.faults.script = [fault]
        stage.is_deaf = True
        stage.do("enter", 10.0)
        await stage.let(40.0)
        assert float(stage.venue.position) == stage.trader.held == 10.0
        assert stage.open() == ["SELL STOP 10 95.00"]
        first = {"unknown": "unknown", "late": "unknown", "lost": "unknown"}.get(fault, "failed")
        assert outcomes(stage)[0] == first

    for seed in range(5):
        play(StageOfOne(EQUITIES, seed), drill)


def test_a_lost_stop_request_is_sent_again_under_the_next_name() -> None:
    async def drill(stage: StageOfOne) -> None:
        stage.venue.faults.script = ["", "lost"]
        stage.do("enter", 10.0)
        await stage.let(30.0)
        assert names(stage) == ["gl1-0-1E0", "gl1-0-1S0", "gl1-0-1S1"]
        assert outcomes(stage) == ["accepted", "unknown", "absent", "accepted"]

    play(StageOfOne(EQUITIES), drill)


def test_an_order_that_appears_after_it_was_given_up_is_cancelled() -> None:
    async def drill(stage: StageOfOne) -> None:
        await buy(stage)
        stage.venue.faults.script = ["lost"]
        stage.do("trail", 97.0)
        await stage.let(1.0)
        await stage.let(20.0)
        assert stage.open() == ["SELL STOP 10 97.00"]

    play(StageOfOne(PLAIN), drill)
    play(StageOfOne(EQUITIES), drill)


def test_an_order_that_appears_after_it_was_given_up_is_a_fact_and_booked() -> None:
    async def drill(stage: StageOfOne) -> None:
        stage.is_deaf = True
        stage.venue.faults.script = ["late"]
        stage.venue.rng = FarOff()  # type: ignore[assignment]
        stage.do("enter", 10.0)
        await stage.let(20.0)
        assert stage.trader.held == 10.0
        assert float(stage.venue.position) == 20.0  # nobody could know
        await stage.let(120.0)
        assert stage.trader.held == 20.0
        assert sum(left for _, left, _ in stage.stops()) == 20

    play(StageOfOne(EQUITIES), drill)


class FarOff:
    """Chance that makes everything as late as can be."""

    def uniform(self, _low: float, _high: float) -> float:
        return 60.0

    def random(self) -> float:
        return 1.0


def test_a_replace_that_was_carried_out_unheard_is_found_under_its_name() -> None:
    async def drill(stage: StageOfOne) -> None:
        await buy(stage)
        stage.venue.faults.script = ["unknown"]
        stage.do("trail", 97.0)
        await stage.let(20.0)
        assert stage.open() == ["SELL STOP 10 97.00"]
        assert outcomes(stage, Act.REPLACE) == ["unknown", "accepted"]

    play(StageOfOne(EQUITIES), drill)


def test_silence_of_the_stream_costs_time_only() -> None:
    async def drill(stage: StageOfOne) -> None:
        stage.is_deaf = True
        stage.see("100")
        stage.venue.price += 1
        stage.do("enter", 10.0)
        await stage.let(2.0)
        stage.see("100")
        await stage.let(8.0)
        assert stage.open() == ["SELL STOP 10 95.00"]
        stage.venue.move("94")  # the stop fills, nobody says so, no quote comes
        await stage.let(70.0)
        assert stage.trader.held == 0.0

    play(StageOfOne(EQUITIES), drill)


def test_a_lost_cancel_is_asked_for_again() -> None:
    async def drill(stage: StageOfOne) -> None:
        await buy(stage)
        stage.venue.faults.script = ["lost"]
        stage.do("leave")
        await stage.let(20.0)
        assert stage.trader.held == 0.0
        assert outcomes(stage, Act.CANCEL)[0] == "unknown"

    play(StageOfOne(EQUITIES), drill)


# who may send


def test_nothing_but_what_reduces_is_sent_after_a_halt() -> None:
    async def drill(stage: StageOfOne) -> None:
        await buy(stage)
        stage.executor.permit(Permit.REDUCING)
        stage.do("leave")
        await stage.let(2.0)
        assert stage.trader.held == 0.0
        stage.do("enter", 5.0)
        await stage.let(5.0)
        assert stage.open() == []
        assert stage.trader.held == 0.0
        assert [end.reason for end in stage.trader.ended] == [Reason.EXPIRED]

    play(StageOfOne(EQUITIES), drill)


def test_a_halt_between_writing_and_sending_keeps_an_entry_back() -> None:
    async def drill(stage: StageOfOne) -> None:
        async def halt(where: str) -> None:
            if where == "holds":
                stage.executor.permit(Permit.REDUCING)

        stage.journal.waits = halt
        stage.do("enter", 5.0)
        await stage.let(3.0)
        assert stage.venue.calls == []
        assert outcomes(stage) == ["failed"]

    play(StageOfOne(EQUITIES), drill)


def test_a_lost_lease_ends_the_work_before_anything_is_sent() -> None:
    async def drill(stage: StageOfOne) -> None:
        stage.journal.waits = lambda _where: asyncio.sleep(0)

        async def no() -> bool:
            return False

        stage.journal.holds = no  # type: ignore[method-assign]
        stage.do("enter", 5.0)
        await stage.let(2.0)
        assert stage.task is not None
        assert stage.task.done()
        assert isinstance(stage.task.exception(), LeaseError)
        assert stage.venue.calls == []
        assert stage.executor.is_quiet

    play(StageOfOne(EQUITIES), drill)


def test_a_journal_that_is_away_holds_everything_up_and_loses_nothing() -> None:
    async def drill(stage: StageOfOne) -> None:
        stage.do("enter", 10.0)
        stage.journal.fault = RetryError("the database is away")
        await stage.clock.let(10.0)
        assert stage.venue.calls == []
        stage.journal.fault = None
        await stage.let(60.0)
        assert stage.open() == ["SELL STOP 10 95.00"]

    play(StageOfOne(EQUITIES), drill)


def test_coverage_counts_the_seconds_with_and_without_a_stop() -> None:
    async def drill(stage: StageOfOne) -> None:
        await buy(stage)
        await stage.let(100.0)
        (covered,) = stage.executor.coverage()
        total = covered.covered_s + covered.exposed_s + covered.uncoverable_s
        assert covered.covered_s > 100.0
        assert covered.exposed_s < 1.0
        assert total == pytest.approx((covered.until - covered.since) / 1e9)

    play(StageOfOne(EQUITIES), drill)


# hands beside ours


def test_a_position_closed_by_hand_is_not_sold_again() -> None:
    async def drill(stage: StageOfOne) -> None:
        await buy(stage)
        (order,) = await stage.venue.open_orders()
        await stage.venue.cancel(order.venue_id)
        stage.venue.position -= 10
        stage.venue.may_short = True
        await stage.let(40.0)
        stage.see("90")
        await stage.let(5.0)
        assert stage.open() == []
        assert stage.venue.position == 0
        assert any("the broker holds 0" in text for _, text in stage.told.alerts)

    play(StageOfOne(EQUITIES), drill)


def test_a_stop_cancelled_by_hand_is_laid_again_once_the_position_was_seen() -> None:
    async def drill(stage: StageOfOne) -> None:
        await buy(stage)
        (order,) = await stage.venue.open_orders()
        await stage.venue.cancel(order.venue_id)
        await stage.let(3.0)
        assert stage.open() == ["SELL STOP 10 95.00"]
        assert "holdings" in stage.venue.calls

    play(StageOfOne(EQUITIES), drill)


def test_a_stop_for_more_than_the_venue_holds_is_laid_for_what_it_holds() -> None:
    async def drill(stage: StageOfOne) -> None:
        stage.do("enter", 10.0)
        await stage.clock.let(0.0)
        stage.venue.position -= 2  # by hand, before the stop is there
        await stage.let(30.0)
        assert stage.open() == ["SELL STOP 8 95.00"]

    play(StageOfOne(EQUITIES), drill)


def test_a_hand_that_sells_while_the_stop_is_taken_back_is_not_doubled() -> None:
    async def drill(stage: StageOfOne) -> None:
        await buy(stage)
        stage.venue.may_short = True
        stage.venue.delay_s = 1.0
        stage.do("leave")
        while stage.stops():
            await stage.let(0.25)
        stage.venue.position -= 10
        await stage.let(20.0)
        assert stage.venue.position == 0
        assert stage.open() == []

    for seed in range(6):
        play(StageOfOne(EQUITIES, seed), drill)
