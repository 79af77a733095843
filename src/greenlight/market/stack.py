"""Several symbols' last bars as one View, for what looks back no further than they reach."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from greenlight.market.arrays import F64
from greenlight.market.sectors import Changes, sector_names
from greenlight.market.view import View


@dataclass(frozen=True, slots=True)
class Stack(View):
    """Bars of K symbols one after another, the same number of each; prices each on a scale of its
    own. At the last bar of each symbol a function that looks back no further than its bars says
    what it says of the symbol alone.

    parts: their names. sectors: changes of sector of each.
    """

    parts: tuple[str, ...] = ()
    sectors: tuple[Changes, ...] = ()

    @property
    def sector(self) -> NDArray[np.str_]:
        """Sector of each bar's symbol on its day, empty text where unknown."""
        days = self.session.reshape(len(self.parts), -1)
        named = [sector_names(own, day) for own, day in zip(self.sectors, days, strict=True)]
        return np.concatenate(named)

    def own_fact(self, name: str) -> F64:
        """Value of each bar's symbol's own fact as of the bar's close."""
        if not any(key.startswith(f"{name}.") for key in self.background.facts.series):
            return np.full(self.count, np.nan)
        times = self.close_ts.reshape(len(self.parts), -1)
        facts = self.background.facts
        known = [facts.as_of(f"{name}.{p}", ts) for p, ts in zip(self.parts, times, strict=True)]
        return np.concatenate(known)
