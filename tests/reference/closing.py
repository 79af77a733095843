"""Section 4: what happens to a position when its bar closes, and its health."""

from math import isnan

from greenlight.domain import Action, Reason, Role
from reference.book import Book, Holding, Kind, LogRow, Order, cancel_entry
from reference.world import Bar, World


def close(world: World, book: Book, bar: Bar) -> None:
    """Age, trail, mark, momentum, then the exits."""
    holding = book.holdings.get(bar.symbol)
    if holding is None:
        return
    holding.age += 1
    _trail(world, book, bar, holding)
    before = holding.average if holding.age == 1 else holding.mark
    r = bar.close / before - 1
    holding.momentum += (r - holding.momentum) * 2 / (world.limits.momentum_bars + 1)
    holding.mark = bar.close
    if book.order(bar.symbol, Role.EXIT) is None:
        _exits(world, book, bar, holding)


def _trail(world: World, book: Book, bar: Bar, holding: Holding) -> None:
    furthest, price = (max, bar.high) if holding.side > 0 else (min, bar.low)
    holding.extreme = furthest(holding.extreme, price)
    trail = book.order(bar.symbol, Role.TRAIL)
    if trail is None:
        return
    level = holding.extreme * (1 - holding.side * world.limits.trail)
    level = world.tick_round(bar.symbol, level)
    trail.level = level if trail.level is None else furthest(trail.level, level)


def _exits(world: World, book: Book, bar: Bar, holding: Holding) -> None:
    reason = _exit_reason(world, book, bar, holding)
    if reason is not None:
        _leave(world, book, bar, (Action.EXIT, reason, holding.quantity))
        cancel_entry(book, bar.row.now, bar.symbol, reason)
        return
    quantity = _weight_excess(world, book, bar, holding)
    if quantity > 0.0:
        _leave(world, book, bar, (Action.TRIM, Reason.WEIGHT, quantity))
        return
    quantity = _unhealthy_half(world, book, bar, holding)
    if quantity > 0.0:
        holding.trimmed = True
        _leave(world, book, bar, (Action.TRIM, Reason.HEALTH, quantity))


def _exit_reason(world: World, book: Book, bar: Bar, holding: Holding) -> Reason | None:
    """The first cause that holds."""
    limits, side, score = world.limits, holding.side, world.score(bar)
    if side * (bar.close - holding.average) <= -limits.watch * holding.average:
        return Reason.WATCH
    if (side > 0 and score <= limits.sell_score) or (side < 0 and score >= limits.buy_score):
        return Reason.SCORE
    if limits.max_bars > 0 and holding.age >= limits.max_bars:
        return Reason.TIME
    if holding.recalled:
        return Reason.RECALL
    is_watched = world.is_full and limits.health_exit > 0.0
    if is_watched and health(world, book, bar) < limits.health_exit:
        return Reason.HEALTH
    return None


def _weight_excess(world: World, book: Book, bar: Bar, holding: Holding) -> float:
    """Quantity beyond the position limit, once it is far enough beyond."""
    allowed = world.limits.position * book.equity_before
    notional = holding.quantity * bar.close
    if not notional > world.limits.trim_above * allowed:
        return 0.0
    excess = world.lot_floor(bar.symbol, (notional - allowed) / bar.close)
    return min(excess, holding.quantity)


def _unhealthy_half(world: World, book: Book, bar: Bar, holding: Holding) -> float:
    """Half of a position in poor health, once a round trip."""
    limits = world.limits
    if not world.is_full or limits.health_trim == 0.0 or holding.trimmed:
        return 0.0
    if not health(world, book, bar) < limits.health_trim:
        return 0.0
    return world.lot_floor(bar.symbol, holding.quantity / 2)


def _leave(world: World, book: Book, bar: Bar, verdict: tuple[Action, Reason, float]) -> None:
    """Rest a market order in the EXIT slot and write the decision down."""
    action, reason, quantity = verdict
    holding = book.holdings[bar.symbol]
    book.place(
        Order(
            symbol=bar.symbol,
            role=Role.EXIT,
            side=-holding.side,
            kind=Kind.MARKET,
            quantity=quantity,
            reason=reason,
            intent=holding.intent,
        )
    )
    decision: LogRow = {
        "row": bar.row.number,
        "ts": bar.row.close_ts,
        "symbol": bar.symbol,
        "side": -holding.side,
        "action": action,
        "reason": reason,
        "score": world.score(bar),
        "quantity": quantity,
        "price": bar.close,
        "intent": holding.intent,
        "calibrated": 0,
    }
    book.logs.decisions.append(decision)


def health(world: World, book: Book, bar: Bar) -> float:
    """Section 4.1, 0 (leave) to 100 (add)."""
    limits, holding = world.limits, book.holdings[bar.symbol]
    side, score, sigma = holding.side, world.score(bar), world.sigma(bar.cell)
    a = 0.0 if isnan(score) else side * (score - 50) / 50
    b = _ratio(side * holding.momentum, sigma)
    d = _ratio(holding.age, limits.max_bars)
    weight = _ratio(holding.quantity * holding.mark, book.equity_before)
    e = _beyond(weight, limits.position)
    f = _beyond(_sector_share(book, bar.symbol), limits.sector)
    u = side * (bar.close / holding.average - 1)
    g = _ratio(u, limits.target if u >= 0.0 else limits.stop)
    rewards = 50 + 25 * _cut(a, -1.0) + 15 * _cut(b, -1.0)
    return rewards - 10 * _cut(d, 0.0) - 5 * _cut(e, 0.0) - 5 * _cut(f, 0.0) + 10 * _cut(g, -1.0)


def _sector_share(book: Book, symbol: int) -> float:
    """Share of equity the symbol's sector had at the end of the last recorded row."""
    sector = book.sectors[symbol]
    if sector < 0:
        return float("nan")
    return _ratio(book.sector_before.get(sector, 0.0), book.equity_before)


def _beyond(share: float, limit: float) -> float:
    """How far a share lies above its limit, as a part of the limit; 0 where unknown."""
    if isnan(share) or limit == 0.0:
        return 0.0
    return share / limit - 1


def _ratio(value: float, divisor: float) -> float:
    """The quotient; 0 where the divisor is 0 or unknown."""
    return 0.0 if isnan(divisor) or divisor == 0.0 else value / divisor


def _cut(value: float, least: float) -> float:
    return min(1.0, max(least, value))
