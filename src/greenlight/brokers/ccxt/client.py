"""ccxt's own client: built, pointed somewhere, and asked once.

Its rate limiter sleeps by itself and its retries send an order twice: both are off. Whoever asks
keeps the pace and decides what is tried again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from greenlight.brokers.ccxt.orders import Json
from greenlight.brokers.ccxt.refusals import failure
from greenlight.brokers.ccxt.settings import CcxtSettings
from greenlight.domain import RefuseError, RetryError, UnknownError

T = TypeVar("T")

_LONGEST_WAIT_S = 300.0
_UNREADABLE = (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError)


class Client:
    """One of ccxt's exchanges, websockets included; `exchange` is ccxt's own object."""

    def __init__(self, settings: CcxtSettings, options: Mapping[str, Any]) -> None:
        """options: what ccxt must know to ask for spot markets alone."""
        self._settings = settings
        self.exchange = _built(settings, options)

    async def ask(self, what: str, call: Callable[[], Awaitable[T]], *, acts: bool = False) -> T:
        """What `call` answers, within the time limit. Raises what `failure` makes of an error."""
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                return await call()
        except TimeoutError:
            said = f"{what}: no answer within {self._settings.timeout_s:g} s"
            raise (UnknownError(said) if acts else RetryError(said)) from None
        except _UNREADABLE as error:
            said = f"{what}: the answer cannot be read, {error!r}"[:300]
            raise (UnknownError(said) if acts else RetryError(said)) from None
        except base_error() as error:
            # `from None`: the exception's own text may hold a signature
            raise failure(error, what, acts=acts, wait_s=self._wait()) from None

    async def hear(self, what: str, call: Callable[[], Awaitable[T]]) -> T:
        """What a stream tells next, however long it takes. Raises RetryError when it breaks."""
        try:
            return await call()
        except _UNREADABLE as error:
            raise RetryError(f"{what}: a message cannot be read, {error!r}"[:300]) from None
        except base_error() as error:
            raise failure(error, what, acts=False) from None

    async def market(self, symbol: str) -> Json:
        """What the exchange says of a symbol: precision, limits."""
        await self.ask("markets", self.exchange.load_markets)
        if symbol not in self.exchange.markets:
            raise RefuseError(f"halted: {self.exchange.id} has no spot market {symbol}")
        return self.exchange.markets[symbol]

    async def close(self) -> None:
        """Give up connections."""
        await self.exchange.close()

    def _wait(self) -> float:
        headers = self.exchange.last_response_headers or {}
        asked = {name.lower(): value for name, value in headers.items()}.get("retry-after", "")
        return min(float(asked), _LONGEST_WAIT_S) if asked.isdigit() else 0.0


def base_error() -> type[Exception]:
    """What every exception of ccxt is one of."""
    import ccxt

    known: type[Exception] = ccxt.BaseError
    return known


def _built(settings: CcxtSettings, options: Mapping[str, Any]) -> Json:
    import ccxt
    import ccxt.pro

    exchange = getattr(ccxt.pro, settings.exchange)(
        {
            "apiKey": settings.key,
            "secret": settings.secret,
            "enableRateLimit": False,
            "timeout": int(settings.timeout_s * 1_000),
            "options": {"maxRetriesOnFailure": 0, **options},
        }
    )
    exchange.number = str  # numbers as the exchange wrote them
    exchange.has["fetchCurrencies"] = False  # asks for rights that trading does not need
    if settings.is_local:
        urls = exchange.urls["api"]
        exchange.urls["api"] = _moved(urls, settings.rest_url, settings.stream_url)
    elif settings.is_sandbox and settings.key:
        exchange.set_sandbox_mode(True)  # ccxt's
    return exchange


def _moved(urls: Json, rest_url: str, stream_url: str) -> Json:
    """The same paths at other hosts."""
    if isinstance(urls, Mapping):
        return {name: _moved(url, rest_url, stream_url) for name, url in urls.items()}
    if not isinstance(urls, str):
        return urls
    parts = urlsplit(urls)
    base = stream_url if parts.scheme.startswith("ws") else rest_url
    return base.rstrip("/") + parts.path
