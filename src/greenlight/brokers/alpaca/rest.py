"""One request, one answer, no second try: what is sent, and what every failure means."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from greenlight.brokers.alpaca.access import Access, Pair
from greenlight.brokers.alpaca.refusals import Answer, failure
from greenlight.brokers.alpaca.settings import AlpacaSettings
from greenlight.domain import RetryError, UnknownError

if TYPE_CHECKING:
    import httpx

S = TypeVar("S")
T = TypeVar("T")

#: What JSON holds: known once it is read.
Json = Any

_NOT_A_SUCCESS = 300
_REFUSED = 401
_NOT_FOUND = 404
_NO_SUCH_THING = "40410000"


@dataclass(frozen=True, slots=True)
class Request:
    """A request to an absolute address. what: in a few words, for people."""

    method: str
    url: str
    what: str
    params: Mapping[str, str] | None = None
    body: Mapping[str, Any] | None = None

    @property
    def acts(self) -> bool:
        """Whether it changes something, so that its outcome can be unknown."""
        return self.method != "GET"


class Rest:
    """Alpaca's HTTP interface on an injected transport; follows nowhere and retries nothing, but
    for what was refused for keys that have been replaced since.
    """

    def __init__(
        self, settings: AlpacaSettings, transport: "httpx.AsyncBaseTransport | None" = None
    ) -> None:
        import httpx

        self.access = Access(settings)
        self._timeout_s = settings.timeout_s
        self._client = httpx.AsyncClient(
            transport=transport,
            timeout=httpx.Timeout(settings.timeout_s, connect=settings.timeout_s / 2),
            follow_redirects=False,
            trust_env=not settings.is_local,
            headers={"User-Agent": "greenlight"},
        )

    async def ask(self, request: Request, read: Callable[[Json], T]) -> T:
        """What `read` makes of the answer (None where it is empty).

        Raises RetryError, UnknownError, RefuseError, DuplicateError or HaltError.
        """
        return self._understood(request, read, await self._sent(request))

    async def ask_if_any(self, request: Request, read: Callable[[Json], T]) -> T | None:
        """As `ask`, and None where the venue says itself that there is no such thing.

        A 404 without the venue's own code may come from anything on the way and proves nothing.
        """
        response = await self._sent(request)
        if response.status_code != _NOT_FOUND:
            return self._understood(request, read, response)
        if str(_answer(response).body.get("code", "")) == _NO_SUCH_THING:
            return None
        raise RetryError(f"{request.what}: not found, but not in the venue's words")

    async def close(self) -> None:
        """Give up connections."""
        await self._client.aclose()

    async def _sent(self, request: Request) -> "httpx.Response":
        pair = self.access.pair
        response = await self._sent_once(request, pair)
        if response.status_code != _REFUSED or not await self.access.renewed(pair):
            return response
        return await self._sent_once(request, self.access.pair)

    async def _sent_once(self, request: Request, pair: Pair) -> "httpx.Response":
        import httpx

        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._client.request(
                    request.method,
                    request.url,
                    params=request.params,
                    json=request.body,
                    headers={"APCA-API-KEY-ID": pair[0], "APCA-API-SECRET-KEY": pair[1]},
                )
        except (
            httpx.ConnectError,
            httpx.ConnectTimeout,
            httpx.PoolTimeout,
            httpx.ProxyError,
            httpx.UnsupportedProtocol,
        ) as error:
            # `from None`: the exception carries the request and with it the keys
            raise RetryError(f"{request.what}: not sent, {_named(error)}") from None
        except (httpx.RequestError, TimeoutError) as error:
            said = f"{request.what}: no answer, {_named(error)}"
            raise (UnknownError(said) if request.acts else RetryError(said)) from None

    def _understood(
        self, request: Request, read: Callable[[Json], T], response: "httpx.Response"
    ) -> T:
        if response.status_code >= _NOT_A_SUCCESS:
            raise failure(_answer(response), request.what, acts=request.acts)
        return understood(request.what, partial(_parsed, read), response.content, request.acts)


def understood(what: str, read: Callable[[S], T], told: S, acted: bool = False) -> T:  # noqa: FBT001, FBT002  # one switch, always beside its request
    """What `read` makes of a message.

    Raises RetryError where it makes nothing of it, UnknownError where the message was the answer to
    a deed: then nobody knows what was done.
    """
    try:
        return read(told)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        said = f"{what}: the answer cannot be read, {error!r}"[:300]
        raise (UnknownError(said) if acted else RetryError(said)) from None


def _parsed(read: Callable[[Json], T], content: bytes) -> T:
    import orjson

    return read(orjson.loads(content) if content.strip() else None)


def _answer(response: "httpx.Response") -> Answer:
    import orjson

    headers = {name.lower(): value for name, value in response.headers.items()}
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        body = None
    return Answer(response.status_code, headers, body if isinstance(body, dict) else {})


def _named(error: Exception) -> str:
    return " ".join(f"{type(error).__name__} {error}".split())[:200]
