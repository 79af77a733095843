"""Forward adjustment bar by bar: what `market.forward_factors` gives a whole history at once."""

from collections.abc import Iterable
from datetime import date

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import CorporateAction, Split
from greenlight.market import forward_step, in_order

F64 = NDArray[np.float64]

_EPOCH = date(1970, 1, 1).toordinal()


def day_of_action(action: CorporateAction) -> int:
    """Ex-date in days since the epoch."""
    return action.ex_date.toordinal() - _EPOCH


class Adjuster:
    """Factors of price and volume in force for each of N symbols.

    close: last raw close of each, NaN before the first.
    """

    def __init__(self, width: int) -> None:
        self.price, self.volume = np.ones(width), np.ones(width)
        self.close = np.full(width, np.nan)
        self._due: dict[int, list[CorporateAction]] = {}

    def note(self, symbol: int, action: CorporateAction) -> None:
        """Remember an action until the first bar on or after its ex-date; one given again is no
        news."""
        waiting = self._due.setdefault(symbol, [])
        waiting += in_order([action] if action not in waiting else [])

    def note_late(self, symbol: int, action: CorporateAction, before: float) -> tuple[float, float]:
        """Take in an action of a day already past; returns what bars since are to be multiplied by,
        price and volume. before: the raw close before it, NaN where there is nothing to join."""
        if not in_order([action]) or np.isnan(before):
            return 1.0, 1.0
        step = forward_step(action, before)
        shrink = 1.0 / step if isinstance(action, Split) else 1.0
        self.price[symbol] *= step
        self.volume[symbol] *= shrink
        return step, shrink

    def step(self, session: int, close: F64) -> None:
        """Take in the raw closes (N; NaN: no bar) of a row: actions due by then scale from it on.

        Raises UserError for a dividend that is not below the close before it.
        """
        present = ~np.isnan(close)
        for symbol in [one for one in self._due if present[one]]:
            due = [one for one in self._due[symbol] if day_of_action(one) <= session]
            self._apply(symbol, in_order(due))
            self._due[symbol] = [one for one in self._due[symbol] if one not in due]
            if not self._due[symbol]:
                del self._due[symbol]
        self.close[present] = close[present]

    def _apply(self, symbol: int, actions: Iterable[CorporateAction]) -> None:
        before, scale = float(self.close[symbol]), 1.0
        for action in actions:
            if np.isnan(before):  # nothing to join
                continue
            step = forward_step(action, before / scale)
            if isinstance(action, Split):
                self.volume[symbol] /= step
            self.price[symbol] *= step
            scale *= step
