"""Random markets for tests: calm and wild weeks, gaps, standstills, ticks, facts that come late."""

from datetime import date

import numpy as np

from greenlight.domain import AssetClass, Fact, Instrument, Timeframe
from greenlight.market import Adjustment, Bars, Facts, History, Sectors, View, views

DAY_NS = 86_400_000_000_000
FIRST = 14_610  # 2010-01-01


def closes(rng: np.random.Generator, bars: int, *, tick: float = 0.01) -> np.ndarray:
    """One symbol's closes: volatility in clusters, drift that changes, bars that stand still."""
    swings = 0.012 * np.exp(np.repeat(rng.normal(0, 0.5, bars // 25 + 1), 25)[:bars])
    drift = np.repeat(rng.normal(0.0004, 0.0025, bars // 60 + 1), 60)[:bars]
    moves = drift + swings * rng.standard_t(4, bars) * 0.7
    if rng.random() < 0.4:
        still = int(rng.integers(0, bars - 40))
        moves[still : still + 25] = 0.0
    price = 100.0 * np.exp(np.cumsum(np.clip(moves, -0.3, 0.3)))
    return np.maximum(np.round(price / tick) * tick, 5 * tick)


def block(
    seed: int,
    *,
    symbols: int = 3,
    bars: int = 700,
    closes_only: bool = False,
    holes: bool = False,
    timeframe: Timeframe = Timeframe.D1,
) -> Bars:
    """A block of random symbols A0, A1, ..."""
    rng = np.random.default_rng(seed)
    close = np.column_stack([closes(rng, bars) for _ in range(symbols)])
    gap = close * np.exp(rng.normal(0, 0.003, close.shape))
    opened = close if closes_only else np.round(np.vstack((gap[:1], gap[:-1])), 2)
    above, below = (np.abs(rng.normal(0, 0.004, close.shape)) for _ in range(2))
    high = close if closes_only else np.maximum(opened, close) * (1 + above)
    low = close if closes_only else np.minimum(opened, close) * (1 - below)
    volume = np.full(close.shape, np.nan)
    if not closes_only:
        volume = np.round(1e5 * np.exp(rng.normal(0, 0.5, close.shape)))
        volume[rng.random(close.shape) < 0.002] = 0.0
    arrays = [array.copy() for array in (opened, high, low, close, volume)]
    if holes:
        gone = rng.random(close.shape) < 0.03
        for array in arrays:
            array[gone] = np.nan
    step = timeframe.duration_ns
    close_ts = FIRST * DAY_NS + (np.arange(bars, dtype=np.int64) + 1) * step
    return Bars(
        calendar="24/7",
        timeframe=timeframe,
        adjustment=Adjustment.TOTAL,
        symbols=tuple(f"A{k}" for k in range(symbols)),
        open_ts=close_ts - step,
        close_ts=close_ts,
        session=(close_ts - step) // DAY_NS,
        open=arrays[0],
        high=arrays[1],
        low=arrays[2],
        close=arrays[3],
        volume=arrays[4],
        closes_only=closes_only,
    )


def world(seed: int, *, lag_days: int = 20, **shape: object) -> History:
    """A block with an index, VIX, sectors that change, and earnings known `lag_days` late."""
    own = block(seed, **shape)
    rng = np.random.default_rng(seed + 1_000_000)
    bars = own.count
    index = Bars(
        calendar=own.calendar,
        timeframe=own.timeframe,
        adjustment=Adjustment.TOTAL,
        symbols=("SP500",),
        open_ts=own.open_ts,
        close_ts=own.close_ts,
        session=own.session,
        **dict.fromkeys(("open", "high", "low", "close"), closes(rng, bars)[:, None]),
        volume=np.full((bars, 1), np.nan),
        closes_only=True,
    )
    vix = [
        Fact("test", "VIX", int(ts), int(ts), float(value))
        for ts, value in zip(own.close_ts, 10 + 30 * rng.random(bars), strict=True)
    ]
    earnings = [
        Fact("test", f"fundamentals.{symbol}", int(ts), int(ts) + lag_days * DAY_NS, value)
        for symbol in own.symbols
        for ts, value in zip(own.close_ts[::60], rng.normal(0, 1, bars), strict=False)
    ]
    sectors = Sectors.of(
        row
        for k, symbol in enumerate(own.symbols)
        for row in (
            (symbol, ("Financials", "Energy")[k % 2], date(2010, 1, 1), date(2011, 1, 1)),
            (symbol, ("Utilities", "Energy")[k % 2], date(2011, 1, 1), None),
        )
    )
    return History(
        blocks=(own,),
        instruments={s: Instrument(s, AssetClass.CRYPTO, "24/7") for s in own.symbols},
        facts=Facts.of([*vix, *earnings]),
        sectors=sectors,
        references=(index,),
        source="random",
    )


def views_of(history: History) -> list[View]:
    """Every view of every block."""
    return [view for part in history.blocks for _, view, _ in views(history, part)]


def view_of(close: list[float] | np.ndarray, volume: float | np.ndarray = 1000.0) -> View:
    """One daily view of given closes, which open, high and low repeat."""
    prices = np.asarray(close, dtype=np.float64)
    session = FIRST + np.arange(len(prices), dtype=np.int64)
    return View(
        symbol="A0",
        timeframe=Timeframe.D1,
        open_ts=session * DAY_NS,
        close_ts=(session + 1) * DAY_NS,
        session=session,
        open=prices,
        high=prices,
        low=prices,
        close=prices,
        volume=np.broadcast_to(np.asarray(volume, dtype=np.float64), prices.shape).copy(),
    )
