"""Alpaca's market data through its official client: raw bars, with splits and dividends.

The client's own retries are switched off and a time-out is set: it would sleep by itself, ignore
Retry-After and wait forever. A stock's hours begin at full hours and the first one holds trades
before the open; a crypto day begins at midnight in Chicago. Neither is offered: fetch 30m or 1h and
resample. Mergers and spin-offs are not read: what they are worth to a holder is not said.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import requests
from alpaca.common.exceptions import APIError
from alpaca.data.enums import Adjustment as AlpacaAdjustment
from alpaca.data.enums import CorporateActionsType, DataFeed
from alpaca.data.historical import CryptoHistoricalDataClient, StockHistoricalDataClient
from alpaca.data.historical.corporate_actions import CorporateActionsClient
from alpaca.data.requests import (
    BaseBarsRequest,
    CorporateActionsRequest,
    CryptoBarsRequest,
    StockBarsRequest,
)
from alpaca.data.timeframe import TimeFrame, TimeFrameUnit

from greenlight.domain import (
    AssetClass,
    CashDividend,
    CorporateAction,
    RefuseError,
    RetryError,
    Split,
    Timeframe,
    UserError,
)
from greenlight.market.actions import checked_actions
from greenlight.market.bars import Adjustment
from greenlight.market.providers.answers import shown, understood
from greenlight.market.providers.port import (
    NS_DAY,
    NS_SECOND,
    BarRequest,
    Capabilities,
    Page,
    actions_page,
    page_of,
)
from greenlight.market.providers.retrying import BusyError, retry_after
from greenlight.market.providers.settings import ProviderSettings
from greenlight.market.tables import day_of

KEY = ("APCA_API_KEY_ID", "ALPACA_KEY_ID")
SECRET = ("APCA_API_SECRET_KEY", "ALPACA_SECRET_KEY")

_NAME = "alpaca"
_PAGE = 10_000  # the most bars of one answer
_TIMEOUT_S = 30.0
_FIELDS = ("o", "h", "l", "c", "v")
_UNITS: Mapping[Timeframe, TimeFrame] = {
    Timeframe.M1: TimeFrame(1, TimeFrameUnit.Minute),
    Timeframe.M5: TimeFrame(5, TimeFrameUnit.Minute),
    Timeframe.M15: TimeFrame(15, TimeFrameUnit.Minute),
    Timeframe.M30: TimeFrame(30, TimeFrameUnit.Minute),
    Timeframe.H1: TimeFrame(1, TimeFrameUnit.Hour),
    Timeframe.H4: TimeFrame(4, TimeFrameUnit.Hour),
    Timeframe.D1: TimeFrame(1, TimeFrameUnit.Day),
}
_MINUTES = (Timeframe.M1, Timeframe.M5, Timeframe.M15, Timeframe.M30)
_ACTIONS = [
    CorporateActionsType.FORWARD_SPLIT,
    CorporateActionsType.REVERSE_SPLIT,
    CorporateActionsType.STOCK_DIVIDEND,
    CorporateActionsType.CASH_DIVIDEND,
]


@dataclass(frozen=True, slots=True)
class Alpaca:
    """The adapter. Symbols as Alpaca writes them: AAPL, BTC/USD."""

    settings: ProviderSettings
    name: str = _NAME

    @property
    def capabilities(self) -> Capabilities:
        """Raw bars of US stocks and of crypto."""
        return Capabilities(
            Adjustment.RAW,
            {
                AssetClass.EQUITY: (*_MINUTES, Timeframe.D1),
                AssetClass.CRYPTO: (*_MINUTES, Timeframe.H1, Timeframe.H4),
            },
            is_live=True,
        )

    def fetch(self, request: BarRequest) -> Iterator[Page]:
        """See Provider.fetch. The actions come first, so that no raw bar is kept without them."""
        self.capabilities.require(self.name, request)
        if self.settings.feed not in tuple(DataFeed):
            raise UserError(f"alpaca has no feed {self.settings.feed}; it has iex and sip")
        if request.asset_class is AssetClass.EQUITY:
            yield from actions_page(request, self._actions(request))
        start = request.first
        while start < request.end:
            rows = self._ask(partial(self._bars, request, start))
            with understood(self.name, f"bars of {request.symbol}"):
                ts = np.array([_ns(row["t"]) for row in rows], dtype=np.int64)
                columns = [[row[name] for row in rows] for name in _FIELDS]
                page = page_of(request, ts, columns)
            if page.count > 0:
                yield page
            if len(rows) < _PAGE:
                return
            start = int(ts[-1]) + NS_SECOND

    def _bars(self, request: BarRequest, start: int) -> list[Any]:
        span = BaseBarsRequest(
            symbol_or_symbols=request.symbol,
            timeframe=_UNITS[request.timeframe],
            start=_moment(start),
            end=_moment(request.end - 1),
            limit=_PAGE,
        )
        if request.asset_class is AssetClass.CRYPTO:
            crypto = self._client(CryptoHistoricalDataClient)
            answer = crypto.get_crypto_bars(CryptoBarsRequest(**dict(span)))
        else:
            stocks = self._client(StockHistoricalDataClient)
            raw, feed = AlpacaAdjustment.RAW, DataFeed(self.settings.feed)
            wanted = StockBarsRequest(**dict(span), adjustment=raw, feed=feed)
            answer = stocks.get_stock_bars(wanted)
        return list(answer.get(request.symbol) or [])

    def _actions(self, request: BarRequest) -> tuple[CorporateAction, ...]:
        client = self._client(CorporateActionsClient)
        wanted = CorporateActionsRequest(
            symbols=[request.symbol],
            types=_ACTIONS,
            start=day_of(request.start // NS_DAY),
            end=day_of((request.end - 1) // NS_DAY),
        )
        tables = self._ask(partial(client.get_corporate_actions, wanted))
        with understood(self.name, f"actions of {request.symbol}"):
            return _read_actions(request.symbol, tables)

    def _client(self, kind: Callable[..., Any]) -> Any:  # noqa: ANN401  # one of three clients
        client = kind(
            api_key=self.settings.key(self.name, *KEY),
            secret_key=self.settings.key(self.name, *SECRET),
            raw_data=True,
            url_override=self.settings.base_url or None,
        )
        client._retry = 0  # has no public switch; a test fails when it goes
        client._session.request = partial(client._session.request, timeout=_TIMEOUT_S)
        return client

    def _ask(self, action: Callable[[], Any]) -> Any:  # noqa: ANN401  # foreign JSON
        return self.settings.patience.call(partial(self._once, action))

    def _once(self, action: Callable[[], Any]) -> Any:  # noqa: ANN401  # foreign JSON
        secrets = (self.settings.key(self.name, *KEY), self.settings.key(self.name, *SECRET))
        with understood(self.name, "the answer"):
            try:
                return action()
            except requests.RequestException as error:
                raise RetryError(f"alpaca: the request failed ({type(error).__name__})") from None
            except APIError as error:
                raise _meaning(error, shown(str(error), secrets)) from None


def _meaning(error: APIError, words: str) -> RetryError | RefuseError | UserError:
    status, response = error.status_code, error.response
    if status is None or status in (408, 429) or status >= 500:
        headers = {} if response is None else response.headers
        wait = retry_after(headers.get("Retry-After"), headers.get("Date"))
        return BusyError(f"alpaca: HTTP {status} {words}", wait)
    if status == 401 or (status == 403 and "forbidden" in words.lower()):
        return UserError(f"alpaca refused the keys in {KEY[0]} and {SECRET[0]}: {words}")
    if status in (400, 404, 422):
        return UserError(f"alpaca: {words}")
    return RefuseError(f"alpaca: HTTP {status} {words}")


def _read_actions(symbol: str, tables: Any) -> tuple[CorporateAction, ...]:  # noqa: ANN401  # foreign JSON
    found: list[CorporateAction] = []
    for row in (*tables.get("forward_splits", ()), *tables.get("reverse_splits", ())):
        ratio = Decimal(str(row["new_rate"])) / Decimal(str(row["old_rate"]))
        found.append(Split(symbol, date.fromisoformat(row["ex_date"]), ratio))
    for row in tables.get("stock_dividends", ()):
        ratio = 1 + Decimal(str(row["rate"]))
        found.append(Split(symbol, date.fromisoformat(row["ex_date"]), ratio))
    paid: dict[date, Decimal] = {}  # a special dividend may go ex with the regular one
    for row in tables.get("cash_dividends", ()):
        day = date.fromisoformat(row["ex_date"])
        paid[day] = paid.get(day, Decimal(0)) + Decimal(str(row["rate"]))
    found += [CashDividend(symbol, day, amount) for day, amount in paid.items()]
    return checked_actions(found)


def _moment(ns: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ns // 1_000)


def _ns(text: str) -> int:
    since = datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)
    return since // timedelta(microseconds=1) * 1_000
