"""Random blocks of bars: gaps, missing bars, late listings, early ends, coarse and fine prices."""

from dataclasses import dataclass

import numpy as np

from greenlight.engine.tape import F64, I64
from reference.small import DAY, HOUR

Rng = np.random.Generator

FIRST_SESSION = 20_454  # 2026-01-01
WEEK = 7


@dataclass(frozen=True)
class Symbol:
    """What one random symbol is like."""

    price: float
    lot: float
    tick: float
    volatility: float
    gappiness: float
    hole_share: float
    liquidity: float


@dataclass(frozen=True)
class Block:
    """Bars of some symbols on one calendar; prices (T, N), NaN where there is no bar."""

    is_crypto: bool
    symbols: list[Symbol]
    open_ts: I64
    close_ts: I64
    session: I64
    open: F64
    high: F64
    low: F64
    close: F64
    volume: F64

    def columns(self) -> tuple[I64, I64, I64, F64, F64, F64, F64, F64]:
        """As build_tape wants it."""
        prices = (self.open, self.high, self.low, self.close, self.volume)
        return (self.open_ts, self.close_ts, self.session, *prices)


def random_symbol(rng: Rng, *, is_crypto: bool) -> Symbol:
    """Tiny, usual or large prices, with lots and ticks that do not always suit them."""
    base = float(rng.choice([0.02, 3.0, 40.0, 300.0, 60_000.0], p=[0.1, 0.2, 0.4, 0.2, 0.1]))
    fine_tick = 0.0 if base > 1.0 else 0.0001
    return Symbol(
        price=base * float(rng.uniform(0.5, 2.0)),
        lot=float(rng.choice([0.001, 0.1] if is_crypto else [1.0, 1.0, 0.001, 100.0])),
        tick=float(rng.choice([0.01, 0.01, fine_tick, 0.0001 if base < 100.0 else 0.01])),
        volatility=float(rng.choice([0.004, 0.015, 0.04])),
        gappiness=float(rng.choice([0.0, 0.03, 0.10])),
        hole_share=float(rng.choice([0.0, 0.0, 0.03, 0.15])),
        liquidity=float(rng.choice([1e3, 1e5, 1e7])),
    )


def random_block(rng: Rng, factors: F64, *, is_crypto: bool) -> Block:
    """A block of the shape of `factors` (T, N), which scales prices from each row on."""
    count, width = factors.shape
    symbols = [random_symbol(rng, is_crypto=is_crypto) for _ in range(width)]
    open_ts, close_ts, session = _clock(rng, count, is_crypto=is_crypto)
    shared: F64 = np.asarray(rng.standard_normal(count))
    parts = [_bars(rng, s, shared, factors[:, i]) for i, s in enumerate(symbols)]
    prices = [np.column_stack([part[k] for part in parts]) for k in range(5)]
    return Block(is_crypto, symbols, open_ts, close_ts, session, *prices)


def _clock(rng: Rng, count: int, *, is_crypto: bool) -> tuple[I64, I64, I64]:
    """Six bars a day around the clock, or a bar a weekday with some half days, or hourly bars."""
    numbers = np.arange(count, dtype=np.int64)
    if is_crypto:
        session = FIRST_SESSION + numbers // 6
        open_ts = session * DAY + numbers % 6 * 4 * HOUR
        return open_ts, open_ts + 4 * HOUR, session
    if rng.random() < 0.3:
        session = FIRST_SESSION + numbers // 7 + numbers // 35 * 2
        open_ts = session * DAY + (13 + numbers % 7) * HOUR
        return open_ts, open_ts + HOUR, session
    session = FIRST_SESSION + numbers + numbers // 5 * 2
    open_ts = session * DAY + 14 * HOUR
    length = np.where(rng.random(count) < 0.1, 4, 7)
    return open_ts, open_ts + length * HOUR, session


def _bars(rng: Rng, symbol: Symbol, shared: F64, factor: F64) -> list[F64]:
    count = len(shared)
    beta = float(rng.choice([0.0, 0.5, 0.98]))
    shocks = beta * shared + np.sqrt(1 - beta**2) * rng.standard_normal(count)
    moves = np.clip(symbol.volatility * shocks, -0.3, 0.4)
    gaps = symbol.volatility * 0.3 * rng.standard_normal(count)
    jumps = rng.random(count) < symbol.gappiness
    gaps[jumps] += rng.uniform(-0.25, 0.25, jumps.sum())
    gaps = np.clip(gaps, -0.4, 0.5)
    steps = np.cumprod((1 + moves) * (1 + gaps) * factor)
    close = symbol.price * steps
    opens = close / (1 + moves)
    reach = symbol.volatility * np.abs(rng.standard_normal((2, count))) * 0.6
    high = np.maximum(opens, close) * (1 + reach[0])
    low = np.minimum(opens, close) * (1 - np.minimum(reach[1], 0.5))
    prices = [_on_grid(p, symbol, close) for p in (opens, high, low, close)]
    volume = np.floor(symbol.liquidity / symbol.price * 10 * rng.lognormal(0, 1, count))
    volume[rng.random(count) < 0.03] = 0.0
    volume[rng.random(count) < 0.02] = np.nan
    bars = [*prices, volume]
    missing = _missing(rng, symbol, count)
    for column in bars:
        column[missing] = np.nan
    return bars


def _on_grid(prices: F64, symbol: Symbol, close: F64) -> F64:
    """On the tick where that leaves a price; ties between prices and levels are wanted."""
    if symbol.tick == 0.0 or close.min() < 20 * symbol.tick:
        return prices.copy()
    return np.asarray(np.round(np.round(prices / symbol.tick) * symbol.tick, 8))


def _missing(rng: Rng, symbol: Symbol, count: int) -> np.ndarray:
    missing = rng.random(count) < symbol.hole_share
    if rng.random() < 0.15:
        missing[: int(rng.integers(1, count // 2))] = True
    if rng.random() < 0.15:
        missing[int(rng.integers(count // 2, count)) :] = True
    return np.asarray(missing)
