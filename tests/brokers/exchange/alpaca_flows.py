"""The calls of alpaca-py's own examples (stocks-trading-basic, crypto-trading-basic), in order."""

from datetime import timedelta


def stock_orders(client):
    from alpaca.trading.requests import (
        ClosePositionRequest,
        GetAssetsRequest,
        GetOrdersRequest,
        LimitOrderRequest,
        MarketOrderRequest,
        StopLimitOrderRequest,
        StopLossRequest,
        StopOrderRequest,
        TakeProfitRequest,
        TrailingStopOrderRequest,
    )

    client.get_account()
    settings = client.get_account_configurations()
    settings.fractional_trading = not settings.fractional_trading
    settings = client.set_account_configurations(settings)
    settings.fractional_trading = not settings.fractional_trading
    client.set_account_configurations(settings)
    assert client.get_all_assets(GetAssetsRequest(status="active", exchange="NASDAQ"))
    buy = {"symbol": "SPY", "side": "buy"}
    day, gtc = {"time_in_force": "day"}, {"time_in_force": "gtc"}
    client.submit_order(MarketOrderRequest(**buy, **day, qty=5.5))
    client.submit_order(MarketOrderRequest(**buy, **day, notional=1.11))
    client.submit_order(LimitOrderRequest(**buy, **day, qty=0.01, limit_price=550.25))
    client.submit_order(StopOrderRequest(**buy, **gtc, qty=1, stop_price=600))
    client.submit_order(StopLimitOrderRequest(**buy, **gtc, qty=1, limit_price=550, stop_price=600))
    client.submit_order(
        MarketOrderRequest(
            **buy,
            **day,
            qty=5,
            order_class="bracket",
            take_profit=TakeProfitRequest(limit_price=600),
            stop_loss=StopLossRequest(stop_price=300),
        )
    )
    # the example says Class= in the next two, which the client drops: they are plain limits
    client.submit_order(
        LimitOrderRequest(
            **buy, **day, qty=1, limit_price=500, stop_loss=StopLossRequest(stop_price=300)
        )
    )
    client.submit_order(LimitOrderRequest(**buy, **day, qty=1, limit_price=500))
    client.submit_order(
        TrailingStopOrderRequest(symbol="SPY", qty=1, side="sell", **gtc, trail_percent=0.20)
    )
    assert len(client.get_orders(GetOrdersRequest(status="all", symbols=["SPY"]))) == 11
    opened = client.get_orders(GetOrdersRequest(status="open", symbols=["SPY"]))
    client.cancel_orders()
    assert client.get_all_positions()
    position = client.get_open_position("SPY")
    client.get_open_position(position.asset_id)
    client.close_position("SPY", ClosePositionRequest(qty="0.01"))
    return {"open": opened, "position": position}


def stock_prices(alpaca, client, url):
    from alpaca.data.historical.corporate_actions import CorporateActionsClient
    from alpaca.data.requests import (
        CorporateActionsRequest,
        StockBarsRequest,
        StockQuotesRequest,
        StockTradesRequest,
    )
    from alpaca.data.timeframe import TimeFrame, TimeFrameUnit

    data = alpaca.data.historical.StockHistoricalDataClient("k", "s", url_override=url)
    now = client.get_clock().timestamp
    terms = {"symbol_or_symbols": ["SPY"], "start": now - timedelta(days=5), "limit": 2}
    hour = TimeFrame(amount=1, unit=TimeFrameUnit.Hour)
    actions = CorporateActionsClient("k", "s", url_override=url)
    actions.get_corporate_actions(CorporateActionsRequest(start=now.date(), symbols=["SPY"]))
    return {
        "bars": data.get_stock_bars(StockBarsRequest(**terms, timeframe=hour)).df,
        "trades": data.get_stock_trades(StockTradesRequest(**terms)).df,
        "quotes": data.get_stock_quotes(StockQuotesRequest(**terms)).df,
        "latest": data.get_stock_latest_quote(StockQuotesRequest(symbol_or_symbols=["SPY"])),
    }


def crypto_flow(alpaca, client, url):
    from alpaca.data.requests import (
        CryptoBarsRequest,
        CryptoLatestQuoteRequest,
        CryptoQuoteRequest,
        CryptoTradesRequest,
    )
    from alpaca.data.timeframe import TimeFrame, TimeFrameUnit
    from alpaca.trading.requests import (
        ClosePositionRequest,
        GetAssetsRequest,
        GetOrdersRequest,
        LimitOrderRequest,
        MarketOrderRequest,
        StopLimitOrderRequest,
    )

    client.get_account()
    client.get_account_configurations()
    assert client.get_all_assets(GetAssetsRequest(asset_class="crypto", status="active"))
    buy = {"symbol": "BTC/USD", "side": "buy", "time_in_force": "gtc"}
    client.submit_order(MarketOrderRequest(**buy, qty=0.01))
    client.submit_order(MarketOrderRequest(**buy, notional=1.11))
    client.submit_order(LimitOrderRequest(**buy, qty=0.01, limit_price=50_000))
    client.submit_order(
        StopLimitOrderRequest(**buy, qty=0.01, limit_price=55_000, stop_price=60_000)
    )
    for status in ("all", "open"):
        client.get_orders(GetOrdersRequest(status=status, symbols=["BTC/USD"]))
    client.cancel_orders()
    assert client.get_all_positions()
    position = client.get_open_position("BTCUSD")
    client.get_open_position(position.asset_id)
    client.close_position("BTCUSD", ClosePositionRequest(qty="0.005"))
    data = alpaca.data.historical.CryptoHistoricalDataClient(url_override=url)
    start = client.get_clock().timestamp - timedelta(days=1)
    terms = {"symbol_or_symbols": ["BTC/USD"], "start": start, "limit": 2}
    hour = TimeFrame(amount=1, unit=TimeFrameUnit.Hour)
    latest = CryptoLatestQuoteRequest(symbol_or_symbols=["BTC/USD"])
    return {
        "position": position,
        "bars": data.get_crypto_bars(CryptoBarsRequest(**terms, timeframe=hour)).df,
        "quotes": data.get_crypto_quotes(CryptoQuoteRequest(**terms)).df,
        "trades": data.get_crypto_trades(CryptoTradesRequest(**terms)).df,
        "latest": data.get_crypto_latest_quote(latest),
    }
