"""ccxt's own client: built, pointed somewhere, and asked once.

Its rate limiter sleeps by itself and its retries send an order twice: both are off. Whoever asks
keeps the pace and decides what is tried again.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

from greenlight.brokers.ccxt.orders import Json
from greenlight.brokers.ccxt.refusals import failure
from greenlight.brokers.ccxt.settings import CcxtSettings
from greenlight.domain import GreenlightError, RefuseError, RetryError, UnknownError, UserError

T = TypeVar("T")

_LONGEST_WAIT_S = 300.0
_UNREADABLE = (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError)


class Client:
    """One of ccxt's exchanges, websockets included; `exchange` is ccxt's own object."""

    def __init__(self, settings: CcxtSettings, options: Mapping[str, Any]) -> None:
        """options: what ccxt must know to ask for spot markets alone."""
        self._settings = settings
        self.exchange = _built(settings, options)

    def check_keys(self, path: str, api: list[str]) -> None:
        """Raise UserError where ccxt cannot sign a request with these keys."""
        try:
            self.exchange.sign(path, api, "GET", {})
        except (*_UNREADABLE, base_error()):  # `from None`: its text may hold the secret
            raise UserError(
                f"{self.exchange.id}: key or secret is not of the kind that this exchange gives out"
            ) from None

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

    async def listen(self, calls: Sequence[Callable[[], Awaitable[list[T]]]]) -> AsyncIterator[T]:
        """What streams tell, in the order of arrival, until one of them breaks.

        ccxt wakes only who is waiting already: each stream is waited for by a task of its own,
        however long the reader takes. Raises RetryError or HaltError when one breaks.
        """
        told: asyncio.Queue[T | GreenlightError] = asyncio.Queue()
        pumps = [asyncio.create_task(self._pump(call, told)) for call in calls]
        try:
            while True:
                one = await told.get()
                if isinstance(one, GreenlightError):
                    raise one
                yield one
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(
        self, call: Callable[[], Awaitable[list[T]]], told: "asyncio.Queue[T | GreenlightError]"
    ) -> None:
        try:
            while True:
                for one in await call():
                    told.put_nowait(one)
        except _UNREADABLE as error:
            told.put_nowait(RetryError(f"stream: a message cannot be read, {error!r}"[:300]))
        except base_error() as error:
            told.put_nowait(failure(error, "stream", acts=False))

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
        exchange.timeout_on_exit = 0  # nothing encrypted has to be laid down
        exchange.urls["api"] = _moved(urls, settings.rest_url, settings.streams_at)
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
