"""Market data of a crypto exchange as a feed. No keys."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial

from greenlight.brokers.ccxt.client import Client
from greenlight.brokers.ccxt.dialects import DIALECTS
from greenlight.brokers.ccxt.orders import NS_MS, Json
from greenlight.brokers.ccxt.settings import CcxtSettings
from greenlight.domain import FeedBar, Quote, Timeframe

_BARS_A_PAGE = 300  # what the least of the exchanges gives


class CcxtFeed:
    """The port `Feed`. now: stamps quotes that bear no time of their own, ns UTC."""

    name = "ccxt"

    def __init__(self, settings: CcxtSettings, now: Callable[[], int]) -> None:
        self._settings = replace(settings, key="", secret="")
        self._options = DIALECTS[settings.exchange].options
        self._client = Client(self._settings, self._options)
        self._now = now

    async def bars(
        self, instruments: Sequence[str], timeframe: Timeframe, start_ts: int, end_ts: int
    ) -> tuple[FeedBar, ...]:
        """Raw bars that opened from start_ts on and were closed by end_ts."""
        found: list[FeedBar] = []
        for symbol in instruments:
            await self._client.market(symbol)
            start = start_ts
            while start + timeframe.duration_ns <= end_ts:
                page = await self._page(symbol, timeframe, start)
                last = end_ts - timeframe.duration_ns
                found += [bar for bar in page if start <= bar.open_ts <= last]
                start += _BARS_A_PAGE * timeframe.duration_ns
        return tuple(found)

    async def quotes(self, instruments: Sequence[str]) -> AsyncIterator[Quote]:
        """Best bid and ask of every change; one connection."""
        client = Client(self._settings, self._options)
        try:
            await client.ask("markets", client.exchange.load_markets)
            async for told in client.listen(_streams(client.exchange, list(instruments))):
                if told["symbol"] in instruments and told.get("bid") and told.get("ask"):
                    yield self._quote(told["symbol"], told)
        finally:
            await client.close()

    async def close(self) -> None:
        """Give up connections."""
        await self._client.close()

    async def _page(self, symbol: str, timeframe: Timeframe, start_ts: int) -> list[FeedBar]:
        async def read() -> list[FeedBar]:
            rows = await self._client.exchange.fetch_ohlcv(
                symbol, timeframe.value, start_ts // NS_MS, _BARS_A_PAGE
            )
            return [FeedBar(symbol, int(ts) * NS_MS, *map(float, row)) for ts, *row in rows]

        return await self._client.ask(f"bars of {symbol}", read)

    def _quote(self, symbol: str, told: Json) -> Quote:
        stamp = told.get("timestamp")
        ts = self._now() if stamp is None else int(stamp) * NS_MS
        names = ("bid", "ask", "bidVolume", "askVolume")
        return Quote(symbol, ts, *(Decimal(str(told.get(name) or 0)) for name in names))


def _streams(exchange: Json, symbols: list[str]) -> list[Callable[[], Awaitable[list[Json]]]]:
    """Bid and ask where the exchange streams them apart, else its tickers, a symbol each."""

    async def touches() -> list[Json]:
        return list((await exchange.watch_bids_asks(symbols)).values())

    async def ticker(symbol: str) -> list[Json]:
        return [await exchange.watch_ticker(symbol)]

    if exchange.has.get("watchBidsAsks"):
        return [touches]
    return [partial(ticker, symbol) for symbol in symbols]
