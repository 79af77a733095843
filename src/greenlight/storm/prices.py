"""A market from a seed: minute bars of a few symbols over two or three sessions, gaps and all."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import (
    AssetClass,
    CashDividend,
    CorporateAction,
    Instrument,
    Split,
    Timeframe,
)
from greenlight.market import Adjustment, Bars, BarSpec, History, from_arrays, sessions

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

CALENDAR = "XNYS"
_EPOCH = date(1970, 1, 1)
NS_MINUTE = 60_000_000_000
#: days after which there is one more the next day, the first or the second of them a half day
_NIGHTS = (date(2025, 6, 10), date(2025, 7, 2), date(2025, 12, 23))
#: one session alone, half days and the Mondays after both changes of the clock among them
_DAYS = (*_NIGHTS, date(2025, 7, 3), date(2025, 11, 28), date(2026, 3, 9), date(2026, 11, 2))
#: Fridays before a change of the clock
_WEEKENDS = (date(2026, 3, 6), date(2026, 10, 30))
_MOVE, _JUMP, _GAP = 0.0018, 0.04, 0.02  # a minute, when it jumps, overnight
_JUMPS, _MISSING = 0.004, 0.02  # shares of minutes


@dataclass(frozen=True, slots=True)
class Market:
    """What the world does: minute bars and actions, from `start_ts` to `end_ts`, ns UTC."""

    history: History
    start_ts: int
    end_ts: int

    @property
    def symbols(self) -> tuple[str, ...]:
        """Its symbols."""
        return self.history.symbols

    @property
    def bars(self) -> Bars:
        """Its minute bars."""
        return self.history.blocks[0]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which part of the calendar: so many minutes at the end of the first session, and so many at
    the beginning of the next one, if any."""

    first_day: date
    evening: int = 120
    morning: int = 0


def draw_stretch(rng: np.random.Generator) -> Stretch:
    """Mostly one session; sometimes a night, seldom a weekend, for nights take long."""
    draw = rng.random()
    if draw < 0.88:
        return Stretch(_pick(rng, _DAYS), int(rng.integers(60, 110)))
    days = _WEEKENDS if draw > 0.99 else _NIGHTS
    return Stretch(_pick(rng, days), int(rng.integers(30, 50)), int(rng.integers(40, 60)))


def _pick(rng: np.random.Generator, days: tuple[date, ...]) -> date:
    return days[int(rng.integers(len(days)))]


def draw_market(
    rng: np.random.Generator, stretch: Stretch, symbols: int, *, acts: bool = True
) -> Market:
    """Prices of a fresh market. `acts`: sometimes one symbol splits or pays before the morning."""
    names = tuple(f"S{nth}" for nth in range(symbols))
    stamps, day_of = minutes_of(stretch)
    prices, volume = _walk(rng, day_of, symbols)
    actions: tuple[CorporateAction, ...] = ()
    if acts and rng.random() < 0.4:
        action = _action(rng, names, _EPOCH + timedelta(days=int(day_of[-1])))
        prices, volume = _apply(action, prices, volume, day_of)
        actions = (action,)
    _hide(rng, prices, volume)
    spec = BarSpec(CALENDAR, Timeframe.M1, Adjustment.RAW)
    opens, highs, lows, closes = prices
    bars = from_arrays(spec, names, stamps, (opens, highs, lows, closes), volume)
    instruments = {name: Instrument(name, AssetClass.EQUITY, CALENDAR) for name in names}
    history = History((bars,), instruments, actions, source="storm")
    return Market(history, int(stamps[0]), int(stamps[-1]) + NS_MINUTE)


def stand_still(market: Market) -> Market:
    """The same market with one price for each minute."""
    bars = market.bars
    flat = replace(bars, open=bars.close, high=bars.close, low=bars.close)
    return replace(market, history=replace(market.history, blocks=(flat,)))


def minutes_of(stretch: Stretch) -> tuple[I64, I64]:
    """Opening stamps of every minute, and the session of each."""
    first = (stretch.first_day - _EPOCH).days
    known = sessions(CALENDAR, first, first + 14)
    stamps, days = [], []
    for nth, minutes in enumerate((stretch.evening, stretch.morning)):
        opens = np.arange(int(known.open[nth]), int(known.close[nth]), NS_MINUTE)
        kept = opens[:minutes] if nth == 1 else opens[-minutes:]
        stamps.append(kept)
        days.append(np.full(len(kept), known.day[nth]))
    return np.concatenate(stamps).astype(np.int64), np.concatenate(days).astype(np.int64)


def _walk(rng: np.random.Generator, day: I64, symbols: int) -> tuple[tuple[F64, ...], F64]:
    """Open, high, low, close, each (T, N), and volume (T, N): heavy tails, jumps, nights."""
    shape = (len(day), symbols)
    steps = rng.standard_t(4, shape) * _MOVE / np.sqrt(2.0)
    steps += np.where(rng.random(shape) < _JUMPS, rng.normal(0.0, _JUMP, shape), 0.0)
    night = np.concatenate([[False], np.diff(day) > 0])
    opening = np.where(night[:, None], rng.normal(0.0, _GAP, shape), rng.normal(0.0, 1e-4, shape))
    first = rng.uniform(20.0, 200.0, symbols)
    closes = first * np.exp(np.cumsum(steps + opening, axis=0))
    opens = closes / np.exp(steps)
    reach = np.abs(rng.normal(0.0, _MOVE / 2, (2, *shape)))
    highs = np.maximum(opens, closes) * (1.0 + reach[0])
    lows = np.minimum(opens, closes) * (1.0 - reach[1])
    volume = np.round(rng.lognormal(10.0, 0.7, shape))
    return (opens, highs, lows, closes), volume


def _action(rng: np.random.Generator, names: tuple[str, ...], day: date) -> CorporateAction:
    symbol = names[int(rng.integers(len(names)))]
    if rng.random() < 0.5:
        return CashDividend(symbol, day, Decimal(f"{rng.uniform(0.1, 1.0):.2f}"))
    return Split(symbol, day, Decimal(("2", "3", "0.5")[int(rng.integers(3))]))


def _apply(
    action: CorporateAction, prices: tuple[F64, ...], volume: F64, day: I64
) -> tuple[tuple[F64, ...], F64]:
    """Raw prices from the action's day on: split by its ratio, or less what was paid."""
    column = int(action.symbol.removeprefix("S"))
    after = day >= (action.ex_date - _EPOCH).days
    for array in prices:
        if isinstance(action, Split):
            array[after, column] /= float(action.ratio)
        elif isinstance(action, CashDividend):
            array[after, column] -= float(action.amount)
    if isinstance(action, Split):
        volume[after, column] = np.round(volume[after, column] * float(action.ratio))
    return prices, volume


def _hide(rng: np.random.Generator, prices: tuple[F64, ...], volume: F64) -> None:
    """Round to cents; some minutes have no bar, never the first of the whole."""
    gone = rng.random(volume.shape) < _MISSING
    gone[0] = False
    for array in prices:
        np.round(array, 2, out=array)
        array[gone] = np.nan
    volume[gone] = np.nan
