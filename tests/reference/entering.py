"""Section 6: the candidates of a row, and the entry orders they become."""

from greenlight.domain import Action, Reason, Role
from greenlight.engine.limits import ENTRY_LIMIT, ENTRY_MARKET, ENTRY_STOP
from reference.book import Book, Kind, Order
from reference.closing import health
from reference.gates import Wish, pass_gates, size
from reference.world import Bar, Row, World

Candidate = tuple[Bar, int]


def propose_and_enter(world: World, book: Book, row: Row) -> None:
    """Each candidate through the gates, those before it already counting as committed."""
    for bar, side in candidates(world, row):
        if not _is_skipped(book, bar, side):
            _decide(world, book, bar, side)


def candidates(world: World, row: Row) -> list[Candidate]:
    """Bar and side of every candidate, the strongest score first."""
    found: list[Candidate] = []
    for symbol in row.symbols:
        bar = world.bar(row, symbol)
        if bar is None:
            continue
        if world.score(bar) >= world.limits.buy_score:
            found.append((bar, 1))
        elif world.score(bar) <= world.limits.sell_score and not world.limits.long_only:
            found.append((bar, -1))
    return sorted(found, key=lambda c: (-abs(world.score(c[0]) - 50), c[0].symbol))


def _is_skipped(book: Book, bar: Bar, side: int) -> bool:
    holding = book.holdings.get(bar.symbol)
    is_opposed = holding is not None and holding.side != side
    return is_opposed or book.order(bar.symbol, Role.EXIT) is not None


def _decide(world: World, book: Book, bar: Bar, side: int) -> None:
    wanted, calibrated = size(world, book, bar)
    action = Action.ENTER
    is_resting = book.order(bar.symbol, Role.ENTRY) is not None
    if bar.symbol in book.holdings or is_resting:
        wanted = min(wanted, world.limits.position * book.equity())
        if is_resting or not _may_add(world, book, bar, wanted):
            _log(world, book, Wish(bar, side, 0.0, False), (Action.REFUSE, Reason.HELD, 0.0))
            return
        held = book.holdings[bar.symbol]
        wanted -= held.quantity * held.mark
        action = Action.ADD
    wish = Wish(bar, side, wanted, calibrated)
    quantity, reason = pass_gates(world, book, wish)
    if reason is not Reason.OK:
        _log(world, book, wish, (Action.REFUSE, reason, 0.0))
        return
    book.last_intent += 1
    book.entries_today += 1
    book.place(_entry_order(world, book, wish, quantity))
    _log(world, book, wish, (action, Reason.OK, quantity))


def _may_add(world: World, book: Book, bar: Bar, wanted: float) -> bool:
    limits, holding = world.limits, book.holdings[bar.symbol]
    if not world.is_full or limits.health_add == 0.0:
        return False
    if holding.side * (bar.close / holding.average - 1) <= 0.0:
        return False
    held = holding.quantity * holding.mark
    if not wanted - held > limits.scrap * held:
        return False
    return health(world, book, bar) >= limits.health_add


def _entry_order(world: World, book: Book, wish: Wish, quantity: float) -> Order:
    bar, side, limits = wish.bar, wish.side, world.limits
    order = Order(
        symbol=bar.symbol,
        role=Role.ENTRY,
        side=side,
        kind=Kind.MARKET,
        quantity=quantity,
        reason=Reason.ENTRY,
        intent=book.last_intent,
        decided_price=bar.close,
    )
    if limits.entry_kind == ENTRY_MARKET:
        return order
    if limits.entry_kind == ENTRY_LIMIT:
        return _limit_order(world, order, bar)
    stop = world.tick_round(bar.symbol, bar.close * (1 + side * limits.entry_offset))
    order.kind, order.level = Kind.STOP, stop
    if limits.entry_kind != ENTRY_STOP:
        order.kind = Kind.STOP_LIMIT
        order.limit = world.tick_round(bar.symbol, stop * (1 + side * limits.limit_offset))
    return order


def _limit_order(world: World, order: Order, bar: Bar) -> Order:
    """A limit; where a bar is longer than its time-out, a market order."""
    limits, row = world.limits, bar.row
    if limits.timeout_ns > 0:
        if limits.timeout_ns < row.close_ts - row.open_ts:
            return order
        order.expiry = row.close_ts + limits.timeout_ns
    order.kind = Kind.LIMIT
    price = bar.close * (1 - order.side * limits.entry_offset)
    order.limit = world.tick_round(bar.symbol, price)
    return order


def _log(world: World, book: Book, wish: Wish, verdict: tuple[Action, Reason, float]) -> None:
    action, reason, quantity = verdict
    is_entry = reason is Reason.OK
    book.logs.decisions.append(
        {
            "row": wish.bar.row.number,
            "ts": wish.bar.row.close_ts,
            "symbol": wish.bar.symbol,
            "side": wish.side,
            "action": action,
            "reason": reason,
            "score": world.score(wish.bar),
            "quantity": quantity,
            "price": wish.bar.close,
            "intent": book.last_intent if is_entry else 0,
            "calibrated": int(wish.calibrated),
        }
    )
