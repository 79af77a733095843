"""Drills: how entries are worked and positions protected."""

from dataclasses import replace

from drills import buy, names, play
from model_venue import CRYPTO, EQUITIES, FREE, PLAIN
from stage_of_one import StageOfOne

from greenlight.domain import Capabilities, OrderKind, Reason, Role
from greenlight.ledger import Sending

# entries


def test_an_entry_rests_at_the_touch_and_its_stop_follows_the_fill() -> None:
    async def drill(stage: StageOfOne) -> None:
        stage.see("100")
        stage.venue.price += 1  # it moves away before the limit arrives
        stage.do("enter", 10.0)
        await stage.let(1.0)
        assert stage.open() == ["BUY LIMIT 10 100.01"]
        stage.see("100")
        await stage.let(1.0)
        assert stage.filled() == [("ENTRY", 10.0)]
        assert stage.open() == ["SELL STOP 10 95.00"]

    play(StageOfOne(EQUITIES), drill)


def test_what_the_limit_did_not_get_is_bought_at_the_market_after_its_time() -> None:
    async def drill(stage: StageOfOne) -> None:
        stage.see("100")
        stage.venue.price += 1
        stage.do("enter", 10.0)
        await stage.let(29.0)
        assert stage.open() == ["BUY LIMIT 10 100.01"]
        await stage.let(3.0)
        assert stage.filled() == [("ENTRY", 10.0)]
        kinds = [s.ticket.kind for s in stage.journal.of(Sending) if s.ticket]
        assert kinds == [OrderKind.LIMIT, OrderKind.MARKET, OrderKind.STOP]

    play(StageOfOne(EQUITIES), drill)


def test_an_entry_without_a_quote_goes_to_the_market_at_once() -> None:
    async def drill(stage: StageOfOne) -> None:
        stage.do("enter", 10.0)
        await stage.let(1.0)
        assert stage.filled() == [("ENTRY", 10.0)]

    play(StageOfOne(EQUITIES), drill)


def test_a_closed_market_queues_the_entry_and_the_open_fills_it() -> None:
    async def drill(stage: StageOfOne) -> None:
        stage.clock.ts += 10 * 3_600 * 10**9  # the evening
        stage.venue.open_market(is_open=False)
        stage.do("enter", 10.0)
        await stage.let(5.0)
        assert stage.open() == ["BUY MARKET 10 None"]
        await stage.let(13 * 3_600.0, step=600.0)
        stage.venue.open_market(is_open=True)
        await stage.let(2.0)
        assert stage.open() == ["SELL STOP 10 95.00"]

    play(StageOfOne(EQUITIES), drill)


def test_a_venue_that_does_not_queue_is_told_at_the_open() -> None:
    async def drill(stage: StageOfOne) -> None:
        stage.clock.ts += 10 * 3_600 * 10**9
        stage.venue.is_open = False
        stage.do("enter", 10.0)
        await stage.let(5.0)
        assert stage.venue.calls == []
        await stage.let(13 * 3_600.0, step=600.0)
        stage.venue.open_market(is_open=True)
        await stage.let(2.0)
        assert stage.trader.held == 10.0

    play(StageOfOne(Capabilities(queues=False)), drill)


def test_a_refused_entry_ends_and_is_not_tried_again() -> None:
    async def drill(stage: StageOfOne) -> None:
        stage.venue.refuse = lambda _ticket: "funds: too little"
        stage.do("enter", 10.0)
        await stage.let(60.0)
        assert [end.reason for end in stage.trader.ended] == [Reason.REJECTED]
        assert names(stage) == ["gl1-0-1E0"]
        assert any("funds" in text for _, text in stage.told.alerts)

    play(StageOfOne(EQUITIES), drill)


def test_an_entry_that_the_venue_expires_ends() -> None:
    async def drill(stage: StageOfOne) -> None:
        stage.see("100")
        stage.venue.price += 1
        stage.do("enter", 10.0)
        await stage.let(1.0)
        stage.venue.open_market(is_open=False)
        await stage.let(1.0)
        assert [end.reason for end in stage.trader.ended] == [Reason.EXPIRED]
        assert stage.open() == []

    play(StageOfOne(EQUITIES), drill)


def test_a_partly_filled_entry_gets_a_while_and_then_its_stop() -> None:
    async def drill(stage: StageOfOne) -> None:
        stage.see("100")
        stage.venue.price += 1
        stage.do("enter", 10.0)
        await stage.let(1.0)
        stage.venue.fill(Role.ENTRY, "4")
        await stage.let(5.0)
        assert stage.open() == ["BUY LIMIT 6 100.01"]
        await stage.let(8.0)
        assert stage.open() == ["SELL STOP 4 95.95"]
        assert [end.reason for end in stage.trader.ended] == [Reason.EXPIRED]

    stage = play(StageOfOne(EQUITIES), drill)
    assert stage.longest_ns <= 20 * 10**9


def test_where_an_exit_may_rest_beside_it_a_partial_entry_is_protected_at_once() -> None:
    async def drill(stage: StageOfOne) -> None:
        stage.see("100")
        stage.venue.price += 1
        stage.do("enter", 10.0)
        await stage.let(1.0)
        stage.venue.fill(Role.ENTRY, "4")
        await stage.let(1.0)
        assert stage.open() == ["BUY LIMIT 6 100.01", "SELL STOP 4 95.95"]
        stage.see("100")
        await stage.let(1.0)
        assert stage.open() == ["SELL STOP 10 95.95"]

    play(StageOfOne(FREE), drill)


def test_an_entry_decided_before_a_crash_is_out_of_date_when_its_bar_is_over() -> None:
    async def drill(stage: StageOfOne) -> None:
        await stage.stop()
        stage.do("enter", 10.0)
        stage.journal.safe = len(stage.journal.records)
        stage.clock.ts += 24 * 3_600 * 10**9
        await stage.crash()
        await stage.let(5.0)
        assert stage.venue.calls == []
        assert [end.reason for end in stage.trader.ended] == [Reason.EXPIRED]

    play(StageOfOne(EQUITIES), drill)


# protection


def test_stop_and_trail_are_one_stop_at_the_nearer_level() -> None:
    async def drill(stage: StageOfOne) -> None:
        await buy(stage)
        stage.do("trail", 94.0)
        await stage.let(1.0)
        assert stage.open() == ["SELL STOP 10 95.00"]
        stage.do("trail", 97.0)
        await stage.let(1.0)
        assert stage.open() == ["SELL STOP 10 97.00"]
        stage.see("96.9")
        await stage.let(1.0)
        assert stage.filled()[-1] == ("TRAIL", 10.0)
        assert stage.trader.held == 0.0

    for venue in (EQUITIES, PLAIN, FREE):
        play(StageOfOne(venue), drill)


def test_a_target_rests_in_a_pair_and_the_rest_behind_a_stop() -> None:
    async def drill(stage: StageOfOne) -> None:
        stage.trader.target = 0.1
        await buy(stage)
        assert stage.open() == [
            "SELL LIMIT 5 110.00",
            "SELL STOP 5 95.00",
            "SELL STOP 5 95.00",
        ]
        stage.see("111")
        await stage.let(2.0)
        assert stage.filled()[-1] == ("TARGET", 5.0)
        assert stage.open() == ["SELL STOP 5 95.00"]
        stage.see("94")
        await stage.let(2.0)
        assert stage.trader.held == 0.0 == float(stage.venue.position)

    play(StageOfOne(EQUITIES), drill)


def test_a_fill_of_a_pairs_leg_is_the_stops() -> None:
    async def drill(stage: StageOfOne) -> None:
        stage.trader.target, stage.trader.share = 0.1, 1.0
        await buy(stage)
        assert stage.open() == ["SELL LIMIT 10 110.00", "SELL STOP 10 95.00"]
        stage.see("94")
        await stage.let(2.0)
        assert stage.filled()[-1] == ("STOP", 10.0)
        assert stage.open() == []

    play(StageOfOne(EQUITIES), drill)


def test_where_pairs_are_unknown_a_target_is_watched() -> None:
    async def drill(stage: StageOfOne) -> None:
        stage.trader.target = 0.1
        await buy(stage)
        assert stage.open() == ["SELL STOP 10 95.00"]
        stage.see("110.5")
        await stage.let(2.0)
        assert stage.filled()[-1] == ("TARGET", 5.0)
        assert stage.open() == ["SELL STOP 5 95.00"]

    play(StageOfOne(Capabilities()), drill)
    play(StageOfOne(PLAIN), drill)


def test_a_watched_target_that_does_not_fill_gives_its_units_back_to_the_stop() -> None:
    async def drill(stage: StageOfOne) -> None:
        stage.trader.target = 0.1
        await buy(stage)
        quote = stage.venue.quote()
        stage.executor.quote(replace(quote, bid=quote.bid + 11, ask=quote.ask + 11))
        await stage.let(2.0)
        assert stage.open() == ["SELL LIMIT 5 110.00", "SELL STOP 5 95.00"]
        stage.see("100")
        await stage.let(15.0)
        assert stage.open() == ["SELL STOP 10 95.00"]

    play(StageOfOne(Capabilities()), drill)


def test_where_nothing_is_reserved_a_target_rests_beside_the_stop() -> None:
    async def drill(stage: StageOfOne) -> None:
        stage.trader.target = 0.1
        await buy(stage)
        assert stage.open() == ["SELL LIMIT 5 110.00", "SELL STOP 10 95.00"]

    play(StageOfOne(FREE), drill)


def test_a_stop_already_through_becomes_an_exit() -> None:
    async def drill(stage: StageOfOne) -> None:
        stage.do("enter", 10.0)
        stage.pump()
        await stage.clock.let(0.0)
        stage.venue.price -= 10
        await stage.let(3.0)
        assert [ask.reason for ask in stage.trader.asked] == [Reason.NAKED]
        assert stage.filled()[-1] == ("EXIT", 10.0)
        assert stage.open() == []

    play(StageOfOne(EQUITIES), drill)


def test_a_cancelled_or_expired_stop_is_laid_again() -> None:
    async def drill(stage: StageOfOne) -> None:
        await buy(stage)
        (order,) = await stage.venue.open_orders()
        await stage.venue.cancel(order.venue_id)  # by hand
        await stage.let(5.0)
        assert stage.open() == ["SELL STOP 10 95.00"]

    play(StageOfOne(EQUITIES), drill)


def test_a_fraction_is_protected_by_the_day() -> None:
    async def drill(stage: StageOfOne) -> None:
        await buy(stage, 10.5)
        assert stage.open() == ["SELL STOP 10.500 95.00"]
        stage.clock.ts += 7 * 3_600 * 10**9
        stage.venue.open_market(is_open=False)
        await stage.let(5.0)
        assert stage.open() == ["SELL STOP 10.500 95.00"]  # queued for the next day

    stage = StageOfOne(EQUITIES)
    stage.lot = "0.001"
    stage.start()
    play(stage, drill)


def test_a_stop_limit_that_is_gapped_through_is_left_at_the_market() -> None:
    async def drill(stage: StageOfOne) -> None:
        await buy(stage)
        assert stage.open() == ["SELL STOP_LIMIT 10 95.00"]
        stage.see("80")  # far below the limit
        await stage.let(2.0)
        assert stage.trader.held == 10.0
        await stage.let(3.0)
        stage.see("80")
        await stage.let(5.0)
        assert [ask.reason for ask in stage.trader.asked] == [Reason.STOP]
        assert stage.filled()[-1] == ("EXIT", 10.0)

    play(StageOfOne(CRYPTO), drill)


def test_where_no_stop_can_rest_the_watch_leaves_at_once() -> None:
    async def drill(stage: StageOfOne) -> None:
        await buy(stage)
        assert stage.open() == []
        stage.see("94.9")
        await stage.let(2.0)
        assert [ask.reason for ask in stage.trader.asked] == [Reason.WATCH]
        assert stage.trader.held == 0.0

    play(StageOfOne(Capabilities(stops=frozenset())), drill)


def test_an_order_that_the_venue_splits_is_left_until_the_trader_hears_of_it() -> None:
    async def drill(stage: StageOfOne) -> None:
        await buy(stage)
        (one,) = stage.venue._open()
        half = one.order.price / 2
        stage.venue.position, stage.venue.price = stage.venue.position * 2, stage.venue.price / 2
        stage.venue._change(one, quantity=one.order.quantity * 2, price=half)
        await stage.let(30.0)
        assert stage.open() == ["SELL STOP 20 47.50"]
        assert [c for c in stage.venue.calls if c.startswith(("cancel", "replace"))] == []

    play(StageOfOne(EQUITIES), drill)
