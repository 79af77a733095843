"""A history that walks at random."""

import numpy as np

from greenlight.domain import AssetClass, Instrument, Timeframe
from greenlight.market import Adjustment, Bars, History, sessions


def walking(seed: int, count: int = 4, days: int = 260) -> History:
    """Daily bars of some stocks from 2014-01-02 on."""
    rng = np.random.default_rng(seed)
    known = sessions("XNYS", 16_072, 16_072 + 2 * days)
    close = 50.0 * np.cumprod(1.0 + rng.normal(0.0, 0.015, (days, count)), axis=0)
    open_ = close * (1.0 + rng.normal(0.0, 0.004, close.shape))
    high = np.maximum(open_, close) * 1.005
    low = np.minimum(open_, close) * 0.995
    names = tuple("ABCDEFGH"[:count])
    bars = Bars(
        "XNYS",
        Timeframe.D1,
        Adjustment.RAW,
        names,
        known.open[:days],
        known.close[:days],
        known.day[:days],
        open_,
        high,
        low,
        close,
        np.round(rng.lognormal(13.0, 0.3, close.shape)),
    )
    ones = {name: Instrument(name, AssetClass.EQUITY, "XNYS") for name in names}
    return History((bars,), ones, source="random walks")
