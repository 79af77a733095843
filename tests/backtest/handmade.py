"""A result made by hand, with something in every corner, for the report and the artefacts."""

from math import nan

import numpy as np

from greenlight import analytics as an
from greenlight.backtest import pictures as pic
from greenlight.backtest import result as res
from greenlight.backtest.trials import TrialCount

DAY_NS = 86_400_000_000_000
NAUGHTY = '<script>alert("x")</script>&'


def curves(sessions=1500, seed=4):
    rng = np.random.default_rng(seed)
    first = 14_610  # 2010-01-01
    session = np.array([d for d in range(first, first + sessions * 2) if (d + 3) % 7 < 5])[
        :sessions
    ]
    market = rng.normal(0.0004, 0.011, sessions)
    own = 0.18 * market + rng.normal(0.00006, 0.0012, sessions)
    wealth = 100_000 * np.cumprod(1 + own)
    benchmarks = tuple(
        pic.Curve(name, scaling, 100_000 * np.cumprod(1 + share * market + tilt))
        for name, tilt in (("Buy and hold", 0.0), ("Monthly equal weight", 0.00002))
        for scaling, share in zip(res.SCALINGS, (1.0, 0.18, 0.21), strict=True)
    )
    return pic.Curves(session, wealth, benchmarks, res.SCALINGS[1]), own, market


def segment(name, own, market, session, first=0, last=None):
    rows = slice(first, last)
    bills = np.full(len(own), 0.00004)[rows]
    measured = an.performance(own[rows], bills, session[rows], int(session[rows][0]) - 1)
    yearly = 252.0
    bench = an.performance(market[rows], bills, session[rows], int(session[rows][0]) - 1)
    versus = an.alpha_beta(own[rows] - bills, market[rows] - bills, yearly)
    comparisons = (
        res.Comparison("Buy and hold", "as it is", 1.0, bench, versus),
        res.Comparison("Buy and hold", "at own exposure", 0.18, measured),
        res.Comparison("Buy and hold", "at equal volatility", 0.21, measured),
        res.Comparison("Monthly equal weight", "as it is", 1.0, bench, versus),
        res.Comparison("Monthly equal weight", "at own exposure", 0.18, measured),
        res.Comparison("Monthly equal weight", "at equal volatility", 0.21, measured),
    )
    trades = an.TradeStatistics(214, 3, 0.53, 0.034, 0.0021, 0.0011, 9.4, 1.12, 1.31, 12.5, 9.0)
    exposure = an.Exposure(0.18, 0.19, 0.21, 0.93)
    costs = res.CostsPaid(12.4, 310.0, 655.5, 0.0, 3_100_000.0, 0.0019)
    probabilistic = an.probabilistic_sharpe(measured.sharpe)
    deflated = an.deflated_sharpe(measured.sharpe, 145)
    return res.Segment(
        name, measured, trades, exposure, 6.4, costs, comparisons, probabilistic, deflated
    )


def symbol_picture(symbol, *, is_line=False, seed=1):
    rng = np.random.default_rng(seed)
    session = np.array([d for d in range(14_610, 15_500) if (d + 3) % 7 < 5])
    close = 50 * np.cumprod(1 + rng.normal(0.0004, 0.014, len(session)))
    open_ = close * (1 + rng.normal(0, 0.004, len(close)))
    high = np.maximum(open_, close) * 1.006
    low = np.minimum(open_, close) * 0.994
    ts = session * DAY_NS + 21 * 3_600_000_000_000
    entries = pic.Marks(
        ts[20:600:60], close[20:600:60], tuple(f"BUY 10 at {p:.2f}" for p in close[20:600:60])
    )
    exits = pic.Marks(ts[35:600:60], close[35:600:60], ("SELL 10, trail",) * len(ts[35:600:60]))
    return pic.SymbolPicture(
        symbol, True, is_line, ts, session, open_, high, low, close, entries, exits
    )


def breakdown(own, session):
    held = np.ones(len(own), dtype=bool)
    held[200:290] = False
    months, years = an.by_month(own, session, held), an.by_year(own, session, held)
    sectors = (
        an.GroupTrades("Information Technology", 61, 1210.5, 0.59, 0.0041),
        an.GroupTrades("Health Care", 44, 260.0, 0.55, 0.0016),
        an.GroupTrades("Energy", 38, -415.2, 0.45, -0.002),
    )
    strategies = (
        an.GroupTrades("momentum_breakout", 96.4, 910.0, 0.56, 0.0031),
        an.GroupTrades(NAUGHTY, 46.6, 145.3, 0.5, 0.0004),
    )
    regimes = (
        an.GroupReturns("trending up", 800, 0.14, 0.9),
        an.GroupReturns("turbulent", 300, -0.02, -0.3),
    )
    exits = (an.GroupTrades("trailing stop", 120, 1500.0, 0.7, 0.006),)
    return res.Breakdown(
        months, years, an.average(months), an.average(years), sectors, strategies, regimes, exits
    )


FUNNEL = (
    res.FunnelStep("Votes for a direction", "", 41_200, 0),
    res.FunnelStep("Scores that reach buy or sell", "", 5_320, 0),
    res.FunnelStep("Already held", "HELD", 5_320, 2_100),
    res.FunnelStep("Deployed limit", "DEPLOYED", 3_220, 1_804),
    res.FunnelStep("Correlation", "CORRELATION", 1_416, 900),
    res.FunnelStep("Sector limit", "SECTOR", 516, 41),
    res.FunnelStep("Orders sent", "", 475, 0),
    res.FunnelStep("Entries filled", "", 472, 0),
)


def provenance(**changes):
    given = {
        "key": "ab" * 32,
        "code_version": "0.1.0+" + "c" * 12,
        "fingerprint": "9f" * 32,
        "source": "sample: closes of 20 US large caps",
        "timeframes": ("1d",),
        "adjustments": ("total",),
        "is_closes_only": True,
        "is_survivorship_controlled": False,
        "has_volume": False,
        "has_rates": True,
    }
    return res.Provenance(**(given | changes))


def result(**changes):
    lines, own, market = curves()
    session = lines.session
    cut = 1050
    given = {
        "title": "momentum_breakout + " + NAUGHTY,
        "symbols": ("AAPL", NAUGHTY, "MSFT"),
        "start": int(session[0]),
        "end": int(session[-1]),
        "cash": 100_000.0,
        "final_equity": float(lines.equity[-1]),
        "cut": int(session[cut]),
        "out_of_sample": segment("out of sample", own, market, session, cut),
        "in_sample": segment("in sample", own, market, session, 0, cut),
        "whole": segment("whole", own, market, session),
        "halt": None,
        "trials": TrialCount(145),
        "voices": (
            res.VoiceUsed("momentum_breakout", {"bars": 55, "width": 1.5}, 0.5, is_fitted=True),
            res.VoiceUsed(NAUGHTY, {}, 0.5, is_fitted=False, unchecked=0.4),
        ),
        "fits": (
            res.Fit(
                "momentum_breakout",
                int(session[0]),
                int(session[cut - 60]),
                int(session[cut]),
                int(session[-1]),
                36,
                {"bars": 55, "width": 1.5},
                0.61,
                0.32,
            ),
        ),
        "breakdown": breakdown(own, session),
        "capacity": tuple(
            res.CapacityRow(m, 1e5 * m, 0.02 - 0.003 * k, 0.5 - 0.1 * k, 3.1 + k, 900, 12 * k)
            for k, m in enumerate((1.0, 10.0, 100.0))
        ),
        "delisting": (
            res.DelistingRow(0.0, 0.2, 0.03, 2),
            res.DelistingRow(-0.3, 0.18, 0.028, 2),
            res.DelistingRow(-1.0, 0.11, nan, 2),
        ),
        "funnel": FUNNEL,
        "sizing": res.SizingUsed(900, 880, 0.7, 120, 355, 12, 41),
        "audit": res.Audit("passed", "16 cut points, 3 voices, 20 symbols."),
        "provenance": provenance(),
        "notes": ("VWAP reversion needs volume; it did not vote.",),
    }
    return res.Result(**(given | changes))


def pictures():
    return pic.Pictures(
        curves()[0],
        (symbol_picture("AAPL"), symbol_picture(NAUGHTY, is_line=True, seed=2)),
    )
