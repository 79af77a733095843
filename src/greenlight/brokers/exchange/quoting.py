"""Bars, trades and quotes as the data API writes them; times stay ns under `t`."""

from decimal import Decimal
from typing import Any

from greenlight.brokers.exchange.assets import Asset
from greenlight.brokers.exchange.hours import NS_SECOND
from greenlight.brokers.exchange.matching import Tick
from greenlight.brokers.exchange.series import Cells

Json = dict[str, Any]
_HUNDRED = 100


def bar_json(cells: Cells, row: int) -> Json:
    """One bar; `vw` is its typical price, `n` a nominal count: trades are not stored."""
    high, low, close = (float(column[row]) for column in (cells.high, cells.low, cells.close))
    volume = float(cells.volume[row])
    return {
        "t": int(cells.ts[row]),
        "o": float(cells.open[row]),
        "h": high,
        "l": low,
        "c": close,
        "v": round(volume, 4),
        "n": max(1, int(volume / _HUNDRED)),
        "vw": round((high + low + close) / 3.0, 6),
    }


def trade_json(tick: Tick) -> Json:
    """One trade."""
    return {
        "t": tick.ts,
        "x": "V",
        "p": float(tick.price),
        "s": float(tick.size or _HUNDRED),
        "c": ["@"],
        "i": tick.ts // NS_SECOND,
        "z": "C",
    }


def quote_json(quote: tuple[Decimal, Decimal], tick: Tick, asset: Asset) -> Json:
    """Bid and ask as of the last trade."""
    bid, ask = (float(price) for price in quote)
    size = 1 if asset.is_crypto else _HUNDRED
    return {
        "t": tick.ts,
        "bx": "V",
        "bp": bid,
        "bs": size,
        "ax": "V",
        "ap": ask,
        "as": size,
        "c": ["R"],
        "z": "C",
    }


def status_json(ts: int, *, is_halted: bool) -> Json:
    """A halt or a resumption."""
    return {
        "t": ts,
        "sc": "H" if is_halted else "T",
        "sm": "Trading Halt" if is_halted else "Trading Resumption",
        "rc": "LUDP" if is_halted else "",
        "rm": "Volatility Trading Pause" if is_halted else "",
        "z": "C",
    }
