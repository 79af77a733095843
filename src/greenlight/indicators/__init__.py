"""Functions of one symbol's arrays (shape T, no holes); all causal, NaN until they know enough."""

from greenlight.indicators.arrays import F64, I64, highest, lagged, lowest
from greenlight.indicators.averages import ema, session_vwap, sma, usual_volume, vwap
from greenlight.indicators.latest import (
    RSI_BARS,
    latest_rsi,
    latest_sigma,
    latest_usual_volume,
    nearness,
)
from greenlight.indicators.oscillators import WILDER_MEMORY, adx, efficiency, rsi
from greenlight.indicators.regime import (
    CALM,
    REGIME_LOOKBACK,
    TREND_BARS,
    TRENDING,
    YEAR_BARS,
    Regime,
    latest_regimes,
    market_index,
    market_regimes,
    regimes,
)
from greenlight.indicators.volatility import Bands, atr, away, bollinger, deviation, returns, sigma

__all__ = [
    "CALM",
    "F64",
    "I64",
    "REGIME_LOOKBACK",
    "RSI_BARS",
    "TRENDING",
    "TREND_BARS",
    "WILDER_MEMORY",
    "YEAR_BARS",
    "Bands",
    "Regime",
    "adx",
    "atr",
    "away",
    "bollinger",
    "deviation",
    "efficiency",
    "ema",
    "highest",
    "lagged",
    "latest_regimes",
    "latest_rsi",
    "latest_sigma",
    "latest_usual_volume",
    "lowest",
    "market_index",
    "market_regimes",
    "nearness",
    "regimes",
    "returns",
    "rsi",
    "session_vwap",
    "sigma",
    "sma",
    "usual_volume",
    "vwap",
]
