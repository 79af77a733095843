"""Section 3.2 and 3.3: what a fill does to the book, and what protects the position after it."""

from dataclasses import dataclass, replace

from greenlight.domain import Reason, Role
from greenlight.engine.limits import TRAIL_FROM_ENTRY, TRAIL_FROM_TARGET
from reference.book import DUST, Book, Holding, Kind, Now, Order, cancel_all, cancel_entry
from reference.world import World


@dataclass(frozen=True)
class Fill:
    """One execution."""

    symbol: int
    side: int
    role: Role
    reason: Reason
    quantity: float
    price: float
    reference: float
    fee: float
    intent: int


def apply_fill(world: World, book: Book, now: Now, fill: Fill) -> None:
    """Change cash and position by one execution, then protect what is left or end the trip."""
    book.cash -= fill.side * fill.quantity * fill.price + fill.fee
    _log(book, now, fill)
    holding = book.holdings.get(fill.symbol)
    if holding is None:
        _open(book, now, fill)
    elif holding.side == fill.side:
        _add(holding, fill)
    else:
        _reduce(world, book, now, holding, fill)
    if fill.symbol in book.holdings:
        protect(world, book, fill.symbol)


def _open(book: Book, now: Now, fill: Fill) -> None:
    book.holdings[fill.symbol] = Holding(
        side=fill.side,
        quantity=fill.quantity,
        average=fill.price,
        mark=fill.price,
        extreme=fill.price,
        intent=fill.intent,
        opened_session=now.session,
        entry_row=now.row if fill.role is Role.ENTRY else None,
        entry_notional=fill.quantity * fill.price,
        fees=fill.fee,
    )


def _add(holding: Holding, fill: Fill) -> None:
    total = holding.quantity + fill.quantity
    cost = holding.quantity * holding.average + fill.quantity * fill.price
    holding.average = cost / total
    holding.quantity = total
    holding.entry_notional += fill.quantity * fill.price
    holding.fees += fill.fee


def _reduce(world: World, book: Book, now: Now, holding: Holding, fill: Fill) -> None:
    closed = min(fill.quantity, holding.quantity)
    holding.realised += holding.side * closed * (fill.price - holding.average)
    holding.quantity -= closed
    holding.fees += fill.fee
    dust = DUST * float(world.specs.lot[fill.symbol])
    if holding.quantity > dust:
        return
    end_trip(world, book, now, fill)
    beyond = fill.quantity - closed
    if beyond > dust:  # only a trade made by hand goes through zero
        _open(book, now, replace(fill, quantity=beyond))


def end_trip(world: World, book: Book, now: Now, fill: Fill) -> None:
    """The position is flat: judge the round trip, count a day trade, cancel its orders."""
    trip = book.holdings.pop(fill.symbol)
    net = trip.realised - trip.fees
    gain = net / trip.entry_notional if trip.entry_notional > 0.0 else 0.0
    if gain < -world.limits.cooloff_loss:
        book.cool_until[fill.symbol] = now.elapsed + world.limits.cooloff_ns
        book.loss_row[fill.symbol] = now.row
    if trip.opened_session == now.session and world.specs.is_us_equity[fill.symbol]:
        book.day_trades.append(now.session)
    cancel_all(book, now, fill.symbol, fill.reason)


def protect(world: World, book: Book, symbol: int) -> None:
    """Rest STOP, TARGET and TRAIL for what is held; no order covers more than the position."""
    holding = book.holdings[symbol]
    _protect_stop(world, book, symbol, holding)
    _protect_target(world, book, symbol, holding)
    _protect_trail(world, book, symbol, holding)
    leaving = book.order(symbol, Role.EXIT)
    if leaving is not None:
        leaving.quantity = min(leaving.quantity, holding.quantity)


def _protect_stop(world: World, book: Book, symbol: int, holding: Holding) -> None:
    if world.limits.stop == 0.0:
        return
    side = holding.side
    level = world.tick_round(symbol, holding.average * (1 - side * world.limits.stop))
    if holding.stop_level is not None:
        tighter = max if side > 0 else min
        level = tighter(level, holding.stop_level)
    holding.stop_level = level
    stop = _resting(book, symbol, Role.STOP, holding)
    stop.level, stop.quantity = level, holding.quantity


def _protect_target(world: World, book: Book, symbol: int, holding: Holding) -> None:
    if world.limits.target == 0.0 or holding.target_filled:
        return
    quantity = world.lot_ceil(symbol, holding.quantity * world.limits.target_share)
    resting = book.order(symbol, Role.TARGET)
    if holding.target_started and resting is not None:
        quantity = resting.quantity
    quantity = min(quantity, holding.quantity)
    if quantity <= 0.0:
        book.drop(symbol, Role.TARGET)
        return
    target = _resting(book, symbol, Role.TARGET, holding)
    price = holding.average * (1 + holding.side * world.limits.target)
    target.level, target.quantity = world.tick_round(symbol, price), quantity


def _protect_trail(world: World, book: Book, symbol: int, holding: Holding) -> None:
    if world.limits.trail == 0.0:
        return
    from_entry = world.limits.trail_from == TRAIL_FROM_ENTRY
    from_target = world.limits.trail_from == TRAIL_FROM_TARGET and holding.target_filled
    if from_entry or from_target:
        _resting(book, symbol, Role.TRAIL, holding).quantity = holding.quantity


def _resting(book: Book, symbol: int, role: Role, holding: Holding) -> Order:
    """The order of the slot, placed now if it is empty."""
    order = book.order(symbol, role)
    if order is None:
        kind = Kind.LIMIT if role is Role.TARGET else Kind.STOP
        reason = {Role.STOP: Reason.STOP, Role.TARGET: Reason.TARGET, Role.TRAIL: Reason.TRAIL}[
            role
        ]
        order = Order(symbol, role, -holding.side, kind, 0.0, reason, holding.intent)
        book.place(order)
    return order


def cancel_opposed_entry(book: Book, now: Now, symbol: int, reason: Reason) -> None:
    """An entry order against the side now held would close, not open: cancel it."""
    entry, holding = book.order(symbol, Role.ENTRY), book.holdings.get(symbol)
    if entry is not None and holding is not None and entry.side != holding.side:
        cancel_entry(book, now, symbol, reason)


def _log(book: Book, now: Now, fill: Fill) -> None:
    book.logs.fills.append(
        {
            "row": now.row,
            "ts": now.open_ts,
            "symbol": fill.symbol,
            "side": fill.side,
            "role": fill.role,
            "reason": fill.reason,
            "quantity": fill.quantity,
            "price": fill.price,
            "reference": fill.reference,
            "fee": fill.fee,
            "intent": fill.intent,
            "attempt": 0,
        }
    )
