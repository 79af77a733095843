"""Feeds into rows: when all have come or the grace is over; late is noted, never decided on."""

import asyncio
from dataclasses import dataclass, field, replace

import numpy as np

from greenlight.domain import (
    AssetClass,
    BarConditions,
    BarsClosed,
    FeedBar,
    Instrument,
    RetryError,
    Timeframe,
)
from greenlight.ledger import BarSkipped, FeedChanged
from greenlight.live import Block, LiveSettings, Opinion, Timekeeper, Universe
from greenlight.live.aggregator import Aggregator, Sources
from greenlight.storm.virtual import VirtualClock, run

NS = 1_000_000_000
MINUTE = 60 * NS
OPEN = 1_709_821_800 * NS  # 2024-03-07 09:30 in New York


@dataclass
class Feed:
    """Minute bars; what comes late comes after `lags` seconds, what is not there never."""

    clock: VirtualClock
    lags: dict[tuple[str, int], float] = field(default_factory=dict)
    wrong: dict[tuple[str, int], float] = field(default_factory=dict)
    outage: tuple[int, int] = (0, 0)
    asked: int = 0
    name: str = "feed"

    async def bars(self, instruments, timeframe, start_ts, end_ts):
        self.asked += 1
        now = self.clock.now()
        if self.outage[0] <= now < self.outage[1]:
            raise RetryError("no answer")
        if timeframe is not Timeframe.M1:
            return ()
        return tuple(
            self._bar(name, ts, now)
            for ts in range(start_ts, end_ts, MINUTE)
            for name in instruments
            if ts + MINUTE + int(self.lags.get((name, ts), 0.0) * NS) <= now
        )

    def _bar(self, name, ts, now):
        price = 100.0 + (ts - OPEN) / MINUTE
        price = self.wrong.get((name, ts), price) if now < ts + 5 * MINUTE else price
        return FeedBar(name, ts, price, price, price, price, 10.0)


@dataclass
class Desk:
    """What came out of a stretch of time."""

    told: list[BarsClosed] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    notes: list[object] = field(default_factory=list)


def watched(feed_of, seconds: float, closed_ts: int = OPEN, start_ts: int = OPEN) -> Desk:
    """Let an aggregator of two symbols and five-minute bars work for so long."""
    desk = Desk()

    async def main():
        clock = VirtualClock(start_ts)
        ones = tuple(Instrument(name, AssetClass.EQUITY, "XNYS") for name in ("A", "B"))
        universe = Universe((Block("XNYS", Timeframe.M5, 0, ones),))

        async def forecast(_row):
            unknown = np.full(2, np.nan, dtype=np.float32)
            known = BarConditions(
                unknown, np.full(2, np.nan), unknown, np.zeros(2, np.uint8), unknown
            )
            return Opinion(np.full(2, 70.0, dtype=np.float32), known)

        def tell(event):
            desk.told.append(event)
            desk.at.append((clock.now() - event.time.close_ts) / NS)

        sources = Sources(
            universe=universe,
            times=Timekeeper(universe, OPEN),
            feed=feed_of(clock),
            clock=clock,
            forecast=forecast,
            tell=tell,
            note=desk.notes.append,
            settings=replace(LiveSettings(), bar_delay_s=2.0, bar_grace_s=30.0),
        )
        task = asyncio.ensure_future(Aggregator(sources, 0, closed_ts).work())
        await clock.sleep(seconds)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run(main())
    return desk


def test_a_row_is_told_once_all_symbols_have_come_after_the_delay():
    desk = watched(Feed, 11 * 60)
    assert [event.time.open_ts for event in desk.told] == [OPEN, OPEN + 5 * MINUTE]
    assert desk.at == [2.0, 2.0]
    assert desk.told[0].open.tolist() == [100.0, 100.0]
    assert desk.told[0].close.tolist() == [104.0, 104.0]
    assert desk.told[0].volume.tolist() == [50.0, 50.0]
    assert (desk.told[0].score == 70.0).all()


def test_a_symbol_without_a_bar_is_waited_for_until_the_grace_is_over():
    lags = {("B", OPEN + n * MINUTE): 1e6 for n in range(5)}
    desk = watched(lambda clock: Feed(clock, lags), 6 * 60)
    assert desk.at == [30.0]
    assert np.isnan(desk.told[0].close[1])
    assert desk.told[0].close[0] == 104.0


def test_a_feed_that_is_late_with_the_last_minute_of_all_is_waited_for():
    lag = {(name, OPEN + 4 * MINUTE): 3.0 for name in ("A", "B")}
    desk = watched(lambda clock: Feed(clock, lag), 6 * 60)
    assert desk.at == [4.0]
    assert desk.told[0].close.tolist() == [104.0, 104.0]


def test_what_comes_after_its_row_was_told_is_written_down_and_not_decided_on():
    lags = {("B", OPEN + n * MINUTE): 40.0 for n in range(5)}
    lags |= {("B", OPEN + 4 * MINUTE): 60.0}
    desk = watched(lambda clock: Feed(clock, lags), 11 * 60)
    skipped = [one for one in desk.notes if isinstance(one, BarSkipped)]
    assert [(one.instrument, one.why) for one in skipped] == [("B", "corrected")]
    assert len(desk.told) == 2


def test_a_correction_is_written_down():
    wrong = {("A", OPEN + 4 * MINUTE): 90.0}
    desk = watched(lambda clock: Feed(clock, {}, wrong), 11 * 60)
    assert desk.told[0].close.tolist() == [90.0, 104.0]
    (skipped,) = [one for one in desk.notes if isinstance(one, BarSkipped)]
    assert (skipped.instrument, skipped.close, skipped.why) == ("A", 104.0, "corrected")


def test_bars_that_closed_while_nobody_looked_are_told_without_scores():
    desk = watched(Feed, 60, closed_ts=OPEN, start_ts=OPEN + 16 * MINUTE)
    assert [event.time.open_ts for event in desk.told] == [OPEN + n * MINUTE for n in (0, 5, 10)]
    assert [bool(np.isnan(event.score).all()) for event in desk.told] == [True, True, False]


def test_a_feed_that_does_not_answer_is_dead_and_lives_again():
    outage = (OPEN + 4 * MINUTE, OPEN + 6 * MINUTE)
    desk = watched(lambda clock: Feed(clock, {}, {}, outage), 11 * 60)
    assert [event.time.open_ts for event in desk.told] == [OPEN + 5 * MINUTE]
    alive = [one.is_alive for one in desk.notes if isinstance(one, FeedChanged)]
    assert alive[0] is False
    assert alive[-1] is True


def test_one_unanswered_request_does_not_leave_the_feed_dead():
    outage = (OPEN + 5 * MINUTE, OPEN + 5 * MINUTE + 5 * NS)
    desk = watched(lambda clock: Feed(clock, {}, {}, outage), 6 * 60)
    assert len(desk.told) == 1
    changes = [one for one in desk.notes if isinstance(one, FeedChanged)]
    assert [one.is_alive for one in changes] == [False, True]
    assert changes[0].detail == "no answer"


def test_a_bar_that_cannot_be_is_written_down_once_however_often_it_is_asked_for():
    def feed(clock):
        lag = {("B", OPEN + nth * MINUTE): 1e6 for nth in range(5)}
        one = Feed(clock, lag)
        one.wrong[("A", OPEN + 4 * MINUTE)] = -1.0
        return one

    desk = watched(feed, 6 * 60)
    assert [one.instrument for one in desk.notes if isinstance(one, BarSkipped)] == ["A"]


def test_overnight_nothing_is_asked():
    close = 1_709_845_200 * NS  # 16:00 in New York
    feeds = []

    def feed(clock):
        feeds.append(Feed(clock))
        return feeds[0]

    desk = watched(feed, 12 * 3600, closed_ts=close, start_ts=close + MINUTE)
    assert desk.told == []
    assert feeds[0].asked == 0
