"""A history that walks at random."""

import numpy as np

from greenlight.domain import AssetClass, Instrument, Timeframe
from greenlight.market import Adjustment, Bars, History

DAY_NS = 86_400_000_000_000
HOUR_NS = 3_600_000_000_000


def walking(seed: int, count: int = 4, sessions: int = 260) -> History:
    """Daily bars of some stocks on weekdays from 2014-01-02 on."""
    rng = np.random.default_rng(seed)
    days = np.arange(16_072, 16_072 + 2 * sessions)
    days = days[(days + 3) % 7 < 5][:sessions].astype(np.int64)
    close = 50.0 * np.cumprod(1.0 + rng.normal(0.0, 0.015, (sessions, count)), axis=0)
    open_ = close * (1.0 + rng.normal(0.0, 0.004, close.shape))
    high = np.maximum(open_, close) * 1.005
    low = np.minimum(open_, close) * 0.995
    names = tuple("ABCDEFGH"[:count])
    bars = Bars(
        "XNYS",
        Timeframe.D1,
        Adjustment.RAW,
        names,
        days * DAY_NS + 14 * HOUR_NS,
        days * DAY_NS + 21 * HOUR_NS,
        days,
        open_,
        high,
        low,
        close,
        np.round(rng.lognormal(13.0, 0.3, close.shape)),
    )
    ones = {name: Instrument(name, AssetClass.EQUITY, "XNYS") for name in names}
    return History((bars,), ones, source="random walks")
