"""Bars and quotes on the wire."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from greenlight.brokers.alpaca.texts import (
    NS_DAY,
    is_crypto,
    new_york_day,
    number,
    time_ns,
)
from greenlight.domain import FeedBar, Quote, Timeframe
from greenlight.market import sessions

Message = Mapping[str, Any]

_EPOCH_ORDINAL = 719_163
_ZERO = Decimal(0)


def feed_bar(instrument: str, timeframe: Timeframe, row: Message) -> FeedBar:
    """A bar; a day's stamp, midnight in New York, becomes 00:00 UTC of that date."""
    open_ts = time_ns(row["t"])
    if timeframe is Timeframe.D1:
        open_ts = (new_york_day(open_ts).toordinal() - _EPOCH_ORDINAL) * NS_DAY
    return FeedBar(instrument, open_ts, *(_number(row[name]) for name in "ohlcv"))


def daily(hours: Iterable[FeedBar]) -> list[FeedBar]:
    """Days of UTC out of hours."""
    days: dict[tuple[str, int], FeedBar] = {}
    for one in sorted(hours, key=lambda bar: bar.open_ts):
        day = one.open_ts // NS_DAY * NS_DAY
        had = days.get((one.instrument, day))
        days[one.instrument, day] = FeedBar(
            instrument=one.instrument,
            open_ts=day,
            open=one.open if had is None else had.open,
            high=one.high if had is None else max(had.high, one.high),
            low=one.low if had is None else min(had.low, one.low),
            close=one.close,
            volume=one.volume if had is None else had.volume + one.volume,
        )
    return list(days.values())


def closed(bars: Iterable[FeedBar], timeframe: Timeframe, now_ts: int) -> list[FeedBar]:
    """Those that are over: Alpaca hands out the bar in progress too."""
    return [one for one in bars if _close_ts(one, timeframe) <= now_ts]


def quote(instrument: str, message: Message) -> Quote | None:
    """A quote, None where one side is missing: a price of nothing is not a price."""
    bid, ask = number(message.get("bp")), number(message.get("ap"))
    if bid is None or ask is None or bid <= 0 or ask <= 0:
        return None
    return Quote(
        instrument=instrument,
        ts=time_ns(message["t"]),
        bid=bid,
        ask=ask,
        bid_size=number(message.get("bs")) or _ZERO,
        ask_size=number(message.get("as")) or _ZERO,
    )


def _close_ts(bar: FeedBar, timeframe: Timeframe) -> int:
    """A day of an equity is over with its session, any other bar with its time."""
    if timeframe is Timeframe.D1 and not is_crypto(bar.instrument):
        day = bar.open_ts // NS_DAY
        known = sessions("XNYS", day, day)
        if len(known.close):
            return int(known.close[0])
    return bar.open_ts + timeframe.duration_ns


def _number(value: object) -> float:
    """A finite number. Raises ValueError."""
    found = number(value)
    if found is None:
        raise ValueError("a bar that is not whole")
    return float(found)
