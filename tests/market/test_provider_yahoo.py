"""Yahoo's chart API as it answers over HTTP."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from market_loopback import Asked, Naps, Reply, serving

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
from greenlight.market.providers import BarRequest, Page, ProviderSettings, provider

DAY_NS = 86_400_000_000_000


def ns(text: str) -> int:
    return int(np.datetime64(text, "ns").astype(np.int64))


def request(start: str, end: str, timeframe: Timeframe = Timeframe.D1) -> BarRequest:
    return BarRequest("AAPL", AssetClass.EQUITY, timeframe, ns(start), ns(end))


def chart(
    stamps: list[int],
    *,
    granularity: str = "1d",
    events: dict[str, object] | None = None,
    close: list[float | None] | None = None,
) -> dict[str, object]:
    close = [float(n + 1) for n in range(len(stamps))] if close is None else close
    quote = dict.fromkeys(("open", "high", "low", "close"), close) | {"volume": [5] * len(close)}
    result = {
        "meta": {"gmtoffset": -18_000, "dataGranularity": granularity},
        "timestamp": stamps,
        "indicators": {"quote": [quote]},
    }
    if events is not None:
        result["events"] = events
    return {"chart": {"result": [result], "error": None}}


def failure(code: str, words: str) -> dict[str, object]:
    return {"chart": {"result": None, "error": {"code": code, "description": words}}}


def fetch(url: str, wanted: BarRequest, naps: Naps | None = None) -> list[Page]:
    patience = (naps or Naps()).patience()
    source = provider("yahoo", ProviderSettings(base_url=url, patience=patience))
    assert source.capabilities.adjustment is Adjustment.SPLIT
    assert not source.capabilities.is_live
    return list(source.fetch(wanted))


def opening(day: str) -> int:
    """Stamp that Yahoo gives a session's daily bar: its open at 09:30 in New York, in winter."""
    return ns(f"{day}T14:30") // 1_000_000_000


def test_daily_bars_are_dated_and_come_with_splits_and_dividends() -> None:
    events = {
        "splits": {"1": {"date": opening("2020-01-03"), "numerator": 4.0, "denominator": 1.0}},
        "dividends": {"2": {"date": opening("2020-01-06"), "amount": 0.205}},
    }
    stamps = [opening(day) for day in ("2020-01-02", "2020-01-03", "2020-01-06")]
    with serving(lambda _: Reply(chart(stamps, events=events))) as server:
        (page,) = fetch(server.url, request("2020-01-01", "2020-02-01"))
    assert page.ts.tolist() == [ns("2020-01-02"), ns("2020-01-03"), ns("2020-01-06")]
    assert page.close.tolist() == [1.0, 2.0, 3.0]
    assert page.volume.tolist() == [5.0] * 3
    assert page.actions == (
        Split("AAPL", date(2020, 1, 3), Decimal(4)),
        CashDividend("AAPL", date(2020, 1, 6), Decimal("0.205")),
    )
    (asked,) = server.asked
    assert asked.path == "/v8/finance/chart/AAPL"
    assert asked.query["interval"] == "1d"
    assert asked.query["events"] == "div,splits"
    assert int(asked.query["period1"]) == ns("2020-01-01") // 10**9
    assert int(asked.query["period2"]) == ns("2020-02-01") // 10**9
    assert asked.headers["User-Agent"].startswith("Mozilla/5.0")


def test_holes_and_the_running_price_at_an_odd_second_are_left_out() -> None:
    first = ns("2020-01-02T14:30") // 10**9
    stamps = [first, first + 60, first + 120, first + 137]
    reply = Reply(chart(stamps, granularity="1m", close=[1.0, None, 3.0, 4.0]))
    with serving(lambda _: reply) as server:
        wanted = request("2020-01-02T14:30", "2020-01-02T15:00", Timeframe.M1)
        (page,) = fetch(server.url, wanted)
    assert page.close.tolist() == [1.0, 3.0]


def test_minutes_are_fetched_a_week_at_a_time_and_spans_without_data_are_passed_over() -> None:
    def answer(asked: Asked) -> Reply:
        start = int(asked.query["period1"])
        if start < ns("2020-01-08") // 10**9:
            words = "Data doesn't exist for startDate = 1, endDate = 2"
            return Reply(failure("Bad Request", words), status=400)
        return Reply(chart([start, start + 60], granularity="1m"))

    with serving(answer) as server:
        pages = fetch(server.url, request("2020-01-01", "2020-01-20", Timeframe.M1))
    spans = [(int(a.query["period1"]), int(a.query["period2"])) for a in server.asked]
    assert [(end - start) / 86_400 for start, end in spans] == [7, 7, 5]
    assert all(before[1] == after[0] for before, after in pairwise(spans))
    assert [page.ts[0] for page in pages] == [ns("2020-01-08"), ns("2020-01-15")]


def test_an_interrupted_fetch_goes_on_where_it_stopped_and_loses_and_repeats_nothing() -> None:
    is_down = True

    def answer(asked: Asked) -> Reply:
        start = int(asked.query["period1"])
        if is_down and start > ns("2020-01-02") // 10**9:
            return Reply("Will be right back", status=503)
        return Reply(chart([start, start + 60], granularity="1m"))

    naps = Naps()
    with serving(answer) as server:
        settings = ProviderSettings(base_url=server.url, patience=naps.patience())
        source = provider("yahoo", settings)
        wanted = request("2020-01-01", "2020-01-15", Timeframe.M1)
        pages = source.fetch(wanted)
        kept = [next(pages)]
        with pytest.raises(RetryError, match="yahoo: HTTP 503 Will be right back; gave up after 3"):
            next(pages)
        assert naps.taken == [1.0, 2.0]
        is_down = False
        rest = BarRequest(
            "AAPL", AssetClass.EQUITY, Timeframe.M1, int(kept[-1].ts[-1]) + 1, wanted.end
        )
        kept += source.fetch(rest)
    stamps = np.concatenate([page.ts for page in kept])
    assert np.all(np.diff(stamps) > 0)
    assert stamps[0] == ns("2020-01-01")


def test_retry_after_is_honoured() -> None:
    replies = [
        Reply("Too Many Requests", status=429, headers={"Retry-After": "17"}),
        Reply(chart([opening("2020-01-02")])),
    ]
    naps = Naps()
    with serving(lambda _: replies.pop(0)) as server:
        (page,) = fetch(server.url, request("2020-01-01", "2020-02-01"), naps)
    assert naps.taken == [17.0]
    assert page.count == 1


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (
            Reply(failure("Not Found", "No data found, symbol may be delisted"), status=404),
            UserError,
            "yahoo: AAPL: No data found, symbol may be delisted",
        ),
        (
            Reply(failure("Unprocessable", "must be within the last 60 days"), status=422),
            UserError,
            "must be within the last 60 days",
        ),
        (Reply("Forbidden", status=403), RefuseError, "yahoo: AAPL: HTTP 403 Forbidden"),
        (Reply("<html>oops</html>"), RetryError, "the answer is not JSON: <html>oops</html>"),
        (Reply({"chart": {"result": [], "error": None}}), RefuseError, "in a shape not known"),
        (Reply({"finance": 1}), RefuseError, "in a shape not known"),
        (Reply([1, 2]), RefuseError, "in a shape not known"),
        (Reply(chart([1], close=["x"])), RefuseError, "in a shape not known"),  # type: ignore[list-item]  # malformed on purpose
        (Reply(chart([1], granularity="1h")), RefuseError, "asked for 1d bars, it sent 1h"),
    ],
)
def test_failures_are_named_in_one_line(reply: Reply, kind: type[Exception], words: str) -> None:
    with serving(lambda _: reply) as server, pytest.raises(kind, match=words) as caught:
        fetch(server.url, request("2020-01-01", "2020-02-01"))
    assert "\n" not in str(caught.value)


def test_no_bars_are_no_pages() -> None:
    with serving(lambda _: Reply(chart([]))) as server:
        assert fetch(server.url, request("2020-01-01", "2020-02-01")) == []


def test_a_host_that_cannot_be_reached_is_a_passing_failure() -> None:
    with serving(lambda _: Reply()) as server:
        url = server.url
    with pytest.raises(RetryError, match=r"yahoo: 127.0.0.1 failed \(ConnectError\); gave up"):
        fetch(url, request("2020-01-01", "2020-02-01"))


def test_long_daily_histories_come_in_pages_that_meet_at_a_midnight() -> None:
    def answer(asked: Asked) -> Reply:
        days = range(int(asked.query["period1"]), int(asked.query["period2"]), 86_400)
        return Reply(chart([day + 52_200 for day in days]))

    with serving(answer) as server:
        pages = fetch(server.url, request("1990-01-01T07:00", "2020-01-01"))
    assert len(pages) == 2
    stamps = np.concatenate([page.ts for page in pages])
    assert stamps[0] == ns("1990-01-01")
    assert stamps[-1] == ns("2019-12-31")
    assert np.all(np.diff(stamps) == DAY_NS)
