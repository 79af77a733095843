"""Bar close to orders at the broker: the trader, the executor and the exchange in process.

A row is the close of one bar of every symbol. Timed is what stands between a closed row and the
last of its orders at the broker: `Forecaster.advance` with all shipped strategies, then the runner,
the trader and the executor. The journal is kept in memory here; what a disk adds to it is measured
apart. Prices walk at random, and scores are drawn so that a fifth of the symbols would trade: the
forecasts are computed and timed, not obeyed. Some forty positions are held, each with a stop, a
target and a trailing stop that moves. What was there before the first close is left out of garbage
collections (`gc.freeze`): one over all that is imported takes a quarter of a second.

    .venv/bin/python bench/latency.py
"""

import asyncio
import gc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from time import perf_counter

import numpy as np

from greenlight.brokers import SimulatedBroker, SimulatedMarket
from greenlight.domain import AssetClass, BarsClosed, BarTime, Event, Instrument, Timeframe
from greenlight.engine import Desk, Limits, Rules, Trader, build_costs, build_specs
from greenlight.ledger import Entry, FillSource, Record
from greenlight.live import (
    Bench,
    Block,
    BlockRow,
    Executor,
    Forecaster,
    LiveSettings,
    Method,
    Opinion,
    Runner,
    SteppedClock,
    Timekeeper,
    Universe,
)
from greenlight.market import Adjustment, Bars, History
from greenlight.scoring import Voice
from greenlight.signals import load_strategy, shipped

#: Symbols, and closes that are timed of as many.
SIZES = ((38, 400), (500, 200), (2_000, 60))
DAY_NS, HOUR_NS = 86_400_000_000_000, 3_600_000_000_000
_STORED, _WARM = 600, 20
_FIRST = 16_072  # 2014-01-02


@dataclass(frozen=True)
class Latency:
    """Milliseconds from a closed row to its last order at the broker; p50 and p99 of the closes.

    decided: with forecasts at hand. whole: with all shipped strategies computed.
    """

    symbols: int
    closes: int
    orders: float
    decided: tuple[float, float]
    whole: tuple[float, float]


class _Memory:
    """A journal that is as durable as this process."""

    def __init__(self) -> None:
        self.count = 0

    def append(self, record: Record) -> int:  # noqa: ARG002  # the port's
        self.count += 1
        return self.count

    async def durable(self) -> None:
        """It is."""

    def entries(self) -> Sequence[Entry]:
        return ()

    async def holds(self) -> bool:
        return True


class _Stage:
    """A trader, an executor and an exchange for `width` symbols."""

    def __init__(self, width: int) -> None:
        names = tuple(f"S{n:04d}" for n in range(width))
        self.instruments = {name: Instrument(name, AssetClass.EQUITY, "XNYS") for name in names}
        limits = Limits(
            position=0.02,
            sizing_value=0.02,
            entries_per_day=1_000_000,
            deployed=0.9,
            sector=1.0,
            trail=0.05,
            trail_from=0,
        )
        self.rules = Rules(limits, build_costs(width), build_specs(width))
        universe = Universe((Block("XNYS", Timeframe.D1, 0, tuple(self.instruments.values())),))
        self.clock = SteppedClock((_FIRST + _STORED) * DAY_NS)
        market = SimulatedMarket(names, (width,))
        self.exchange = SimulatedBroker(self.rules, 1e7, market, self.clock.now)
        journal = _Memory()
        self.executor = Executor(
            Bench(
                broker=self.exchange,
                journal=journal,
                clock=self.clock,
                universe=universe,
                times=Timekeeper(universe, self.clock.now()),
                settings=LiveSettings().orders,
                watch=LiveSettings().watch,
                fence=1,
                rng=np.random.default_rng(0),
                tell=self.tell,
                alert=lambda _level, _text: None,
            )
        )
        trader = Trader(self.rules, 1e7, Desk((width,)))
        self.orders = 0
        self.runner = Runner(trader, journal, self.executor, lambda _request: None)
        self.runner.listen(lambda turn: self._count(len(turn.step.commands)))

    def tell(self, event: Event, source: FillSource | None) -> None:
        """Queue what the executor heard."""
        self.runner.put(event, source)

    async def settle(self) -> None:
        """Until everything told is decided, and every order is at the exchange."""
        while True:
            self.runner.drain()
            await self.executor.quiet()
            if self.runner.is_idle:
                return

    async def trade(self, bars: BarsClosed) -> None:
        """Let the exchange fill what the row fills."""
        for report in self.exchange.trade(bars):
            self.executor.hear(report, "exchange")
            await self.settle()

    def _count(self, commands: int) -> None:
        self.orders += commands


async def measure(width: int, closes: int) -> Latency:
    """Time the closes of `width` symbols."""
    stage, rng = _Stage(width), np.random.default_rng(width)
    bars = _walk(tuple(stage.instruments), _STORED + _WARM + closes, rng)
    history = History((bars,), stage.instruments)
    voices = tuple(Voice(load_strategy(name), {}) for name in shipped())
    stored = history.between(None, _day(bars, _STORED - 1))
    forecaster = Forecaster(stored, Method(voices, stage.rules))
    gc.collect()
    gc.freeze()
    decided, whole = [], []
    for row in _rows(bars, _STORED):
        begun = perf_counter()
        opinion = forecaster.advance(row)
        forecast_s = perf_counter() - begun
        closed = _closed(row, opinion, rng)
        stage.clock.move(row.time.open_ts)
        await stage.trade(closed)
        stage.clock.move(row.time.close_ts)
        begun = perf_counter()
        stage.runner.put(closed)
        await stage.settle()
        decided.append(perf_counter() - begun)
        whole.append(decided[-1] + forecast_s)
        if len(whole) == _WARM:
            stage.orders = 0
    gc.unfreeze()
    orders = stage.orders / closes
    return Latency(width, closes, orders, _percentiles(decided), _percentiles(whole))


def measure_all() -> list[Latency]:
    """Time every size."""
    return [asyncio.run(measure(width, closes)) for width, closes in SIZES]


def table(found: Sequence[Latency]) -> str:
    """Markdown."""
    lines = [
        "| symbols | closes | commands a close | forecasts at hand, p50 | p99 "
        "| all shipped strategies, p50 | p99 |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in found:
        times = " | ".join(f"{ms:.1f} ms" for ms in (*one.decided, *one.whole))
        lines.append(f"| {one.symbols:,} | {one.closes:,} | {one.orders:.0f} | {times} |")
    return "\n".join(lines)


def _percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    low, high = np.quantile(np.array(seconds[_WARM:]) * 1e3, [0.5, 0.99])
    return float(low), float(high)


def _walk(names: tuple[str, ...], rows: int, rng: np.random.Generator) -> Bars:
    days = np.arange(_FIRST, _FIRST + rows, dtype=np.int64)
    shape = (rows, len(names))
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0002, 0.012, shape), axis=0))
    opened = close * np.exp(rng.normal(0.0, 0.004, shape))
    high, low = np.maximum(opened, close) * 1.004, np.minimum(opened, close) * 0.996
    return Bars(
        calendar="24/7",
        timeframe=Timeframe.D1,
        adjustment=Adjustment.RAW,
        symbols=names,
        open_ts=days * DAY_NS + 14 * HOUR_NS,
        close_ts=days * DAY_NS + 21 * HOUR_NS,
        session=days,
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=np.round(rng.lognormal(13.0, 0.4, shape)),
    )


def _day(bars: Bars, row: int) -> date:
    return date(1970, 1, 1) + timedelta(days=int(bars.session[row]))


def _rows(bars: Bars, first: int) -> Iterator[BlockRow]:
    for t in range(first, bars.count):
        session = int(bars.session[t])
        time = BarTime(int(bars.open_ts[t]), int(bars.close_ts[t]), session, (t + 1) * 7 * HOUR_NS)
        prices = (bars.open, bars.high, bars.low, bars.close, bars.volume)
        yield BlockRow(0, time, *(price[t] for price in prices))


def _closed(row: BlockRow, opinion: Opinion, rng: np.random.Generator) -> BarsClosed:
    """The row with scores of which a tenth say buy and a tenth sell."""
    score = rng.normal(50.0, 8.0, len(row.close)).clip(0.0, 100.0).astype(np.float32)
    prices = (row.open, row.high, row.low, row.close, row.volume)
    return BarsClosed(row.time, row.block, *prices, score, opinion.conditions)


def main() -> int:
    """Measure and print."""
    print(table(measure_all()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
