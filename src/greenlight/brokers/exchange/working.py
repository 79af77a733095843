"""What happens to orders at the venue: they arrive, fill, trigger, end; groups hold together."""

from decimal import Decimal

from greenlight.brokers.exchange.floor import Floor, in_order_of_danger
from greenlight.brokers.exchange.matching import Tick, follow, reference, touches
from greenlight.brokers.exchange.orders import ZERO, Order
from greenlight.brokers.exchange.pricing import bid_ask, market_price
from greenlight.brokers.exchange.terms import Change, Force, Form, Status, Way

_FINEST = Decimal("1e-9")


def arrive(floor: Floor, order: Order) -> None:
    """An order reaches the venue, which may reject it, or fill it against the quote at once."""
    if not order.is_open or order.is_live:
        return
    why = floor.conditions.rejection(order)
    if why:
        order.reason = why
        end(floor, order, Status.REJECTED, Change.REJECTED)
        return
    order.is_live = True
    if order.status is not Status.PENDING_CANCEL:
        order.status = Status.NEW
    floor.tell(Change.NEW, order)
    if order.form is Form.OCO:
        for leg in floor.book.siblings(order):
            leg.is_live = leg.is_open
    if order.force is not Force.CLS and floor.has_traded(order):
        if order.force is Force.OPG:
            end(floor, order, Status.CANCELED, Change.CANCELED)
            return
        _meet_quote(floor, order)
        _after_chance(floor, order)


def trade(floor: Floor, tick: Tick) -> None:
    """A trade happens: what it reaches fills, stops first."""
    before = floor.last.get(tick.symbol)
    floor.last[tick.symbol] = tick
    if not floor.book.open_ids.get(tick.symbol):
        return
    session = floor.assets[tick.symbol].hours.last(tick.ts)
    is_opening = before is None or before.ts < session.open_ts
    for order in in_order_of_danger(floor.book.open_of(tick.symbol)):
        if not order.is_live or order.force is Force.CLS or not floor.is_trading(order):
            continue
        price = reference(order, tick)
        _drop_pair_of_triggered(floor, order)
        if price is not None:
            _fill_at_reference(floor, order, price, tick.size)
        if is_opening or order.force is not Force.OPG:
            _after_chance(floor, order)


def cross(floor: Floor, order: Order) -> None:
    """The closing cross: an order for the close fills at the last price."""
    tick = floor.last.get(order.symbol)
    if tick is None or not order.is_live:
        return
    is_through = order.limit is None or (
        order.side.sign * tick.price <= order.side.sign * order.limit
    )
    session = floor.assets[order.symbol].hours.last(floor.now)
    if is_through and tick.ts >= session.open_ts:
        fill(floor, order, order.leaves, tick.price)


def end(floor: Floor, order: Order, status: Status, change: Change) -> None:
    """End an order, and with it its legs and the other half of its pair."""
    if not order.is_open:
        return
    floor.end(order, status, change)
    related = [floor.book.by_id[one] for one in order.legs] + floor.book.siblings(order)
    for other in related:
        if other.is_open:
            floor.end(other, Status.CANCELED, Change.CANCELED)


def expire(floor: Floor, order: Order) -> None:
    """Time is up for this order alone; each of a group has its own time."""
    if order.is_open and order.expires_ts <= floor.now:
        end(floor, order, Status.EXPIRED, Change.EXPIRED)


def fill(floor: Floor, order: Order, qty: Decimal, price: Decimal) -> None:
    """Book a fill, charge it, tell it, and let the group react."""
    if order.qty is None:
        order.qty = qty
    spent = (order.average or ZERO) * order.filled + qty * price
    order.filled += qty
    order.average = (spent / order.filled).quantize(_FINEST)
    is_whole = order.filled == order.qty
    if is_whole:
        order.status = Status.FILLED
        order.is_live = False
        order.filled_ts = floor.now
        floor.book.ended(order)
    elif order.status not in (Status.PENDING_CANCEL, Status.PENDING_REPLACE):
        order.status = Status.PARTIALLY_FILLED
    execution = floor.fresh_id("fill")
    floor.account.book_fill(order, qty, price, execution, floor.now)
    _charge(floor, order, qty, price)
    floor.tell(Change.FILL if is_whole else Change.PARTIAL_FILL, order, (price, qty))
    _react(floor, order, qty)


def _meet_quote(floor: Floor, order: Order) -> None:
    """An order that has just arrived: it takes what the quote offers."""
    tick = floor.last[order.symbol]
    is_crypto = floor.assets[order.symbol].is_crypto
    tariff = floor.tariff(order.symbol)
    if order.kind.waits_for_trigger and not order.is_triggered:
        order.is_triggered = touches(order, tick.price)
        if not order.is_triggered:
            follow(order, tick.price)
            return
        _drop_pair_of_triggered(floor, order)
    if order.limit is None:
        price = market_price(order.side, tick.price, tariff, is_crypto=is_crypto)
    else:
        bid, ask = bid_ask(tick.price, tariff, is_crypto=is_crypto)
        price = ask if order.side is Way.BUY else bid
        if order.side.sign * price > order.side.sign * order.limit:
            return
    _fill_up_to(floor, order, price, tick.size)


def _fill_at_reference(floor: Floor, order: Order, price: Decimal, size: Decimal | None) -> None:
    if order.limit is None:
        is_crypto = floor.assets[order.symbol].is_crypto
        tariff = floor.tariff(order.symbol)
        price = market_price(order.side, price, tariff, is_crypto=is_crypto)
    _fill_up_to(floor, order, price, size)


def _fill_up_to(floor: Floor, order: Order, price: Decimal, size: Decimal | None) -> None:
    wanted = order.wanted_at(price)
    qty = min(wanted, floor.conditions.fillable(order, wanted, size))
    if order.notional is not None and order.filled == 0 and qty < wanted:
        return
    if order.force is Force.FOK and qty < wanted:
        return
    if qty > 0:
        fill(floor, order, qty, price)


def _after_chance(floor: Floor, order: Order) -> None:
    """What is immediate and has had its chance is cancelled."""
    if order.is_open and order.is_live and (order.force.is_immediate or order.force is Force.OPG):
        change = Change.EXPIRED if order.force is Force.OPG else Change.CANCELED
        status = Status.EXPIRED if order.force is Force.OPG else Status.CANCELED
        end(floor, order, status, change)


def _drop_pair_of_triggered(floor: Floor, order: Order) -> None:
    """A stop that was touched takes the units its pair held."""
    if not order.is_triggered:
        return
    if order.status is Status.HELD:
        order.status = Status.NEW
        floor.tell(Change.NEW, order)
    for other in floor.book.siblings(order):
        if other.is_open:
            floor.end(other, Status.CANCELED, Change.CANCELED)


def _react(floor: Floor, order: Order, qty: Decimal) -> None:
    """Legs wake when their entry has filled whole; a pair never covers more than is left."""
    for other in floor.book.siblings(order):
        if not other.is_open:
            continue
        if not order.is_open:
            floor.end(other, Status.CANCELED, Change.CANCELED)
        elif other.qty is not None:
            other.qty -= qty
            floor.tell(Change.RESTATED, other)
    if not order.is_open and order.form in (Form.BRACKET, Form.OTO) and order.legs:
        for leg in [floor.book.by_id[one] for one in order.legs]:
            _wake(floor, leg)


def _wake(floor: Floor, leg: Order) -> None:
    """A leg goes to work; the stop of a pair is watched, and stays "held" until touched."""
    if not leg.is_open:
        return
    has_pair = bool(floor.book.siblings(leg))
    if leg.kind.waits_for_trigger and has_pair:
        leg.is_live = True
        if floor.has_traded(leg):
            _meet_quote(floor, leg)
        return
    arrive(floor, leg)


def _charge(floor: Floor, order: Order, qty: Decimal, price: Decimal) -> None:
    tariff = floor.tariff(order.symbol)
    is_crypto = floor.assets[order.symbol].is_crypto
    fee = tariff.fee(order.side, qty, price, floor.now)
    if fee == 0:
        return
    if tariff.in_kind and order.side is Way.BUY:
        coins = (fee / price).quantize(_FINEST)
        if coins > 0:
            floor.account.book_coins(order.symbol, coins, price, floor.now)
        return
    floor.account.book_cash("CFEE" if is_crypto else "FEE", floor.now, -fee, symbol=order.symbol)
