"""Taking an order: the rules that depend on the account, then the order and its legs."""

from dataclasses import replace
from decimal import Decimal

from greenlight.brokers.exchange.assets import Asset
from greenlight.brokers.exchange.floor import Floor
from greenlight.brokers.exchange.hours import NS_DAY
from greenlight.brokers.exchange.orders import ZERO, Order, OrderRequest
from greenlight.brokers.exchange.refusals import (
    forbidden,
    insufficient_balance,
    insufficient_buying_power,
    insufficient_quantity,
    invalid,
    refused,
)
from greenlight.brokers.exchange.reserving import conflict, held_for_orders, opening_cost
from greenlight.brokers.exchange.terms import Change, Force, Form, Kind, Status, Way
from greenlight.brokers.exchange.vetting import vet, vet_against_market

_GTC_DAYS = 90


def admit(floor: Floor, request: OrderRequest) -> Order:
    """Take an order; it arrives at the venue after the delay, or at the open. Or RefusalError."""
    asset = floor.asset(request.symbol)
    request = replace(request, symbol=asset.symbol)
    vet(request, asset)
    if floor.account.is_blocked or floor.account.is_suspended:
        raise forbidden("new orders are rejected by user request")
    if request.client_order_id in floor.book.by_client_id:
        raise invalid("client_order_id must be unique")
    last = floor.price(asset.symbol)
    if last is None:
        raise refused(f"no price is known of {asset.symbol} yet")
    vet_against_market(request, last)
    position = floor.account.quantity(asset.symbol)
    others = floor.book.open_of(asset.symbol)
    _require_form_fits(request, position)
    refusal = conflict(request, others, position)
    if refusal is not None:
        raise refusal
    order = _order(floor, request)
    if position * request.side.sign < 0:
        _require_units(floor, order, others, position)
    elif asset.is_crypto and request.side is Way.SELL:
        raise insufficient_balance(asset.base, order.wanted_at(last), ZERO)
    else:
        _require_shortable(floor, order, asset)
        require_power(floor, order, last)
    for one in (order, *_legs(floor, request, order)):
        floor.book.add(one)
    _dispatch(floor, order)
    return order


def require_power(floor: Floor, order: Order, last: Decimal, already: Decimal = ZERO) -> None:
    """RefusalError where the order costs more than may be spent; `already`: reserved for it."""
    asset = floor.assets[order.symbol]
    cost = order.cost(last)
    if asset.is_crypto:
        least = floor.settings.least_crypto
        if cost < least:
            raise forbidden(f"cost basis must be >= minimal amount of order {least}")
        cash = cash_power(floor) + already
        if cost > cash:
            raise insufficient_balance("USD", cost, max(cash, ZERO))
        return
    power = buying_power(floor) + already
    if cost > power:
        raise insufficient_buying_power(cost, max(power, ZERO))


def buying_power(floor: Floor) -> Decimal:
    """What may still be spent: the multiple of equity less what is held or ordered."""
    gross = sum((abs(value) for value in floor.market_values().values()), ZERO)
    if floor.account.multiplier == 1:
        return max(ZERO, floor.account.cash - _ordered(floor))
    return max(ZERO, floor.account.multiplier * floor.equity() - gross - _ordered(floor))


def cash_power(floor: Floor) -> Decimal:
    """Cash that is not promised: what may be spent on coins."""
    return max(ZERO, min(floor.account.cash - _ordered(floor), buying_power(floor)))


def _ordered(floor: Floor) -> Decimal:
    total = ZERO
    for symbol, ids in floor.book.open_ids.items():
        if ids:
            last = floor.price(symbol) or ZERO
            position = floor.account.quantity(symbol)
            total += opening_cost(floor.book.open_of(symbol), position, last)
    return total


def _require_form_fits(request: OrderRequest, position: Decimal) -> None:
    closes = position * request.side.sign < 0
    if request.form in (Form.BRACKET, Form.OTO) and closes:
        raise refused(f"{request.form} orders must be entry orders")
    if request.form is Form.OCO and not closes:
        raise refused("oco orders must be exit orders")


def _require_units(floor: Floor, order: Order, others: list[Order], position: Decimal) -> None:
    held, related = held_for_orders(others, position)
    available = abs(position) - held
    wanted = order.wanted_at(floor.price(order.symbol) or Decimal(1))
    if wanted <= available:
        return
    asset = floor.assets[order.symbol]
    if asset.is_crypto:
        raise insufficient_balance(asset.base, wanted, available)
    raise insufficient_quantity(order.symbol, wanted, available, held, related)


def _require_shortable(floor: Floor, order: Order, asset: Asset) -> None:
    if order.side is Way.BUY or floor.account.quantity(asset.symbol) > 0:
        return
    if order.is_fractional:
        raise refused("fractional orders cannot be sold short")
    if not asset.is_shortable:
        raise refused(f'asset "{asset.symbol}" cannot be sold short')
    if floor.account.no_shorting or floor.account.multiplier == 1:
        raise forbidden("account is not allowed to short")


def _order(floor: Floor, request: OrderRequest) -> Order:
    identity = floor.fresh_id("order")
    position = floor.account.quantity(request.symbol)
    closes = position * request.side.sign < 0
    order = Order(
        id=identity,
        client_order_id=request.client_order_id or floor.fresh_id("client order"),
        rank=floor.number(),
        symbol=request.symbol,
        side=request.side,
        kind=request.kind,
        force=request.force,
        form=request.form,
        created_ts=floor.now,
        qty=request.qty,
        notional=request.notional,
        limit=request.limit,
        stop=request.stop,
        trail_price=request.trail_price,
        trail_percent=request.trail_percent,
        extended_hours=request.extended_hours,
        updated_ts=floor.now,
        intent=f"{request.side}_to_{'close' if closes else 'open'}",
    )
    if request.form is Form.OCO:
        order.limit = request.take_profit
    order.expires_ts = _expiry(floor, order)
    return order


def _legs(floor: Floor, request: OrderRequest, entry: Order) -> list[Order]:
    """The orders that wait for `entry`, or beside it where it is a pair itself."""
    wanted: list[tuple[Kind, Decimal | None, Decimal | None]] = []
    if request.take_profit is not None and request.form is not Form.OCO:
        wanted.append((Kind.LIMIT, request.take_profit, None))
    if request.stop_loss is not None:
        kind = Kind.STOP if request.stop_loss_limit is None else Kind.STOP_LIMIT
        wanted.append((kind, request.stop_loss_limit, request.stop_loss))
    side = entry.side if request.form is Form.OCO else entry.side.opposite
    legs = [
        Order(
            id=floor.fresh_id("order"),
            client_order_id=floor.fresh_id("client order"),
            rank=floor.number(),
            symbol=entry.symbol,
            side=side,
            kind=kind,
            force=entry.force,
            form=entry.form,
            created_ts=floor.now,
            qty=entry.qty,
            limit=limit,
            stop=stop,
            status=Status.HELD,
            updated_ts=floor.now,
            expires_ts=entry.expires_ts,
            parent=entry.id,
            intent=f"{side}_to_close",
        )
        for kind, limit, stop in wanted
    ]
    entry.legs = [leg.id for leg in legs]
    return legs


def _dispatch(floor: Floor, order: Order) -> None:
    """Say that the order was taken, and plan its arrival and its end."""
    if floor.is_trading(order):
        order.status = Status.PENDING_NEW
        floor.tell(Change.PENDING_NEW, order)
        floor.plan(floor.now + floor.settings.delay_ns, "arrive", order.id)
    else:
        order.status = Status.ACCEPTED
        floor.tell(Change.ACCEPTED, order)
        session = floor.assets[order.symbol].hours.coming(floor.now)
        begin = session.extended_open_ts if order.extended_hours else session.open_ts
        floor.plan(max(begin, floor.now), "arrive", order.id)
    if order.force is Force.CLS:
        floor.plan(order.expires_ts, "cross", order.id)
    for one in (order.id, *order.legs):
        if order.expires_ts > 0:
            floor.plan(order.expires_ts, "expire", one)


def _expiry(floor: Floor, order: Order) -> int:
    asset = floor.assets[order.symbol]
    if asset.is_crypto or order.force.is_immediate:
        return 0
    session = asset.hours.coming(floor.now)
    if order.force is Force.GTC:
        return session.extended_close_ts + _GTC_DAYS * NS_DAY
    if not order.extended_hours:
        return session.close_ts
    before = asset.hours.last(floor.now)
    return (
        before.extended_close_ts
        if before.extended_close_ts > floor.now
        else (session.extended_close_ts)
    )
