"""Chart patterns: bull flag, cup and handle, and engulfing candles, as rules a machine can check.

Idea: each is a story about supply drying up. Bull flag: a steep rise, a short rest that gives back
less than half of it, then a close above the rest. Cup and handle: a round fall and recovery of 12
to 35 % over some three months, a small handle, a close above the rim. Engulfing: a candle whose
body swallows the one before, against the last days' direction.
Source: Edwards and Magee (1948); O'Neil, How to Make Money in Stocks (1988) for the cup; Nison,
Japanese Candlestick Charting Techniques (1991); tested by Lo, Mamaysky and Wang (2000) and
Bulkowski (2005).
Fails: often; most patterns are noise, so a candle alone counts little. Engulfing abstains on
closes-only series, which have no candles.
"""

import numpy as np

from greenlight.indicators import CALM, F64, highest, lagged, lowest, sigma, sma
from greenlight.market import View
from greenlight.signals.convictions import FADE_BARS, fade
from greenlight.signals.parameters import Integer, Real
from greenlight.signals.strategy import Flags, strategy

_POLE_BARS, _FLAG_BARS, _SWING_BARS = 10, 8, 60
_RIM_BARS, _HANDLE_BARS = 10, 8
_LEAST_DEPTH, _MOST_DEPTH, _RIM_MISMATCH = 0.12, 0.35, 0.06
_ENGULFING_AVERAGE_BARS = 10
_FLAG_VOTE, _CUP_VOTE, _ENGULFING_VOTE = 0.9, 0.9, 0.5


@strategy(
    stacks=True,
    lookback=lambda cup: (
        max(cup + _HANDLE_BARS, _SWING_BARS + _POLE_BARS + _FLAG_BARS) + 2 + FADE_BARS
    ),
    regimes=CALM,
    cup=Integer(60, 30, 150),
    pole=Real(2.0, 1.0, 4.0),
)
def chart_patterns(view: View, cup: int, pole: float) -> F64:
    """0.9 on a flag or cup completed, 0.5 with an engulfing candle either way; fading."""
    engulfing = _ENGULFING_VOTE * engulfing_side(view)
    flag = np.where(is_bull_flag(view, pole), _FLAG_VOTE, engulfing)
    return fade(np.where(is_cup_and_handle(view, cup), _CUP_VOTE, flag))


def is_bull_flag(view: View, pole: float) -> Flags:
    """Close above a rest of 8 bars after 10 bars that rose `pole` of their standard deviations."""
    top = lagged(highest(view.high, _FLAG_BARS), 1)
    low = lagged(lowest(view.low, _FLAG_BARS), 1)
    base = lagged(lowest(view.low, _POLE_BARS), _FLAG_BARS + 1)
    swing = lagged(sigma(view.close, _SWING_BARS), _FLAG_BARS + 1) * np.sqrt(_POLE_BARS)
    steep = top / base - 1.0 >= pole * swing
    shallow = (top - low <= 0.5 * (top - base)) & (low > base)
    rested = lagged(view.close, 1) < lagged(view.close, _FLAG_BARS)
    flag: Flags = steep & shallow & rested & _crosses(view.close, top)
    return flag


def is_cup_and_handle(view: View, cup: int) -> Flags:
    """Close above the rim of a cup of `cup` bars and a handle of 8 bars."""
    after = _HANDLE_BARS + 1
    third = cup // 3
    left = lagged(highest(view.high, _RIM_BARS), after + cup - _RIM_BARS)
    right = lagged(highest(view.high, _RIM_BARS), after)
    bottom = lagged(lowest(view.low, cup), after)
    middle = lagged(lowest(view.low, third), after + third)
    handle_low = lagged(lowest(view.low, _HANDLE_BARS), 1)
    handle_high = lagged(highest(view.high, _HANDLE_BARS), 1)
    depth = (left - bottom) / left
    round_ = (depth >= _LEAST_DEPTH) & (depth <= _MOST_DEPTH) & (middle == bottom)
    level = np.abs(right / left - 1.0) <= _RIM_MISMATCH
    small = handle_low >= bottom + 0.5 * (right - bottom)
    shape: Flags = round_ & level & small
    return shape & _crosses(view.close, np.maximum(right, handle_high))


def engulfing_side(view: View) -> F64:
    """+1 for a bullish engulfing candle under the 10-bar average, -1 for a bearish one above it."""
    import talib

    candle = np.sign(talib.CDLENGULFING(view.open, view.high, view.low, view.close))
    before = np.sign(lagged(view.close - sma(view.close, _ENGULFING_AVERAGE_BARS), 1))
    return np.where(candle == -before, candle, 0.0)


def _crosses(close: F64, level: F64) -> Flags:
    return (close > level) & (lagged(close, 1) <= level)
