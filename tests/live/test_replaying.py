"""Stored bars as if live: equal to a backtest, killed at any row, taken up again, checked."""

import asyncio

import numpy as np
import pytest

from greenlight.domain import HaltError
from greenlight.engine import Limits, Rules, build_costs, build_specs
from greenlight.ledger import MemoryDisk, MemoryJournal, Mode, RunBegan, Started
from greenlight.live import Block, Universe, repeat, write_rules
from greenlight.live.differences import Account, compare
from greenlight.scoring import Stretch, assemble
from greenlight.wiring.replays import Stored, run_replay
from scoring.walks import walking

LIMITS = Limits(deployed=1.0, sector=1.0, position=0.2, sizing_value=0.2, rsi_high=100.0)
CASH = 50_000.0


def stored(seed: int) -> Stored:
    history = walking(seed, days=160)
    count = len(history.symbols)
    rules = Rules(LIMITS, build_costs(count), build_specs(count))
    assembled = assemble(history, rules)
    rng = np.random.default_rng(seed)
    score = rng.uniform(20.0, 80.0, len(assembled.tape.close)).astype(np.float32)
    days = assembled.sessions
    stretch = Stretch(assembled, score, int(days[90]), int(days[150]))
    bars = history.blocks[0]
    ones = tuple(history.instruments[name] for name in bars.symbols)
    universe = Universe((Block(bars.calendar, bars.timeframe, 0, ones),))
    began = RunBegan(
        run="walk",
        account="walk",
        broker="simulated",
        mode=Mode.REPLAY,
        symbols=universe.symbols,
        widths=universe.widths,
        blocks=("XNYS 1d",),
        rules=write_rules(stretch.rules),
        settings={},
        cash=CASH,
        last_sector=-1,
        asks_verdicts=False,
        code_version="test",
    )
    return Stored(stretch, universe, began)


async def _synced() -> None:
    await asyncio.sleep(0)


def begun(it: Stored) -> MemoryDisk:
    disk = MemoryDisk()
    disk.begin_run(it.began, 0)
    return disk


def told(it: Stored, disk: MemoryDisk, rows: int | None = None):
    """Tell up to `rows` rows in one life, then die without a word."""

    async def life():
        fence = disk.take()
        journal = MemoryJournal(disk, "walk", fence, sync=_synced, now=lambda: 0)
        journal.append(Started(fence, "test"))
        count = 0

        async def between(_row):
            nonlocal count
            count += 1
            if count == rows:
                raise KeyboardInterrupt
            return True

        return await run_replay(it, journal, fence, between)

    return asyncio.run(life())


def account_of(it: Stored) -> Account:
    run = it.stretch.simulate(CASH)
    made = Account(it.began.symbols, (0,), run.decisions, run.fills, float(run.equity[-1]))
    made.see(row.bars for row in it.stretch.rows(0)[1])
    return made


@pytest.mark.parametrize("seed", range(3))
def test_a_replay_equals_the_backtest_to_the_last_bit(seed):
    it = stored(seed)
    disk = begun(it)
    done = told(it, disk)
    assert done.is_whole
    assert done.fills > 20
    repeated = repeat(disk.entries("walk"))
    assert repeated.unequal == ()
    assert compare(repeated.account, account_of(it)).is_equal


def test_killed_after_any_row_and_told_again_it_ends_where_it_would_have_ended():
    it = stored(4)
    whole = begun(it)
    expected = told(it, whole)
    disk = begun(it)
    for rows in (1, 7, 30, 13):
        with pytest.raises(KeyboardInterrupt):
            told(it, disk, rows)
    done = told(it, disk)
    assert (done.equity, done.cash) == (expected.equity, expected.cash)
    repeated = repeat(disk.entries("walk"))
    assert repeated.unequal == ()
    assert compare(repeated.account, account_of(it)).is_equal


def test_other_bars_under_the_same_journal_are_noticed():
    disk = begun(stored(5))
    with pytest.raises(KeyboardInterrupt):
        told(stored(5), disk, 20)
    with pytest.raises(HaltError, match="does not repeat itself"):
        told(stored(6), disk)
