"""Random walks with everything that a forecast may depend on, told row by row."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from greenlight.domain import (
    AssetClass,
    BarTime,
    CashDividend,
    CashMerger,
    CorporateAction,
    Fact,
    Instrument,
    SpinOff,
    Split,
    Timeframe,
)
from greenlight.engine import Limits, Rules, build_costs, build_specs
from greenlight.live.method import Method
from greenlight.live.rows import BlockRow
from greenlight.market import Adjustment, Bars, Facts, History, Membership, Sectors
from greenlight.scoring import Voice
from greenlight.signals import load_strategy, shipped

DAY_NS = 86_400_000_000_000
HOUR_NS = 3_600_000_000_000
FIRST = 16_072  # 2014-01-02
EPOCH = date(1970, 1, 1)
STOCKS = ("AAA", "BBB", "CCC", "DDD", "EEE", "FFF")
COINS = ("BTC", "ETH")


def walk(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[np.ndarray, ...]:
    """Open, high, low, close, volume in which every strategy finds something to say."""
    trend = np.repeat(rng.normal(0.0, 0.002, (shape[0] // 50 + 1, shape[1])), 50, axis=0)
    size = np.repeat(rng.choice([0.005, 0.01, 0.03], (shape[0] // 80 + 1, shape[1])), 80, axis=0)
    steps = trend[: shape[0]] + rng.normal(0.0, 1.0, shape) * size[: shape[0]]
    close = np.exp(np.cumsum(steps, axis=0)) * rng.uniform(2.0, 900.0, shape[1])
    open_ = close * (1.0 + rng.normal(0.0, 0.004, shape))
    high = np.maximum(open_, close) * (1.0 + rng.random(shape) * 0.01)
    low = np.minimum(open_, close) * (1.0 - rng.random(shape) * 0.01)
    volume = np.round(rng.lognormal(13.0, 0.5, shape))
    return open_, high, low, close, volume


def block(symbols: tuple[str, ...], days: np.ndarray, seed: int, holes: float = 0.0) -> Bars:
    """Daily bars; `holes`: share of them missing, and the last symbol is listed late."""
    rng = np.random.default_rng(seed)
    shape = (len(days), len(symbols))
    values = walk(rng, shape)
    gone = rng.random(shape) < holes
    if holes > 0.0:
        gone[-40:-31, 1] = True  # long enough to be stale after
        gone[: len(days) - 60, -1] = True
    opens, closes = days * DAY_NS + 14 * HOUR_NS, days * DAY_NS + 21 * HOUR_NS
    if symbols == COINS:
        opens, closes = days * DAY_NS, (days + 1) * DAY_NS
    masked = [np.where(gone, np.nan, value) for value in values]
    calendar = "24/7" if symbols == COINS else "XNYS"
    spec = (calendar, Timeframe.D1, Adjustment.RAW, symbols)
    return Bars(*spec, opens, closes, days, *masked)


def weekdays(count: int) -> np.ndarray:
    """As many weekdays from the first on."""
    days = np.arange(FIRST, FIRST + count * 2)
    return days[(days + 3) % 7 < 5][:count].astype(np.int64)


def day(session: int) -> date:
    """The date of a session number."""
    return EPOCH + timedelta(days=int(session))


def history(rows: int = 700, seed: int = 1, holes: float = 0.0) -> History:
    """Stocks and coins with an index, sectors that change, fundamentals, a membership."""
    days = weekdays(rows)
    stocks = block(STOCKS, days, seed, holes)
    coins = block(COINS, np.arange(days[0], days[-1] + 1), seed + 100, holes)
    index = replace(block(("SP500",), days, seed + 200), adjustment=Adjustment.TOTAL)
    middle = days[-40]
    sectors = [("AAA", "Utilities", EPOCH, day(middle)), ("BBB", "Banks", EPOCH, None)]
    facts = [
        Fact("test", f"fundamentals.{name}", int(at) * DAY_NS, int(at) * DAY_NS, value)
        for name, at, value in (("AAA", days[5], -1.0), ("BBB", days[9], 2.0), ("AAA", middle, 1.0))
    ]
    instruments = {name: Instrument(name, AssetClass.EQUITY, "XNYS") for name in STOCKS}
    for name in COINS:
        lot = (Decimal("0.000001"), Decimal(0))
        instruments[name] = Instrument(name, AssetClass.CRYPTO, "24/7", *lot)
    return History(
        (stocks, coins),
        instruments,
        actions=actions(days),
        membership=Membership.of(
            [(name, EPOCH, None) for name in (*STOCKS[1:], *COINS)] + [("AAA", EPOCH, day(middle))]
        ),
        sectors=Sectors.of(sectors),
        facts=Facts.of(facts),
        references=(index,),
    )


def actions(days: np.ndarray) -> tuple[CorporateAction, ...]:
    """Some long past, some in the last fifty rows, two of one symbol on one day, an ending."""
    return (
        Split("AAA", day(days[100]), Decimal("0.37")),
        CashDividend("BBB", day(days[-45]), Decimal("0.03")),
        Split("BBB", day(days[-30]), Decimal(3)),
        CashDividend("BBB", day(days[-30]), Decimal("0.02")),
        SpinOff("CCC", day(days[-20]), "BBB", Decimal("0.237"), Decimal("0.1")),
        CashDividend("DDD", day(days[-15]), Decimal("0.01")),
        CashDividend("DDD", day(days[-14]), Decimal("0.01")),
        CashMerger("EEE", day(days[-8]), Decimal(5)),
        Split("BTC", day(days[-5]), Decimal(2)),
    )


def split_at(whole: History, rows: int) -> tuple[History, list[BlockRow]]:
    """What is stored but for the last `rows` sessions, and the rows of these in the order of time.

    Actions, facts and references stay whole: what lies ahead is not to be seen before its time.
    """
    cut = int(whole.blocks[0].session[-rows])
    told = [
        row_of(one, number, t)
        for number, one in enumerate(whole.blocks)
        for t in np.flatnonzero(one.session >= cut)
    ]
    return whole.between(None, day(cut - 1)), sorted(told, key=lambda row: row.time.close_ts)


def rows_of(whole: History) -> Iterator[BlockRow]:
    """All rows, block after block."""
    for number, one in enumerate(whole.blocks):
        for t in range(one.count):
            yield row_of(one, number, t)


def row_of(one: Bars, number: int, t: int) -> BlockRow:
    """Row t of a block."""
    time = BarTime(int(one.open_ts[t]), int(one.close_ts[t]), int(one.session[t]), 0)
    return BlockRow(
        number,
        time,
        *(getattr(one, name)[t].copy() for name in ("open", "high", "low", "close", "volume")),
    )


def method(*names: str, is_learned: bool = False, is_calibrated: bool = False) -> Method:
    """Some shipped strategies, or all."""
    count = len(STOCKS) + len(COINS)
    rules = Rules(Limits(), build_costs(count), build_specs(count))
    voices = tuple(Voice(load_strategy(name), {}) for name in names or shipped())
    return Method(voices, rules, is_learned, is_calibrated)
