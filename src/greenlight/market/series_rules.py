"""Rules about the run of a symbol's bars: gaps, jumps, and what they say of the adjustment."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from greenlight.domain import CorporateAction, Split, Timeframe
from greenlight.market.arrays import F64, I64
from greenlight.market.bars import Adjustment, BarSpec
from greenlight.market.calendars import ALWAYS
from greenlight.market.defects import DefectKind, Finding
from greenlight.market.files import STAMP
from greenlight.market.tables import day_number

_LOG_RATIOS = np.log([1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 40, 50, 100])
_NEAR, _NEAR_SHARE = 0.03, 0.03  # log distance of a jump from a split: fixed, and of its own size
_STILL = 2.4  # so much further off may that session's close be; a bad print has gone by then
_PLAIN_RATIO = 0.2  # log ratio below which a split drowns in an overnight return
_SAME = 0.35  # share of a split's log ratio by which a jump may miss it and still be meant
_ADJACENT_DAYS = 10  # bars further apart do not show an overnight jump
_LIFE_DAYS = 180  # a ticker silent for longer may be another company's by then
_SPACED_ROWS, _SPACED_SHARE = 20, 0.8
_FAR_APART = 2_000  # windows; minutes in a day of crypto are fewer
_TICK_PRICE = 100.0  # above it float32 prices from vendors hide the tick
_TICK_ROWS = 20


@dataclass(frozen=True, slots=True)
class Series:
    """Bars sorted by symbol, then time: T rows, `rows` being their places in the table.

    `price`: open, high, low, close, shape (4, T); `slot`: place on the calendar's grid.
    """

    spec: BarSpec
    rows: I64
    symbols: Sequence[str]
    code: I64
    ts: I64
    session: I64
    slot: I64
    price: F64


def series_findings(series: Series, actions: Iterable[CorporateAction]) -> Iterator[Finding]:
    """What the run of good bars says of their adjustment. `actions` are the ones known."""
    known = list(actions)
    yield _jumps(series, known)
    splits = [action for action in known if isinstance(action, Split)]
    yield _contradictions(series, splits)
    if series.spec.adjustment is Adjustment.RAW and series.spec.calendar != ALWAYS:
        yield _off_tick(series)


def gaps(series: Series) -> Finding:
    """Bars missing against the calendar; a bad bar is there, so `series` may have such."""
    missing = np.diff(series.slot) - 1
    after = np.flatnonzero((np.diff(series.code) == 0) & (missing > 0))
    days = series.session[after + 1] - series.session[after]
    form = "%Y-%m-%d" if series.spec.timeframe is Timeframe.D1 else "%Y-%m-%d %H:%MZ"
    frame = pl.DataFrame(
        {
            "missing": missing[after],
            "bars": np.where(missing[after] == 1, "bar", "bars"),
            "since": pl.Series(series.ts[after]).cast(STAMP).dt.strftime(form),
            "life": days > _LIFE_DAYS,
        }
    )
    hint = "; if another company took the ticker, give each life its own symbol"
    text = pl.format(
        "{} {} missing before it, since {}{}",
        "missing",
        "bars",
        "since",
        pl.when("life").then(pl.lit(hint)).otherwise(pl.lit("")),
    )
    return Finding(DefectKind.GAP, series.rows[after + 1], frame.select(text).to_series())


def spacing(series: Series) -> Finding:
    """Bars that all stand the same number of windows apart are of a larger time frame."""
    steps = np.diff(series.slot)[np.diff(series.code) == 0]
    usual = int(np.bincount(np.clip(steps, 0, _FAR_APART)).argmax()) if len(steps) else 0
    enough = len(steps) >= _SPACED_ROWS and np.mean(steps == usual) > _SPACED_SHARE
    if usual <= 1 or not enough:
        return Finding(DefectKind.CLOCK, np.empty(0, dtype=np.int64), [])
    spec = series.spec
    words = f"the bars stand {usual} windows of {spec.timeframe} apart: they are no such bars"
    return Finding(DefectKind.CLOCK, series.rows[:1], [words])


def _jumps(series: Series, known: Sequence[CorporateAction]) -> Finding:
    """Overnight, near a split's ratio, still there at that session's close, and unexplained."""
    opens, closes = series.price[0], series.price[3]
    first, before = _overnight(series)
    at_open = np.log(closes[before] / opens[first])
    large = np.abs(at_open) > _LOG_RATIOS.min() - _NEAR - _NEAR_SHARE
    first, before, at_open = first[large], before[large], at_open[large]
    at_close = np.log(closes[before] / closes[_last_of_session(series)[first]])
    split = _nearest_split(at_open)
    near = _NEAR + _NEAR_SHARE * np.abs(split)
    smells = (np.abs(at_open - split) < near) & (np.abs(at_close - split) < _STILL * near)
    ex_days: dict[str, list[int]] = {}
    for action in known:
        ex_days.setdefault(action.symbol, []).append(day_number(action.ex_date))
    is_raw = series.spec.adjustment is Adjustment.RAW
    remedy = f"{'declare it, ' if is_raw else ''}mend the prices, or it is a real move"
    rows, detail = [], []
    for k in np.flatnonzero(smells):
        since, until = int(series.session[before[k]]), int(series.session[first[k]])
        symbol = series.symbols[series.code[first[k]]]
        if any(since < day <= until for day in ex_days.get(symbol, ())):
            continue
        rows.append(int(series.rows[first[k]]))
        detail.append(
            f"close {closes[before[k]]:g}, then open {opens[first[k]]:g}: smells of an unadjusted "
            f"{_ratio(float(np.exp(split[k])))} split; {remedy}"
        )
    return Finding(DefectKind.SPLIT, np.array(rows, dtype=np.int64), detail)


def _nearest_split(jump: F64) -> F64:
    """The log ratio of the common split, forward or reverse, nearest to each log jump."""
    known = np.concatenate((_LOG_RATIOS, -_LOG_RATIOS))
    nearest: F64 = known[np.argmin(np.abs(jump[:, None] - known), axis=1)]
    return nearest


def _contradictions(series: Series, splits: Sequence[Split]) -> Finding:
    """Known splits that show no jump in raw prices, or show one in adjusted prices."""
    first, last_before = _overnight(series)
    number = {symbol: code for code, symbol in enumerate(series.symbols)}
    rows, detail = [], []
    for split in splits:
        log_ratio, ex_day = float(np.log(float(split.ratio))), day_number(split.ex_date)
        if abs(log_ratio) < _PLAIN_RATIO or split.symbol not in number:
            continue
        here = series.code[first] == number[split.symbol]
        here &= (series.session[first] >= ex_day) & (series.session[last_before] < ex_day)
        for k in np.flatnonzero(here):
            before, after = series.price[3, last_before[k]], series.price[0, first[k]]
            is_raw = series.spec.adjustment is Adjustment.RAW
            impossible = 0.0 if is_raw else log_ratio
            if abs(float(np.log(before / after)) - impossible) < _SAME * abs(log_ratio):
                rows.append(int(series.rows[first[k]]))
                shown = "no jump" if is_raw else "a jump"
                detail.append(
                    f"declared {series.spec.adjustment}, but the {_ratio(float(split.ratio))} "
                    f"split of {split.ex_date} shows {shown}: close {before:g}, then open {after:g}"
                )
    return Finding(DefectKind.ADJUSTMENT, np.array(rows, dtype=np.int64), detail)


def _off_tick(series: Series) -> Finding:
    """Symbols of which most prices are multiples of neither 1/100 cent nor 1/64 dollar."""
    price = series.price[3]
    tolerance = 1.2e-7 * price + 1e-9  # prices that went through float32 are still on the tick
    off = np.ones(len(price), dtype=np.bool_)
    for tick in (1e-4, 1 / 64):
        off &= np.abs(price - np.rint(price / tick) * tick) > tolerance
    judged = price < _TICK_PRICE
    count = np.bincount(series.code[judged], minlength=len(series.symbols))
    off_count = np.bincount(series.code[judged & off], minlength=len(series.symbols))
    suspects = np.flatnonzero((count >= _TICK_ROWS) & (2 * off_count > count))
    rows = [int(np.flatnonzero((series.code == code) & judged & off)[0]) for code in suspects]
    detail = [
        f"declared raw, but {off_count[code]} of {count[code]} closes are on no tick, the first "
        f"{price[row]:.7g}: the prices look adjusted"
        for code, row in zip(suspects, rows, strict=True)
    ]
    return Finding(DefectKind.TICK, series.rows[rows], detail)


def _overnight(series: Series) -> tuple[I64, I64]:
    """Places of the first bar of each session and of the bar before it, where both are near."""
    apart = np.diff(series.session)
    first = (np.diff(series.code) == 0) & (apart > 0) & (apart <= _ADJACENT_DAYS)
    places = np.flatnonzero(first) + 1
    return places, places - 1


def _last_of_session(series: Series) -> I64:
    """For each bar the place of the last one of its symbol and session."""
    ends = np.ones(len(series.code), dtype=np.bool_)
    ends[:-1] = (np.diff(series.code) != 0) | (np.diff(series.session) != 0)
    places = np.flatnonzero(ends)
    return places[np.searchsorted(places, np.arange(len(series.code)))]


def _ratio(ratio: float) -> str:
    return f"{ratio:g}:1" if ratio >= 1 else f"1:{1 / ratio:g}"
