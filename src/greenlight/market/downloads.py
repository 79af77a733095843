"""Downloads: bars from a provider into the store, page by page.

How far each symbol has come is kept beside its bars, so that an interruption costs a page at most.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from greenlight.domain import AssetClass, Timeframe
from greenlight.market.action_store import keep_actions
from greenlight.market.bars import Adjustment, BarSpec
from greenlight.market.calendars import NS_DAY
from greenlight.market.durable import replacing
from greenlight.market.files import NUMBERS, STAMP
from greenlight.market.intake import Delivery, Terms, admit
from greenlight.market.providers.port import BarRequest, Page, Provider
from greenlight.market.store import Store

_READJUSTED = 1e-4  # relative difference of two closes of one bar that is no rounding


@dataclass(frozen=True, slots=True)
class Order:
    """Bars of one symbol that open at or after `start` and are complete by `end` (ns UTC)."""

    symbol: str
    asset_class: AssetClass
    spec: BarSpec
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Every bar since `start` that was complete by `until` has been fetched from this provider."""

    provider: str
    start: int
    until: int


@dataclass(frozen=True, slots=True)
class Download:
    """What a download brought: numbers of bars and actions, and the file of bars set aside."""

    symbol: str
    added: int = 0
    replaced: int = 0
    refused: int = 0
    actions: int = 0
    quarantined: Path | None = None


@dataclass(frozen=True, slots=True)
class Downloader:
    """Fetches orders from one provider into one store; `advance` hears how far each has come."""

    store: Store
    provider: Provider
    terms: Terms
    advance: Callable[[int], None]

    def download(self, order: Order) -> Download:
        """Fetch what is missing of an order.

        Adjusted prices that have been adjusted anew since are fetched from the start: two
        adjustments in one series would show a jump that never was. Raises what the provider raises,
        and DefectError for bad bars; the pages before are kept.
        """
        known = read_progress(self.store, order)
        if known is None or known.provider != self.provider.name:
            return self._fetched(order, order.start)
        if not known.start <= order.start <= known.until:
            return self._fetched(order, order.start)
        if known.until >= order.end:
            self.advance(order.end)
            return Download(order.symbol)
        rest = replace(order, start=_last_bar(order.spec, known))
        if order.spec.adjustment is not Adjustment.RAW and self._is_adjusted_anew(rest):
            return self._fetched(replace(order, start=known.start), known.start)
        return self._fetched(rest, known.start)

    def _fetched(self, order: Order, since: int) -> Download:
        total = Download(order.symbol)
        for page in self.provider.fetch(_request(order)):
            total = self._kept(order, page, total)
            if page.count > 0:
                until = int(page.ts[-1]) + order.spec.timeframe.duration_ns
                _write(self.store, order, Progress(self.provider.name, since, until))
                self.advance(until)
        _write(self.store, order, Progress(self.provider.name, since, order.end))
        self.advance(order.end)
        return total

    def _kept(self, order: Order, page: Page, total: Download) -> Download:
        if page.count == 0:
            news = keep_actions(self.store, order.spec, page.actions)
            return replace(total, actions=total.actions + news)
        source = f"{self.provider.name}-{order.symbol}"
        delivery = Delivery(source, _table(page), page.actions)
        intake = admit(self.store, order.spec, delivery, self.terms)
        return Download(
            order.symbol,
            added=total.added + intake.added,
            replaced=total.replaced + intake.replaced,
            refused=total.refused + intake.report.bad.height,
            actions=total.actions + intake.actions,
            quarantined=intake.quarantined or total.quarantined,
        )

    def _is_adjusted_anew(self, rest: Order) -> bool:
        """Whether the last bar in the store comes with another close now."""
        if rest.symbol not in self.store.symbols(rest.spec):
            return False
        stored = self.store.read(rest.spec, rest.symbol).select("ts", "close")
        for page in self.provider.fetch(_request(rest)):
            both = _table(page).join(stored, on="ts", suffix="_before")
            ratio = (both["close"] / both["close_before"] - 1).abs()
            return bool((ratio > _READJUSTED).any())
        return False


def read_progress(store: Store, order: Order) -> Progress | None:
    """How far a symbol has come; None where nothing (readable) is known."""
    try:
        return Progress(**json.loads(_path(store, order).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None  # then all is fetched again, which changes nothing that is there


def _write(store: Store, order: Order, progress: Progress) -> None:
    path = _path(store, order)
    with replacing(path) as draft:
        draft.write_text(json.dumps(asdict(progress)) + "\n", encoding="utf-8")


def _path(store: Store, order: Order) -> Path:
    return store.path(order.spec, order.symbol).with_suffix(".progress.json")


def _last_bar(spec: BarSpec, known: Progress) -> int:
    """Where to go on: at the last bar that was complete, which is asked for once more."""
    start = known.until - spec.timeframe.duration_ns
    return start // NS_DAY * NS_DAY if spec.timeframe is Timeframe.D1 else start


def _request(order: Order) -> BarRequest:
    timeframe = order.spec.timeframe
    return BarRequest(order.symbol, order.asset_class, timeframe, order.start, order.end)


def _table(page: Page) -> pl.DataFrame:
    numbers = (page.open, page.high, page.low, page.close, page.volume)
    return pl.DataFrame(
        [
            pl.Series("ts", np.asarray(page.ts)).cast(STAMP),
            pl.Series("symbol", [page.symbol] * page.count, dtype=pl.String),
            *(pl.Series(name, values) for name, values in zip(NUMBERS, numbers, strict=True)),
        ]
    )
