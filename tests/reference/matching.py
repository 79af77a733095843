"""Section 3: what the orders of one symbol do in one bar."""

from dataclasses import dataclass
from math import inf, isnan

from greenlight.domain import Reason, Role
from greenlight.engine.limits import PROTECT_FROM_NEXT_BAR
from reference.book import DUST, Book, Holding, Kind, Order, cancel_entry, log_cancel
from reference.positions import Fill, apply_fill
from reference.world import Bar, World


@dataclass(frozen=True)
class Prices:
    """A bar as a long position sees it: for a short, negated, high and low swapped."""

    sign: int
    open: float
    high: float
    low: float

    @classmethod
    def seen(cls, bar: Bar, side: int) -> "Prices":
        """The bar as a position or entry of that side sees it."""
        if side > 0:
            return cls(1, bar.open, bar.high, bar.low)
        return cls(-1, -bar.open, -bar.low, -bar.high)

    def of(self, price: float) -> float:
        """A price in the same mirror."""
        return self.sign * price

    def higher(self, one: float, other: float) -> float:
        """The price that is higher in the mirror."""
        return max(one, other, key=self.of)

    def lower(self, one: float, other: float) -> float:
        """The price that is lower in the mirror."""
        return min(one, other, key=self.of)


def match(world: World, book: Book, bar: Bar) -> None:
    """Fill what the bar fills; a halted symbol's orders are not looked at."""
    if bar.symbol in book.halted_symbols:
        return
    matching = Matching(world, book, bar, _volume_cap(world, bar))
    matching.start_of_bar()
    matching.open_exit()
    matching.open_stops()
    matching.open_target()
    matching.open_entry()
    matching.bar_stops()
    matching.bar_target()
    entered_at = matching.bar_entry()
    if entered_at is not None:
        matching.after_stop(entered_at)


def _volume_cap(world: World, bar: Bar) -> float:
    share = world.limits.bar_share
    if not world.is_full or isnan(bar.volume) or share == inf:
        return inf
    return world.lot_floor(bar.symbol, share * bar.volume)


@dataclass
class Matching:
    """One symbol's walk through one bar; `room` is what the bar's volume still lets it fill."""

    world: World
    book: Book
    bar: Bar
    room: float

    def order(self, role: Role) -> Order | None:
        """The symbol's order in that slot."""
        return self.book.order(self.bar.symbol, role)

    @property
    def holding(self) -> Holding | None:
        """The symbol's position."""
        return self.book.holdings.get(self.bar.symbol)

    # ---- before the bar -------------------------------------------------------------------

    def start_of_bar(self) -> None:
        """A day order of an earlier session expires; a limit out of time becomes a market order."""
        entry, row = self.order(Role.ENTRY), self.bar.row
        if entry is None:
            return
        if entry.worked_session is None:
            entry.worked_session = row.session
        is_day = not self.world.limits.good_till_cancelled
        if is_day and row.session > entry.worked_session:
            cancel_entry(self.book, row.now, self.bar.symbol, Reason.EXPIRED)
        elif entry.expiry is not None and entry.expiry <= row.open_ts:
            entry.kind, entry.expiry = Kind.MARKET, None

    # ---- stage open -----------------------------------------------------------------------

    def open_exit(self) -> None:
        """EXIT: always, at the open."""
        leaving = self.order(Role.EXIT)
        if leaving is not None:
            self.fill_taker(leaving, self.bar.open)

    def open_stops(self) -> None:
        """A triggered remainder, or a stop or trail that the open has gapped through."""
        if self.holding is None:
            return
        prices = Prices.seen(self.bar, self.holding.side)
        crossed = self._crossed(prices, prices.open)
        if crossed is not None:
            crossed.triggered = True
            self.fill_taker(crossed, self.bar.open)

    def open_target(self) -> None:
        """TARGET: the open trades through it."""
        target = self.order(Role.TARGET)
        if target is None or self.holding is None:
            return
        prices = Prices.seen(self.bar, self.holding.side)
        if prices.open > prices.of(_level(target)):
            self.fill_maker(target, self.bar.open)

    def open_entry(self) -> None:
        """ENTRY of any kind, at the open."""
        entry = self.order(Role.ENTRY)
        if entry is None:
            return
        prices = Prices.seen(self.bar, entry.side)
        if entry.kind is Kind.MARKET:
            self.fill_taker(entry, self.bar.open)
        elif _works_as_limit(entry):
            if prices.open < prices.of(_limit(entry)):
                self.fill_maker(entry, self.bar.open)
        elif prices.open >= prices.of(_level(entry)):
            entry.triggered = True
            if entry.kind is Kind.STOP:
                entry.kind = Kind.MARKET
                self.fill_taker(entry, self.bar.open)
            elif prices.open < prices.of(_limit(entry)):
                self.fill_taker(entry, self.bar.open)

    # ---- stage bar ------------------------------------------------------------------------

    def bar_stops(self) -> None:
        """STOP or TRAIL, whichever the price meets first on its way down."""
        if self.holding is None or not self._is_protection_live():
            return
        prices = Prices.seen(self.bar, self.holding.side)
        if any(order.triggered for order in self._stops()):
            return  # a remainder waits for the next open
        crossed = self._crossed(prices, prices.low)
        if crossed is not None:
            crossed.triggered = True
            self.fill_taker(crossed, prices.lower(_level(crossed), self.bar.open))

    def bar_target(self) -> None:
        """TARGET: the bar trades through it."""
        target = self.order(Role.TARGET)
        if target is None or self.holding is None or not self._is_protection_live():
            return
        prices = Prices.seen(self.bar, self.holding.side)
        if prices.high > prices.of(_level(target)):
            self.fill_maker(target, prices.higher(_level(target), self.bar.open))

    def bar_entry(self) -> float | None:
        """ENTRY inside the bar; the reference price when something filled."""
        entry = self.order(Role.ENTRY)
        if entry is None or entry.kind is Kind.MARKET:
            return None
        prices = Prices.seen(self.bar, entry.side)
        if _works_as_limit(entry):
            limit = _limit(entry)
            is_through = prices.low < prices.of(limit)
            return limit if is_through and self.fill_maker(entry, limit) > 0.0 else None
        level = _level(entry)
        if prices.high < prices.of(level):
            return None
        entry.triggered = True
        if entry.kind is Kind.STOP:
            entry.kind = Kind.MARKET
        elif prices.of(level) >= prices.of(_limit(entry)):
            return None
        return level if self.fill_taker(entry, level) > 0.0 else None

    def after_stop(self, entered_at: float) -> None:
        """The STOP once more, after an entry filled inside the bar at that reference price."""
        stop = self.order(Role.STOP)
        if stop is None or self.holding is None or not self._is_protection_live():
            return
        prices = Prices.seen(self.bar, self.holding.side)
        if not stop.triggered and prices.low <= prices.of(_level(stop)):
            stop.triggered = True
            self.fill_taker(stop, prices.lower(_level(stop), entered_at))

    # ---- what the stages share ------------------------------------------------------------

    def _is_protection_live(self) -> bool:
        """Whether stop and target count in this bar: not where the entry itself was in it."""
        waits = self.world.limits.protect_from == PROTECT_FROM_NEXT_BAR
        holding = self.holding
        return not (waits and holding is not None and holding.entry_row == self.bar.row.number)

    def _stops(self) -> list[Order]:
        """STOP and TRAIL, as far as they rest."""
        return [o for o in (self.order(Role.STOP), self.order(Role.TRAIL)) if o is not None]

    def _crossed(self, prices: Prices, price: float) -> Order | None:
        """The triggered one, or the higher of the levels crossed; a tie is the STOP."""
        best: Order | None = None
        for order in self._stops():
            if order.triggered:
                return order
            if order.level is None or price > prices.of(order.level):
                continue
            if best is None or prices.of(order.level) > prices.of(_level(best)):
                best = order
        return best

    def fill_maker(self, order: Order, reference: float) -> float:
        """Fill a limit at the reference price itself; what was filled."""
        quantity = self._within_volume(order)
        return self._fill(order, quantity, (reference, reference)) if quantity > 0.0 else 0.0

    def fill_taker(self, order: Order, reference: float) -> float:
        """Fill across the spread; what was filled."""
        quantity = self._within_volume(order)
        if quantity <= 0.0:
            return 0.0
        return self._fill(
            order, quantity, (self._taker_price(order, quantity, reference), reference)
        )

    def _taker_price(self, order: Order, quantity: float, reference: float) -> float:
        price = self.world.taker_price(self.bar, order.side, quantity, reference)
        if order.kind is Kind.STOP_LIMIT:
            price = order.side * min(order.side * price, order.side * _limit(order))
        return price

    def _within_volume(self, order: Order) -> float:
        quantity = min(order.quantity, self.room)
        return quantity if quantity > DUST * float(self.world.specs.lot[order.symbol]) else 0.0

    def _fill(self, order: Order, quantity: float, prices: tuple[float, float]) -> float:
        price, reference = prices
        is_cut = False
        if order.role is Role.ENTRY:
            paid_for = self._paid_for(order, quantity, price)
            is_cut = paid_for < quantity
            if is_cut and price != reference and paid_for > 0.0:
                price = self._taker_price(order, paid_for, reference)  # less impact
            quantity = paid_for
        self._settle(order, quantity, is_cut=is_cut)
        if quantity <= 0.0:
            return 0.0
        self.room -= quantity
        fee = self.world.fee(self.bar, order.side, quantity, price)
        fill = Fill(
            symbol=order.symbol,
            side=order.side,
            role=order.role,
            reason=order.reason,
            quantity=quantity,
            price=price,
            reference=reference,
            fee=fee,
            intent=order.intent,
        )
        apply_fill(self.world, self.book, self.bar.row.now, fill)
        return quantity

    def _settle(self, order: Order, quantity: float, *, is_cut: bool) -> None:
        """Take the fill off the order; drop it when nothing is left, or no cash for the rest."""
        order.quantity -= quantity
        holding = self.holding
        is_done = order.quantity <= DUST * float(self.world.specs.lot[order.symbol])
        if is_done or is_cut:
            self.book.drop(order.symbol, order.role)
        if is_cut:
            log_cancel(self.book, self.bar.row.now, order, Reason.CASH)
        if order.role is Role.TARGET and holding is not None:
            holding.target_started = True
            holding.target_filled = is_done

    def _paid_for(self, entry: Order, quantity: float, price: float) -> float:
        """As much of a buying entry as cash pays for."""
        if entry.side < 0 or self.world.limits.leverage > 1.0:
            return quantity
        costs, symbol = self.world.costs, self.bar.symbol
        unit = price * (1 + float(costs.percent[symbol])) + float(costs.per_share[symbol])
        payable = (self.book.cash - float(costs.minimum[symbol])) / unit
        if payable >= quantity:
            return quantity
        return max(0.0, self.world.lot_floor(symbol, payable))


def _works_as_limit(entry: Order) -> bool:
    return entry.kind is Kind.LIMIT or (entry.kind is Kind.STOP_LIMIT and entry.triggered)


def _level(order: Order) -> float:
    assert order.level is not None  # a stop, target or stop entry has its level
    return order.level


def _limit(order: Order) -> float:
    assert order.limit is not None  # a limit order has its limit
    return order.limit
