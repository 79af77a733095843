"""Any crypto exchange that ccxt knows, through ccxt: public bars, no keys.

Exchanges differ in what they give for a start time: bars from it on, only those in a window after
it, or just the newest ones. So an empty answer moves the window on rather than ending the walk;
what an exchange no longer has shows up as a gap when the bars are checked.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import ccxt
import numpy as np

from greenlight.domain import AssetClass, RefuseError, Timeframe, UserError
from greenlight.market.bars import Adjustment
from greenlight.market.names import nearest
from greenlight.market.providers.answers import shown, understood
from greenlight.market.providers.port import BarRequest, Capabilities, Page, page_of
from greenlight.market.providers.retrying import BusyError, retry_after
from greenlight.market.providers.settings import ProviderSettings

_NS_MS = 1_000_000
_PAGE = 500  # bars asked for where ccxt does not say how many an exchange gives
_TIMEOUT_MS = 30_000


class Ccxt:
    """The adapter. Symbols as ccxt writes them: BTC/USDT.

    Raises UserError for an unknown exchange.
    """

    name = "ccxt"

    def __init__(self, settings: ProviderSettings) -> None:
        self._patience = settings.patience
        self._exchange = _built(settings)  # keeps the list of markets

    @property
    def capabilities(self) -> Capabilities:
        """Raw crypto bars in the time frames of the exchange."""
        offered = self._exchange.timeframes or {}
        frames = tuple(frame for frame in Timeframe if frame.value in offered)
        return Capabilities(Adjustment.RAW, {AssetClass.CRYPTO: frames}, is_live=True)

    def fetch(self, request: BarRequest) -> Iterator[Page]:
        """See Provider.fetch."""
        self.capabilities.require(self.name, request)
        exchange = self._exchange
        self._ask(exchange.load_markets)
        if request.symbol not in exchange.markets:
            hint = nearest(request.symbol, exchange.markets)
            raise UserError(f"{exchange.id} has no market {request.symbol}: {hint}")
        length, limit = request.timeframe.duration_ns, _limit(exchange)
        since = request.first
        while since + length <= request.end:
            self._patience.sleep(exchange.rateLimit / 1_000)
            rows = self._ask(partial(_rows, exchange, request, since, limit))
            with understood(exchange.id, f"bars of {request.symbol}"):
                ts = np.array([row[0] for row in rows], dtype=np.int64) * _NS_MS
                new = np.flatnonzero(ts >= since)
                columns = [[rows[row][field] for row in new] for field in range(1, 6)]
                page = page_of(request, ts[new], columns)
            if page.count > 0:
                yield page
            since = int(ts[new].max()) + length if len(new) > 0 else since + limit * length

    def _ask(self, action: Any) -> Any:  # noqa: ANN401  # ccxt is not typed
        return self._patience.call(partial(_once, self._exchange, action))


def _built(settings: ProviderSettings) -> Any:  # noqa: ANN401  # one of ccxt's classes
    known = settings.exchange
    if known not in ccxt.exchanges:
        raise UserError(f"ccxt knows no exchange {known}: {nearest(known, ccxt.exchanges)}")
    # its own rate limiter sleeps by itself: off, `fetch` waits instead
    options = {"enableRateLimit": False, "enableLastJsonResponse": True, "timeout": _TIMEOUT_MS}
    exchange = getattr(ccxt, known)(options)
    if settings.base_url:
        exchange.urls["api"] = _moved(exchange.urls["api"], settings.base_url)
    return exchange


def _rows(exchange: Any, request: BarRequest, since: int, limit: int) -> Any:  # noqa: ANN401  # ccxt is not typed
    frame = request.timeframe.value
    return exchange.fetch_ohlcv(request.symbol, frame, since // _NS_MS, limit)


def _once(exchange: Any, action: Any) -> Any:  # noqa: ANN401  # ccxt is not typed
    with understood(exchange.id, "the answer"):  # ccxt lets its own stumbles through
        try:
            result = action()
        except ccxt.OperationFailed as error:
            headers = exchange.last_response_headers or {}
            wait = retry_after(headers.get("Retry-After"), headers.get("Date"))
            busy = isinstance(error, ccxt.DDoSProtection | ccxt.RateLimitExceeded)
            raise BusyError(_words(exchange, error), wait if busy else None) from None
        except ccxt.BadRequest as error:
            raise UserError(_words(exchange, error)) from None
        except ccxt.BaseError as error:
            raise RefuseError(_words(exchange, error)) from None
    if exchange.last_json_response is None:  # which ccxt takes for no bars
        raise BusyError(
            f"{exchange.id}: the answer is not JSON: {shown(exchange.last_http_response)}"
        )
    return result


def _words(exchange: Any, error: Exception) -> str:  # noqa: ANN401  # ccxt is not typed
    return f"{exchange.id}: {type(error).__name__} {shown(str(error))}"


def _limit(exchange: Any) -> int:  # noqa: ANN401  # ccxt is not typed
    said = exchange.safe_dict(
        exchange.safe_dict(exchange.features or {}, "spot", {}), "fetchOHLCV", {}
    )
    return int(said.get("limit") or _PAGE)


def _moved(urls: Any, base_url: str) -> Any:  # noqa: ANN401  # a text, or such in dictionaries
    """The same paths at another host."""
    if isinstance(urls, dict):
        return {name: _moved(url, base_url) for name, url in urls.items()}
    if not isinstance(urls, str):
        return urls
    return base_url.rstrip("/") + urlsplit(urls).path
