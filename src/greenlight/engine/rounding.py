"""Lots and ticks. Rounding happens inside the engine, so that both clocks round alike."""

import numpy as np

from greenlight.engine.compiled import verb

_SLACK = 1e-9  # of a lot: forgives the float error of quantity / lot


@verb
def lot_floor(quantity: float, lot: float) -> float:
    """Largest whole number of lots not above `quantity`."""
    return float(np.floor(quantity / lot + _SLACK) * lot)


@verb
def lot_ceil(quantity: float, lot: float) -> float:
    """Smallest whole number of lots not below `quantity`."""
    return float(np.ceil(quantity / lot - _SLACK) * lot)


@verb
def tick_round(price: float, tick: float) -> float:
    """Price on the nearest tick; a tick of 0 leaves it as it is."""
    if tick == 0.0:
        return price
    return float(np.floor(price / tick + 0.5) * tick)
