"""`paper --replay`: stored bars, the simulated exchange and a journal, joined into one run."""

import asyncio
import hashlib
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from greenlight.backtest import code_version, vote
from greenlight.brokers import SimulatedBroker, SimulatedMarket
from greenlight.config import Config
from greenlight.domain import RequestVerdicts, UserError
from greenlight.engine import Row, warm_up
from greenlight.ledger import Mode, RunBegan, Started, Stopped
from greenlight.live import (
    Account,
    Bench,
    Block,
    Executor,
    Journal,
    LiveSettings,
    RowJournal,
    Runner,
    Stage,
    SteppedClock,
    Timekeeper,
    Universe,
    new_trader,
    replay,
    write_rules,
)
from greenlight.market import History
from greenlight.scoring import Stretch, assemble, calibrated
from greenlight.wiring.history import load_history
from greenlight.wiring.ledgers import FINISHED
from greenlight.wiring.plan import build_plan

_NS_DAY = 86_400_000_000_000


@dataclass(frozen=True, slots=True)
class Stored:
    """A stretch of stored bars, scored, and what trades it."""

    stretch: Stretch
    universe: Universe
    began: RunBegan


def build_stored(
    config: Config,
    start: date,
    end: date,
    told: Callable[[str], None] = lambda _: None,
    since_ts: int = 0,
) -> Stored:
    """Read and score stored bars; nothing is decided at closes before `since_ts`.

    Raises UserError where none lie between the days.
    """
    warm_up()
    told("reading bars")
    history = load_history(config)
    plan = build_plan(config, history)
    plan = replace(plan, search=replace(plan.search, split=None))  # parameters are as given
    assembled = assemble(history, plan.rules)
    told("voting")
    voted = vote(assembled, plan, told)
    if plan.is_calibrated:
        told("following what came of past scores")
        assembled, _ = calibrated(assembled, voted.score)
    score = voted.score.copy()
    score[np.repeat(assembled.tape.close_ts, assembled.tape.width) < since_ts] = np.nan
    stretch = Stretch(assembled, score, _day(start), _day(end))
    universe = universe_of(history)
    return Stored(stretch, universe, _began(config, history, stretch, (start, end)))


def universe_of(history: History) -> Universe:
    """Blocks and instruments in the order of the engine's specs."""
    blocks, first = [], 0
    for bars in history.blocks:
        ones = tuple(history.instruments[symbol] for symbol in bars.symbols)
        blocks.append(Block(bars.calendar, bars.timeframe, first, ones))
        first += len(ones)
    return Universe(tuple(blocks))


def _began(config: Config, history: History, stretch: Stretch, days: tuple[date, date]) -> RunBegan:
    settings = config.model_dump(mode="json")
    settings["replay"] = {"start": str(days[0]), "end": str(days[1])}
    universe = universe_of(history)
    began = RunBegan(
        run="",
        account="",
        broker="simulated",
        mode=Mode.REPLAY,
        symbols=universe.symbols,
        widths=universe.widths,
        blocks=tuple(f"{block.calendar} {block.timeframe}" for block in universe.blocks),
        rules=write_rules(stretch.rules),
        settings=settings,
        cash=float(config.account.cash),
        last_sector=stretch.last_sector,
        asks_verdicts=False,
        code_version=code_version(),
    )
    account = f"replay-{identity(began, history.fingerprint())}"
    return replace(began, account=account, run=account)


def backtested(config: Config, run: RunBegan, live: Account | None = None) -> Account:
    """The same stretch through the backtester.

    live: what a run saw and did that was told no stored bars: its time is the stretch.
    Raises UserError where its bars are not stored here, or other symbols are.
    """
    closes = [0, 0] if live is None else sorted({ts for _, ts in live.cells})
    if not closes:
        raise UserError("the run has decided on no bar yet; there is nothing to compare")
    stored = build_stored(config, *_days(run, closes), since_ts=closes[0])
    if sorted(stored.began.symbols) != sorted(run.symbols):
        raise UserError("the stored bars are of other symbols than the run's")
    made = stored.stretch.simulate(run.cash)
    rows = stored.stretch.rows(0)[1]
    if live is None:
        closes = [0, rows[-1].bars.time.close_ts]
    within = [row.bars for row in rows if closes[0] <= row.bars.time.close_ts <= closes[-1]]
    if not within:
        raise UserError("no stored bar lies in the time of the run; import its bars first")
    firsts = tuple(block.first for block in stored.universe.blocks)
    final = float(made.equity[sum(row.bars.time.close_ts <= closes[-1] for row in rows) - 1])
    logs = (_before(made.decisions, closes[-1]), _before(made.fills, closes[-1]))
    account = Account(stored.began.symbols, firsts, *logs, final)
    account.see(within)
    return account.numbered(run.symbols)


def _days(run: RunBegan, closes: list[int]) -> tuple[date, date]:
    """First and last day of a run."""
    days = run.settings.get("replay")
    if days is not None:
        return date.fromisoformat(days["start"]), date.fromisoformat(days["end"])
    first, last = (
        date(1970, 1, 1) + timedelta(days=ts // _NS_DAY) for ts in (closes[0], closes[-1])
    )
    return first, last


def _before(log: np.ndarray[Any, Any], ts: int) -> np.ndarray[Any, Any]:
    """What happened up to then."""
    return log[log["ts"] <= ts]


def identity(began: RunBegan, data: str) -> str:
    """What makes two replays the same: bars, rules, settings and code."""
    told: dict[str, Any] = {
        "data": data,
        "rules": began.rules,
        "settings": {k: v for k, v in began.settings.items() if k not in _IRRELEVANT},
        "cash": began.cash,
        "code": began.code_version,
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:10]


#: Sections that change nothing of what a replay decides.
_IRRELEVANT = ("ledger", "live", "broker", "orders", "providers", "approval")


@dataclass(slots=True)
class Replayed:
    """What came of it. is_whole: told to the end of the stretch."""

    rows: int = 0
    fills: int = 0
    equity: float = 0.0
    cash: float = 0.0
    market_s: float = 0.0
    wall_s: float = 0.0
    is_whole: bool = False


async def run_replay(
    stored: Stored, journal: Journal, fence: int, between: Callable[[Row], Awaitable[bool]]
) -> Replayed:
    """Tell the stretch; goes on where the journal ends. `between` says whether to go on.

    Raises HaltError where what was told before does not repeat itself.
    """
    began, universe = stored.began, stored.universe
    past = journal.entries()
    kept = RowJournal(journal, past)
    warm, own = stored.stretch.rows(int(stored.stretch.rules.limits.correlation_bars))
    clock = SteppedClock((warm or own)[0].bars.time.open_ts)
    exchange = SimulatedBroker(
        stored.stretch.rules,
        began.cash,
        SimulatedMarket(universe.symbols, universe.widths),
        clock.now,
        began.account,
    )
    fences = [entry.record.fence for entry in past if isinstance(entry.record, Started)]
    runner: Runner

    def tell(event: Any, source: Any) -> None:  # noqa: ANN401  # the executor's two
        runner.put(event, source)

    executor = Executor(
        Bench(
            broker=exchange,
            journal=kept,
            clock=clock,
            universe=universe,
            times=Timekeeper(universe, stored.stretch.start_ts),
            settings=LiveSettings().orders,
            watch=LiveSettings().watch,
            fence=min([*fences, fence]),
            rng=np.random.default_rng(0),
            tell=tell,
            alert=lambda _level, _text: None,
        )
    )
    runner = Runner(new_trader(began), kept, executor, _unasked)
    done = Replayed()
    wall = time.perf_counter()
    runner.listen(lambda turn: _count(done, len(turn.step.fills)))

    async def step(row: Row) -> None:
        if row.bars.time.open_ts < stored.stretch.start_ts:
            return
        done.rows += 1
        done.market_s = (row.bars.time.close_ts - stored.stretch.start_ts) / 1e9
        if not kept.is_repeating and not await between(row):
            raise _StopError

    stage = Stage(runner, executor, exchange, kept, clock, step)
    try:
        await replay([*warm, *own], stage)
        done.is_whole = True
        kept.append(Stopped(FINISHED))
        await kept.commit()
    except _StopError:
        kept.append(Stopped("interrupted"))
        await kept.commit()
    trader = runner.trader
    done.equity, done.cash, done.wall_s = trader.equity, trader.cash, time.perf_counter() - wall
    return done


class _StopError(Exception):
    """A person interrupted."""


def _count(done: Replayed, fills: int) -> None:
    done.fills += fills


def _unasked(request: RequestVerdicts) -> None:
    raise AssertionError(f"a replay without a reviewer was asked about {request.proposals}")


def _day(day: date) -> int:
    return (day - date(1970, 1, 1)).days


class Pace:
    """Lets `speed` seconds of the market pass in one of the world's; 0: as fast as it goes."""

    def __init__(self, speed: float, count: int, told: Callable[[str], None]) -> None:
        self._speed, self._count, self._told = speed, count, told
        self._rows, self._ts = 0, 0
        self._is_stopped = False

    def now(self) -> int:
        """Close of the last row, ns UTC: the journal's clock."""
        return self._ts

    def stop(self) -> None:
        """End after the present row."""
        self._is_stopped = True

    async def __call__(self, row: Row) -> bool:
        """Wait as long as the market would; says whether to go on."""
        last, self._ts = self._ts, row.bars.time.close_ts
        self._rows += 1
        if self._speed > 0.0 and last > 0:
            await asyncio.sleep(max(self._ts - last, 0) / 1e9 / self._speed)
        else:
            await asyncio.sleep(0)
        day = np.datetime64(row.bars.time.session, "D")
        self._told(f"{day}: {self._rows:,} of {self._count:,} bar times")
        return not self._is_stopped
