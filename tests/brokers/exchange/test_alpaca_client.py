"""The unmodified alpaca-py client against the served exchange."""

import asyncio
import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from alpaca_flows import crypto_flow, stock_orders, stock_prices

from greenlight.brokers.exchange.names import nanoseconds

# the client's own use of pandas
PANDAS = pytest.mark.filterwarnings("ignore:The inplace keyword")
NOW = datetime(2024, 3, 4, 14, 30, tzinfo=UTC)


@pytest.fixture
def trading(serve, alpaca):
    served = serve()
    return served, alpaca.trading.client.TradingClient("key", "secret", url_override=served.url)


@PANDAS
def test_every_call_of_the_official_stock_example_runs(trading, alpaca):
    served, client = trading
    seen = stock_orders(client) | stock_prices(alpaca, client, served.url)
    assert float(seen["position"].qty) > 10.5
    assert len(seen["bars"]) == 2
    assert len(seen["trades"]) == len(seen["quotes"]) == 2
    assert seen["latest"]["SPY"].ask_price > seen["latest"]["SPY"].bid_price
    assert {order.status for order in seen["open"]} <= {"new", "held", "accepted"}


@PANDAS
def test_every_call_of_the_official_crypto_example_runs(trading, alpaca):
    served, client = trading
    seen = crypto_flow(alpaca, client, served.url)
    assert seen["position"].symbol == "BTCUSD"
    assert 0 < float(seen["position"].qty) < 0.011
    assert len(seen["bars"]) == 2


def test_account_clock_calendar_assets_and_watchlists(trading):
    from alpaca.trading.requests import (
        CreateWatchlistRequest,
        GetCalendarRequest,
        GetPortfolioHistoryRequest,
        UpdateWatchlistRequest,
    )

    _, client = trading
    account, clock = client.get_account(), client.get_clock()
    assert (account.cash, account.buying_power, account.status) == ("100000", "200000", "ACTIVE")
    assert clock.is_open
    assert clock.timestamp.astimezone(UTC) == NOW
    days = client.get_calendar(GetCalendarRequest(start=date(2024, 7, 1), end=date(2024, 7, 5)))
    assert [(day.date.day, day.close.hour) for day in days] == [(1, 16), (2, 16), (3, 13), (5, 16)]
    assert client.get_asset("BTC/USD").id == client.get_asset("BTCUSD").id
    assert not client.get_asset("BTC/USD").shortable
    watched = client.create_watchlist(CreateWatchlistRequest(name="mine", symbols=["SPY"]))
    assert client.add_asset_to_watchlist_by_id(watched.id, "AAPL").assets[1].symbol == "AAPL"
    client.update_watchlist_by_id(watched.id, UpdateWatchlistRequest(name="other"))
    client.remove_asset_from_watchlist_by_id(watched.id, "SPY")
    assert [a.symbol for a in client.get_watchlist_by_id(watched.id).assets] == ["AAPL"]
    client.delete_watchlist_by_id(watched.id)
    assert client.get_watchlists() == []
    history = client.get_portfolio_history(GetPortfolioHistoryRequest(period="1M"))
    assert history.equity[-1] == history.base_value == 100_000


def test_orders_are_found_by_every_filter(trading):
    from alpaca.trading.requests import GetOrdersRequest, LimitOrderRequest

    served, client = trading
    made = []
    for n in range(5):
        made.append(
            client.submit_order(
                LimitOrderRequest(
                    symbol="SPY" if n % 2 else "AAPL",
                    qty=1,
                    side="buy",
                    time_in_force="gtc",
                    limit_price=100,
                    client_order_id=f"n{n}",
                )
            )
        )
        served.pass_time(10)
    client.cancel_order_by_id(made[0].id)

    def names(**filters):
        return [order.client_order_id for order in client.get_orders(GetOrdersRequest(**filters))]

    assert names() == ["n4", "n3", "n2", "n1"]
    assert names(status="closed") == ["n0"]
    assert names(status="all", direction="asc", limit=2) == ["n0", "n1"]
    assert names(status="all", after=made[2].submitted_at) == ["n4", "n3"]
    assert names(status="all", until=made[2].submitted_at) == ["n1", "n0"]
    assert names(symbols=["SPY"]) == ["n3", "n1"]
    assert names(side="sell") == []
    assert client.get_order_by_client_id("n3").id == made[3].id


def test_a_bracket_comes_with_its_legs_and_can_be_asked_for_nested(trading):
    from alpaca.trading.requests import (
        GetOrderByIdRequest,
        GetOrdersRequest,
        MarketOrderRequest,
        ReplaceOrderRequest,
    )

    _, client = trading
    made = client.submit_order(
        MarketOrderRequest(
            symbol="SPY",
            qty=3,
            side="buy",
            time_in_force="gtc",
            order_class="bracket",
            take_profit={"limit_price": 700},
            stop_loss={"stop_price": 500},
        )
    )
    assert [leg.status for leg in made.legs] == ["held", "held"]
    nested = client.get_order_by_id(made.id, GetOrderByIdRequest(nested=True))
    assert (nested.status, [leg.status for leg in nested.legs]) == ("filled", ["new", "held"])
    flat = client.get_orders(GetOrdersRequest(status="all"))
    rolled = client.get_orders(GetOrdersRequest(status="open", nested=True))
    assert (len(flat), len(rolled)) == (3, 1)
    moved = client.replace_order_by_id(nested.legs[1].id, ReplaceOrderRequest(stop_price=510))
    assert moved.id != nested.legs[1].id
    assert float(moved.stop_price) == 510
    replies = client.cancel_orders()
    assert all(reply.status == 200 for reply in replies)


def test_closing_everything_answers_for_each_position(trading):
    from alpaca.trading.requests import LimitOrderRequest, MarketOrderRequest

    _, client = trading
    for symbol, force in (("SPY", "day"), ("BTC/USD", "gtc")):
        client.submit_order(
            MarketOrderRequest(symbol=symbol, qty=1, side="buy", time_in_force=force)
        )
    client.submit_order(
        LimitOrderRequest(symbol="SPY", qty=1, side="sell", time_in_force="day", limit_price=900)
    )
    refused = {reply.symbol: reply.status for reply in client.close_all_positions()}
    assert refused == {"SPY": 403, "BTCUSD": 200}
    assert [reply.status for reply in client.close_all_positions(cancel_orders=True)] == [200]
    assert client.get_all_positions() == []


def test_refusals_reach_the_client_with_their_code(trading):
    from alpaca.common.exceptions import APIError
    from alpaca.trading.requests import MarketOrderRequest

    _, client = trading
    order = MarketOrderRequest(
        symbol="SPY", qty=1, side="buy", time_in_force="day", client_order_id="once"
    )
    client.submit_order(order)
    with pytest.raises(APIError) as twice:
        client.submit_order(order)
    assert (twice.value.status_code, twice.value.code) == (422, 40010001)
    with pytest.raises(APIError) as short:
        client.submit_order(
            MarketOrderRequest(symbol="SPY", qty=2, side="sell", time_in_force="day")
        )
    assert (short.value.status_code, short.value.code) == (403, 40310000)


def test_activities_tell_fills_and_money(trading):
    from alpaca.trading.requests import MarketOrderRequest

    served, client = trading
    client.submit_order(MarketOrderRequest(symbol="SPY", qty=1, side="buy", time_in_force="day"))
    served.act(lambda: served.local.exchange.venue.transfer(-500))
    rows = client.get("/account/activities")
    assert [row["activity_type"] for row in rows] == ["CSW", "FILL"]
    first = client.get("/account/activities", {"page_size": 1, "direction": "asc"})
    rest = client.get("/account/activities", {"direction": "asc", "page_token": first[0]["id"]})
    assert (first[0]["type"], rest[0]["net_amount"]) == ("fill", "-500")
    assert client.get("/account/activities/CSW") == rest
    assert client.get_account().cash == served.local.exchange.account()["cash"]


@pytest.mark.parametrize(
    ("unit", "amount", "least"), [("Min", 5, 12), ("Hour", 1, 1), ("Day", 1, 3), ("Week", 1, 1)]
)
def test_bars_of_every_length_show_only_what_has_traded(trading, unit, amount, least, alpaca):
    from alpaca.data.requests import StockBarsRequest
    from alpaca.data.timeframe import TimeFrame, TimeFrameUnit

    served, _ = trading
    served.pass_time(2 * 86_400 + 3_600)
    data = alpaca.data.historical.StockHistoricalDataClient("k", "s", url_override=served.url)
    asked = StockBarsRequest(
        symbol_or_symbols=["SPY", "AAPL"],
        timeframe=TimeFrame(amount, TimeFrameUnit(unit)),
        start=NOW - timedelta(days=7) if unit in ("Day", "Week") else NOW + timedelta(days=2),
        end=NOW + timedelta(days=30),
    )
    bars = data.get_stock_bars(asked)
    for symbol in ("SPY", "AAPL"):
        rows = bars[symbol]
        assert len(rows) >= least
        assert all(row.low <= min(row.open, row.close) for row in rows)
        assert all(row.high >= max(row.open, row.close) for row in rows)
        assert all(row.timestamp <= NOW + timedelta(days=2, hours=1) for row in rows)


def test_pages_of_bars_make_up_the_whole(trading):
    served, client = trading
    served.pass_time(3_600)
    query = {"symbols": "SPY,AAPL", "timeframe": "1Min", "start": "2024-03-04T14:30:00Z"}
    whole = client.get("/stocks/bars", query)["bars"]
    token, parts = None, {"SPY": [], "AAPL": []}
    while True:
        page = client.get("/stocks/bars", query | {"limit": 7, "page_token": token})
        for symbol, rows in page["bars"].items():
            parts[symbol] += rows
        token = page["next_page_token"]
        if token is None:
            break
    assert parts == whole
    down = client.get("/stocks/SPY/bars", query | {"sort": "desc", "limit": 5})["bars"]
    assert down == whole["SPY"][::-1][:5]


def test_snapshots_latest_and_order_books(trading, alpaca):
    from alpaca.data.requests import (
        CryptoLatestBarRequest,
        CryptoLatestOrderbookRequest,
        CryptoLatestTradeRequest,
        CryptoSnapshotRequest,
        StockLatestBarRequest,
        StockLatestTradeRequest,
        StockSnapshotRequest,
    )

    served, _ = trading
    served.pass_time(600)
    stocks = alpaca.data.historical.StockHistoricalDataClient("k", "s", url_override=served.url)
    coins = alpaca.data.historical.CryptoHistoricalDataClient(url_override=served.url)
    shot = stocks.get_stock_snapshot(StockSnapshotRequest(symbol_or_symbols="SPY"))["SPY"]
    assert shot.latest_trade.price == shot.daily_bar.close
    assert shot.previous_daily_bar.timestamp < shot.daily_bar.timestamp
    assert stocks.get_stock_latest_bar(StockLatestBarRequest(symbol_or_symbols="SPY"))["SPY"]
    assert stocks.get_stock_latest_trade(StockLatestTradeRequest(symbol_or_symbols="SPY"))["SPY"]
    name = {"symbol_or_symbols": "BTC/USD"}
    assert coins.get_crypto_latest_bar(CryptoLatestBarRequest(**name))["BTC/USD"]
    assert coins.get_crypto_latest_trade(CryptoLatestTradeRequest(**name))["BTC/USD"]
    assert coins.get_crypto_snapshot(CryptoSnapshotRequest(**name))["BTC/USD"].daily_bar
    book = coins.get_crypto_latest_orderbook(CryptoLatestOrderbookRequest(**name))["BTC/USD"]
    assert book.bids[0].price < book.asks[0].price


def test_news_and_options_are_empty_and_so_are_actions_where_there_were_none(trading):
    from alpaca.data.historical.corporate_actions import CorporateActionsClient
    from alpaca.data.historical.news import NewsClient
    from alpaca.data.requests import CorporateActionsRequest, NewsRequest
    from alpaca.trading.requests import GetOptionContractsRequest

    served, client = trading
    assert NewsClient("k", "s", url_override=served.url).get_news(NewsRequest()).data["news"] == []
    actions = CorporateActionsClient("k", "s", url_override=served.url)
    assert actions.get_corporate_actions(CorporateActionsRequest(symbols=["SPY"])).data == {}
    asked = GetOptionContractsRequest(underlying_symbols=["SPY"])
    assert client.get_option_contracts(asked).option_contracts == []


def test_the_trading_stream_tells_every_change(trading, alpaca):
    from alpaca.trading.requests import LimitOrderRequest, MarketOrderRequest

    served, client = trading
    stream = alpaca.trading.stream.TradingStream(
        "key", "secret", url_override=f"{served.stream_url}/stream"
    )
    seen, filled = [], threading.Event()

    async def handler(update):
        seen.append(update)
        if update.event == "canceled":
            filled.set()

    stream.subscribe_trade_updates(handler)
    thread = threading.Thread(target=stream.run, daemon=True)
    thread.start()
    _until(lambda: any(one.is_listening for one in served.local.exchange._trades.sessions))
    client.submit_order(MarketOrderRequest(symbol="SPY", qty=2, side="buy", time_in_force="day"))
    resting = client.submit_order(
        LimitOrderRequest(symbol="SPY", qty=1, side="buy", time_in_force="day", limit_price=100)
    )
    client.cancel_order_by_id(resting.id)
    assert filled.wait(20)
    stream.stop()
    thread.join(20)
    assert [update.event for update in seen] == [
        "pending_new", "new", "fill", "pending_new", "new", "canceled"
    ]  # fmt: skip
    assert (seen[2].qty, seen[2].position_qty) == (2, 2)
    assert seen[2].execution_id != seen[1].execution_id


@pytest.mark.parametrize(("kind", "symbol"), [("stock", "SPY"), ("crypto", "BTC/USD")])
def test_the_data_streams_speak_messagepack(trading, alpaca, kind, symbol):
    served, _ = trading
    if kind == "stock":
        stream = alpaca.data.live.StockDataStream(
            "k", "s", url_override=f"{served.stream_url}/v2/iex"
        )
    else:
        stream = alpaca.data.live.CryptoDataStream(
            "k", "s", url_override=f"{served.stream_url}/v1beta3/crypto/us"
        )
    seen, enough = [], threading.Event()

    async def handler(message):
        seen.append(message)
        if {type(one).__name__ for one in seen} >= {"Trade", "Quote", "Bar"}:
            enough.set()

    stream.subscribe_trades(handler, symbol)
    stream.subscribe_quotes(handler, symbol)
    stream.subscribe_bars(handler, symbol)
    thread = threading.Thread(target=stream.run, daemon=True)
    thread.start()
    _until(lambda: any(one.wanted["bars"] for one in served.local.exchange._data.sessions))
    served.pass_time(180)
    assert enough.wait(20)
    stream.stop()
    thread.join(20)
    bar = next(one for one in seen if type(one).__name__ == "Bar")
    assert bar.symbol == symbol
    assert nanoseconds(bar.timestamp.isoformat()) % 60_000_000_000 == 0
    assert all(one.timestamp >= NOW for one in seen)


def _until(holds):
    """Wait for another thread to have come so far."""

    async def wait():
        while not holds():
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(wait(), 20))
