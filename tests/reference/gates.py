"""Section 5: every gate in its order; the first that refuses names the reason."""

from dataclasses import dataclass
from math import inf, isnan

from greenlight.domain import Reason, Sizing
from greenlight.engine.tape import FLAG_REGIME, FLAG_STALE, FLAG_UNIVERSE, FLAG_UNTRADABLE
from reference.book import Book
from reference.correlation import correlation
from reference.world import Bar, World

ROUNDING = 1e-9
PDT_DAYS = 7
PDT_TRADES = 3


@dataclass(frozen=True)
class Wish:
    """What a candidate would like: side and notional; `calibrated` when a forecast sized it."""

    bar: Bar
    side: int
    wanted: float
    calibrated: bool


def size(world: World, book: Book, bar: Bar) -> tuple[float, bool]:
    """The wanted notional of a whole position, and whether a calibrated forecast gave it."""
    limits, equity = world.limits, book.equity()
    if limits.sizing == Sizing.FRACTION:
        kelly = _half_kelly(world, bar, equity)
        return (limits.sizing_value * equity, False) if kelly is None else (kelly, True)
    if limits.sizing == Sizing.NOTIONAL:
        return limits.sizing_value, False
    if limits.sizing == Sizing.UNITS:
        return limits.sizing_value * bar.close, False
    sigma = world.sigma(bar.cell)
    if isnan(sigma) or sigma == 0.0:
        return 0.0, False
    return equity * limits.sizing_value / sigma, False


def _half_kelly(world: World, bar: Bar, equity: float) -> float | None:
    conditions = world.conditions
    if conditions is None or conditions.p_win.size == 0:
        return None
    p, win, loss = (float(a[bar.cell]) for a in (conditions.p_win, conditions.win, conditions.loss))
    if isnan(p) or isnan(win) or isnan(loss) or win <= 0.0 or loss <= 0.0:
        return None
    confidence = abs(world.score(bar) - 50) / 50
    return equity * 0.5 * max(0.0, p / loss - (1 - p) / win) * confidence


def pass_gates(world: World, book: Book, wish: Wish) -> tuple[float, Reason]:
    """The quantity allowed and OK, or 0 and the reason."""
    held = book.holdings.get(wish.bar.symbol)
    most = world.limits.position * book.equity()
    most -= 0.0 if held is None else held.quantity * held.mark
    wanted = min(wish.wanted, most)
    reason = _system(world, book, wish)
    if reason is Reason.OK:
        wanted, reason = _portfolio(world, book, wish, wanted)
    if reason is Reason.OK:
        wanted, reason = _cluster(world, book, wish, wanted)
    if reason is Reason.OK:
        reason = _symbol(world, book, wish)
    if reason is Reason.OK:
        return _position(world, wish, wanted)
    return 0.0, reason


def _flag(world: World, bar: Bar, bit: int) -> bool:
    return world.conditions is not None and bool(int(world.conditions.flags[bar.cell]) & bit)


def _system(world: World, book: Book, wish: Wish) -> Reason:
    """Gates 2, 3, 5, 6; the switches of 1 and 4 are never set in a simulation."""
    if not world.limits.armed:
        return Reason.DISARMED
    if isnan(world.score(wish.bar)) or _flag(world, wish.bar, FLAG_STALE):
        return Reason.STALE
    if book.is_paused:
        return Reason.DAILY_LOSS
    if book.is_halted:
        return Reason.DRAWDOWN
    return Reason.OK


def _portfolio(world: World, book: Book, wish: Wish, wanted: float) -> tuple[float, Reason]:
    """Gates 7 to 10."""
    limits, equity, committed = world.limits, book.equity(), book.committed()
    room = limits.deployed * equity - committed
    if room <= 0.0 or room < limits.scrap * wanted:
        return 0.0, Reason.DEPLOYED
    wanted = min(wanted, room)
    if book.entries_today >= limits.entries_per_day:
        return 0.0, Reason.ENTRIES
    if committed + wanted > limits.leverage * equity * (1 + ROUNDING):
        return 0.0, Reason.MARGIN
    is_ruled = world.specs.is_us_equity[wish.bar.symbol] and (
        wish.bar.row.close_ts < limits.pdt_until and equity < limits.pdt_equity
    )
    recent = [s for s in book.day_trades if s > wish.bar.row.session - PDT_DAYS]
    if is_ruled and len(recent) >= PDT_TRADES:
        return 0.0, Reason.DAY_TRADES
    return wanted, Reason.OK


def _cluster(world: World, book: Book, wish: Wish, wanted: float) -> tuple[float, Reason]:
    """Gates 11 and 12."""
    symbol = wish.bar.symbol
    if world.is_full and world.limits.correlation < inf and _is_crowded(world, book, wish):
        return 0.0, Reason.CORRELATION
    if book.sectors[symbol] < 0:
        return wanted, Reason.OK
    room = world.limits.sector * book.equity() - _sector_exposure(book, symbol)
    if room <= 0.0 or room < world.limits.scrap * wanted:
        return 0.0, Reason.SECTOR
    return min(wanted, room), Reason.OK


def _sector_exposure(book: Book, symbol: int) -> float:
    """Exposure of the symbol's sector, over the active symbols."""
    sector = book.sectors
    return sum(book.exposure(i) for i in book.active() if sector[i] == sector[symbol])


def _is_crowded(world: World, book: Book, wish: Wish) -> bool:
    """Whether another holding of the block moves too much alike, or nobody knows."""
    row, symbol, limit = wish.bar.row, wish.bar.symbol, world.limits.correlation
    for other in row.symbols:
        if other == symbol or other not in book.holdings:
            continue
        rho = correlation(world, row, symbol, other)
        alike = rho if book.holdings[other].side == wish.side else -rho
        if isnan(rho) or alike > limit:
            return True
    return False


def _symbol(world: World, book: Book, wish: Wish) -> Reason:
    """Gates 13 to 16."""
    bar, limits = wish.bar, world.limits
    symbol, row = bar.symbol, bar.row
    is_cooling = row.elapsed < book.cool_until.get(symbol, row.elapsed)
    if is_cooling or book.loss_row.get(symbol) == row.number:
        return Reason.COOLOFF
    rsi = float("nan") if world.conditions is None else float(world.conditions.rsi[bar.cell])
    if rsi > limits.rsi_high if wish.side > 0 else rsi < limits.rsi_low:
        return Reason.OVEREXTENDED
    if symbol in book.halted_symbols or _flag(world, bar, FLAG_UNTRADABLE):
        return Reason.UNTRADABLE
    if _flag(world, bar, FLAG_UNIVERSE):
        return Reason.UNIVERSE
    if _flag(world, bar, FLAG_REGIME):
        return Reason.REGIME
    if wish.side < 0 and (limits.long_only or not world.specs.shortable[symbol]):
        return Reason.SHORT
    return Reason.OK


def _position(world: World, wish: Wish, wanted: float) -> tuple[float, Reason]:
    """Gates 17 to 20."""
    limits, bar = world.limits, wish.bar
    if not wanted > 0.0:
        return 0.0, Reason.SIZE
    if world.conditions is not None:
        usual = float(world.conditions.usual_volume[bar.cell])
        most = limits.volume_share * usual * bar.close
        if most <= 0.0 or most < limits.scrap * wanted:
            return 0.0, Reason.VOLUME
        wanted = wanted if isnan(most) else min(wanted, most)
    quantity = world.lot_floor(bar.symbol, wanted / bar.close)
    if quantity == 0.0:
        return 0.0, Reason.LOT
    if quantity * bar.close < limits.least_notional:
        return 0.0, Reason.NOTIONAL
    return quantity, Reason.OK
