"""The market behind the exchange: stored bars as trades in time, and as bars of any length.

Nothing is shown before its time: whoever asks at `now` sees what has traded by then.
"""

import heapq
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from greenlight.brokers.exchange.assets import Asset, asset_of
from greenlight.brokers.exchange.hours import NS_DAY, NS_HOUR, NS_MINUTE, NS_SECOND
from greenlight.brokers.exchange.matching import Tick
from greenlight.brokers.exchange.names import EASTERN, moment
from greenlight.brokers.exchange.series import I64, Cells, Series, join, series_of
from greenlight.domain import AssetClass, CashDividend, Split, UserError
from greenlight.market import History


@dataclass(frozen=True, slots=True)
class Span:
    """Length of a bar of the data API: minutes, or days of a session, a week, months."""

    amount: int
    unit: str  # Min, Hour, Day, Week, Month

    @property
    def is_intraday(self) -> bool:
        """Whether a session has several."""
        return self.unit in ("Min", "Hour")

    @property
    def ns(self) -> int:
        """Length of an intraday bar."""
        return self.amount * (NS_HOUR if self.unit == "Hour" else NS_MINUTE)


class Tape:
    """All symbols of a history. step_s: at least one trade every so many seconds."""

    def __init__(self, history: History, step_s: int = 60) -> None:
        self.series: dict[str, Series] = {}
        self._step_ns = step_s * NS_SECOND
        for block in history.blocks:
            for column, symbol in enumerate(block.symbols):
                is_crypto = history.instruments[symbol].asset_class is AssetClass.CRYPTO
                asset = asset_of(_alpaca_name(symbol, is_crypto=is_crypto), is_crypto=is_crypto)
                found = series_of(block, column, asset)
                if len(found.close) > 0:
                    self.series[asset.symbol] = found
        if not self.series:
            raise UserError("the exchange has nothing to trade: no symbol has a bar")
        self.actions: tuple[Split | CashDividend, ...] = tuple(
            one for one in history.actions if isinstance(one, Split | CashDividend)
        )

    @property
    def assets(self) -> tuple[Asset, ...]:
        """What can be traded."""
        return tuple(series.asset for series in self.series.values())

    @property
    def first_ts(self) -> int:
        """When the first bar opens."""
        return min(int(series.open_ts[0]) for series in self.series.values())

    @property
    def last_ts(self) -> int:
        """When the last bar closes."""
        return max(int(series.close_ts[-1]) for series in self.series.values())

    def ticks(self, start_ts: int) -> Iterator[Tick]:
        """Trades of all symbols from `start_ts` on, in order of time."""
        ways = [series.ticks(start_ts, self._step_ns) for series in self.series.values()]
        return heapq.merge(*ways, key=lambda tick: tick.ts)

    def past(self, symbol: str, start_ts: int, end_ts: int) -> Iterator[Tick]:
        """Trades of one symbol with `start_ts` <= ts <= `end_ts`."""
        ticks = self.series[symbol].ticks(start_ts, self._step_ns)
        return itertools.takewhile(lambda tick: tick.ts <= end_ts, ticks)

    def actions_of(self, symbol: str) -> list[Split | CashDividend]:
        """Splits and dividends of one symbol."""
        return [action for action in self.actions if action.symbol == symbol]

    def before(self, ts: int) -> Iterable[Tick]:
        """The last close of each symbol before `ts`: what a market knows when it opens."""
        for series in self.series.values():
            row = int(np.searchsorted(series.close_ts, ts, side="right")) - 1
            if row >= 0:
                price = series.exact(float(series.close[row]))
                yield Tick(series.asset.symbol, int(series.close_ts[row]) - 1, price)

    def bars(self, symbol: str, span: Span, between: tuple[int, int], now: int) -> Cells:
        """Bars that open in [first, last] (ns UTC), of what has traded by `now`.

        The last one may still be growing, as Alpaca's does.
        """
        series = self.series[symbol]
        first, last = between
        if span.is_intraday:
            begin = first // NS_DAY * NS_DAY
            cells = series.minutes(begin, min(now, last + span.ns))
            found = cells.grouped(_floor(cells.ts, span, is_crypto=series.asset.is_crypto))
        else:
            found = self._days(series, span, between, now)
        return found.where((found.ts >= first) & (found.ts <= last))

    def _days(self, series: Series, span: Span, between: tuple[int, int], now: int) -> Cells:
        reach = {"Day": 3, "Week": 10, "Month": 31 * span.amount + 3}[span.unit]
        first, last = (ts // NS_DAY for ts in between)
        last = min(last + reach, now // NS_DAY)
        cells = series.days(first - reach, last)
        closes = series.close_ts[np.searchsorted(series.session, cells.ts // NS_DAY, "right") - 1]
        whole = cells.where(closes <= now)
        growing = self._growing(series, now)
        if len(growing.ts) > 0 and growing.ts[0] // NS_DAY <= last:
            whole = join([whole, growing])
        stamp = np.array(
            [_day_stamp(int(ts), span, series.asset) for ts in whole.ts], dtype=np.int64
        )
        return whole.grouped(stamp)

    def _growing(self, series: Series, now: int) -> Cells:
        """The day in progress as far as it has come."""
        session = series.asset.hours.last(now)
        if session.close_ts <= now:
            return join([])
        cells = series.minutes(session.open_ts, now)
        return cells.grouped(np.full(len(cells.ts), session.day * NS_DAY, dtype=np.int64))


def _floor(ts: I64, span: Span, *, is_crypto: bool) -> I64:
    """Opening stamps: multiples of the length counted from midnight (stocks: New York's)."""
    if is_crypto or span.ns <= NS_HOUR:
        return ts // span.ns * span.ns
    offsets = {int(day): _offset(int(day)) for day in np.unique(ts // NS_DAY)}
    shift = np.array([offsets[int(day)] for day in ts // NS_DAY], dtype=np.int64)
    return (ts + shift) // span.ns * span.ns - shift


def _offset(day: int) -> int:
    """New York's offset from UTC at noon of a day, ns."""
    noon = moment(day * NS_DAY + 17 * NS_HOUR).astimezone(EASTERN)
    return int((noon.utcoffset() or timedelta()).total_seconds()) * NS_SECOND


def _day_stamp(ts: int, span: Span, asset: Asset) -> int:
    day = datetime.fromtimestamp(ts // NS_SECOND, UTC).date()
    if span.unit == "Week":
        day -= timedelta(days=day.weekday())
    elif span.unit == "Month":
        month = (day.month - 1) // span.amount * span.amount + 1
        day = day.replace(month=month, day=1)
    number = day.toordinal() - 719_163
    midnight = number * NS_DAY
    return midnight if asset.is_crypto else midnight - _offset(number)


def _alpaca_name(symbol: str, *, is_crypto: bool) -> str:
    return symbol.replace("-", "/").replace("_", "/") if is_crypto else symbol
