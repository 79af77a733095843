"""Feeds into one `BarsClosed` a block: after its close, when all have come or the grace is over."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import numpy as np

from greenlight.domain import BarsClosed, BarTime, FeedBar, RetryError, Timeframe
from greenlight.ledger import BarSkipped, FeedChanged, Record
from greenlight.live.ports import Clock, Feed, Opinion
from greenlight.live.rows import BlockRow, Gathered
from greenlight.live.settings import LiveSettings
from greenlight.live.timekeeping import Timekeeper
from greenlight.live.universe import Block, Universe

_NS = 1_000_000_000
_ASK_AGAIN_S = 2.0

#: What a row is worth: scores and conditions, computed off the loop.
Forecast = Callable[[BlockRow], Awaitable[Opinion]]


@dataclass(frozen=True, slots=True)
class Sources:
    """What the aggregator works with. `tell` queues the event, `note` writes a record down."""

    universe: Universe
    times: Timekeeper
    feed: Feed
    clock: Clock
    forecast: Forecast
    tell: Callable[[BarsClosed], None]
    note: Callable[[Record], object]
    settings: LiveSettings


class Aggregator:
    """Waits for each bar time of one block to close, and tells it."""

    def __init__(self, sources: Sources, block: int, closed_ts: int) -> None:
        """closed_ts: close of the last bar time that the trader has heard, or the run's start."""
        self._it, self._number = sources, block
        self._block: Block = sources.universe.blocks[block]
        self._closed_ts = closed_ts
        self._last: Gathered | None = None
        self._is_alive = True

    @property
    def is_alive(self) -> bool:
        """Whether the feed answered when it was asked last, and brought any bar."""
        return self._is_alive

    async def work(self) -> None:
        """Tell row after row, for ever; what closed while nobody looked comes first."""
        it = self._it
        while True:
            time = it.times.bar_time(self._number, self._closed_ts)
            due = time.close_ts + int(it.settings.bar_delay_s * _NS)
            if (wait := (due - it.clock.now()) / _NS) > 0.0:
                await it.clock.sleep(wait)
            following = it.times.bar_time(self._number, time.close_ts)
            is_late = it.clock.now() >= following.close_ts
            await self._tell(time, is_late=is_late)
            self._closed_ts = time.close_ts

    async def _tell(self, time: BarTime, *, is_late: bool) -> None:
        """Tell one row; one that is late is not decided on: its scores are unknown."""
        gathered = await self._gather(time)
        self._look_back(gathered)
        row = gathered.row()
        if row.is_empty:
            detail = f"no bar for the bar time that closed at {time.close_ts}"
            self._mark_alive(is_alive=False, detail=detail)
            return
        opinion = await self._it.forecast(row)
        score = np.full_like(opinion.score, np.nan) if is_late else opinion.score
        self._it.tell(
            BarsClosed(
                time,
                self._number,
                open=row.open,
                high=row.high,
                low=row.low,
                close=row.close,
                volume=row.volume,
                score=score,
                conditions=opinion.conditions,
            )
        )

    async def _gather(self, time: BarTime) -> Gathered:
        """Ask until every symbol has its last bar, or the grace is over."""
        it, gathered = self._it, Gathered(self._number, self._block, time)
        until = max(time.close_ts + int(it.settings.bar_grace_s * _NS), it.clock.now())
        while True:
            try:
                gathered.take(await self._ask(time))
                if not gathered.row().is_empty:
                    self._mark_alive(is_alive=True)
            except RetryError as error:
                self._mark_alive(is_alive=False, detail=str(error))
            is_whole = gathered.reaches_close and not gathered.row().missing(self._block)
            if is_whole or it.clock.now() >= until:
                break
            await it.clock.sleep(_ASK_AGAIN_S)
        for bar, why in gathered.refused:
            it.note(BarSkipped(bar.instrument, bar.open_ts, bar.close, why))
        return gathered

    async def _ask(self, time: BarTime) -> tuple[FeedBar, ...]:
        """Bars of this bar time, and of the last again: some come late or are corrected."""
        names = tuple(one.id for one in self._block.instruments)
        start = time.open_ts if self._last is None else self._last.time.open_ts
        if self._block.timeframe is Timeframe.D1:
            day = time.session * 86_400 * _NS
            daily = await self._it.feed.bars(names, Timeframe.D1, day, day + 86_400 * _NS)
            if daily:
                return daily
        return await self._it.feed.bars(names, Timeframe.M1, start, time.close_ts)

    def _look_back(self, gathered: Gathered) -> None:
        """Write down what came for the last bar time after it was told."""
        last, self._last = self._last, gathered
        if last is None:
            return
        again = Gathered(self._number, self._block, last.time)
        again.take(gathered.outside)
        told, now = last.row(), again.row()
        for column, one in enumerate(self._block.instruments):
            close = float(now.close[column])
            if np.isnan(close) or close == told.close[column]:
                continue
            why = "late" if np.isnan(told.close[column]) else "corrected"
            self._it.note(BarSkipped(one.id, last.time.open_ts, close, why))

    def _mark_alive(self, *, is_alive: bool, detail: str = "") -> None:
        if is_alive != self._is_alive:
            self._it.note(FeedChanged(self._it.feed.name, is_alive, detail))
        self._is_alive = is_alive
