"""Strategies: one voice each, a pure function of a View. A strategy file needs no other import
from Greenlight than these and the indicators."""

from greenlight.indicators import CALM, TRENDING, Regime
from greenlight.market import View
from greenlight.signals.convictions import FADE_BARS, fade, ramp
from greenlight.signals.load import load_strategy, shipped
from greenlight.signals.parameters import Choice, Integer, Parameter, Real, Value
from greenlight.signals.purity import Impurity, impurities
from greenlight.signals.strategy import Strategy, strategy

__all__ = [
    "CALM",
    "FADE_BARS",
    "TRENDING",
    "Choice",
    "Impurity",
    "Integer",
    "Parameter",
    "Real",
    "Regime",
    "Strategy",
    "Value",
    "View",
    "fade",
    "impurities",
    "load_strategy",
    "ramp",
    "shipped",
    "strategy",
]
