"""Small random markets, and plans to trade them with."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from math import inf

import numpy as np

from greenlight.backtest.run import Plan
from greenlight.backtest.walkforward import Search
from greenlight.domain import (
    AssetClass,
    CashDividend,
    Delisting,
    Fact,
    Instrument,
    SpinOff,
    Split,
    Timeframe,
)
from greenlight.engine import Limits, Rules, build_costs, build_specs
from greenlight.indicators import sma
from greenlight.market import Adjustment, Bars, Facts, History, Sectors
from greenlight.scoring import Voice
from greenlight.signals import Integer, strategy

DAY_NS = 86_400_000_000_000
HOUR_NS = 3_600_000_000_000
FIRST = 16_072  # 2014-01-02
EPOCH = date(1970, 1, 1)


@strategy(lookback=lambda slow: slow, fast=Integer(5, 3, 20), slow=Integer(20, 10, 60))
def crossing(view, fast, slow):
    """Long above, short below; the distance is the confidence."""
    gap = sma(view.close, fast) / sma(view.close, slow) - 1.0
    return np.clip(np.nan_to_num(gap) * 40.0, -1.0, 1.0)


@strategy(lookback=2)
def always(view):
    """Long whatever happens."""
    return np.ones(view.count)


def weekdays(count, first=FIRST):
    days = np.arange(first, first + count * 2)
    return days[(days + 3) % 7 < 5][:count].astype(np.int64)


def block(symbols, session, seed, *, adjustment=Adjustment.RAW, holes=0.0):
    """Daily bars that walk at random; `holes`: share of bars missing."""
    rng = np.random.default_rng(seed)
    shape = (len(session), len(symbols))
    close = 50.0 * np.cumprod(1.0 + rng.normal(0.0004, 0.015, shape), axis=0)
    open_ = close * (1.0 + rng.normal(0.0, 0.004, shape))
    high = np.maximum(open_, close) * (1.0 + rng.random(shape) * 0.01)
    low = np.minimum(open_, close) * (1.0 - rng.random(shape) * 0.01)
    volume = np.round(rng.lognormal(13.0, 0.3, shape))
    gone = rng.random(shape) < holes
    gone[0] = False
    arrays = [np.where(gone, np.nan, field) for field in (open_, high, low, close, volume)]
    return Bars(
        "XNYS",
        Timeframe.D1,
        adjustment,
        tuple(symbols),
        session * DAY_NS + 14 * HOUR_NS,
        session * DAY_NS + 21 * HOUR_NS,
        session,
        *arrays,
    )


def history(symbols=("AAA", "BBB", "CCC", "DDD"), sessions=300, seed=1, **changes):
    """A history of one block; `changes` go to History."""
    session = weekdays(sessions)
    holes = changes.pop("holes", 0.0)
    instruments = {name: Instrument(name, AssetClass.EQUITY, "XNYS") for name in symbols}
    sectors = Sectors.of(
        [(name, ("Tech", "Energy")[k % 2], EPOCH, None) for k, name in enumerate(symbols)]
    )
    given = {"sectors": sectors, "facts": bills(session), "source": "random walks"}
    return History((block(symbols, session, seed, holes=holes),), instruments, **(given | changes))


def two_calendars(sessions=160):
    """Four stocks on weekdays and two coins around the clock, on the same days."""
    stocks = history(sessions=sessions, seed=6)
    session = stocks.blocks[0].session
    days = np.arange(session[0], session[-1] + 1)
    coins = block(("BTC", "ETH"), days, seed=8)
    round_the_clock = replace(
        coins, calendar="24/7", open_ts=days * DAY_NS, close_ts=(days + 1) * DAY_NS
    )
    own = {
        name: Instrument(name, AssetClass.CRYPTO, "24/7", Decimal("0.000001"), Decimal(0))
        for name in coins.symbols
    }
    return replace(
        stocks,
        blocks=(stocks.blocks[0], round_the_clock),
        instruments={**stocks.instruments, **own},
    )


def bills(session, rate=0.03):
    ts = int(session[0] - 5) * DAY_NS
    return Facts.of([Fact("test", "bill_rate", ts, ts, rate)])


def day(session):
    return EPOCH + timedelta(days=int(session))


def eventful(sessions=300, seed=4):
    """Splits, dividends, a spin-off and a delisting on raw prices."""
    plain = history(sessions=sessions, seed=seed)
    session = plain.blocks[0].session
    actions = (
        CashDividend("AAA", day(session[40]), Decimal("0.5")),
        Split("AAA", day(session[120]), Decimal("0.37")),
        CashDividend("BBB", day(session[150]), Decimal("0.3")),
        SpinOff("CCC", day(session[160]), "BBB", Decimal("0.237"), Decimal("0.1")),
        Delisting("DDD", day(session[200])),
    )
    scale = np.ones((sessions, 4))
    scale[120:, 0] /= 0.37
    scale[160:, 2] *= 0.9
    scale[200:, 3] = np.nan
    bars = plain.blocks[0]
    names = ("open", "high", "low", "close")
    raw = replace(bars, **{name: getattr(bars, name) * scale for name in names})
    return replace(plain, actions=actions, blocks=(raw,))


LOOSE = Limits(deployed=1.0, sector=1.0, position=0.2, sizing_value=0.2, correlation=0.99)
LOOSE = LOOSE._replace(drawdown=inf, daily_loss=inf)
#: Holds for 20 bars and buys again: something is held whenever something happens.
PATIENT = LOOSE._replace(
    rsi_high=inf,
    watch=1.0,
    stop=0.5,
    target=0.5,
    cooloff_loss=inf,
    health_exit=0.0,
    health_trim=0.0,
)


def plan(given, voices=None, limits=LOOSE, **changes):
    """A plan for `given`; nothing is searched or audited unless asked for."""
    count = len(given.symbols)
    rules = Rules(limits, build_costs(count), build_specs(count, sector=np.arange(count) % 2))
    chosen = (Voice(crossing, {}),) if voices is None else voices
    wanted = {"search": Search(tries=1), "is_audited": False, "cash": 100_000.0}
    return Plan(voices=chosen, rules=rules, **(wanted | changes))
