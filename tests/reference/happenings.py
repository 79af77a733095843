"""Section 7: what the world does to instruments and to the account."""

from collections.abc import Callable
from dataclasses import dataclass
from math import isnan

from greenlight.domain import CashKind, Happening, Reason, Role
from reference.book import (
    DUST,
    Book,
    Holding,
    Now,
    cancel_all,
    cancel_entry,
    log_adjustment,
    log_flow,
)
from reference.positions import Fill, apply_fill, drop_opposed_entry, protect
from reference.world import World

ORDER_SLOTS = (Role.ENTRY, Role.STOP, Role.TARGET, Role.TRAIL, Role.EXIT)


@dataclass(frozen=True)
class Event:
    """One happening."""

    id: int
    symbol: int
    kind: Happening
    a: float
    b: float
    c: float


def happen(world: World, book: Book, now: Now, event: Event) -> None:
    """Apply one happening to the book, once."""
    if event.id <= book.last_id.get(event.symbol, -1):
        raise ValueError(f"happening {event.id} of symbol {event.symbol} was applied before")
    book.last_id[event.symbol] = event.id
    match event.kind:
        case Happening.SPLIT:
            _split(world, book, now, event)
        case Happening.DIVIDEND:
            _pay(book, now, event, CashKind.DIVIDEND)
        case Happening.FUNDING:
            _pay(book, now, event, CashKind.FUNDING)
        case Happening.CASH_MERGER:
            _close_out(book, now, event, (event.a, CashKind.MERGER))
        case Happening.STOCK_MERGER:
            _stock_merger(world, book, now, event)
        case Happening.SPIN_OFF:
            _spin_off(world, book, now, event)
        case Happening.DELIST:
            _close_out(book, now, event, (_delisting_price(world, book, event), CashKind.DELIST))
        case Happening.DEPOSIT:
            log_flow(book, now, event.symbol, CashKind.DEPOSIT, event.a)
            book.day_start += event.a
            book.peak += event.a
        case Happening.MANUAL:
            _manual(world, book, now, event)
        case Happening.RECALL:
            _recall(book, event)
        case Happening.HALT:
            book.halted_symbols.add(event.symbol)
        case Happening.RESUME:
            book.halted_symbols.discard(event.symbol)


def _pay(book: Book, now: Now, event: Event, kind: CashKind) -> None:
    holding = book.holdings.get(event.symbol)
    if holding is not None:
        log_flow(book, now, event.symbol, kind, holding.signed * event.a)


def _split(world: World, book: Book, now: Now, event: Event) -> None:
    symbol, ratio = event.symbol, event.a
    _scale_orders(book, symbol, lambda price: price / ratio)
    _scale_quantities(world, book, now, symbol, ratio)
    holding = book.holdings.get(symbol)
    if holding is None:
        return
    before, total = holding.signed, holding.quantity * ratio
    _scale_prices(holding, lambda price: price / ratio)
    holding.quantity = world.lot_floor(symbol, total)
    _lieu(world, book, now, symbol, (total - holding.quantity) * holding.side)
    log_adjustment(book, now, symbol, event.kind, (before, holding.signed))
    if holding.quantity <= 0.0:
        _vanish(book, now, symbol)


def _scale_prices(holding: Holding, scaled: Callable[[float], float]) -> None:
    holding.average = scaled(holding.average)
    holding.mark = scaled(holding.mark)
    holding.extreme = scaled(holding.extreme)
    if holding.stop_level is not None:
        holding.stop_level = scaled(holding.stop_level)


def _scale_orders(book: Book, symbol: int, scaled: Callable[[float], float]) -> None:
    for role in ORDER_SLOTS:
        order = book.order(symbol, role)
        if order is None:
            continue
        order.decided_price = scaled(order.decided_price)
        order.level = None if order.level is None else scaled(order.level)
        order.limit = None if order.limit is None else scaled(order.limit)


def _scale_quantities(world: World, book: Book, now: Now, symbol: int, ratio: float) -> None:
    """Order quantities in whole lots; an order of which nothing is left is cancelled."""
    for role in ORDER_SLOTS:
        order = book.order(symbol, role)
        if order is None:
            continue
        order.quantity = world.lot_floor(symbol, order.quantity * ratio)
        if order.quantity > 0.0:
            continue
        if role is Role.ENTRY:
            cancel_entry(book, now, symbol, Reason.LOT)
        else:
            book.drop(symbol, role)


def _lieu(world: World, book: Book, now: Now, symbol: int, rest: float) -> None:
    """Sell a remainder (signed) smaller than a lot at the mark."""
    if abs(rest) <= DUST * float(world.specs.lot[symbol]):
        return
    holding = book.holdings[symbol]
    holding.realised += rest * (holding.mark - holding.average)
    log_flow(book, now, symbol, CashKind.LIEU, rest * holding.mark)


def _vanish(book: Book, now: Now, symbol: int) -> None:
    """The position is gone without a fill: no verdict on the round trip, no day trade."""
    book.holdings.pop(symbol, None)
    cancel_all(book, now, symbol, Reason.UNTRADABLE)


def _close_out(book: Book, now: Now, event: Event, terms: tuple[float, CashKind]) -> None:
    price, kind = terms
    holding = book.holdings.get(event.symbol)
    if holding is not None:
        log_flow(book, now, event.symbol, kind, holding.signed * price)
        log_adjustment(book, now, event.symbol, event.kind, (holding.signed, 0.0))
    _vanish(book, now, event.symbol)


def _delisting_price(world: World, book: Book, event: Event) -> float:
    holding = book.holdings.get(event.symbol)
    if not isnan(event.a) or holding is None:
        return event.a
    return holding.mark * (1 + world.limits.delist_return)


def _stock_merger(world: World, book: Book, now: Now, event: Event) -> None:
    """q of the symbol becomes q * ratio of the other, and c cash for each."""
    other, ratio, cash = int(event.a), event.b, event.c
    holding = book.holdings.get(event.symbol)
    if holding is not None:
        log_flow(book, now, event.symbol, CashKind.MERGER, holding.signed * cash)
        log_adjustment(book, now, event.symbol, event.kind, (holding.signed, 0.0))
    _vanish(book, now, event.symbol)
    if holding is not None:
        basis = (holding.average - cash) / ratio
        _receive(world, book, now, event, (other, holding, holding.signed * ratio, basis))


def _spin_off(world: World, book: Book, now: Now, event: Event) -> None:
    """The holder gets q * ratio of the other; a share c of the cost basis goes with it."""
    other, ratio, share = int(event.a), event.b, event.c
    _scale_orders(book, event.symbol, lambda price: price * (1 - share))
    holding = book.holdings.get(event.symbol)
    if holding is None:
        return
    basis = holding.average * share / ratio
    _scale_prices(holding, lambda price: price * (1 - share))
    _receive(world, book, now, event, (other, holding, holding.signed * ratio, basis))


def _receive(
    world: World,
    book: Book,
    now: Now,
    event: Event,
    gift: tuple[int, Holding, float, float],
) -> None:
    """Units of another symbol enter the book at a basis; their remainder is paid in cash."""
    other, giver, signed, basis = gift
    whole = world.lot_floor(other, abs(signed)) * giver.side
    held = book.holdings.get(other)
    before = 0.0 if held is None else held.signed
    price = basis if held is None else held.mark
    rest = signed - whole
    if abs(rest) > DUST * float(world.specs.lot[other]):
        log_flow(book, now, other, CashKind.LIEU, rest * price)
    if whole == 0.0:
        return
    _merge_in(world, book, now, (other, giver, whole, basis))
    after = book.holdings[other].signed if other in book.holdings else 0.0
    log_adjustment(book, now, other, event.kind, (before, after))
    if other in book.holdings:
        drop_opposed_entry(book, now, other, Reason.UNTRADABLE)
        protect(world, book, other)


def _merge_in(world: World, book: Book, now: Now, gift: tuple[int, Holding, float, float]) -> None:
    other, giver, whole, basis = gift
    held = book.holdings.get(other)
    if held is None:
        book.holdings[other] = Holding(
            side=giver.side,
            quantity=abs(whole),
            average=basis,
            mark=basis,
            extreme=basis,
            intent=giver.intent,
            opened_session=now.session,
            entry_row=None,
            entry_notional=abs(whole) * basis,
        )
    elif held.side == giver.side:
        total = held.quantity + abs(whole)
        held.average = (held.quantity * held.average + abs(whole) * basis) / total
        held.quantity = total
        held.entry_notional += abs(whole) * basis
    else:
        _net(world, book, now, gift)


def _net(world: World, book: Book, now: Now, gift: tuple[int, Holding, float, float]) -> None:
    """Units received against a position of the other side close it first."""
    other, giver, whole, basis = gift
    held = book.holdings[other]
    closed = min(held.quantity, abs(whole))
    held.realised += held.side * closed * (basis - held.average)
    held.quantity -= closed
    beyond = abs(whole) - closed
    dust = DUST * float(world.specs.lot[other])
    if held.quantity <= dust:
        _vanish(book, now, other)
        if beyond > dust:
            _merge_in(world, book, now, (other, giver, giver.side * beyond, basis))


def _manual(world: World, book: Book, now: Now, event: Event) -> None:
    """A trade made by hand: what it gains or loses against the mark is nobody's P&L."""
    signed, price = event.a, event.b
    holding = book.holdings.get(event.symbol)
    mark = price if holding is None else holding.mark
    made = signed * (mark - price)
    book.day_start += made
    book.peak += made
    fill = Fill(
        symbol=event.symbol,
        side=1 if signed > 0.0 else -1,
        role=Role.MANUAL,
        reason=Reason.MANUAL,
        quantity=abs(signed),
        price=price,
        reference=price,
        fee=0.0,
        intent=0,
    )
    apply_fill(world, book, now, fill)
    drop_opposed_entry(book, now, event.symbol, Reason.MANUAL)


def _recall(book: Book, event: Event) -> None:
    holding = book.holdings.get(event.symbol)
    if holding is not None and holding.side < 0:
        holding.recalled = True
