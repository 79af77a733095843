"""How Alpaca writes symbols, numbers and times, both ways."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from greenlight.domain import Side

NS_SECOND = 1_000_000_000
NS_DAY = 86_400 * NS_SECOND
_NEW_YORK = ZoneInfo("America/New_York")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:?\d\d)")
_QUOTED = ("USDT", "USDC", "USD", "BTC", "ETH")
_LONGEST_TICKER = 5
_DOLLAR = Decimal(1)
_CENT = Decimal("0.01")
_SUBPENNY = Decimal("0.0001")
SMALLEST_QUANTITY = Decimal("0.000000001")


def is_crypto(instrument: str) -> bool:
    """Whether an instrument id names a pair such as ``BTC/USD``."""
    return "/" in instrument


def symbol_of(instrument: str) -> str:
    """Alpaca's symbol: the id without what tells two lives of a ticker apart."""
    return instrument.partition("@")[0]


def instrument_of(symbol: str, asset_class: str = "") -> str:
    """The id behind a symbol; positions and activities name ``BTC/USD`` as ``BTCUSD``.

    Where the class is not told, a symbol longer than any ticker that ends with a currency is a
    pair.
    """
    known = asset_class or ("crypto" if len(symbol) > _LONGEST_TICKER else "us_equity")
    if known != "crypto" or is_crypto(symbol) or "." in symbol:
        return symbol
    for quoted in _QUOTED:
        if symbol.endswith(quoted) and len(symbol) > len(quoted):
            return f"{symbol.removesuffix(quoted)}/{quoted}"
    return symbol


def number(value: object) -> Decimal | None:
    """A number that came as a string or a JSON number; None where there is none.

    Raises ValueError for what is neither, and for NaN and infinity.
    """
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{value!r} is not a number")
    try:
        result = Decimal(value if isinstance(value, str) else repr(value))
    except InvalidOperation:
        raise ValueError(f"{value!r} is not a number") from None
    if not result.is_finite():
        raise ValueError(f"{value!r} is not a finite number")
    return result


def plain(value: Decimal) -> str:
    """A decimal without exponent or trailing zeros: ``0.000000001``, ``100``."""
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def increment(price: Decimal) -> Decimal:
    """Smallest step of an equity's price (Alpaca refuses finer ones)."""
    return _CENT if price >= _DOLLAR else _SUBPENNY


def inner_price(price: Decimal, side: Side, step: Decimal) -> Decimal:
    """A limit on the grid of prices, never worse than asked; a trigger, never later than asked."""
    return _stepped(price, step, ROUND_FLOOR if side is Side.BUY else ROUND_CEILING)


def outer_price(price: Decimal, side: Side, step: Decimal) -> Decimal:
    """The limit of a stop-limit on the grid, never tighter than asked for: it is there to fill."""
    return _stepped(price, step, ROUND_CEILING if side is Side.BUY else ROUND_FLOOR)


def whole_lots(quantity: Decimal, step: Decimal) -> Decimal:
    """A quantity on the grid of quantities, never more than asked for."""
    return _stepped(quantity, step, ROUND_FLOOR)


def time_ns(text: object) -> int:
    """An RFC 3339 time in ns UTC, to the last digit. Raises ValueError."""
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"{text!r} is not a time")
    day, clock, fraction, zone = found.groups()
    moment = datetime.fromisoformat(f"{day}T{clock}{'+00:00' if zone == 'Z' else zone}")
    seconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    return seconds * NS_SECOND + int((fraction or "").ljust(9, "0"))


def time_text(ts: int) -> str:
    """A time in ns UTC as RFC 3339."""
    seconds, rest = divmod(ts, NS_SECOND)
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def new_york_day(ts: int) -> date:
    """The date in New York: the day that Alpaca's books are kept by."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ts // 1_000)
    return moment.astimezone(_NEW_YORK).date()


def day_ns(day: date) -> int:
    """When a day begins in New York, ns UTC."""
    begin = datetime(day.year, day.month, day.day, tzinfo=_NEW_YORK)
    return int(begin.timestamp()) * NS_SECOND


def _stepped(value: Decimal, step: Decimal, rounding: str) -> Decimal:
    return (value / step).to_integral_value(rounding) * step
