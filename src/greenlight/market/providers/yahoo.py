"""Yahoo Finance's chart API: history only, never a live feed; personal use under Yahoo's terms.

Prices and volumes are split-adjusted as of today, dividends likewise; both kinds of action come
along. A daily bar is stamped with its session's open; intraday history is short (1m: a month, 8
days a request; up to 30m: 60 days; 1h: 730 days). Yahoo may append the running price as a further
row at an odd second, and has been known to answer a request for 30m with other bars.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import numpy as np

from greenlight.domain import (
    AssetClass,
    CashDividend,
    CorporateAction,
    RefuseError,
    Split,
    Timeframe,
    UserError,
)
from greenlight.market.actions import checked_actions
from greenlight.market.bars import Adjustment
from greenlight.market.providers.answers import Answer, Asker, asking, understood
from greenlight.market.providers.port import (
    NS_DAY,
    NS_SECOND,
    BarRequest,
    Capabilities,
    Page,
    page_of,
)
from greenlight.market.providers.settings import ProviderSettings

BASE_URL = "https://query1.finance.yahoo.com"

_HEADERS = {"User-Agent": "Mozilla/5.0 (compatible; Greenlight)"}  # it turns bare clients away
_FIELDS = ("open", "high", "low", "close", "volume")

#: Days asked for at a time: what Yahoo allows, or what makes a page of sensible size.
_DAYS: Mapping[Timeframe, int] = {
    Timeframe.M1: 7,
    Timeframe.M5: 59,
    Timeframe.M15: 59,
    Timeframe.M30: 59,
    Timeframe.H1: 360,
    Timeframe.D1: 7_300,
}


@dataclass(frozen=True, slots=True)
class Yahoo:
    """The adapter."""

    settings: ProviderSettings
    name: str = "yahoo"

    @property
    def capabilities(self) -> Capabilities:
        """Split-adjusted bars of stocks, indices and crypto (as BTC-USD); not live."""
        every = dict.fromkeys(AssetClass, tuple(_DAYS))
        return Capabilities(Adjustment.SPLIT, every, is_live=False)

    def fetch(self, request: BarRequest) -> Iterator[Page]:
        """See Provider.fetch."""
        self.capabilities.require(self.name, request)
        base_url = self.settings.base_url or BASE_URL
        step = _DAYS[request.timeframe] * NS_DAY
        with asking(self.name, base_url, self.settings.patience, _HEADERS) as asker:
            for start in range(request.first, request.end, step):
                page = _page(asker, request, start, min(start + step, request.end))
                if page.count > 0 or page.actions:
                    yield page


def _page(asker: Asker, request: BarRequest, start: int, end: int) -> Page:
    params = {
        "period1": str(start // NS_SECOND),
        "period2": str(-(-end // NS_SECOND)),
        "interval": str(request.timeframe),
        "events": "div,splits",
        "includePrePost": "false",
    }
    answer = asker.get(f"/v8/finance/chart/{quote(request.symbol, safe='')}", params)
    part = BarRequest(request.symbol, request.asset_class, request.timeframe, start, end)
    with understood("yahoo", f"the chart of {request.symbol}"):
        chart = answer.body["chart"] if answer.body is not None else None
        if chart is None or chart["error"] is not None:
            return _refused(part, answer, chart)
        return _bars(part, chart["result"][0])


def _refused(request: BarRequest, answer: Answer, chart: Any) -> Page:  # noqa: ANN401  # foreign JSON
    """An empty page where there is no data in this span; everything else is an error."""
    words = answer.text if chart is None else str(chart["error"]["description"])
    if "data doesn't exist for startdate" in words.lower():
        return page_of(request, np.array([], dtype=np.int64), [[]] * 5)
    if answer.status in (400, 404, 422):
        raise UserError(f"yahoo: {request.symbol}: {words}")
    raise RefuseError(f"yahoo: {request.symbol}: HTTP {answer.status} {words}")


def _bars(request: BarRequest, result: Any) -> Page:  # noqa: ANN401  # foreign JSON
    meta = result["meta"]
    granularity = meta.get("dataGranularity", str(request.timeframe))
    if granularity.replace("60m", "1h") != request.timeframe:
        raise RefuseError(
            f"yahoo: {request.symbol}: asked for {request.timeframe} bars, it sent {granularity}"
        )
    seconds = np.array(result.get("timestamp", []), dtype=np.int64)
    quotes = result["indicators"]["quote"][0]
    rows = np.arange(len(seconds)) if request.is_daily else np.flatnonzero(seconds % 60 == 0)
    columns = [[quotes[name][row] for row in rows] if len(rows) else [] for name in _FIELDS]
    offset = int(meta.get("gmtoffset", 0))
    ts = (seconds[rows] + (offset if request.is_daily else 0)) * NS_SECOND
    return page_of(request, ts, columns, _actions(request, result.get("events", {}), offset))


def _actions(request: BarRequest, events: Any, offset: int) -> tuple[CorporateAction, ...]:  # noqa: ANN401  # foreign JSON
    def ex_date(event: Any) -> Any:  # noqa: ANN401  # foreign JSON
        return datetime.fromtimestamp(int(event["date"]) + offset, UTC).date()

    found: list[CorporateAction] = []
    for event in events.get("splits", {}).values():
        ratio = Decimal(str(event["numerator"])) / Decimal(str(event["denominator"]))
        found.append(Split(request.symbol, ex_date(event), ratio))
    for event in events.get("dividends", {}).values():
        amount = Decimal(str(event["amount"]))
        found.append(CashDividend(request.symbol, ex_date(event), amount))
    return checked_actions(found)
