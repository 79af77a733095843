"""Alpaca's market data through its own client library, over HTTP."""

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

# alpaca-py imports a part of websockets that is to go; pyproject turns warnings into errors
pytestmark = pytest.mark.filterwarnings("ignore:websockets.legacy is deprecated")

KEY, SECRET = "PKTESTKEY0123456789", "very-secret-0123456789"
ENVIRONMENT = {"APCA_API_KEY_ID": KEY, "APCA_API_SECRET_KEY": SECRET}


def ns(text: str) -> int:
    return int(np.datetime64(text, "ns").astype(np.int64))


def request(
    start: str, end: str, timeframe: Timeframe = Timeframe.D1, symbol: str = "AAPL"
) -> BarRequest:
    asset_class = AssetClass.CRYPTO if "/" in symbol else AssetClass.EQUITY
    return BarRequest(symbol, asset_class, timeframe, ns(start), ns(end))


def bar(moment: str, close: float) -> dict[str, object]:
    return {
        "t": moment,
        "o": close,
        "h": close,
        "l": close,
        "c": close,
        "v": 9,
        "n": 1,
        "vw": close,
    }


def body(rows: list[dict[str, object]], token: str | None = None, symbol: str = "AAPL") -> Reply:
    return Reply({"bars": {symbol: rows} if rows else {}, "next_page_token": token})


def quiet(bars: Callable[[Asked], Reply]) -> Callable[[Asked], Reply]:
    """No corporate actions; bars as given."""
    none = Reply({"corporate_actions": {}, "next_page_token": None})
    return lambda asked: none if asked.path == "/v1/corporate-actions" else bars(asked)


def source_at(
    server: Loopback, naps: Naps | None = None, environment: dict[str, str] | None = None
) -> Provider:
    settings = ProviderSettings(
        base_url=server.url,
        environment=ENVIRONMENT if environment is None else environment,
        patience=(naps or Naps()).patience(),
    )
    return provider("alpaca", settings)


def fetch(server: Loopback, wanted: BarRequest, naps: Naps | None = None) -> list[Page]:
    source = source_at(server, naps)
    assert source.capabilities.adjustment is Adjustment.RAW
    return list(source.fetch(wanted))


def test_raw_daily_bars_are_asked_for_and_dated() -> None:
    rows = [bar("2022-02-01T05:00:00Z", 174.61), bar("2022-02-02T05:00:00Z", 175.84)]
    with serving(quiet(lambda _: body(rows))) as server:
        (page,) = fetch(server, request("2022-02-01", "2022-02-03"))
    assert page.ts.tolist() == [ns("2022-02-01"), ns("2022-02-02")]
    assert page.close.tolist() == [174.61, 175.84]
    assert page.volume.tolist() == [9.0, 9.0]
    asked = server.asked[-1]
    assert asked.path == "/v2/stocks/bars"
    assert asked.query["symbols"] == "AAPL"
    assert asked.query["timeframe"] == "1Day"
    assert asked.query["adjustment"] == "raw"
    assert asked.query["feed"] == "iex"
    assert asked.query["limit"] == "10000"
    assert asked.query["start"].startswith("2022-02-01T00:00:00")
    assert asked.query["end"].startswith("2022-02-02T23:59:59")
    assert asked.headers["APCA-API-KEY-ID"] == KEY
    assert asked.headers["APCA-API-SECRET-KEY"] == SECRET


def test_splits_stock_and_cash_dividends_come_before_the_first_bar() -> None:
    def answer(asked: Asked) -> Reply:
        if asked.path != "/v1/corporate-actions":
            return body([bar("2023-08-22T04:00:00Z", 1.0)])
        wanted = {"forward_split", "reverse_split", "stock_dividend", "cash_dividend"}
        assert set(asked.query["types"].split(",")) == wanted
        assert (asked.query["start"], asked.query["end"]) == ("2023-05-01", "2023-08-31")
        tables = {
            "forward_splits": [{"ex_date": "2023-08-22", "new_rate": 2, "old_rate": 1}],
            "reverse_splits": [{"ex_date": "2023-08-24", "new_rate": 1, "old_rate": 50}],
            "stock_dividends": [{"ex_date": "2023-05-19", "rate": 0.05}],
            "cash_dividends": [
                {"ex_date": "2023-05-04", "rate": 0.125, "special": False},
                {"ex_date": "2023-05-04", "rate": 1, "special": True},
            ],
        }
        return Reply({"corporate_actions": tables, "next_page_token": None})

    with serving(answer) as server:
        pages = fetch(server, request("2023-05-01", "2023-09-01"))
    assert pages[0].actions == (
        CashDividend("AAPL", date(2023, 5, 4), Decimal("1.125")),
        Split("AAPL", date(2023, 5, 19), Decimal("1.05")),
        Split("AAPL", date(2023, 8, 22), Decimal(2)),
        Split("AAPL", date(2023, 8, 24), Decimal("0.02")),
    )
    assert [page.count for page in pages] == [0, 1]


def minutes(start: str, count: int) -> list[dict[str, object]]:
    stamps = np.datetime64(start, "m") + np.arange(count)
    return [bar(f"{stamp}:00Z", 1.0) for stamp in stamps]


def test_page_tokens_and_full_pages_are_followed_to_the_end() -> None:
    """A page of ours may be several answers; behind a full one there may be a next."""
    every = minutes("2024-01-01T00:00", 10_500)

    def bars(asked: Asked) -> Reply:
        start = asked.query["start"][:19]
        left = [row for row in every if str(row["t"])[:19] >= start]
        # the first answer falls short of the limit, and says so with a token
        if asked.query.get("page_token") == "more":
            return body(left[4_000 : 4_000 + int(asked.query["limit"])], symbol="BTC/USD")
        return body(left[:4_000], "more" if len(left) > 4_000 else None, symbol="BTC/USD")

    with serving(bars) as server:
        wanted = request("2024-01-01", "2024-02-01", Timeframe.M1, "BTC/USD")
        pages = fetch(server, wanted)
    assert [page.count for page in pages] == [10_000, 500]
    stamps = np.concatenate([page.ts for page in pages])
    assert np.all(np.diff(stamps) >= 60_000_000_000)
    assert server.asked[0].path == "/v1beta3/crypto/us/bars"


def test_an_interrupted_fetch_resumes_after_the_last_bar_received() -> None:
    every = minutes("2024-01-01T00:00", 10_005)
    is_down = True

    def bars(asked: Asked) -> Reply:
        start = asked.query["start"][:19]
        if is_down and start > "2024-01-01T00:00:00":
            return Reply({"message": "internal server error"}, status=500)
        left = [row for row in every if str(row["t"])[:19] >= start]
        return body(left[:10_000], symbol="BTC/USD")

    naps = Naps()
    with serving(bars) as server:
        wanted = request("2024-01-01", "2024-02-01", Timeframe.M1, "BTC/USD")
        pages = source_at(server, naps).fetch(wanted)
        kept = [next(pages)]
        with pytest.raises(RetryError, match=r"alpaca: HTTP 500 .*gave up after 3 attempts"):
            next(pages)
        assert naps.taken == [1.0, 2.0]
        is_down = False
        after = int(kept[-1].ts[-1]) + 60_000_000_000
        rest = BarRequest("BTC/USD", AssetClass.CRYPTO, Timeframe.M1, after, wanted.end)
        kept += fetch(server, rest)
    stamps = np.concatenate([page.ts for page in kept])
    assert len(stamps) == 10_005
    assert np.all(np.diff(stamps) == 60_000_000_000)


def test_the_client_s_own_retries_are_off_and_retry_after_is_honoured() -> None:
    replies = [
        Reply({"message": "too many requests."}, status=429, headers={"Retry-After": "21"}),
        Reply({"message": "gateway time-out"}, status=504),
        body([bar("2022-02-01T05:00:00Z", 1.0)]),
    ]
    naps = Naps()
    with serving(quiet(lambda _: replies.pop(0))) as server:
        (page,) = fetch(server, request("2022-02-01", "2022-02-03"), naps)
    assert naps.taken == [21.0, 2.0]
    assert page.count == 1
    assert len(server.asked) == 4  # actions, and three tries: none by the client itself


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (Reply({"message": "forbidden."}, status=403), UserError, "refused the keys in APCA_API"),
        (Reply(f"no {SECRET}", status=401), UserError, r"APCA_API_SECRET_KEY: no \*\*\*"),
        (
            Reply({"message": "subscription does not permit querying SIP data"}, status=403),
            RefuseError,
            "HTTP 403 .*subscription does not permit",
        ),
        (Reply({"message": "invalid symbol: A!"}, status=422), UserError, "invalid symbol: A!"),
        (Reply(f"{KEY} broke", status=500), RetryError, r"HTTP 500 \*\*\* broke; gave up"),
        (Reply("<html>"), RetryError, "alpaca: the request failed"),
        (Reply({"what": 1}), RefuseError, "alpaca: the answer came in a shape not known"),
        (Reply({"bars": {"AAPL": [{"t": "never"}]}}), RefuseError, "shape not known"),
        (Reply({"bars": {"AAPL": [{"o": 1.0}]}}), RefuseError, "shape not known"),
        (Reply("", status=200), RefuseError, "shape not known"),
    ],
)
def test_failures_are_named_without_the_keys(
    reply: Reply, kind: type[Exception], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(quiet(lambda _: reply)) as server, pytest.raises(kind, match=words) as caught:
        fetch(server, request("2022-02-01", "2022-02-03"))
    error: BaseException | None = caught.value
    assert "\n" not in str(error)
    while error is not None:
        assert KEY not in str(error)
        assert SECRET not in str(error)
        error = error.__cause__
    assert SECRET not in caplog.text


def test_the_older_names_of_the_keys_are_understood_and_missing_ones_are_named() -> None:
    older = {"ALPACA_KEY_ID": KEY, "ALPACA_SECRET_KEY": SECRET}
    wanted = request("2022-02-01", "2022-02-03")
    with serving(quiet(lambda _: body([]))) as server:
        assert list(source_at(server, environment=older).fetch(wanted)) == []
        assert server.asked[0].headers["APCA-API-SECRET-KEY"] == SECRET
        with pytest.raises(UserError, match="alpaca needs a key: set APCA_API_SECRET_KEY or"):
            list(source_at(server, environment={"APCA_API_KEY_ID": KEY}).fetch(wanted))


def test_a_host_that_cannot_be_reached_is_a_passing_failure() -> None:
    with serving(quiet(lambda _: body([]))) as server:
        pass
    with pytest.raises(RetryError, match=r"the request failed \(ConnectionError\); gave up"):
        fetch(server, request("2022-02-01", "2022-02-03"))


def test_an_unknown_feed_is_refused() -> None:
    settings = ProviderSettings(environment=ENVIRONMENT, feed="all")
    with pytest.raises(UserError, match="alpaca has no feed all"):
        next(provider("alpaca", settings).fetch(request("2022-02-01", "2022-02-03")))
