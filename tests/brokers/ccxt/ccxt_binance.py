"""Binance spot, as its REST interface and its websockets speak."""

import hmac
from decimal import Decimal
from urllib.parse import parse_qsl

from aiohttp import web

from brokers.ccxt.ccxt_venue import NOW_MS, Order, Refused, Venue, text

_STATUS = {"open": "NEW", "filled": "FILLED", "cancelled": "CANCELED"}
_CODES = {
    "duplicate": (-2010, "Duplicate order sent."),
    "funds": (-2010, "Account has insufficient balance for requested action."),
    "through": (-2010, "Stop price would trigger immediately."),
    "gone": (-2011, "Unknown order sent."),
    "missing": (-2013, "Order does not exist."),
    "signature": (-1022, "Signature for this request is not valid."),
}
_FILTERS = [
    {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"},
    {"filterType": "LOT_SIZE", "minQty": "0.0001", "maxQty": "9000", "stepSize": "0.0001"},
    {"filterType": "NOTIONAL", "minNotional": "5.0", "applyMinToMarket": True},
]


class BinanceVenue(Venue):
    name = "binance"
    acting = ("/order",)

    def app(self) -> web.Application:
        app = web.Application()
        api = "/api/v3"
        app.router.add_get(f"{api}/exchangeInfo", self.info)
        app.router.add_get(f"{api}/time", self.time)
        app.router.add_post(f"{api}/order", self.answered(self.post))
        app.router.add_get(f"{api}/order", self.answered(self.get))
        app.router.add_delete(f"{api}/order", self.answered(self.delete))
        app.router.add_get(f"{api}/openOrders", self.answered(self.open))
        app.router.add_get(f"{api}/account", self.answered(self.account))
        app.router.add_get(f"{api}/myTrades", self.answered(self.trades))
        app.router.add_get(f"{api}/ticker/24hr", self.tickers)
        app.router.add_get(f"{api}/klines", self.klines)
        app.router.add_get("/ws-api/v3", self.socket)
        app.router.add_get("/ws/{n}", self.socket)
        app.router.add_get("/ws", self.socket)
        return app

    def answered(self, act):
        async def handler(request: web.Request) -> web.Response:
            body = await request.text() if request.method == "POST" else request.query_string
            head, _, signature = body.rpartition("&signature=")
            good = hmac.new(self.secret.encode(), head.encode(), "sha256").hexdigest()
            try:
                if signature != good or request.headers["X-MBX-APIKEY"] != self.key:
                    raise Refused("signature")
                query = dict(parse_qsl(head))
                self.bodies.append(query)
                return web.json_response(act(query))
            except Refused as refused:
                code, words = _CODES[refused.word]
                return web.json_response({"code": code, "msg": words}, status=400)

        return handler

    async def info(self, _: web.Request) -> web.Response:
        symbol = {
            "symbol": "BTCUSD",
            "status": "TRADING",
            "baseAsset": "BTC",
            "baseAssetPrecision": 8,
            "quoteAsset": "USD",
            "quotePrecision": 8,
            "quoteAssetPrecision": 8,
            "orderTypes": ["LIMIT", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT"],
            "isSpotTradingAllowed": True,
            "isMarginTradingAllowed": False,
            "filters": _FILTERS,
            "permissions": [],
            "permissionSets": [["SPOT"]],
        }
        whole = {"timezone": "UTC", "serverTime": NOW_MS, "rateLimits": [], "symbols": [symbol]}
        return web.json_response(whole)

    async def time(self, _: web.Request) -> web.Response:
        return web.json_response({"serverTime": NOW_MS})

    def post(self, query: dict[str, str]) -> object:
        price, stop = query.get("price"), query.get("stopPrice")
        kind = query["type"].lower()
        laid = Order(
            "",
            query["newClientOrderId"],
            self.symbol,
            query["side"].lower(),
            kind,
            Decimal(query["quantity"]),
            None if price is None else Decimal(price),
            None if stop is None else Decimal(stop),
        )
        self.lay(laid)
        told = {"transactTime": NOW_MS, "fills": [], **self.shown(laid)}
        if stop is not None:  # such orders are acknowledged, and no more said of them
            names = ("symbol", "orderId", "clientOrderId", "transactTime")
            return {name: told[name] for name in names} | {"orderListId": -1}
        return told

    def get(self, query: dict[str, str]) -> object:
        name = query.get("origClientOrderId")
        order = self.named(name) if name else self.orders.get(query["orderId"])
        if order is None:
            raise Refused("missing")
        return self.shown(order)

    def delete(self, query: dict[str, str]) -> object:
        return self.shown(self.cancel(query["orderId"]))

    def open(self, _: dict[str, str]) -> object:
        return [self.shown(order) for order in self.orders.values() if order.status == "open"]

    def account(self, _: dict[str, str]) -> object:
        rows = [
            {"asset": coin, "free": text(amount), "locked": "0.00000000"}
            for coin, amount in self.balances.items()
        ]
        return {"canTrade": True, "accountType": "SPOT", "updateTime": NOW_MS, "balances": rows}

    def trades(self, query: dict[str, str]) -> object:
        rows: list[object] = []
        if int(query["startTime"]) > NOW_MS:
            return rows
        for order in self.orders.values():
            for n, (quantity, price) in enumerate(order.fills):
                row = {
                    "symbol": "BTCUSD",
                    "id": int(order.id) * 10 + n,
                    "orderId": int(order.id),
                    "price": text(price),
                    "qty": text(quantity),
                    "quoteQty": text(quantity * price),
                    "commission": text(quantity * price / 1000),
                    "commissionAsset": "USD",
                    "time": NOW_MS,
                    "isBuyer": order.side == "buy",
                    "isMaker": False,
                    "isBestMatch": True,
                }
                rows.append(row)
        return rows

    async def tickers(self, _: web.Request) -> web.Response:
        row = {"symbol": "BTCUSD", "lastPrice": text(self.last), "closeTime": NOW_MS}
        return web.json_response([row])

    async def klines(self, request: web.Request) -> web.Response:
        start, count = int(request.query["startTime"]), int(request.query["limit"])
        rows = []
        for n in range(count):
            ts = start + n * 3_600_000
            if ts <= NOW_MS:
                rows.append([ts, "1.0", "2.0", "0.5", "1.5", "10.0", ts + 3_599_999, "15", 3])
        return web.json_response([[*row, "5", "7", "0"] for row in rows])

    def shown(self, order: Order) -> dict[str, object]:
        status = _STATUS[order.status]
        if order.status == "open" and order.filled > 0:
            status = "PARTIALLY_FILLED"
        return {
            "symbol": "BTCUSD",
            "orderId": int(order.id),
            "orderListId": -1,
            "clientOrderId": order.client_id,
            "price": text(order.price),
            "origQty": text(order.quantity),
            "executedQty": text(order.filled),
            "cummulativeQuoteQty": text(order.paid),
            "status": status,
            "timeInForce": "GTC",
            "type": order.kind.upper(),
            "side": order.side.upper(),
            "stopPrice": text(order.stop),
            "icebergQty": "0.00000000",
            "time": NOW_MS,
            "updateTime": NOW_MS,
            "isWorking": True,
        }

    def hear(self, told: dict[str, object]) -> list[object]:
        self.subscribed.set()
        if told["method"] == "userDataStream.subscribe.signature":
            return [{"id": told["id"], "status": 200, "result": {"subscriptionId": 0}}]
        book = {"u": 1, "s": "BTCUSD", "b": "99.5", "B": "2", "a": "100.5", "A": "3"}
        return [{"result": None, "id": told["id"]}, book]

    async def tell(self, order: Order) -> None:
        quantity, price = order.fills[-1] if order.fills else (Decimal(0), Decimal(0))
        event = {
            "e": "executionReport",
            "E": NOW_MS,
            "s": "BTCUSD",
            "c": order.client_id,
            "S": order.side.upper(),
            "o": order.kind.upper(),
            "f": "GTC",
            "q": text(order.quantity),
            "p": text(order.price),
            "P": text(order.stop),
            "F": "0.00000000",
            "g": -1,
            "C": "",
            "x": "TRADE" if order.fills and order.status != "cancelled" else "NEW",
            "X": self.shown(order)["status"],
            "r": "NONE",
            "i": int(order.id),
            "l": text(quantity),
            "z": text(order.filled),
            "L": text(price),
            "n": text(quantity * price / 1000),
            "N": "USD",
            "T": NOW_MS,
            "t": int(order.id) * 10 + len(order.fills) - 1,
            "w": True,
            "m": False,
            "O": NOW_MS,
            "Z": text(order.paid),
            "Y": text(quantity * price),
            "Q": "0.00000000",
        }
        await self.send({"subscriptionId": 0, "event": event})
