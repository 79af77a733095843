"""The bench's bars: seeded random walks, made once, kept as .npy files that all engines read."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]

VERSION = "v1"  # raise it when anything below changes: old files are then left alone
PAIRS = tuple((fast, slow) for fast in range(3, 43) for slow in range(50, 200, 6))
MINUTE_NS = 60 * 10**9
DAY_NS = 86_400 * 10**9
SESSION_MINUTES = 390
FIRST_SESSION = 16_436  # 2015-01-01 in days since the epoch
OPENING_NS = 14 * 60 * MINUTE_NS + 30 * MINUTE_NS


@dataclass(frozen=True)
class Market:
    """Shape and character of one random market; sigma is the volatility of one bar."""

    name: str
    bars: int
    symbols: int
    sigma: float
    seed: int
    is_daily: bool = False
    pairs: tuple[tuple[int, int], ...] = ((10, 50),)
    """Lengths of the averages that cross: one pair, or many for a sweep."""

    @property
    def cells(self) -> int:
        """Symbol-bars walked by a whole call."""
        return self.bars * self.symbols * len(self.pairs)


MARKETS = {
    market.name: market
    for market in (
        Market("sweep", 10_000, 1, 0.001, 11, pairs=PAIRS),
        Market("walk-100k", 100_000, 1, 0.001, 12),
        Market("walk-1m", 1_000_000, 1, 0.001, 13),
        Market("wide-daily", 2_520, 500, 0.02, 14, is_daily=True),
        Market("book-minute", 98_280, 38, 0.001, 15),
    )
}


def prepare(folder: Path, name: str) -> Path:
    """Write the market's arrays below `folder` unless they are there; return their folder."""
    target = folder / VERSION / name
    if not (target / "done").exists():
        target.mkdir(parents=True, exist_ok=True)
        for key, array in _arrays(MARKETS[name]).items():
            np.save(target / f"{key}.npy", array)
        (target / "done").touch()
    return target


def crossover(close: F64, lengths: tuple[int, int]) -> tuple[Bools, Bools]:
    """Bars at whose close the fast average crosses above, and below, the slow one; as `close`."""
    fast, slow = (_average(close, length) for length in lengths)
    above = fast > slow
    known = ~np.isnan(slow)
    known[1:] &= ~np.isnan(slow[:-1])
    known[0] = False
    turned = np.zeros_like(above)
    turned[1:] = above[1:] != above[:-1]
    return turned & known & above, turned & known & ~above


def scores(entries: Bools, exits: Bools) -> NDArray[np.float32]:
    """The same crossings as scores, cell by cell: 100 buys, 0 sells, 50 says nothing."""
    score = np.full(entries.shape, 50.0, dtype=np.float32)
    score[entries], score[exits] = 100.0, 0.0
    return score.reshape(-1)


def _average(close: F64, length: int) -> F64:
    total = np.cumsum(close, axis=0)
    mean = np.full_like(close, np.nan)
    mean[length - 1] = total[length - 1] / length
    mean[length:] = (total[length:] - total[:-length]) / length
    return mean


def _arrays(market: Market) -> dict[str, NDArray[np.generic]]:
    rng = np.random.default_rng(market.seed)
    shape = (market.bars, market.symbols)
    prices = _walk(rng, market)
    crossings = [crossover(prices["close"], lengths) for lengths in market.pairs]
    entries, exits = (np.hstack(part) for part in zip(*crossings, strict=True))
    return {
        **_times(market),
        **prices,
        "entries": entries,
        "exits": exits,
        "score": np.concatenate([scores(*crossing) for crossing in crossings]),
        "candidates": _candidates(rng, shape).reshape(-1),
        **_conditions(rng, market),
    }


def _walk(rng: np.random.Generator, market: Market) -> dict[str, F64]:
    """Correlated walks (a third of the variance is common), prices to six places."""
    shape = (market.bars, market.symbols)
    common = np.sqrt(0.33) if market.symbols > 1 else 0.0
    noise = rng.standard_normal(shape) * np.sqrt(1 - common**2)
    noise += common * rng.standard_normal((market.bars, 1))
    close = 100.0 * np.exp(np.cumsum(market.sigma * noise, axis=0))
    gap = np.exp(0.2 * market.sigma * rng.standard_normal(shape))
    opening = np.vstack((np.full((1, market.symbols), 100.0), close[:-1])) * gap
    reach = 0.5 * market.sigma * np.abs(rng.standard_normal((2, *shape)))
    high = np.maximum(opening, close) * np.exp(reach[0])
    low = np.minimum(opening, close) * np.exp(-reach[1])
    volume = np.round(np.exp(13 + 0.3 * rng.standard_normal(shape)))
    named = {"open": opening, "high": high, "low": low, "close": close}
    return {key: np.round(value, 6) for key, value in named.items()} | {"volume": volume}


def _times(market: Market) -> dict[str, I64]:
    index = np.arange(market.bars, dtype=np.int64)
    day, minute = (index, 0 * index) if market.is_daily else np.divmod(index, SESSION_MINUTES)
    session = FIRST_SESSION + 7 * (day // 5) + day % 5
    length = SESSION_MINUTES * MINUTE_NS if market.is_daily else MINUTE_NS
    open_ts = session * DAY_NS + OPENING_NS + minute * MINUTE_NS
    return {"open_ts": open_ts, "close_ts": open_ts + length, "session": session}


def _candidates(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Scores of which 2 % say buy, 2 % say sell, the rest nothing."""
    draw = rng.random(shape, dtype=np.float32)
    strength = rng.random(shape, dtype=np.float32)
    quiet = 41 + 18 * strength
    bought = np.where(draw < 0.02, 60 + 40 * strength, quiet)
    return np.where(draw > 0.98, 40 * strength, bought).astype(np.float32)


def _conditions(rng: np.random.Generator, market: Market) -> dict[str, NDArray[np.generic]]:
    shape = market.bars * market.symbols
    sigma = market.sigma * np.exp(0.1 * rng.standard_normal(shape))
    return {
        "sigma": sigma.astype(np.float32),
        "usual_volume": np.full(shape, np.exp(13)),
        "rsi": rng.uniform(20, 80, shape).astype(np.float32),
        "sector": np.arange(market.symbols, dtype=np.int64) % 11,
    }
