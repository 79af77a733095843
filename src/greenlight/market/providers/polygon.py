"""Polygon's aggregates (v2), raw, with splits and dividends from its reference data (v3).

A stock's hours begin at full hours and the first one holds trades before the open, so hours are not
offered: fetch 30m and resample. The key travels in a header, never in an address, which would end
up in logs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

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
from greenlight.market.arrays import I64
from greenlight.market.bars import Adjustment
from greenlight.market.providers.answers import Asker, asking, understood
from greenlight.market.providers.port import (
    NS_DAY,
    BarRequest,
    Capabilities,
    Page,
    actions_page,
    page_of,
)
from greenlight.market.providers.settings import ProviderSettings
from greenlight.market.tables import day_of

BASE_URL = "https://api.polygon.io"
KEY = "POLYGON_API_KEY"

_NS_MS = 1_000_000
_FIELDS = ("o", "h", "l", "c", "v")
_SPANS: Mapping[Timeframe, str] = {
    Timeframe.M1: "1/minute",
    Timeframe.M5: "5/minute",
    Timeframe.M15: "15/minute",
    Timeframe.M30: "30/minute",
    Timeframe.H1: "1/hour",
    Timeframe.D1: "1/day",
}
_MINUTES = (Timeframe.M1, Timeframe.M5, Timeframe.M15, Timeframe.M30)


@dataclass(frozen=True, slots=True)
class Polygon:
    """The adapter. Symbols as Polygon writes them: AAPL, X:BTCUSD, I:SPX."""

    settings: ProviderSettings
    name: str = "polygon"

    @property
    def capabilities(self) -> Capabilities:
        """Raw bars of stocks, indices and crypto; crypto days are not UTC days for certain."""
        return Capabilities(
            Adjustment.RAW,
            {
                AssetClass.EQUITY: (*_MINUTES, Timeframe.D1),
                AssetClass.INDEX: (*_MINUTES, Timeframe.D1),
                AssetClass.CRYPTO: (*_MINUTES, Timeframe.H1),
            },
            is_live=True,
        )

    def fetch(self, request: BarRequest) -> Iterator[Page]:
        """See Provider.fetch. The actions come first, so that no raw bar is kept without them."""
        self.capabilities.require(self.name, request)
        key = self.settings.key(self.name, KEY)
        base_url, headers = self.settings.base_url or BASE_URL, {"Authorization": f"Bearer {key}"}
        with asking(self.name, base_url, self.settings.patience, headers, key) as asker:
            if request.asset_class is AssetClass.EQUITY:
                yield from actions_page(request, _actions(asker, request))
            for body in _pages(asker, _path(request), {"adjusted": "false", "limit": "50000"}):
                page = _bars(request, body)
                if page.count > 0:
                    yield page


def _path(request: BarRequest) -> str:
    start: object = request.start // _NS_MS
    end: object = request.end // _NS_MS - 1
    if request.is_daily:
        start, end = day_of(request.start // NS_DAY), day_of((request.end - 1) // NS_DAY)
    symbol, span = quote(request.symbol, safe=""), _SPANS[request.timeframe]
    return f"/v2/aggs/ticker/{symbol}/range/{span}/{start}/{end}"


def _pages(asker: Asker, path: str, params: Mapping[str, str]) -> Iterator[Any]:
    """Bodies of an answer and of all that follow it; `next_url` counts without its host."""
    seen: set[str] = set()
    params = {"sort": "asc", **params}
    while True:
        answer = asker.get(path, params)
        if answer.status == 401:
            raise UserError(f"polygon refused the key in {KEY}: {answer.text}")
        if answer.status != 200:
            kind = UserError if answer.status in (400, 404) else RefuseError
            raise kind(f"polygon: HTTP {answer.status} {answer.text}")
        yield answer.body
        with understood("polygon", "the address of the next page"):
            following = answer.body.get("next_url")
        if following is None:
            return
        if following in seen:
            raise RefuseError("polygon: the next page is one that was sent already")
        seen.add(following)
        address = urlsplit(following)
        path, params = address.path, dict(parse_qsl(address.query))


def _bars(request: BarRequest, body: Any) -> Page:  # noqa: ANN401  # foreign JSON
    with understood("polygon", f"bars of {request.symbol}"):
        rows = body.get("results") or []
        ts: I64 = np.array([row["t"] for row in rows], dtype=np.int64) * _NS_MS
        columns = [[row[name] if name != "v" else row.get("v") for row in rows] for name in _FIELDS]
        return page_of(request, ts, columns)


def _actions(asker: Asker, request: BarRequest) -> tuple[CorporateAction, ...]:
    first, last = str(day_of(request.start // NS_DAY)), str(day_of((request.end - 1) // NS_DAY))

    def rows(table: str, day: str) -> Iterator[Any]:
        span = {f"{day}.gte": first, f"{day}.lte": last, "order": "asc", "sort": day}
        params = {"ticker": request.symbol, "limit": "1000", **span}
        for body in _pages(asker, f"/v3/reference/{table}", params):
            yield from body.get("results") or []

    with understood("polygon", f"actions of {request.symbol}"):
        found: list[CorporateAction] = []
        for row in rows("splits", "execution_date"):
            ratio = Decimal(str(row["split_to"])) / Decimal(str(row["split_from"]))
            found.append(Split(request.symbol, date.fromisoformat(row["execution_date"]), ratio))
        paid: dict[date, Decimal] = {}  # a special dividend may go ex with the regular one
        for row in rows("dividends", "ex_dividend_date"):
            day = date.fromisoformat(row["ex_dividend_date"])
            paid[day] = paid.get(day, Decimal(0)) + Decimal(str(row["cash_amount"]))
        found += [CashDividend(request.symbol, day, amount) for day, amount in paid.items()]
        return checked_actions(found)
