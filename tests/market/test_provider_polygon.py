"""Polygon's aggregates and reference data as they answer over HTTP; the key is never told."""

import logging
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from market_loopback import Asked, Loopback, Naps, Reply, serving

from greenlight.domain import (
    AssetClass,
    CashDividend,
    RefuseError,
    RetryError,
    Split,
    Timeframe,
    UserError,
)
from greenlight.market.bars import Adjustment
from greenlight.market.providers import BarRequest, Page, Provider, ProviderSettings, provider

KEY = "pk_very_secret_0123456789"


def ns(text: str) -> int:
    return int(np.datetime64(text, "ns").astype(np.int64))


def request(
    start: str, end: str, timeframe: Timeframe = Timeframe.D1, symbol: str = "AAPL"
) -> BarRequest:
    asset_class = AssetClass.CRYPTO if symbol.startswith("X:") else AssetClass.EQUITY
    return BarRequest(symbol, asset_class, timeframe, ns(start), ns(end))


def bar(moment: str, close: float) -> dict[str, float]:
    t = ns(moment) // 1_000_000
    return {"t": t, "o": close, "h": close, "l": close, "c": close, "v": 7, "vw": close, "n": 3}


def body(rows: list[dict[str, float]], next_url: str | None = None) -> Reply:
    answer: dict[str, object] = {"status": "OK", "resultsCount": len(rows), "request_id": "r"}
    if rows:  # Polygon omits an empty list
        answer["results"] = rows
    if next_url is not None:
        answer["next_url"] = next_url
    return Reply(answer)


def quiet(bars: Callable[[Asked], Reply]) -> Callable[[Asked], Reply]:
    """No corporate actions; bars as given."""
    return lambda asked: body([]) if asked.path.startswith("/v3/") else bars(asked)


def source_at(server: Loopback, naps: Naps | None = None) -> Provider:
    settings = ProviderSettings(
        base_url=server.url,
        environment={"POLYGON_API_KEY": KEY},
        patience=(naps or Naps()).patience(),
    )
    return provider("polygon", settings)


def fetch(server: Loopback, wanted: BarRequest, naps: Naps | None = None) -> list[Page]:
    source = source_at(server, naps)
    assert source.capabilities.adjustment is Adjustment.RAW
    return list(source.fetch(wanted))


def test_pages_are_followed_on_our_own_host_with_the_key_in_a_header_only() -> None:
    def bars(asked: Asked) -> Reply:
        if "cursor" not in asked.query:
            following = "https://api.polygon.io/v2/aggs/ticker/AAPL/range/1/day/1/2?cursor=abc%3D"
            return body([bar("2024-01-02T05:00", 1.0)], following)
        return body([bar("2024-01-03T05:00", 2.0)])

    with serving(quiet(bars)) as server:
        pages = fetch(server, request("2024-01-01", "2024-02-01"))
    assert [page.ts.tolist() for page in pages] == [[ns("2024-01-02")], [ns("2024-01-03")]]
    assert [page.close.tolist() for page in pages] == [[1.0], [2.0]]
    asked = [a for a in server.asked if a.path.startswith("/v2/")]
    assert asked[0].path == "/v2/aggs/ticker/AAPL/range/1/day/2024-01-01/2024-01-31"
    assert asked[0].query == {"sort": "asc", "adjusted": "false", "limit": "50000"}
    assert asked[1].query == {"cursor": "abc="}
    for each in server.asked:
        assert each.headers["Authorization"] == f"Bearer {KEY}"
        assert KEY not in each.path + str(each.query)


def test_splits_and_dividends_come_before_the_first_bar() -> None:
    def answer(asked: Asked) -> Reply:
        if asked.path == "/v3/reference/splits":
            assert asked.query["execution_date.gte"] == "2020-08-01"
            assert asked.query["execution_date.lte"] == "2020-08-31"
            row = {"execution_date": "2020-08-31", "split_from": 1, "split_to": 4, "ticker": "AAPL"}
            return Reply({"status": "OK", "results": [row]})
        if asked.path == "/v3/reference/dividends":
            day = "2020-08-07"
            paid = [{"ex_dividend_date": day, "cash_amount": a} for a in (0.82, 0.1)]
            return Reply({"status": "OK", "results": paid})
        return body([bar("2020-08-31T04:00", 1.0)])

    with serving(answer) as server:
        pages = fetch(server, request("2020-08-01", "2020-09-01"))
    assert pages[0].count == 0
    assert pages[0].actions == (
        CashDividend("AAPL", date(2020, 8, 7), Decimal("0.92")),  # two on one day add up
        Split("AAPL", date(2020, 8, 31), Decimal(4)),
    )
    assert pages[1].ts.tolist() == [ns("2020-08-31")]


def test_minutes_of_crypto_ask_for_instants_and_for_no_actions() -> None:
    with serving(lambda _: body([bar("2024-01-01T00:05", 5.0)])) as server:
        wanted = request("2024-01-01T00:05", "2024-01-01T01:00", Timeframe.M5, "X:BTCUSD")
        (page,) = fetch(server, wanted)
    (asked,) = server.asked
    start, end = ns("2024-01-01T00:05") // 10**6, ns("2024-01-01T01:00") // 10**6 - 1
    assert asked.path == f"/v2/aggs/ticker/X%3ABTCUSD/range/5/minute/{start}/{end}"
    assert page.ts.tolist() == [ns("2024-01-01T00:05")]


def test_an_interrupted_fetch_resumes_after_the_last_bar_received() -> None:
    days = ["2024-01-02", "2024-01-03", "2024-01-04"]
    is_down = True

    def bars(asked: Asked) -> Reply:
        if "cursor" in asked.query:
            return Reply("bad gateway", status=502) if is_down else body([])
        start = asked.path.split("/")[-2]
        left = [bar(f"{day}T05:00", 1.0) for day in days if day >= start]
        return body(left[:2], f"{server.url}/next?cursor=1")

    with serving(quiet(bars)) as server:
        source = source_at(server)
        pages = source.fetch(request("2024-01-01", "2024-02-01"))
        kept = [next(pages)]
        with pytest.raises(RetryError, match="polygon: HTTP 502 bad gateway; gave up after 3"):
            next(pages)
        is_down = False
        kept += fetch(server, request("2024-01-04", "2024-02-01"))
    stamps = np.concatenate([page.ts for page in kept])
    assert stamps.tolist() == [ns(day) for day in days]


def test_retry_after_is_honoured_and_a_long_one_is_not_sat_out() -> None:
    limit = {"status": "ERROR", "error": "You've exceeded the maximum requests per minute"}
    waits = ["12"]

    def bars(_: Asked) -> Reply:
        if waits:
            return Reply(limit, status=429, headers={"Retry-After": waits.pop()})
        return body([bar("2024-01-02T05:00", 1.0)])

    naps = Naps()
    with serving(quiet(bars)) as server:
        assert len(fetch(server, request("2024-01-01", "2024-02-01"), naps)) == 1
        assert naps.taken == [12.0]
        waits.append("900")
        with pytest.raises(RetryError, match=r"exceeded the maximum.*asks to wait 900 s"):
            fetch(server, request("2024-01-01", "2024-02-01"), naps)
    assert naps.taken == [12.0]


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (
            Reply({"status": "ERROR", "error": f"Unknown API Key {KEY}"}, status=401),
            UserError,
            r"refused the key in POLYGON_API_KEY: .*Unknown API Key \*\*\*",
        ),
        (
            Reply({"status": "NOT_AUTHORIZED", "message": "Your plan doesn't include"}, status=403),
            RefuseError,
            "HTTP 403 .*Your plan doesn't include",
        ),
        (Reply({"status": "ERROR", "error": "bad range"}, status=400), UserError, "bad range"),
        (Reply(f"<html>{KEY}</html>"), RetryError, r"not JSON: <html>\*\*\*</html>"),
        (Reply({"results": [{"t": 1}]}), RefuseError, "bars of AAPL came in a shape not known"),
        (Reply({"results": [{"t": "x", "o": 1}]}), RefuseError, "shape not known"),
        (Reply([]), RefuseError, "shape not known"),
        (Reply(f"{KEY} fell over", status=500), RetryError, r"HTTP 500 \*\*\* fell over"),
    ],
)
def test_failures_are_named_without_the_key(
    reply: Reply, kind: type[Exception], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with (
        serving(quiet(lambda _: reply)) as server,
        pytest.raises(kind, match=words) as caught,
    ):
        fetch(server, request("2024-01-01", "2024-02-01"))
    error: BaseException | None = caught.value
    assert "\n" not in str(error)
    while error is not None:
        assert KEY not in str(error)
        error = error.__cause__
    assert KEY not in caplog.text


def test_a_next_page_that_was_sent_already_ends_the_walk() -> None:
    def bars(_: Asked) -> Reply:
        return body([bar("2024-01-02T05:00", 1.0)], "https://api.polygon.io/v2/again?cursor=1")

    with serving(quiet(bars)) as server, pytest.raises(RefuseError, match="sent already"):
        fetch(server, request("2024-01-01", "2024-02-01"))


def test_no_bars_are_no_pages_and_no_key_is_said_before_anything_is_asked() -> None:
    with serving(lambda _: body([])) as server:
        assert fetch(server, request("2024-01-01", "2024-02-01")) == []
    with pytest.raises(UserError, match="polygon needs a key: set POLYGON_API_KEY"):
        next(provider("polygon", ProviderSettings()).fetch(request("2024-01-01", "2024-02-01")))
