"""Paper trading on live data with the simulated exchange, put together as the command does."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from greenlight.config import load
from greenlight.domain import FeedBar, Quote, RetryError, Side, VenueAccount
from greenlight.ledger import Covered, Decided, MemoryDisk, MemoryJournal, Started, Stopped
from greenlight.live import Mailbox, Telemetry, fetch_rows, repeat
from greenlight.storm.virtual import VirtualClock, run
from greenlight.wiring.paper import (
    Overseen,
    Scene,
    _history,
    build_bot,
    live_universe,
    patiently,
    run_record,
)

NS = 1_000_000_000
MINUTE = 60 * NS
START = 1_709_821_800 * NS  # 2024-03-07 09:30 in New York
ALWAYS = """
import numpy as np
from greenlight.signals import strategy

@strategy(lookback=2)
def always(view):
    return np.ones(view.count)
"""


class Silent:
    """A log that nobody reads."""

    def info(self, *_, **__):
        pass

    warning = error = info


class Weaving:
    """A feed whose prices rise by 4 % and fall by 6 % again and again, within each half hour."""

    name = "weaving"

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock

    def price(self, ts: int) -> float:
        phase = (ts // MINUTE) % 60
        return 100.0 + (4.0 * phase / 30 if phase < 30 else 4.0 - 10.0 * (phase - 30) / 30)

    async def bars(self, instruments, timeframe, start_ts, end_ts):
        length = timeframe.duration_ns
        first = -(-start_ts // length) * length
        stamps = range(first, min(end_ts, self._clock.now() - length + 1), length)
        return tuple(self._bar(name, ts, length) for ts in stamps for name in instruments)

    def _bar(self, name: str, ts: int, length: int) -> FeedBar:
        seen = [self.price(t) for t in range(ts, ts + length, MINUTE)]
        return FeedBar(name, ts, seen[0], max(seen), min(seen), seen[-1], 1e6)

    async def quotes(self, instruments):
        while True:
            await self._clock.sleep(5.0)
            price = Decimal(str(round(self.price(self._clock.now()), 2)))
            for name in instruments:
                yield Quote(name, self._clock.now(), price - Decimal("0.01"), price)

    async def close(self):
        pass


@pytest.fixture
def config(tmp_path):
    (tmp_path / "always.py").write_text(ALWAYS)
    return load(
        None,
        {},
        {
            "data.symbols": ["AAA", "BBB"],
            "live.timeframe": "15m",
            "live.history": 80,
            "strategies.names": [str(tmp_path / "always.py")],
            "limits.sizing": "fraction",
            "limits.rsi_high": 100,
            "limits.correlation": 1,
            "limits.sector": 1,
            "limits.cooloff_loss": 1,
            "limits.deployed": 0.5,
        },
    ).config


async def opened(config, clock) -> Scene:
    feed, universe = Weaving(clock), live_universe(config)
    rows = await fetch_rows(feed, universe, clock.now(), config.live.history)
    account = VenueAccount("paper", config.account.cash, config.account.cash)
    history = _history(universe, rows, config)
    return Scene(config, universe, clock, feed, None, account, (), rows, history)


async def at_once(work, row):
    return work(row)


def lived(config, tmp_path, disk, clock_ts, seconds):
    """One life of a bot: trades for so long and is then killed without a word."""

    async def life():
        clock = VirtualClock(clock_ts)
        scene = await opened(config, clock)
        if not disk.entries("r"):
            began = replace(run_record(scene), run="r", account="paper")
            disk.begin_run(began, clock_ts)
        fence = disk.take()
        journal = MemoryJournal(disk, "r", fence, now=clock.now)
        journal.append(Started(fence, "test"))
        telemetry = Telemetry(Silent(), scene.universe.symbols, 30.0, clock.now)
        overseen = Overseen(telemetry, Mailbox(tmp_path / "control"))
        bot = build_bot(scene, journal, fence, overseen, at_once)
        task = asyncio.ensure_future(bot.run())
        await clock.sleep(seconds)
        held = bot.runner.trader.quantity
        holdings = await bot.world.broker.holdings()
        broker = {name: float(one.quantity) for name, one in holdings.items()}
        levels = [one.ticket for one in bot.executor.tickets()]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await journal.durable()
        return held, broker, levels

    return run(life())


def test_quotes_trade_at_the_simulated_exchange_and_every_position_is_protected(config, tmp_path):
    disk = MemoryDisk()
    held, broker, tickets = lived(config, tmp_path, disk, START, 16 * 60.0)
    assert held.tolist() == [broker["AAA"], broker["BBB"]]
    assert (held > 0).all()
    stops = {one.instrument for one in tickets if one.side is Side.SELL}
    assert stops == {"AAA", "BBB"}


def test_stops_fill_by_quotes_and_the_journal_tells_it_again(config, tmp_path):
    disk = MemoryDisk()
    lived(config, tmp_path, disk, START, 3 * 3600.0)
    records = [entry.record for entry in disk.entries("r")]
    fills = np.concatenate([one.fills for one in records if isinstance(one, Decided)])
    assert len(fills) > 4
    assert repeat(disk.entries("r")).unequal == ()
    covered = [one for one in records if isinstance(one, Covered)]
    assert sum(one.exposed_s for one in covered) < 60.0


def test_killed_and_started_again_the_simulated_account_is_as_it_was(config, tmp_path):
    disk = MemoryDisk()
    seconds = 50 * 60.0
    before = lived(config, tmp_path, disk, START, seconds)
    after = lived(config, tmp_path, disk, START + int(seconds * NS) + MINUTE, 20.0)
    assert after[0].tolist() == before[0].tolist()
    assert after[1] == before[1]
    assert {one.client_id for one in after[2]} == {one.client_id for one in before[2]}


def test_told_to_leave_while_the_venue_does_not_answer_it_leaves(config, tmp_path):
    disk = MemoryDisk()

    async def life():
        clock = VirtualClock(START)
        scene = await opened(config, clock)
        disk.begin_run(replace(run_record(scene), run="r", account="paper"), START)
        journal = MemoryJournal(disk, "r", disk.take(), now=clock.now)
        telemetry = Telemetry(Silent(), scene.universe.symbols, 30.0, clock.now)
        overseen = Overseen(telemetry, Mailbox(tmp_path / "control"))
        bot = build_bot(scene, journal, 1, overseen, at_once)

        async def silent():
            raise RetryError("no answer")

        bot.world.broker.holdings = silent
        task = asyncio.ensure_future(bot.run())
        await clock.sleep(600.0)
        assert not task.done()
        bot.stop()
        await clock.sleep(1.0)
        assert task.done()
        return task.result()

    assert run(life()) == "stopped in order"
    assert any(isinstance(entry.record, Stopped) for entry in disk.entries("r"))


def test_what_fails_for_the_moment_is_asked_again_and_not_for_ever():
    async def ask():
        tries.append(1)
        raise RetryError("busy")

    tries: list[int] = []
    told: list[str] = []
    with pytest.raises(RetryError):
        run(patiently(ask, told.append))
    assert len(tries) == 9
    assert told[0] == "busy; asking again in 0.5 s"
