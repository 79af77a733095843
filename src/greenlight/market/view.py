"""What a strategy receives: one symbol's own bars and what else was known, up to now."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import CorporateAction, Timeframe
from greenlight.market.adjust import forward_factors
from greenlight.market.arrays import F64, I64
from greenlight.market.bars import Bars
from greenlight.market.facts import NO_FACTS, Facts, last_known
from greenlight.market.history import History
from greenlight.market.sectors import Changes, sector_names


@dataclass(frozen=True, slots=True)
class Background:
    """What is known beside bars: facts, reference closes as (close_ts, close), sector changes."""

    facts: Facts = NO_FACTS
    indices: Mapping[str, tuple[I64, F64]] = field(default_factory=dict)
    sectors: Changes = ()

    def until(self, ts: int, session: int) -> "Background":
        """Only what was known at `ts` (ns UTC), which lies in `session`."""
        indices = {}
        for symbol, (close_ts, close) in self.indices.items():
            count = int(np.searchsorted(close_ts, ts, side="right"))
            indices[symbol] = (close_ts[:count], close[:count])
        known = tuple(change for change in self.sectors if change[0] <= session)
        return Background(self.facts.until(ts), indices, known)


@dataclass(frozen=True, slots=True)
class View:
    """T bars of one symbol without holes, prices and volume adjusted forward from the first bar.

    Times in ns UTC, `session` in days since the epoch; all arrays are read-only and of shape T.
    `closes_only`: open, high and low only repeat the close.
    """

    symbol: str
    timeframe: Timeframe
    open_ts: I64
    close_ts: I64
    session: I64
    open: F64
    high: F64
    low: F64
    close: F64
    volume: F64
    closes_only: bool = False
    background: Background = field(default_factory=Background)

    def __post_init__(self) -> None:
        for name in _ARRAYS:
            array = getattr(self, name).view()
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    @property
    def count(self) -> int:
        """Number of bars, T."""
        return len(self.close_ts)

    @property
    def sector(self) -> NDArray[np.str_]:
        """Sector on each bar's day (shape T), empty text where unknown."""
        return sector_names(self.background.sectors, self.session)

    def fact(self, key: str) -> F64:
        """Value of `key` as of each bar's close; NaN where it was not known."""
        return self.background.facts.as_of(key, self.close_ts)

    def own_fact(self, name: str) -> F64:
        """Value of the symbol's own fact ``<name>.<symbol>`` as of each bar's close."""
        return self.fact(f"{name}.{self.symbol}")

    def index(self, symbol: str) -> F64:
        """Close of a reference series as of each bar's close; NaN where there was none yet."""
        known = self.background.indices.get(symbol)
        if known is None:
            return np.full(self.count, np.nan)
        return last_known(*known, self.close_ts)

    def until(self, count: int) -> "View":
        """The first `count` bars and only what was known by the close of the last of them."""
        cut = self._rows(slice(0, count))
        if cut.count == 0:
            return replace(cut, background=Background())
        known = self.background.until(int(cut.close_ts[-1]), int(cut.session[-1]))
        return replace(cut, background=known)

    def last(self, count: int) -> "View":
        """The last `count` bars, still on the scale of the whole view."""
        return self._rows(slice(max(self.count - count, 0), self.count))

    def _rows(self, rows: slice) -> "View":
        return replace(self, **{name: getattr(self, name)[rows] for name in _ARRAYS})


_ARRAYS = ("open_ts", "close_ts", "session", "open", "high", "low", "close", "volume")


def views(history: History, block: Bars) -> Iterator[tuple[int, View, I64]]:
    """Each symbol of `block` with bars: its column, its View and the row numbers of its bars."""
    actions = history.actions_by_symbol()
    indices = _indices(history, actions)
    for column, symbol in enumerate(block.symbols):
        rows = np.flatnonzero(~np.isnan(block.close[:, column]))
        if len(rows) == 0:
            continue
        changes = () if history.sectors is None else history.sectors.changes(symbol)
        background = Background(history.facts, indices, changes)
        session, close = block.session[rows], block.close[rows, column]
        factors = forward_factors(actions.get(symbol, ()), symbol, session, close)
        yield column, _view(block, column, rows, factors, background), rows


def _view(
    block: Bars, column: int, rows: I64, factors: tuple[F64, F64], background: Background
) -> View:
    price, volume = factors
    return View(
        symbol=block.symbols[column],
        timeframe=block.timeframe,
        open_ts=block.open_ts[rows],
        close_ts=block.close_ts[rows],
        session=block.session[rows],
        open=block.open[rows, column] * price,
        high=block.high[rows, column] * price,
        low=block.low[rows, column] * price,
        close=block.close[rows, column] * price,
        volume=block.volume[rows, column] * volume,
        closes_only=block.closes_only,
        background=background,
    )


def _indices(
    history: History, actions: Mapping[str, Sequence[CorporateAction]]
) -> dict[str, tuple[I64, F64]]:
    """Forward-adjusted closes of every reference symbol, without holes."""
    indices: dict[str, tuple[I64, F64]] = {}
    for block in history.references:
        for column, symbol in enumerate(block.symbols):
            rows = np.flatnonzero(~np.isnan(block.close[:, column]))
            close, session = block.close[rows, column], block.session[rows]
            price, _ = forward_factors(actions.get(symbol, ()), symbol, session, close)
            indices[symbol] = (block.close_ts[rows], close * price)
    return indices
