"""From indicators to votes: how far a condition holds, and how long an event is remembered."""

import numpy as np

from greenlight.indicators import F64, lagged

#: Bars for which an event of a shipped strategy goes on voting, weaker every bar.
FADE_BARS = 5


def ramp(values: F64, low: float, high: float) -> F64:
    """0 up to `low`, 1 from `high` on, straight between; 0 where NaN."""
    share = np.clip((values - low) / (high - low), 0.0, 1.0)
    return np.where(np.isnan(share), 0.0, share)


def fade(events: F64, bars: int = FADE_BARS) -> F64:
    """Votes of `events` (0: none): each at full strength on its bar, gone after `bars` bars.

    A newer event replaces an older one, so a bar's vote needs the last `bars` bars only.
    """
    votes = events.copy()
    for age in range(1, bars):
        older = lagged(events, age) * (1.0 - age / bars)
        votes = np.where((votes == 0.0) & ~np.isnan(older), older, votes)
    return votes
