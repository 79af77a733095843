"""Conditions of the last bar of every symbol of a block, as a backtest would know them there."""

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import BarConditions, CashMerger, CorporateAction, Delisting, StockMerger
from greenlight.engine import FLAG_STALE, FLAG_UNIVERSE, FLAG_UNTRADABLE
from greenlight.indicators import RSI_BARS, latest_rsi, latest_sigma, latest_usual_volume, rsi
from greenlight.live.adjusting import day_of_action
from greenlight.live.rolling import CLOSE, SWING, VOLUME, Rolling
from greenlight.market import Membership
from greenlight.scoring import STALE_BARS

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
U8 = NDArray[np.uint8]

_SWING_CLOSES, _USUAL_BARS, _RSI_FIRST = 21, 20, 15


class Flags:
    """What forbids an entry at a bar: bars missed before it, membership, an end of the symbol."""

    def __init__(self, symbols: tuple[str, ...], membership: Membership | None) -> None:
        self._symbols, self._membership = symbols, membership
        self._row = -1
        self._seen = np.full(len(symbols), -1, dtype=np.int64)
        self._session = -1
        self._outside = np.zeros(len(symbols), dtype=np.bool_)
        self._ends: dict[int, int] = {}

    def begin(self, rows: int, seen: I64) -> None:
        """Say how many rows there have been, and in which each symbol had its last bar."""
        self._row, self._seen = rows - 1, seen.copy()

    def note(self, symbol: int, action: CorporateAction, first_session: int) -> None:
        """A merger or delisting ends a symbol, unless it lies before all bars."""
        is_end = isinstance(action, CashMerger | StockMerger | Delisting)
        if is_end and (day := day_of_action(action)) >= first_session:
            self._ends[symbol] = min(day, self._ends.get(symbol, day))

    def step(self, session: int, present: I64) -> U8:
        """Flags (N) of the next row."""
        self._row += 1
        flags = np.zeros(len(self._symbols), dtype=np.uint8)
        missed = self._row - self._seen[present] - 1
        is_late = (self._seen[present] >= 0) & (missed > STALE_BARS)
        flags[present[is_late]] |= FLAG_STALE
        self._seen[present] = self._row
        self._ask_membership(session)
        flags[present[self._outside[present]]] |= FLAG_UNIVERSE
        ended = [symbol for symbol, day in self._ends.items() if day <= session]
        flags[ended] |= FLAG_UNTRADABLE
        return flags

    def _ask_membership(self, session: int) -> None:
        if self._membership is None or session == self._session:
            return
        day = np.array([session], dtype=np.int64)
        self._session = session
        for n, symbol in enumerate(self._symbols):
            self._outside[n] = not self._membership.flags(symbol, day)[0]


def latest_conditions(rolling: Rolling, present: I64, volume: F64, flags: U8) -> BarConditions:
    """Conditions of the last bars of the symbols that are present; volume: raw, of all (N).

    What a backtest knows, to the last bit; RSI but for what a Wilder average remembers of bars
    more than RSI_BARS ago (1 in 10^16), which is lost in float32.
    """
    count = len(rolling.count)
    unknown = np.full(count, np.nan, dtype=np.float32)
    swing, strength, moves = unknown.copy(), unknown.copy(), np.zeros(count, dtype=np.float32)
    usual = np.full(count, np.nan)
    moves[present] = np.nan
    longer = present[rolling.count[present] > 1]
    pair = rolling.window(CLOSE, longer, 2)
    moves[longer] = pair[:, 1] / pair[:, 0] - 1.0
    grown = present[rolling.count[present] >= _SWING_CLOSES]
    swing[grown] = rolling.window(SWING, grown, 1)[:, 0]
    strength[present] = _strength(rolling, present)
    full = present[rolling.count[present] >= _USUAL_BARS]
    volumes = rolling.window(VOLUME, full, _USUAL_BARS)
    raw, last = volume[full], volumes[:, -1]
    scale = np.divide(raw, last, out=np.ones(len(full)), where=last > 0.0)
    usual[full] = latest_usual_volume(volumes) * scale
    return BarConditions(swing, usual, strength, flags, moves)


def take_swing(rolling: Rolling, present: I64) -> None:
    """Compute `sigma` of the bars just appended, where there are bars enough."""
    grown = present[rolling.count[present] >= _SWING_CLOSES]
    if len(grown) > 0:
        rolling.note_swing(grown, latest_sigma(rolling.window(CLOSE, grown, _SWING_CLOSES)))
    young = present[rolling.count[present] < _SWING_CLOSES]
    rolling.note_swing(young, np.full(len(young), np.nan))


def _strength(rolling: Rolling, present: I64) -> F64:
    """RSI of each symbol that is present."""
    strength = np.full(len(present), np.nan)
    is_long = rolling.count[present] >= RSI_BARS
    if np.any(is_long):
        strength[is_long] = latest_rsi(rolling.window(CLOSE, present[is_long], RSI_BARS))
    for n in np.flatnonzero(~is_long & (rolling.count[present] >= _RSI_FIRST)):
        bars = int(rolling.count[present[n]])
        strength[n] = rsi(rolling.window(CLOSE, present[n : n + 1], bars)[0])[-1]
    return strength
