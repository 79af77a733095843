"""The day begins: splits and dividends reach positions and orders, yesterday's worth is kept."""

from dataclasses import replace
from decimal import Decimal

from greenlight.brokers.exchange.floor import Floor
from greenlight.brokers.exchange.matching import Tick
from greenlight.brokers.exchange.orders import ZERO
from greenlight.brokers.exchange.terms import Change
from greenlight.domain import CashDividend, Split

_FINEST = Decimal("1e-9")
_STEP = Decimal("0.0001")


def begin_day(floor: Floor, *, is_crypto: bool) -> None:
    """Remember what was held and what it was worth; the account's day is that of equities."""
    if not is_crypto or all(asset.is_crypto for asset in floor.assets.values()):
        floor.account.last_equity = floor.equity()
        floor.equity_curve.append((floor.now, floor.account.last_equity))
    for symbol, held in floor.account.positions.items():
        if floor.assets[symbol].is_crypto is is_crypto:
            held.day_qty = held.qty
            held.day_price = floor.price(symbol) or held.average


def split(floor: Floor, action: Split) -> None:
    """Multiply the position, divide what it cost; open orders follow."""
    symbol, ratio = action.symbol, action.ratio
    held = floor.account.positions.get(symbol)
    if held is not None:
        before = held.qty
        held.qty = (held.qty * ratio).quantize(_FINEST)
        held.average = held.average / ratio
        held.day_qty, held.day_price = held.day_qty * ratio, held.day_price / ratio
        gained = held.qty - before
        floor.account.note("SPLIT", floor.now, ZERO, symbol=symbol, qty=gained)
    tick = floor.last.get(symbol)
    if tick is not None:
        floor.last[symbol] = replace(tick, price=tick.price / ratio)
    for order in floor.book.open_of(symbol):
        if order.qty is not None:
            order.qty = (order.qty * ratio).quantize(_FINEST).normalize()
        order.filled = (order.filled * ratio).quantize(_FINEST).normalize()
        order.average = None if order.average is None else order.average / ratio
        order.limit = _divided(order.limit, ratio)
        order.stop = _divided(order.stop, ratio)
        order.hwm = _divided(order.hwm, ratio)
        order.trail_price = _divided(order.trail_price, ratio)
        floor.tell(Change.RESTATED, order)


def dividend(floor: Floor, action: CashDividend) -> None:
    """Pay holders, and take from who is short. Resting orders are not reduced (DNR)."""
    held = floor.account.positions.get(action.symbol)
    if held is None:
        return
    amount = (held.qty * action.amount).quantize(Decimal("0.01"))
    floor.account.cash += amount
    floor.account.note(
        "DIV", floor.now, amount, symbol=action.symbol, qty=held.qty, price=action.amount
    )


def reopen(floor: Floor, symbol: str) -> None:
    """After a halt the next trade is a jump."""
    floor.halted.discard(symbol)
    tick = floor.last.get(symbol)
    if tick is not None:
        floor.last[symbol] = Tick(symbol, tick.ts, tick.price)


def _divided(price: Decimal | None, ratio: Decimal) -> Decimal | None:
    if price is None:
        return None
    exact = price / ratio
    step = Decimal("0.01") if exact >= 1 else _STEP
    return exact.quantize(step)
