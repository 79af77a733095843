import asyncio

import httpx
import pytest
from alpaca_words import feeding, says

from greenlight.brokers.alpaca.texts import time_ns
from greenlight.domain import FeedBar, RetryError, Timeframe

LATE = time_ns("2030-01-01T00:00:00Z")
DAY = time_ns("2026-09-21T00:00:00Z")
NS_HOUR = 3_600_000_000_000


def row(text: str, close: float = 2.0, **fields: float) -> dict[str, object]:
    """A bar as Alpaca tells it."""
    return {"t": text, "o": 1, "h": 3.5, "l": 0.5, "c": close, "v": 100, "n": 1, "vw": 2} | fields


def asked(handler, *arguments, now=LATE):
    async def go():
        feed = feeding(handler, now)
        try:
            return await feed.bars(*arguments)
        finally:
            await feed.close()

    return asyncio.run(go())


def page(token=None, **bars):
    return {"bars": bars, "next_page_token": token}


def test_minutes_are_asked_for_raw_from_the_feed_and_read_as_they_are():
    seen = []

    def handler(request):
        seen.append(request.url)
        return httpx.Response(200, json=page(SPY=[row("2026-09-21T13:30:00Z")]))

    bars = asked(handler, ["SPY", "QQQ"], Timeframe.M1, DAY, DAY + 24 * NS_HOUR)
    assert bars == (FeedBar("SPY", time_ns("2026-09-21T13:30:00Z"), 1.0, 3.5, 0.5, 2.0, 100.0),)
    params = dict(seen[0].params)
    assert seen[0].path == "/v2/stocks/bars"
    assert (params["symbols"], params["timeframe"]) == ("SPY,QQQ", "1Min")
    assert (params["adjustment"], params["feed"]) == ("raw", "iex")
    assert params["start"] == "2026-09-21T00:00:00.000000000Z"
    assert len(seen) == 1


def test_pages_are_followed_to_the_last():
    def handler(request):
        token = request.url.params.get("page_token")
        pages = {None: "b", "b": "c", "c": None}
        minute = {None: 30, "b": 31, "c": 32}[token]
        bars = {"SPY": [row(f"2026-09-21T13:{minute}:00Z")]}
        return httpx.Response(200, json={"bars": bars, "next_page_token": pages[token]})

    assert len(asked(handler, ["SPY"], Timeframe.M1, DAY, DAY + 24 * NS_HOUR)) == 3


def test_bars_outside_of_what_was_asked_for_are_left_out():
    rows = [row(f"2026-09-21T13:3{n}:00Z") for n in range(3)]
    start = time_ns("2026-09-21T13:30:00Z")
    bars = asked(says(200, page(SPY=rows)), ["SPY"], Timeframe.M1, start + 1, start + NS_HOUR // 30)
    assert [one.open_ts for one in bars] == [time_ns("2026-09-21T13:31:00Z")]


def test_a_bar_in_progress_is_left_out():
    rows = [row(f"2026-09-21T13:3{n}:00Z") for n in range(3)]
    now = time_ns("2026-09-21T13:32:30Z")
    bars = asked(says(200, page(SPY=rows)), ["SPY"], Timeframe.M1, DAY, DAY + 24 * NS_HOUR, now=now)
    assert len(bars) == 2


@pytest.mark.parametrize(
    ("now", "count"), [("2026-09-21T19:59:59Z", 0), ("2026-09-21T20:00:00Z", 1)]
)
def test_a_day_of_an_equity_bears_its_date_and_is_over_with_its_session(now, count):
    answer = says(200, page(SPY=[row("2026-09-21T04:00:00Z")]))
    end = DAY + 24 * NS_HOUR
    bars = asked(answer, ["SPY"], Timeframe.D1, DAY, end, now=time_ns(now))
    assert [one.open_ts for one in bars] == [DAY] * count


def test_a_half_day_is_over_at_its_own_close():
    answer = says(200, page(SPY=[row("2026-11-27T05:00:00Z")]))
    day = time_ns("2026-11-27T00:00:00Z")
    end = day + 24 * NS_HOUR
    for now, count in (("2026-11-27T17:59:59Z", 0), ("2026-11-27T18:00:00Z", 1)):
        assert len(asked(answer, ["SPY"], Timeframe.D1, day, end, now=time_ns(now))) == count


def test_a_day_of_a_pair_is_made_of_its_hours_in_utc():
    hours = [
        row(f"2026-09-21T{n:02d}:00:00Z", close=float(n), h=100 - n, l=n + 1) for n in range(24)
    ]
    hours.append(row("2026-09-22T00:00:00Z", close=99.0))

    def handler(request):
        assert request.url.path == "/v1beta3/crypto/us/bars"
        assert request.url.params["timeframe"] == "1Hour"
        assert "feed" not in request.url.params
        return httpx.Response(200, json=page(**{"BTC/USD": hours}))

    bars = asked(handler, ["BTC/USD"], Timeframe.D1, DAY, DAY + 24 * NS_HOUR)
    assert bars == (FeedBar("BTC/USD", DAY, 1.0, 100.0, 1.0, 23.0, 2400.0),)


def test_equities_and_pairs_are_asked_for_where_each_of_them_is():
    paths = []

    def handler(request):
        paths.append(request.url.path)
        return httpx.Response(200, json=page())

    assert asked(handler, ["SPY", "BTC/USD"], Timeframe.M1, DAY, DAY + NS_HOUR) == ()
    assert paths == ["/v2/stocks/bars", "/v1beta3/crypto/us/bars"]


def test_many_symbols_are_asked_for_in_addresses_of_a_length_that_passes():
    asked_for = []

    def handler(request):
        asked_for.extend(request.url.params["symbols"].split(","))
        assert len(str(request.url)) < 6000
        return httpx.Response(200, json=page())

    names = [f"S{n:04d}" for n in range(2000)]
    asked(handler, names, Timeframe.M1, DAY, DAY + NS_HOUR)
    assert asked_for == names


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"bars": {"SPY": [{"t": "2026-09-21T13:30:00Z"}]}},
        {"bars": {"SPY": [row("yesterday")]}},
        {"bars": {"SPY": [row("2026-09-21T13:30:00Z", c=None)]}},
        {"bars": {"SPY": [row("2026-09-21T13:30:00Z", c="NaN")]}},
        {"bars": [5]},
        [],
    ],
)
def test_bars_that_cannot_be_read_may_be_asked_for_again(body):
    with pytest.raises(RetryError, match="cannot be read"):
        asked(says(200, body), ["SPY"], Timeframe.M1, DAY, DAY + NS_HOUR)


def test_no_bars_at_all_are_none():
    for body in (page(), {"bars": None, "next_page_token": None}, page(SPY=None)):
        assert asked(says(200, body), ["SPY"], Timeframe.M1, DAY, DAY + NS_HOUR) == ()
