"""Bars adjusted backwards for splits and dividends that have happened by now."""

from collections.abc import Sequence

import numpy as np

from greenlight.brokers.exchange.hours import NS_DAY
from greenlight.brokers.exchange.series import Cells
from greenlight.domain import CashDividend, Split

_EPOCH = 719_163  # ordinal of 1970-01-01


def adjusted(
    cells: Cells, actions: Sequence[Split | CashDividend], adjustment: str, now: int
) -> Cells:
    """`adjustment`: raw, split, dividend or all.

    A dividend's factor is 1 - amount / close before the ex-date, if that is among the bars.
    """
    price, volume = np.ones(len(cells.ts)), np.ones(len(cells.ts))
    for action in actions:
        day = action.ex_date.toordinal() - _EPOCH
        before = cells.ts // NS_DAY < day
        if day > now // NS_DAY or not np.any(before):
            continue
        match action:
            case Split(ratio=ratio) if adjustment in ("split", "all"):
                price[before] /= float(ratio)
                volume[before] *= float(ratio)
            case CashDividend(amount=amount) if adjustment in ("dividend", "all"):
                last = float(cells.close[np.flatnonzero(before)[-1]])
                price[before] *= 1.0 - float(amount) / last
    if not np.any(price != 1.0):
        return cells
    opened, high, low, close = (
        np.round(column * price, 4) for column in (cells.open, cells.high, cells.low, cells.close)
    )
    return Cells(cells.ts, opened, high, low, close, cells.volume * volume)
