"""Crypto exchanges through ccxt, over HTTP; Bitstamp stands for them all."""

from collections.abc import Callable

import numpy as np
import pytest
from market_loopback import Asked, Loopback, Naps, Reply, serving

from greenlight.domain import AssetClass, RefuseError, RetryError, Timeframe, UserError
from greenlight.market.bars import Adjustment
from greenlight.market.providers import BarRequest, Page, Provider, ProviderSettings, provider

HOUR = 3_600_000_000_000
MARKETS = [
    {
        "name": "BTC/USD",
        "market_symbol": "btcusd",
        "base_currency": "BTC",
        "base_decimals": 8,
        "counter_currency": "USD",
        "counter_decimals": 0,
        "minimum_order_value": "10",
        "trading": "Enabled",
        "description": "Bitcoin / U.S. dollar",
        "market_type": "SPOT",
    }
]


def ns(text: str) -> int:
    return int(np.datetime64(text, "ns").astype(np.int64))


def request(start: str, end: str, symbol: str = "BTC/USD") -> BarRequest:
    return BarRequest(symbol, AssetClass.CRYPTO, Timeframe.H1, ns(start), ns(end))


def candle(second: int) -> dict[str, str]:
    price = str(100 + second // 3_600 % 24)
    prices = dict.fromkeys(("open", "high", "low", "close"), price)
    return {"timestamp": str(second), "volume": "1.5", **prices}


def exchange(candles: Callable[[Asked], Reply]) -> Callable[[Asked], Reply]:
    """Bitstamp with one market; candles as given."""
    return lambda asked: candles(asked) if "/ohlc/" in asked.path else Reply(MARKETS)


def body(seconds: list[int]) -> Reply:
    return Reply({"data": {"pair": "BTC/USD", "ohlc": [candle(second) for second in seconds]}})


def history(first: str, last: str) -> Callable[[Asked], Reply]:
    """All hours between two moments, within the window that is asked for."""

    def candles(asked: Asked) -> Reply:
        start, end = int(asked.query["start"]), int(asked.query["end"])
        hours = range(ns(first) // 10**9, ns(last) // 10**9, 3_600)
        return body([hour for hour in hours if start <= hour <= end])

    return candles


def source_at(server: Loopback, naps: Naps | None = None) -> Provider:
    patience = (naps or Naps()).patience()
    settings = ProviderSettings(base_url=server.url, exchange="bitstamp", patience=patience)
    return provider("ccxt", settings)


def fetch(server: Loopback, wanted: BarRequest, naps: Naps | None = None) -> list[Page]:
    source = source_at(server, naps)
    assert source.capabilities.adjustment is Adjustment.RAW
    assert Timeframe.H1 in source.capabilities.timeframes[AssetClass.CRYPTO]
    return list(source.fetch(wanted))


def test_pages_follow_each_other_without_gap_or_overlap_up_to_the_end() -> None:
    with serving(exchange(history("2023-01-01", "2024-01-01"))) as server:
        pages = fetch(server, request("2023-02-01", "2023-05-01T00:30"))
    stamps = np.concatenate([page.ts for page in pages])
    assert len(pages) > 1
    assert stamps[0] == ns("2023-02-01")
    assert stamps[-1] == ns("2023-04-30T23:00")  # the next one is not complete by the end
    assert np.all(np.diff(stamps) == HOUR)
    assert pages[0].close[5] == 105.0
    assert pages[0].volume[0] == 1.5


def test_a_window_before_the_first_bar_of_a_market_does_not_end_the_walk() -> None:
    with serving(exchange(history("2023-06-01", "2023-06-03"))) as server:
        pages = fetch(server, request("2023-01-01", "2023-07-01"))
    stamps = np.concatenate([page.ts for page in pages])
    assert (stamps[0], stamps[-1]) == (ns("2023-06-01"), ns("2023-06-02T23:00"))


def test_an_exchange_that_answers_with_older_bars_does_not_hold_up_the_walk() -> None:
    old = body([ns("2020-01-01") // 10**9])
    with serving(exchange(lambda _: old)) as server:
        assert fetch(server, request("2023-01-01", "2023-02-01")) == []


def test_the_pace_the_exchange_asks_for_is_kept_between_requests() -> None:
    naps = Naps()
    with serving(exchange(history("2023-01-01", "2023-01-02"))) as server:
        fetch(server, request("2023-01-01", "2023-01-02"), naps)
    assert len(naps.taken) == 1
    assert 0 < naps.taken[0] < 5


def test_an_interrupted_fetch_resumes_after_the_last_bar_received() -> None:
    whole = history("2023-01-01", "2023-06-01")
    is_down = True

    def candles(asked: Asked) -> Reply:
        if is_down and int(asked.query["start"]) > ns("2023-01-01") // 10**9:
            return Reply("bad gateway", status=502)
        return whole(asked)

    with serving(exchange(candles)) as server:
        wanted = request("2023-01-01", "2023-06-01")
        pages = source_at(server).fetch(wanted)
        kept = [next(pages)]
        with pytest.raises(RetryError, match=r"bitstamp: .*502.*gave up after 3 attempts"):
            next(pages)
        is_down = False
        after = int(kept[-1].ts[-1]) + HOUR
        rest = BarRequest("BTC/USD", AssetClass.CRYPTO, Timeframe.H1, after, wanted.end)
        kept += fetch(server, rest)
    stamps = np.concatenate([page.ts for page in kept])
    assert len(stamps) == 151 * 24
    assert np.all(np.diff(stamps) == HOUR)


def test_the_markets_are_loaded_once_however_many_symbols_are_fetched() -> None:
    with serving(exchange(history("2023-01-01", "2023-01-02"))) as server:
        source = source_at(server)
        for _ in range(2):
            list(source.fetch(request("2023-01-01", "2023-01-02")))
    lists = [asked for asked in server.asked if "/ohlc/" not in asked.path]
    assert len(lists) == len({asked.path for asked in lists})


def test_retry_after_is_honoured() -> None:
    replies = [
        Reply("slow down", status=429, headers={"Retry-After": "13"}),
        body([ns("2023-01-01") // 10**9]),
    ]
    naps = Naps()
    with serving(exchange(lambda _: replies.pop(0))) as server:
        (page,) = fetch(server, request("2023-01-01", "2023-01-01T01:00"), naps)
    assert 13.0 in naps.taken
    assert page.count == 1


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (Reply("<html>", status=503), RetryError, "bitstamp: ExchangeNotAvailable"),
        (Reply({"status": "error", "reason": "Invalid pair"}, status=400), RefuseError, "bitstamp"),
        (
            Reply("<html>we are checking your browser"),
            RetryError,
            "not JSON: <html>we are checking",
        ),
    ],
)
def test_failures_are_named_in_one_line(reply: Reply, kind: type[Exception], words: str) -> None:
    with serving(exchange(lambda _: reply)) as server, pytest.raises(kind, match=words) as caught:
        fetch(server, request("2023-01-01", "2023-01-02"))
    assert "\n" not in str(caught.value)


def test_unknown_exchanges_and_markets_are_answered_with_the_nearest() -> None:
    with pytest.raises(UserError, match="ccxt knows no exchange krakn: did you mean kraken"):
        provider("ccxt", ProviderSettings(exchange="krakn"))
    with (
        serving(exchange(history("2023-01-01", "2023-01-02"))) as server,
        pytest.raises(UserError, match="bitstamp has no market BTC/USDT: did you mean BTC/USD"),
    ):
        fetch(server, request("2023-01-01", "2023-01-02", "BTC/USDT"))
