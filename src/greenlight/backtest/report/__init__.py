"""The tear sheet: one HTML file that opens anywhere, without a network."""

from greenlight.backtest.report.naming import is_short, period, returned
from greenlight.backtest.report.page import build_report
from greenlight.backtest.report.text import day
from greenlight.backtest.report.verdict import Tone, Verdict, judge

__all__ = [
    "Tone",
    "Verdict",
    "build_report",
    "day",
    "is_short",
    "judge",
    "period",
    "returned",
]
