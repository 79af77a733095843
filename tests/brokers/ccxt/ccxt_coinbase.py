"""Coinbase Advanced Trade, as its REST interface and its websocket speak."""

import hmac
import json
from decimal import Decimal

from aiohttp import web

from brokers.ccxt.ccxt_venue import NOW_MS, Order, Refused, Venue, text

_STATUS = {"open": "OPEN", "filled": "FILLED", "cancelled": "CANCELLED"}
_AT = "2023-11-14T22:13:20.000000Z"
_ERRORS = {
    "funds": ("INSUFFICIENT_FUND", "Insufficient balance in source account", ""),
    "through": ("UNKNOWN_FAILURE_REASON", "", "PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE"),
}
_PRODUCT = {
    "product_id": "BTC-USD",
    "price": "100",
    "base_increment": "0.0001",
    "quote_increment": "0.01",
    "quote_min_size": "5",
    "quote_max_size": "150000000",
    "base_min_size": "0.0001",
    "base_max_size": "3400",
    "base_name": "Bitcoin",
    "quote_name": "US Dollar",
    "is_disabled": False,
    "status": "online",
    "trading_disabled": False,
    "product_type": "SPOT",
    "quote_currency_id": "USD",
    "base_currency_id": "BTC",
    "price_increment": "0.01",
    "volume_24h": "1",
}


class CoinbaseVenue(Venue):
    name = "coinbase"
    secret = "a-secret-of-the-older-kind"  # noqa: S105 - nobody's
    wrong_secret = "another-secret"  # noqa: S105 - nobody's
    acting = ("/orders", "/batch_cancel")
    prefix = "9bc1eb3b-"

    def app(self) -> web.Application:
        app = web.Application()
        api = "/api/v3/brokerage"
        app.router.add_get(f"{api}/market/products", self.products)
        app.router.add_get(f"{api}/products", self.products)
        app.router.add_get("/v2/time", self.time)
        app.router.add_get(f"{api}/market/products/BTC-USD/candles", self.candles)
        routes = {
            ("GET", "/transaction_summary"): lambda _: {"fee_tier": {"taker_fee_rate": "0.001"}},
            ("POST", "/orders"): self.post,
            ("POST", "/orders/batch_cancel"): self.drop,
            ("GET", "/orders/historical/batch"): self.batch,
            ("GET", "/orders/historical/fills"): self.fills,
            ("GET", "/orders/historical/{id}"): self.get,
            ("GET", "/accounts"): self.accounts,
        }
        for (method, path), act in routes.items():
            app.router.add_route(method, f"{api}{path}", self.answered(act))
        app.router.add_get("/", self.socket)
        return app

    def answered(self, act):
        async def handler(request: web.Request) -> web.Response:
            body = await request.text()
            stamp = request.headers["CB-ACCESS-TIMESTAMP"]
            message = f"{stamp}{request.method}{request.path}{body}"
            good = hmac.new(self.secret.encode(), message.encode(), "sha256").hexdigest()
            if request.headers["CB-ACCESS-SIGN"] != good:
                return web.json_response({"error": "unauthorized"}, status=401)
            query = json.loads(body) if body else {**request.query, **request.match_info}
            self.bodies.append(query)
            try:
                return web.json_response(act(query))
            except Refused as refused:
                if refused.word == "missing":
                    said = {
                        "error": "NOT_FOUND",
                        "message": "order with this orderID was not found",
                    }
                    return web.json_response(said, status=404)
                error, words, preview = _ERRORS[refused.word]
                inner = {"error": error, "message": words, "preview_failure_reason": preview}
                return web.json_response({"success": False, "error_response": inner})

        return handler

    async def products(self, _: web.Request) -> web.Response:
        return web.json_response({"products": [_PRODUCT], "num_products": 1})

    async def time(self, _: web.Request) -> web.Response:
        return web.json_response({"data": {"epoch": NOW_MS // 1000, "iso": _AT}})

    async def candles(self, request: web.Request) -> web.Response:
        start, end = int(request.query["start"]), int(request.query["end"])
        stamps = range(start, min(end, NOW_MS // 1000) + 1, 3600)
        prices = {"low": "0.5", "high": "2.0", "open": "1.0", "close": "1.5", "volume": "10.0"}
        rows = [{"start": str(ts), **prices} for ts in reversed(stamps)]
        return web.json_response({"candles": rows})

    def post(self, query: dict) -> object:
        ((kind, terms),) = query["order_configuration"].items()
        price, stop = terms.get("limit_price"), terms.get("stop_price")
        known = self.named(query["client_order_id"])
        if known is None:
            names = {"market_market_ioc": "market", "limit_limit_gtc": "limit"}
            known = Order(
                "",
                query["client_order_id"],
                self.symbol,
                query["side"].lower(),
                names.get(kind, "stop_limit"),
                Decimal(terms["base_size"]),
                None if price is None else Decimal(price),
                None if stop is None else Decimal(stop),
            )
            self.lay(known)
        answer = {
            "order_id": known.id,
            "product_id": "BTC-USD",
            "side": query["side"],
            "client_order_id": known.client_id,
        }
        return {"success": True, "order_id": known.id, "success_response": answer}

    def drop(self, query: dict) -> object:
        (order_id,) = query["order_ids"]
        try:
            self.cancel(order_id)
            done, why = True, "UNKNOWN_CANCEL_FAILURE_REASON"
        except Refused:
            done, why = False, "UNKNOWN_CANCEL_ORDER"
        return {"results": [{"success": done, "failure_reason": why, "order_id": order_id}]}

    def get(self, query: dict) -> object:
        order = self.orders.get(query["id"])
        if order is None:
            raise Refused("missing")
        return {"order": self.shown(order)}

    def batch(self, query: dict) -> object:
        """Newest first, one a page."""
        status = query.get("order_status")
        found = [self.shown(order) for order in reversed(self.orders.values())]
        found = [row for row in found if status in (None, row["status"])]
        start = int(query.get("cursor") or 0)
        has_next = start + 1 < len(found)
        page = found[start : start + 1]
        return {"orders": page, "has_next": has_next, "cursor": str(start + 1) if has_next else ""}

    def fills(self, query: dict) -> object:
        rows = []
        wanted = query.get("order_ids")
        for order in self.orders.values():
            for n, (quantity, price) in enumerate(order.fills):
                if wanted not in (None, order.id):
                    continue
                row = {
                    "entry_id": f"e{order.id}{n}",
                    "trade_id": f"t{order.id}{n}",
                    "order_id": order.id,
                    "trade_time": _AT,
                    "trade_type": "FILL",
                    "price": text(price),
                    "size": text(quantity),
                    "commission": text(quantity * price / 1000),
                    "product_id": "BTC-USD",
                    "sequence_timestamp": _AT,
                    "liquidity_indicator": "TAKER",
                    "size_in_quote": False,
                    "user_id": "u",
                    "side": order.side.upper(),
                }
                rows.append(row)
        start = int(query.get("cursor") or 0)
        page = rows[start : start + 1]
        return {"fills": page, "cursor": str(start + 1) if start + 1 < len(rows) else ""}

    def accounts(self, _: dict) -> object:
        rows = [
            {
                "uuid": f"u-{coin}",
                "name": coin,
                "currency": coin,
                "available_balance": {"value": text(amount), "currency": coin},
                "default": True,
                "active": True,
                "type": "ACCOUNT_TYPE_CRYPTO" if coin == "BTC" else "ACCOUNT_TYPE_FIAT",
                "ready": True,
                "hold": {"value": "0", "currency": coin},
            }
            for coin, amount in self.balances.items()
        ]
        return {"accounts": rows, "has_next": False, "cursor": "", "size": len(rows)}

    def shown(self, order: Order) -> dict[str, object]:
        size = {"base_size": text(order.quantity)}
        limit = {**size, "limit_price": text(order.price), "post_only": False}
        configurations = {
            "market": {"market_market_ioc": size},
            "limit": {"limit_limit_gtc": limit},
            "stop_limit": {
                "stop_limit_stop_limit_gtc": {
                    **limit,
                    "stop_price": text(order.stop),
                    "stop_direction": "STOP_DIRECTION_STOP_DOWN",
                }
            },
        }
        return {
            "order_id": order.id,
            "product_id": "BTC-USD",
            "user_id": "u",
            "order_configuration": configurations[order.kind],
            "side": order.side.upper(),
            "client_order_id": order.client_id,
            "status": _STATUS[order.status],
            "time_in_force": "GOOD_UNTIL_CANCELLED",
            "created_time": _AT,
            "filled_size": text(order.filled),
            "average_filled_price": text(order.paid / order.filled if order.filled else None),
            "fee": "",
            "filled_value": text(order.paid),
            "pending_cancel": False,
            "size_in_quote": False,
            "total_fees": text(order.paid / 1000),
            "trigger_status": "INVALID_ORDER_TYPE",
            "order_type": order.kind.upper(),
            "reject_reason": "REJECT_REASON_UNSPECIFIED",
            "settled": False,
            "product_type": "SPOT",
            "reject_message": "",
            "cancel_message": "",
        }

    def hear(self, told: dict[str, object]) -> list[object]:
        if told.get("type") != "subscribe":
            return []
        self.subscribed.set()
        if told["channel"] == "user":
            assert told["signature"]
            return []
        tick = {"type": "ticker", "product_id": "BTC-USD", "price": "100"}
        tick |= {"best_bid": "99.5", "best_bid_quantity": "2"}
        tick |= {"best_ask": "100.5", "best_ask_quantity": "3"}
        events = [{"type": "snapshot", "tickers": [tick]}]
        return [{"channel": "ticker", "timestamp": _AT, "sequence_num": 0, "events": events}]

    async def tell(self, order: Order) -> None:
        row = {
            "order_id": order.id,
            "client_order_id": order.client_id,
            "cumulative_quantity": text(order.filled),
            "leaves_quantity": text(order.quantity - order.filled),
            "avg_price": "0",
            "total_fees": "0",
            "status": "OPEN",
            "product_id": "BTC-USD",
            "creation_time": _AT,
            "order_side": order.side.upper(),
            "order_type": "Limit",
        }
        events = [{"type": "update", "orders": [row]}]
        message = {"channel": "user", "timestamp": _AT, "sequence_num": 1, "events": events}
        await self.send(message)
