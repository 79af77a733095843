"""The port: what every source of bars can be asked, and what it answers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from greenlight.domain import AssetClass, CorporateAction, Timeframe, UserError
from greenlight.market.arrays import F64, I64
from greenlight.market.bars import Adjustment

NS_SECOND = 1_000_000_000
NS_DAY = 86_400 * NS_SECOND


@dataclass(frozen=True, slots=True)
class BarRequest:
    """Bars of one symbol that open at or after `start` and are complete by `end` (ns UTC).

    Daily bars count as whole UTC days: from the date of `start` up to the day before that of `end`.
    To go on after an interruption, ask again from the stamp after the last one received.
    """

    symbol: str
    asset_class: AssetClass
    timeframe: Timeframe
    start: int
    end: int

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise UserError(f"{self.symbol}: the end of the wanted bars is not after their start")

    @property
    def is_daily(self) -> bool:
        """Whether bars are stamped with a date rather than an instant."""
        return self.timeframe is Timeframe.D1

    @property
    def first(self) -> int:
        """The smallest stamp that is wanted, ns UTC."""
        return self.start // NS_DAY * NS_DAY if self.is_daily else self.start


@dataclass(frozen=True, slots=True)
class Page:
    """Some bars of a symbol in order of time, and corporate actions learned with them.

    `ts` is the bar's open in ns UTC, for daily bars the date at 00:00 UTC; the rest float64, NaN
    where the source had nothing. Nothing here has been checked. Pages of a request do not overlap.
    """

    symbol: str
    ts: I64
    open: F64
    high: F64
    low: F64
    close: F64
    volume: F64
    actions: tuple[CorporateAction, ...] = ()

    @property
    def count(self) -> int:
        """Number of bars."""
        return len(self.ts)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider has: bars by asset class, their adjustment, and whether they come in live."""

    adjustment: Adjustment
    timeframes: Mapping[AssetClass, tuple[Timeframe, ...]]
    is_live: bool

    def require(self, provider: str, request: BarRequest) -> None:
        """Raises UserError when the request is for something the provider does not have."""
        if request.asset_class not in self.timeframes:
            known = ", ".join(self.timeframes)
            raise UserError(f"{provider} has no {request.asset_class} bars; it has {known}")
        offered = self.timeframes[request.asset_class]
        if request.timeframe not in offered:
            raise UserError(
                f"{provider} has no {request.timeframe} bars of {request.asset_class} that fit the "
                f"sessions; fetch one of {', '.join(offered)} and resample"
            )


class Provider(Protocol):
    """A source of bars."""

    @property
    def name(self) -> str:
        """How it is called in configuration and errors."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it has."""
        ...

    def fetch(self, request: BarRequest) -> Iterator[Page]:
        """Pages in order of time; each can be kept before the next is asked for.

        Raises UserError (the request or the keys are at fault), RetryError (a passing failure that
        outlasted the retries) or RefuseError (the source says no, or speaks another language).
        """
        ...


def page_of(
    request: BarRequest,
    ts: I64,
    columns: Sequence[Sequence[float | str | None]],
    actions: tuple[CorporateAction, ...] = (),
) -> Page:
    """A page from stamps (ns UTC, any order) and open, high, low, close and volume columns.

    Daily stamps are cut to their UTC date. Bars outside the request, incomplete ones among them,
    and bars without any price are left out; of two with one stamp the first is kept.
    """
    if request.is_daily:
        ts = ts // NS_DAY * NS_DAY
    values = np.array(columns, dtype=np.float64).reshape(5, len(ts))
    wanted = (ts >= request.first) & (ts + request.timeframe.duration_ns <= request.end)
    wanted &= ~np.all(np.isnan(values[:4]), axis=0)
    rows = np.flatnonzero(wanted)
    _, first = np.unique(ts[rows], return_index=True)
    rows = rows[first]
    o, h, low, c, v = values[:, rows]
    return Page(request.symbol, ts[rows], o, h, low, c, v, actions)


def actions_page(request: BarRequest, actions: tuple[CorporateAction, ...]) -> Iterator[Page]:
    """A page of actions without bars; none where there are none."""
    if actions:
        yield page_of(request, np.array([], dtype=np.int64), [[]] * 5, actions)
