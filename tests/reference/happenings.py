"""Section 7: what the world does to instruments and to the account."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import isnan

from greenlight.domain import CashKind, HaltError, Happening, Reason, Role
from reference.book import (
    DUST,
    SLOTS,
    Book,
    Holding,
    Now,
    cancel_all,
    cancel_entry,
    log_adjustment,
    log_flow,
)
from reference.positions import Fill, apply_fill, cancel_opposed_entry, protect
from reference.world import World


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
        raise HaltError(f"happening {event.id} of symbol {event.symbol} was applied before")
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
        case Happening.SECTOR:
            book.sectors[event.symbol] = int(event.a)
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
    for role in SLOTS:
        order = book.order(symbol, role)
        if order is None:
            continue
        order.decided_price = scaled(order.decided_price)
        order.level = None if order.level is None else scaled(order.level)
        order.limit = None if order.limit is None else scaled(order.limit)


def _scale_quantities(world: World, book: Book, now: Now, symbol: int, ratio: float) -> None:
    """Order quantities in whole lots; an order of which nothing is left is cancelled."""
    for role in SLOTS:
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
    giver = book.holdings.get(event.symbol)
    if giver is not None:
        log_flow(book, now, event.symbol, CashKind.MERGER, giver.signed * cash)
        log_adjustment(book, now, event.symbol, event.kind, (giver.signed, 0.0))
    _vanish(book, now, event.symbol)
    if giver is not None:
        basis = (giver.average - cash) / ratio
        gift = Gift(other, giver.side, giver.quantity * ratio, basis, giver.intent)
        _receive(world, book, now, event.kind, gift)


def _spin_off(world: World, book: Book, now: Now, event: Event) -> None:
    """The holder gets q * ratio of the other; a share c of the cost basis goes with it."""
    other, ratio, share = int(event.a), event.b, event.c
    _scale_orders(book, event.symbol, lambda price: price * (1 - share))
    giver = book.holdings.get(event.symbol)
    if giver is None:
        return
    basis = giver.average * share / ratio
    _scale_prices(giver, lambda price: price * (1 - share))
    giver.entry_notional *= 1 - share
    gift = Gift(other, giver.side, giver.quantity * ratio, basis, giver.intent)
    _receive(world, book, now, event.kind, gift)


@dataclass(frozen=True)
class Gift:
    """Units of another symbol received, at what basis."""

    symbol: int
    side: int
    quantity: float
    basis: float
    intent: int


def _receive(world: World, book: Book, now: Now, kind: Happening, gift: Gift) -> None:
    """Whole lots enter the book at their basis; the remainder is paid in cash."""
    symbol = gift.symbol
    whole = world.lot_floor(symbol, gift.quantity)
    held = book.holdings.get(symbol)
    before = 0.0 if held is None else held.signed
    rest = gift.quantity - whole
    if rest > DUST * float(world.specs.lot[symbol]):
        price = gift.basis if held is None else held.mark
        log_flow(book, now, symbol, CashKind.LIEU, gift.side * rest * price)
    if whole == 0.0:
        return
    _merge_in(world, book, now, replace(gift, quantity=whole))
    after = book.holdings[symbol].signed if symbol in book.holdings else 0.0
    log_adjustment(book, now, symbol, kind, (before, after))
    if symbol in book.holdings:
        cancel_opposed_entry(book, now, symbol, Reason.UNTRADABLE)
        protect(world, book, symbol)


def _merge_in(world: World, book: Book, now: Now, gift: Gift) -> None:
    held = book.holdings.get(gift.symbol)
    if held is None:
        book.holdings[gift.symbol] = Holding(
            side=gift.side,
            quantity=gift.quantity,
            average=gift.basis,
            mark=gift.basis,
            extreme=gift.basis,
            intent=gift.intent,
            opened_session=now.session,
            entry_row=None,
            entry_notional=gift.quantity * gift.basis,
        )
    elif held.side == gift.side:
        total = held.quantity + gift.quantity
        held.average = (held.quantity * held.average + gift.quantity * gift.basis) / total
        held.quantity = total
        held.entry_notional += gift.quantity * gift.basis
    else:
        _net(world, book, now, gift)


def _net(world: World, book: Book, now: Now, gift: Gift) -> None:
    """Units received against a position of the other side close it first."""
    held = book.holdings[gift.symbol]
    closed = min(held.quantity, gift.quantity)
    held.realised += held.side * closed * (gift.basis - held.average)
    held.quantity -= closed
    beyond = gift.quantity - closed
    dust = DUST * float(world.specs.lot[gift.symbol])
    if held.quantity <= dust:
        _vanish(book, now, gift.symbol)
        if beyond > dust:
            _merge_in(world, book, now, replace(gift, quantity=beyond))


def _manual(world: World, book: Book, now: Now, event: Event) -> None:
    """A trade made by hand: what it gains or loses against the mark is nobody's P&L."""
    signed, price = event.a, event.b
    made = _against_mark(book.holdings.get(event.symbol), signed, price)
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
    cancel_opposed_entry(book, now, event.symbol, Reason.MANUAL)


def _against_mark(held: Holding | None, signed: float, price: float) -> float:
    """What a trade changes in equity at once: what it opens anew is marked at its own price."""
    if held is None:
        return 0.0
    if signed * held.side > 0.0:
        return signed * (held.mark - price)
    closed = min(abs(signed), held.quantity)
    return held.side * closed * (price - held.mark)


def _recall(book: Book, event: Event) -> None:
    holding = book.holdings.get(event.symbol)
    if holding is not None and holding.side < 0:
        holding.recalled = True
