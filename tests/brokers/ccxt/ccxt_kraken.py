"""Kraken spot, as its REST interface and its websockets (v2) speak."""

import base64
import hashlib
import hmac
from decimal import Decimal
from urllib.parse import parse_qsl

from aiohttp import web

from brokers.ccxt.ccxt_venue import NOW_MS, Order, Refused, Venue, text

_STATUS = {"open": "open", "filled": "closed", "cancelled": "canceled"}
_WORDS = {
    "duplicate": "EOrder:Duplicate client order id",
    "funds": "EOrder:Insufficient funds",
    "through": "EOrder:Stop price would trigger immediately",
    "gone": "EOrder:Unknown order",
    "signature": "EAPI:Invalid signature",
}
_PAIR = {
    "altname": "XBTUSD",
    "wsname": "XBT/USD",
    "aclass_base": "currency",
    "base": "XXBT",
    "aclass_quote": "currency",
    "quote": "ZUSD",
    "lot": "unit",
    "cost_decimals": 5,
    "pair_decimals": 2,
    "lot_decimals": 4,
    "lot_multiplier": 1,
    "leverage_buy": [],
    "leverage_sell": [],
    "fees": [[0, 0.1]],
    "fees_maker": [[0, 0.1]],
    "fee_volume_currency": "ZUSD",
    "ordermin": "0.0001",
    "costmin": "5",
    "tick_size": "0.01",
    "status": "online",
}


class KrakenVenue(Venue):
    name = "kraken"
    acting = ("AddOrder", "CancelOrder")
    prefix = "OAAAA-BBBBB-"

    def app(self) -> web.Application:
        app = web.Application()
        public = {
            "AssetPairs": self.pairs,
            "Time": self.time,
            "Ticker": self.tickers,
            "OHLC": self.candles,
        }
        for name, handler in public.items():
            app.router.add_get(f"/0/public/{name}", handler)
        acts = {
            "AddOrder": self.add,
            "CancelOrder": self.drop,
            "OpenOrders": self.opened,
            "ClosedOrders": self.closed,
            "QueryOrders": self.query,
            "BalanceEx": self.balance,
            "TradesHistory": self.trades,
            "GetWebSocketsToken": lambda _: {"token": "t0ken", "expires": 900},
        }
        for name, act in acts.items():
            app.router.add_post(f"/0/private/{name}", self.answered(act))
        app.router.add_get("/v2", self.socket)
        app.router.add_get("/", self.socket)
        return app

    def answered(self, act):
        async def handler(request: web.Request) -> web.Response:
            body = await request.text()
            query = dict(parse_qsl(body))
            inner = hashlib.sha256((query["nonce"] + body).encode()).digest()
            message = request.path.encode() + inner
            good = hmac.new(base64.b64decode(self.secret), message, "sha512").digest()
            try:
                given = base64.b64decode(request.headers["API-Sign"])
                if given != good or request.headers["API-Key"] != self.key:
                    raise Refused("signature")
                self.bodies.append(query)
                return web.json_response({"error": [], "result": act(query)})
            except Refused as refused:
                return web.json_response({"error": [_WORDS[refused.word]]})

        return handler

    async def pairs(self, _: web.Request) -> web.Response:
        return web.json_response({"error": [], "result": {"XXBTZUSD": _PAIR}})

    async def time(self, _: web.Request) -> web.Response:
        result = {"unixtime": NOW_MS // 1000, "rfc1123": "Tue, 14 Nov 23 22:13:20 +0000"}
        return web.json_response({"error": [], "result": result})

    async def tickers(self, _: web.Request) -> web.Response:
        two = [text(self.last)] * 2
        row = {name: [*two, "1"] for name in ("a", "b")} | {"c": two, "o": text(self.last)}
        row |= dict.fromkeys(("v", "p", "l", "h"), two) | {"t": [1, 2]}
        return web.json_response({"error": [], "result": {"XXBTZUSD": row}})

    async def candles(self, request: web.Request) -> web.Response:
        first = int(request.query["since"]) // 3600 * 3600
        rows = []
        for n in range(720):
            ts = first + n * 3600
            if ts <= NOW_MS // 1000:
                rows.append([ts, "1.0", "2.0", "0.5", "1.5", "1.2", "10.0", 3])
        return web.json_response({"error": [], "result": {"XXBTZUSD": rows, "last": 0}})

    def add(self, query: dict[str, str]) -> object:
        kind, price = query["ordertype"], query.get("price")
        is_stop = kind.startswith("stop-loss")
        limit = query.get("price2") if is_stop else price
        stop = price if is_stop else None
        laid = Order(
            "",
            query["cl_ord_id"],
            self.symbol,
            query["type"],
            kind,
            Decimal(query["volume"]),
            None if limit is None else Decimal(limit),
            None if stop is None else Decimal(stop),
        )
        self.lay(laid)
        how = kind.replace("-", " ").removesuffix(" limit") if is_stop else kind
        words = f"{laid.side} {query['volume']} XBTUSD @ {how} {price or ''}".strip()
        words += f" -> limit {limit}" if is_stop and limit else ""
        return {"descr": {"order": words}, "txid": [laid.id]}

    def drop(self, query: dict[str, str]) -> object:
        self.cancel(query["txid"])
        return {"count": 1}

    def opened(self, query: dict[str, str]) -> object:
        return {"open": self.listed(query, is_open=True)}

    def closed(self, query: dict[str, str]) -> object:
        found = self.listed(query, is_open=False)
        return {"closed": found, "count": len(found)}

    def listed(self, query: dict[str, str], *, is_open: bool) -> dict[str, object]:
        name = query.get("cl_ord_id")
        return {
            order.id: self.shown(order)
            for order in self.orders.values()
            if (order.status == "open") == is_open and name in (None, order.client_id)
        }

    def query(self, query: dict[str, str]) -> object:
        order = self.orders.get(query["txid"])
        return {} if order is None else {order.id: self.shown(order)}

    def balance(self, _: dict[str, str]) -> object:
        names = {"USD": "ZUSD", "BTC": "XXBT"}
        return {
            names[coin]: {"balance": text(amount), "hold_trade": "0.0"}
            for coin, amount in self.balances.items()
        }

    def trades(self, query: dict[str, str]) -> object:
        rows: dict[str, object] = {}
        for order in self.orders.values():
            for n, (quantity, price) in enumerate(order.fills):
                rows[f"T{order.id}-{n}"] = {
                    "ordertxid": order.id,
                    "postxid": "",
                    "pair": "XXBTZUSD",
                    "time": NOW_MS / 1000,
                    "type": order.side,
                    "ordertype": "limit",
                    "price": text(price),
                    "cost": text(quantity * price),
                    "fee": text(quantity * price / 1000),
                    "vol": text(quantity),
                    "margin": "0.0",
                    "misc": "",
                }
        page = list(rows.items())[int(query["ofs"]) :][:1]  # one a page
        return {"trades": dict(page), "count": len(rows)}

    def shown(self, order: Order) -> dict[str, object]:
        is_stop = order.stop is not None
        price, price2 = (order.stop, order.price) if is_stop else (order.price, None)
        description = {
            "pair": "XBTUSD",
            "type": order.side,
            "ordertype": order.kind,
            "price": text(price),
            "price2": text(price2),
            "leverage": "none",
            "order": "",
            "close": "",
        }
        return {
            "refid": None,
            "userref": None,
            "cl_ord_id": order.client_id,
            "status": _STATUS[order.status],
            "opentm": NOW_MS / 1000,
            "starttm": 0,
            "expiretm": 0,
            "descr": description,
            "vol": text(order.quantity),
            "vol_exec": text(order.filled),
            "cost": text(order.paid),
            "fee": text(order.paid / 1000),
            "price": text(order.paid / order.filled if order.filled else None),
            "stopprice": "0.00000",
            "limitprice": "0.00000",
            "misc": "",
            "oflags": "fciq",
            "reason": "User requested" if order.status == "cancelled" else None,
        }

    def hear(self, told: dict[str, object]) -> list[object]:
        if told.get("method") != "subscribe":
            return []
        self.subscribed.set()
        params = told["params"]
        assert isinstance(params, dict)
        done = {"method": "subscribe", "success": True, "req_id": told["req_id"]}
        if params["channel"] == "executions":
            assert params["token"] == "t0ken"  # noqa: S105 - nobody's
            return [{**done, "result": {"channel": "executions"}}]
        row = {"symbol": "BTC/USD", "bid": 99.5, "bid_qty": 2.0, "ask": 100.5, "ask_qty": 3.0}
        row |= {"last": 100.0, "volume": 1.0, "vwap": 100.0, "low": 1.0, "high": 2.0}
        row |= {"change": 0.0, "change_pct": 0.0}
        quote = {"channel": "ticker", "type": "snapshot", "data": [row]}
        return [{**done, "result": {"channel": "ticker", "symbol": "BTC/USD"}}, quote]

    async def tell(self, order: Order) -> None:
        row = {
            "order_id": order.id,
            "cl_ord_id": order.client_id,
            "symbol": "BTC/USD",
            "order_qty": float(order.quantity),
            "cum_cost": float(order.paid),
            "cum_qty": float(order.filled),
            "time_in_force": "GTC",
            "exec_type": "trade" if order.fills else "new",
            "side": order.side,
            "order_type": order.kind,
            "order_status": "partially_filled",
            "timestamp": "2023-11-14T22:13:20.000000Z",
        }
        if order.fills:
            row |= {"exec_id": "T1", "trade_id": 1, "last_qty": float(order.fills[-1][0])}
            row |= {"last_price": float(order.fills[-1][1]), "cost": 1.0, "liquidity_ind": "t"}
            row["fees"] = [{"asset": "USD", "qty": 0.01125}]
        message = {"channel": "executions", "type": "update", "data": [row], "sequence": 2}
        await self.send(message)
