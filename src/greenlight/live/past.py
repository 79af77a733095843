"""Bars of the past from a feed, in rows: what strategies are warmed with before they decide."""

from collections.abc import Sequence

import numpy as np

from greenlight.domain import FeedBar, Timeframe
from greenlight.live.ports import Feed
from greenlight.live.rows import BlockRow, Gathered
from greenlight.live.timekeeping import Timekeeper
from greenlight.live.universe import Block, Universe
from greenlight.market import Adjustment, Bars

_NS_DAY = 86_400_000_000_000
_ASKED = {
    Timeframe.M1: Timeframe.M1,
    Timeframe.M5: Timeframe.M5,
    Timeframe.M15: Timeframe.M15,
    Timeframe.M30: Timeframe.M30,
    Timeframe.H1: Timeframe.M30,  # hours of a feed may begin before the session does
    Timeframe.H4: Timeframe.M30,
    Timeframe.D1: Timeframe.D1,
}
_CHUNK_DAYS = 30


async def fetch_rows(feed: Feed, universe: Universe, until_ts: int, count: int) -> list[BlockRow]:
    """About `count` closed rows of each block before `until_ts`, in order of their closes.

    Raises RetryError where the feed does not answer.
    """
    rows: list[BlockRow] = []
    for number, block in enumerate(universe.blocks):
        start = until_ts - _days(block, count) * _NS_DAY
        times = Timekeeper(universe, start)
        rows += (await _block_rows(feed, (number, block), times, (start, until_ts)))[-count:]
    return sorted(rows, key=lambda row: (row.time.close_ts, row.block))


def bars_of(block: Block, rows: Sequence[BlockRow]) -> Bars:
    """Rows of one block as raw bars."""

    def column(name: str) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        shape = (len(rows), block.width)
        return np.array([getattr(row, name) for row in rows], dtype=np.float64).reshape(shape)

    return Bars(
        block.calendar,
        block.timeframe,
        Adjustment.RAW,
        tuple(one.id for one in block.instruments),
        np.array([row.time.open_ts for row in rows], dtype=np.int64),
        np.array([row.time.close_ts for row in rows], dtype=np.int64),
        np.array([row.time.session for row in rows], dtype=np.int64),
        column("open"),
        column("high"),
        column("low"),
        column("close"),
        column("volume"),
    )


async def _block_rows(
    feed: Feed, which: tuple[int, Block], times: Timekeeper, span: tuple[int, int]
) -> list[BlockRow]:
    number, block = which
    names = [one.id for one in block.instruments]
    gathered: dict[int, Gathered] = {}
    begin, until = span
    while begin < until:
        end = min(begin + _CHUNK_DAYS * _NS_DAY, until)
        for bar in await feed.bars(names, _ASKED[block.timeframe], begin, end):
            moment = _moment(bar, block, times, number)
            time = times.bar_time(number, moment)
            if time.close_ts <= until:
                gathered.setdefault(time.close_ts, Gathered(number, block, time)).take([bar])
        begin = end
    rows = [gathered[ts].row() for ts in sorted(gathered)]
    return [row for row in rows if not row.is_empty]


def _moment(bar: FeedBar, block: Block, times: Timekeeper, number: int) -> int:
    """A moment in the bar's window; a daily stamp is midnight, before its session opens."""
    if block.timeframe is not Timeframe.D1 or block.calendar == "24/7":
        return bar.open_ts
    return times.bar_time(number, bar.open_ts).open_ts


def _days(block: Block, count: int) -> int:
    """Calendar days that surely hold `count` bars."""
    if block.calendar == "24/7":
        a_day = max(1, _NS_DAY // block.timeframe.duration_ns)
        return count // a_day + 2
    a_day = (
        1
        if block.timeframe is Timeframe.D1
        else 390 // (block.timeframe.duration_ns // 60_000_000_000) + 1
    )
    return int(count / a_day * 1.6) + 10
