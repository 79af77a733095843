"""A strategy of one's own: long while the fast average is above the slow one, short while below.

Run it:    greenlight backtest examples/sma_cross.py
Audit it:  greenlight audit examples/sma_cross.py
"""

import numpy as np

from greenlight.indicators import sma
from greenlight.signals import Integer, View, strategy


@strategy(
    lookback=lambda slow: slow,
    fast=Integer(10, 5, 40),
    slow=Integer(50, 20, 200),
)
def sma_cross(view: View, fast: int, slow: int) -> np.ndarray:
    """Vote 1 or -1 by the side on which the fast average stands."""
    return np.sign(sma(view.close, fast) - sma(view.close, slow))
