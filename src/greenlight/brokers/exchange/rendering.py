"""Orders, positions, account and activities as Alpaca's JSON."""

from collections.abc import Callable
from decimal import Decimal

from greenlight.brokers.exchange.account import ActivityLine, Position
from greenlight.brokers.exchange.admitting import buying_power, cash_power
from greenlight.brokers.exchange.assets import Asset
from greenlight.brokers.exchange.floor import Floor
from greenlight.brokers.exchange.names import EASTERN, moment, rfc3339
from greenlight.brokers.exchange.orders import ZERO, Order, Update, plain
from greenlight.brokers.exchange.terms import Change, Form, Kind

Json = dict[str, object]
_CENT = Decimal("0.01")
_RATIO = Decimal("1e-10")
_HALF = Decimal("0.5")


def order_json(order: Order, asset: Asset, leg: Callable[[str], Order] | None = None) -> Json:
    """An order; with its legs where `leg` finds them."""
    legs = None
    if leg is not None and order.legs:
        legs = [order_json(leg(one), asset, leg) for one in order.legs]
    return {
        "id": order.id,
        "client_order_id": order.client_order_id,
        "created_at": rfc3339(order.created_ts),
        "updated_at": rfc3339(order.updated_ts),
        "submitted_at": rfc3339(order.created_ts),
        "filled_at": _time(order.filled_ts),
        "expired_at": _time(order.expired_ts),
        "expires_at": _time(order.expires_ts),
        "canceled_at": _time(order.canceled_ts),
        "failed_at": _time(order.failed_ts),
        "replaced_at": _time(order.replaced_ts),
        "replaced_by": order.replaced_by or None,
        "replaces": order.replaces or None,
        "asset_id": asset.id,
        "symbol": order.symbol,
        "asset_class": "crypto" if asset.is_crypto else "us_equity",
        "notional": _number(order.notional),
        "qty": None if order.notional is not None else _number(order.qty),
        "filled_qty": plain(order.filled),
        "filled_avg_price": _number(order.average),
        "order_class": "" if order.form is Form.SIMPLE else order.form,
        "order_type": order.kind,
        "type": order.kind,
        "side": order.side,
        "time_in_force": order.force,
        "limit_price": _number(order.limit),
        "stop_price": _number(order.stop),
        "status": order.status,
        "extended_hours": order.extended_hours,
        "legs": legs,
        "trail_percent": _number(order.trail_percent),
        "trail_price": _number(order.trail_price),
        "hwm": _number(order.hwm) if order.kind is Kind.TRAILING_STOP else None,
        "position_intent": order.intent or None,
        "subtag": None,
        "source": None,
    }


def update_json(update: Update, asset: Asset) -> Json:
    """A message of the stream `trade_updates`."""
    data: Json = {
        "event": update.change,
        "execution_id": update.execution_id,
        "timestamp": rfc3339(update.ts),
        "order": order_json(update.order, asset),
    }
    if update.price is not None and update.qty is not None and update.position is not None:
        data["price"] = plain(update.price)
        data["qty"] = plain(update.qty)
        data["position_qty"] = plain(update.position)
    if update.change is Change.REJECTED:
        data["reason"] = update.order.reason
    return {"stream": "trade_updates", "data": data}


def asset_json(asset: Asset) -> Json:
    """An asset."""
    common: Json = {
        "id": asset.id,
        "class": "crypto" if asset.is_crypto else "us_equity",
        "exchange": "CRYPTO" if asset.is_crypto else "NASDAQ",
        "symbol": asset.symbol,
        "name": asset.name or asset.symbol,
        "status": "active",
        "tradable": True,
        "marginable": not asset.is_crypto,
        "maintenance_margin_requirement": 100 if asset.is_crypto else 30,
        "shortable": asset.is_shortable,
        "easy_to_borrow": asset.is_shortable,
        "fractionable": asset.is_fractionable,
        "attributes": [],
    }
    if asset.is_crypto:
        common |= {
            "min_order_size": "0.000000001",
            "min_trade_increment": "0.000000001",
            "price_increment": "0.000000001",
        }
    return common


def position_json(floor: Floor, held: Position, promised: Decimal) -> Json:
    """A position at the last price; the symbol of a coin stands without its slash."""
    asset = floor.assets[held.symbol]
    price = floor.price(held.symbol) or held.average
    worth, cost = held.qty * price, held.qty * held.average
    was = held.day_price if held.day_qty != 0 else held.average
    today = (price - was) * held.qty
    available = max(ZERO, abs(held.qty) - promised)
    return {
        "asset_id": asset.id,
        "symbol": asset.symbol.replace("/", ""),
        "exchange": "CRYPTO" if asset.is_crypto else "NASDAQ",
        "asset_class": "crypto" if asset.is_crypto else "us_equity",
        "asset_marginable": not asset.is_crypto,
        "qty": plain(held.qty),
        "qty_available": plain(available if held.qty > 0 else -available),
        "avg_entry_price": plain(held.average.quantize(Decimal("1e-9"))),
        "side": "long" if held.qty > 0 else "short",
        "market_value": plain(worth),
        "cost_basis": plain(cost.quantize(Decimal("1e-9"))),
        "unrealized_pl": plain((worth - cost).quantize(Decimal("1e-9"))),
        "unrealized_plpc": _ratio(worth - cost, abs(cost)),
        "unrealized_intraday_pl": plain(today.quantize(Decimal("1e-9"))),
        "unrealized_intraday_plpc": _ratio(today, abs(was * held.qty)),
        "current_price": plain(price),
        "lastday_price": plain(held.day_price),
        "change_today": _ratio(price - held.day_price, held.day_price),
    }


def account_json(floor: Floor) -> Json:
    """The account."""
    account, values = floor.account, floor.market_values()
    longs = sum((value for value in values.values() if value > 0), ZERO)
    shorts = sum((value for value in values.values() if value < 0), ZERO)
    equity, gross = account.cash + longs + shorts, longs - shorts
    power = _money(buying_power(floor))
    return {
        "id": account.id,
        "admin_configurations": {},
        "user_configurations": None,
        "account_number": account.number,
        "status": "ACTIVE",
        "crypto_status": "ACTIVE",
        "options_approved_level": 0,
        "options_trading_level": 0,
        "currency": "USD",
        "buying_power": power,
        "regt_buying_power": power,
        "daytrading_buying_power": "0",
        "effective_buying_power": power,
        "non_marginable_buying_power": _money(cash_power(floor)),
        "options_buying_power": _money(cash_power(floor)),
        "bod_dtbp": "0",
        "cash": plain(account.cash),
        "accrued_fees": "0",
        "portfolio_value": plain(equity),
        "pattern_day_trader": False,
        "trading_blocked": account.is_blocked,
        "transfers_blocked": False,
        "account_blocked": account.is_blocked,
        "created_at": rfc3339(account.created_ts),
        "trade_suspended_by_user": account.is_suspended,
        "multiplier": plain(account.multiplier),
        "shorting_enabled": not account.no_shorting and account.multiplier > 1,
        "equity": plain(equity),
        "last_equity": plain(account.last_equity),
        "long_market_value": plain(longs),
        "short_market_value": plain(shorts),
        "position_market_value": plain(gross),
        "initial_margin": _money(gross * _HALF),
        "maintenance_margin": _money(gross * Decimal("0.3")),
        "last_maintenance_margin": "0",
        "sma": "0",
        "daytrade_count": 0,
        "balance_asof": moment(floor.now).astimezone(EASTERN).date().isoformat(),
        "crypto_tier": 1,
        "intraday_adjustments": "0",
        "pending_reg_taf_fees": "0",
    }


def activity_json(line: ActivityLine, account_id: str) -> Json:
    """A line of the account's record: a fill, or anything else."""
    common: Json = {"id": line.id, "account_id": account_id, "activity_type": line.type}
    if line.type == "FILL":
        return common | {
            "transaction_time": rfc3339(line.ts),
            "type": "fill" if line.is_whole else "partial_fill",
            "price": plain(line.price),
            "qty": plain(abs(line.qty)),
            "side": line.side,
            "symbol": line.symbol,
            "leaves_qty": plain(line.leaves),
            "order_id": line.order_id,
            "cum_qty": plain(line.cum),
            "order_status": "filled" if line.is_whole else "partially_filled",
        }
    common |= {
        "date": moment(line.ts).astimezone(EASTERN).date().isoformat(),
        "created_at": rfc3339(line.ts),
        "net_amount": plain(line.amount),
        "description": line.description,
        "status": "executed",
    }
    if line.symbol:
        common["symbol"] = line.symbol
    if line.qty != 0:
        common["qty"] = plain(line.qty)
    if line.price != 0:
        common |= {"price": plain(line.price), "per_share_amount": plain(line.price)}
    return common


def _time(ts: int) -> str | None:
    return None if ts == 0 else rfc3339(ts)


def _number(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _money(value: Decimal) -> str:
    return plain(value.quantize(_CENT, rounding="ROUND_DOWN"))


def _ratio(part: Decimal, whole: Decimal) -> str:
    return "0" if whole == 0 else plain((part / whole).quantize(_RATIO))
