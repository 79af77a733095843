"""Alpaca's market data as a feed: closed bars, quotes as they come."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from greenlight.brokers.alpaca.merging import merged
from greenlight.brokers.alpaca.prices import closed, daily, feed_bar, quote
from greenlight.brokers.alpaca.rest import Request, Rest, understood
from greenlight.brokers.alpaca.settings import AlpacaSettings, base
from greenlight.brokers.alpaca.sockets import Connect, Session, dial
from greenlight.brokers.alpaca.texts import is_crypto, symbol_of, time_text
from greenlight.domain import FeedBar, HaltError, Quote, RetryError, Timeframe

if TYPE_CHECKING:
    import httpx

Message = Mapping[str, Any]

_TIMEFRAMES = {
    Timeframe.M1: "1Min",
    Timeframe.M5: "5Min",
    Timeframe.M15: "15Min",
    Timeframe.M30: "30Min",
    Timeframe.H1: "1Hour",
    Timeframe.H4: "4Hour",
    Timeframe.D1: "1Day",
}
_BARS_A_PAGE = 10_000
_SYMBOLS_A_REQUEST = 500
_CRYPTO = "/v1beta3/crypto/us"
_FINAL_CODES = (401, 402, 405, 409)
"""not authenticated, keys refused, more symbols than the plan has, data not in the plan"""


class AlpacaFeed:
    """The live engine's `Feed` on Alpaca's market data; retries nothing.

    now: the run's clock, ns UTC, by which a bar is closed. transport, connect: what carries
    requests and sockets; by default the network.
    """

    name = "alpaca"

    def __init__(
        self,
        settings: AlpacaSettings,
        now: Callable[[], int],
        *,
        transport: "httpx.AsyncBaseTransport | None" = None,
        connect: Connect | None = None,
    ) -> None:
        self._settings = settings
        self._now = now
        self._rest = Rest(settings, transport)
        self._url = base(settings.data_url)
        self._connect = connect or dial(settings)

    async def bars(
        self, instruments: Sequence[str], timeframe: Timeframe, start_ts: int, end_ts: int
    ) -> tuple[FeedBar, ...]:
        """Raw closed bars with start_ts <= open < end_ts, before and after the session too.

        Bars of an hour and four begin at whole hours, not at the session's open. A day of a pair is
        made of its hours, for Alpaca's own days do not begin at 00:00 UTC. Raises RetryError or
        HaltError.
        """
        pairs = [one for one in instruments if is_crypto(one)]
        equities = [one for one in instruments if not is_crypto(one)]
        found: list[FeedBar] = []
        for names, path in ((equities, "/v2/stocks"), (pairs, _CRYPTO)):
            by_hour = timeframe is Timeframe.D1 and path == _CRYPTO
            asked = Timeframe.H1 if by_hour else timeframe
            bars = await self._all(names, path, asked, (start_ts, end_ts))
            found += daily(bars) if by_hour else bars
        within = [one for one in found if start_ts <= one.open_ts < end_ts]
        return tuple(closed(within, timeframe, self._now()))

    async def quotes(self, instruments: Sequence[str]) -> AsyncIterator[Quote]:
        """Quotes of all of them, from one socket for equities and one for pairs.

        Quotes with one side only are left out. Silence ends the stream too: outside of market hours
        equities are silent.
        """
        pairs = [one for one in instruments if is_crypto(one)]
        equities = [one for one in instruments if not is_crypto(one)]
        streams = [
            self._stream(path, names)
            for path, names in ((f"/v2/{self._settings.feed}", equities), (_CRYPTO, pairs))
            if names
        ]
        source = streams[0] if len(streams) == 1 else merged(streams)
        async for one in source:
            yield one

    async def close(self) -> None:
        """Give up connections."""
        await self._rest.close()

    async def _all(
        self, names: Sequence[str], path: str, timeframe: Timeframe, span: tuple[int, int]
    ) -> list[FeedBar]:
        """Bars of all names, request by request and page by page."""
        found: list[FeedBar] = []
        for some in _groups(names):
            asked = {symbol_of(one): one for one in some}
            params = {
                "symbols": ",".join(asked),
                "timeframe": _TIMEFRAMES[timeframe],
                "start": time_text(span[0]),
                "end": time_text(span[1]),
                "limit": str(_BARS_A_PAGE),
                "sort": "asc",
            }
            if path != _CRYPTO:
                params |= {"adjustment": "raw", "feed": self._settings.feed}
            request = Request("GET", f"{self._url}{path}/bars", "bars", params)
            read = partial(_page, asked, timeframe)
            token: str | None = ""
            while token is not None:
                bars, token = await self._rest.ask(request, read)
                found += bars
                request = replace(request, params={**params, "page_token": token or ""})
        return found

    async def _stream(self, path: str, names: Sequence[str]) -> AsyncIterator[Quote]:
        settings = self._settings
        asked = {symbol_of(one): one for one in names}
        async with Session(self._connect, base(settings.data_stream_url) + path) as session:
            await _welcome(session, "connected", settings.timeout_s)
            await self._log_in(session)
            for some in _groups(list(asked)):  # the venue takes no message beyond 32 KiB
                await session.send({"action": "subscribe", "quotes": some})
            while True:
                message = await session.next(settings.silence_s)
                _complain(message)
                if message.get("T") == "q" and message.get("S") in asked:
                    read = partial(quote, asked[message["S"]])
                    one = understood("quotes", read, message)
                    if one is not None:
                        yield one

    async def _log_in(self, session: Session) -> None:
        access = self._rest.access
        pair = access.pair
        await session.send({"action": "auth", "key": pair[0], "secret": pair[1]})
        try:
            await _welcome(session, "authenticated", self._settings.timeout_s)
        except HaltError:
            if await access.renewed(pair):
                raise RetryError("quotes: the keys were replaced") from None
            raise


def _groups(names: Sequence[str]) -> list[Sequence[str]]:
    firsts = range(0, len(names), _SYMBOLS_A_REQUEST)
    return [names[first : first + _SYMBOLS_A_REQUEST] for first in firsts]


def _page(
    asked: Mapping[str, str], timeframe: Timeframe, told: Message
) -> tuple[list[FeedBar], str | None]:
    """Bars of a page, and what the next one is asked for with."""
    bars = [
        feed_bar(asked[symbol], timeframe, row)
        for symbol, rows in (told["bars"] or {}).items()
        if symbol in asked
        for row in rows or ()
    ]
    return bars, str(told["next_page_token"]) if told.get("next_page_token") else None


async def _welcome(session: Session, word: str, within_s: float) -> None:
    """Wait for a greeting; an error in its place says why there will be none."""
    message = await session.next(within_s)
    _complain(message)
    if message.get("T") != "success" or message.get("msg") != word:
        raise RetryError(f"quotes: {word} was expected, not {str(message)[:100]}")


def _complain(message: Message) -> None:
    """Raise what an error message means: HaltError where only a person can help."""
    if message.get("T") != "error":
        return
    said = f"quotes: {message.get('msg')} ({message.get('code')})"
    raise HaltError(said) if message.get("code") in _FINAL_CODES else RetryError(said)
