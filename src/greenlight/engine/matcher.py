"""An account at an exchange that fills from bars or quotes, with the engine's own matching.

It knows its orders, its cash and what it holds, and nothing of why an order was laid.
"""

from collections.abc import Iterator, Sequence
from math import inf, isnan, nan, nextafter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import (
    BarsClosed,
    BarTime,
    CancelOrder,
    HaltError,
    Happened,
    OrderFilled,
    OrderKind,
    PlaceOrder,
    Reason,
    ReplaceOrder,
    Role,
    SessionBegan,
)
from greenlight.engine.accounts import Execution
from greenlight.engine.codes import ENTRY, EXIT, TARGET
from greenlight.engine.limits import ENTRY_LIMIT, ENTRY_MARKET
from greenlight.engine.loop import begin
from greenlight.engine.matching import OPEN, OVER, Progress
from greenlight.engine.onerow import Pane, moment_between, occasion
from greenlight.engine.simulation import normalise
from greenlight.engine.state import (
    ADJUSTMENTS,
    CASH,
    DECISIONS,
    FILLS,
    FLOWS,
    NEVER,
    NEXT_HAPPENING,
    NONE,
    ROLES,
    TRIGGERED,
    WORKING,
    Room,
    Rules,
    build_state,
)
from greenlight.engine.steps import UNSTARTED, book_fill, fill_next
from greenlight.engine.tape import F64


class Ended(NamedTuple):
    """What was left of an ENTRY is gone: a day order of an earlier session, or cash ran out."""

    symbol: int
    intent: int
    attempt: int
    reason: int


class Touch(NamedTuple):
    """Best bid and ask at `ts` (ns UTC)."""

    ts: int
    bid: float
    ask: float


class Rest(NamedTuple):
    """An order as it rests now: one that was triggered is of another kind than it was placed as."""

    kind: OrderKind
    price: float | None
    limit: float | None
    leaves: float


class Matcher:
    """One account's orders and positions. Of the limits only those of execution are obeyed."""

    def __init__(self, rules: Rules, cash: float, widths: Sequence[int]) -> None:
        rules = normalise(rules)
        limits = rules.limits._replace(stop=0.0, target=0.0, trail=0.0)  # what is placed rests
        self._rules = rules._replace(limits=limits)
        # bid and ask are half a spread apart from their middle already, and have no bar's volume
        spreadless = rules.costs._replace(half_spread=np.zeros_like(rules.costs.half_spread))
        self._quoted = Rules(limits._replace(bar_share=inf), spreadless, rules.specs)
        count = len(rules.specs.lot)
        self._state = build_state(rules.specs, limits, cash, Room(0))
        self._firsts = np.cumsum([0, *widths])
        self._panes = [Pane(int(f), w) for f, w in zip(self._firsts, widths, strict=False)]
        self._placed_kind = np.zeros(count, dtype=np.int64)

    @property
    def cash(self) -> float:
        """Cash of the account."""
        return float(self._state.book.money[CASH])

    @property
    def quantity(self) -> F64:
        """Signed units held of each symbol (N)."""
        return self._state.book.quantity.copy()

    @property
    def average(self) -> F64:
        """Average entry price of what is held of each symbol (N)."""
        return self._state.book.average.copy()

    @property
    def mark(self) -> F64:
        """Last close of each symbol (N), NaN unknown."""
        return self._state.book.mark.copy()

    def begin(self, event: SessionBegan | Happened) -> NDArray[Any]:
        """Let a session begin, or something happen to what the account holds and has ordered.

        The cash that it moved is told (FLOW rows). Raises HaltError where a happening is given
        twice.
        """
        self._state.book.counts[FILLS : ADJUSTMENTS + 1] = 0
        self._state.book.counts[NEXT_HAPPENING] = 0
        if not begin(self._state, self._rules, occasion(event), 0):
            raise HaltError("a happening must not be given twice")
        return self._state.logs.flows[: self._state.book.counts[FLOWS]].copy()

    def place(self, order: PlaceOrder) -> None:
        """Lay an order in the slot of its role."""
        orders, i, role = self._state.orders, order.id.symbol, int(order.id.role)
        orders.state[i, role] = WORKING
        orders.intent[i, role], orders.attempt[i, role] = order.id.intent, order.id.attempt
        orders.price[i, role], orders.leaves[i, role] = order.price, order.quantity
        if role == ENTRY:
            self._placed_kind[i] = orders.kind[i] = int(order.kind)
            orders.side[i], orders.limit[i] = int(order.side), order.limit
            orders.expiry[i] = NEVER if order.expiry_ts is None else order.expiry_ts
            orders.session[i] = NEVER

    def replace(self, order: ReplaceOrder) -> None:
        """Change an order that rests; one triggered meanwhile keeps the price that it has."""
        orders, i, role = self._state.orders, order.id.symbol, int(order.id.role)
        if orders.state[i, role] == NONE:
            return
        orders.attempt[i, role], orders.leaves[i, role] = order.id.attempt, order.quantity
        if role != ENTRY:
            orders.price[i, role] = order.price
        elif orders.kind[i] == self._placed_kind[i]:
            orders.price[i, role], orders.limit[i] = order.price, order.limit

    def cancel(self, order: CancelOrder) -> None:
        """Take an order off."""
        self._state.orders.state[order.id.symbol, int(order.id.role)] = NONE

    def rest(self, symbol: int, role: int) -> Rest | None:
        """What rests in a slot."""
        orders = self._state.orders
        if orders.state[symbol, role] == NONE:
            return None
        kind, price, limit = OrderKind.STOP, float(orders.price[symbol, role]), nan
        if role == ENTRY:
            kind = OrderKind(int(orders.kind[symbol]))
            limit = float(orders.limit[symbol]) if kind is OrderKind.STOP_LIMIT else nan
        elif role == TARGET:
            kind = OrderKind.LIMIT
        elif role == EXIT or orders.state[symbol, role] == TRIGGERED:
            kind = OrderKind.MARKET
        shown = None if kind is OrderKind.MARKET or isnan(price) else price
        return Rest(
            kind, shown, None if isnan(limit) else limit, float(orders.leaves[symbol, role])
        )

    def place_again(self, order: PlaceOrder, rest: Rest) -> None:
        """Lay an order that rested before, as what it has become since it was placed."""
        self.place(order)
        orders, i, role = self._state.orders, order.id.symbol, int(order.id.role)
        if role == ENTRY:
            orders.kind[i] = int(rest.kind)
            orders.price[i, role] = nan if rest.price is None else rest.price
        elif rest.price is not None:
            orders.price[i, role] = rest.price
        elif role != EXIT:
            orders.state[i, role] = TRIGGERED

    def book(self, fill: OrderFilled) -> None:
        """Book a fill of the past; no order is asked for it."""
        self._state.book.counts[FILLS : ADJUSTMENTS + 1] = 0
        numbers = (fill.quantity, fill.price, fill.reference, fill.fee)
        role = EXIT if fill.id.role is Role.MANUAL else int(fill.id.role)
        what = (fill.id.symbol, float(fill.side), role, int(Reason.OK))
        told = Execution(*what, *numbers, fill.id.intent, fill.id.attempt)
        book_fill(self._state, self._rules, moment_between(fill.time), told)

    def show(self, bar: BarsClosed) -> None:
        """Take down what a closed bar tells, and fill nothing."""
        self._panes[bar.block].show(bar)
        self._mark(bar)

    def match(self, bar: BarsClosed) -> Iterator[Execution | Ended]:
        """What the bar fills or ends, one after another; orders may change between any two."""
        pane, book = self._panes[bar.block], self._state.book
        pane.show(bar)
        first, end = self._firsts[bar.block], self._firsts[bar.block + 1]
        rests = (self._state.orders.state[first:end] != NONE).any(axis=1)
        present = ~np.isnan(bar.close)
        for i in np.flatnonzero(rests & present & (book.halted[first:end] == 0)):
            yield from self._match(pane, bar, int(first + i))
        self._mark(bar)

    def _mark(self, bar: BarsClosed) -> None:
        first, end = self._firsts[bar.block], self._firsts[bar.block + 1]
        present = ~np.isnan(bar.close)
        self._state.book.mark[first:end][present] = bar.close[present]

    def quote(self, symbol: int, time: BarTime, touch: Touch) -> Iterator[Execution | Ended]:
        """What bid and ask fill during the bar time: first what closes, then an ENTRY.

        Purchases are made at the ask and sales at the bid, with slippage and impact (of the last
        bar's volume) where the order is not a limit; a limit fills when it is reached. Reference is
        the middle, for a limit its own price.
        """
        is_open = time.open_ts <= touch.ts < time.close_ts
        is_halted = self._state.book.halted[symbol] != 0
        if not is_open or is_halted or not 0.0 < touch.bid <= touch.ask:
            return
        yield from self._age(symbol, time, touch.ts)
        block = int(np.searchsorted(self._firsts, symbol, side="right")) - 1
        pane = self._panes[block]
        pane.stand(time)
        cell = symbol - int(self._firsts[block]) + pane.width
        for is_closing in (True, False):
            yield from self._meet(pane, time, touch, self._start(symbol, cell, touch, is_closing))

    def _start(self, i: int, cell: int, touch: Touch, is_closing: bool) -> Progress:  # noqa: FBT001  # private
        """A bar of one price: that at which the symbol's position is closed, or entered."""
        held = self._state.book.quantity[i]
        side = 1.0 if held > 0.0 or (held == 0.0 and self._state.orders.side[i] > 0) else -1.0
        price = side * (touch.bid if (side > 0.0) == is_closing else touch.ask)
        # a hair beyond the price: the bar's rules want a limit passed, here reaching it is enough
        if is_closing:
            tried, top, bottom = 1 << ENTRY, nextafter(price, inf), price
        else:
            tried, top, bottom = (1 << ROLES) - 1 - (1 << ENTRY), price, nextafter(price, -inf)
        return Progress(i, cell, OPEN, tried, False, side, price, top, bottom, 0.0)  # noqa: FBT003

    def _meet(
        self, pane: Pane, time: BarTime, touch: Touch, at: Progress
    ) -> Iterator[Execution | Ended]:
        state, middle = self._state, (touch.bid + touch.ask) / 2.0
        while at.stage != OVER:
            state.book.counts[FILLS : ADJUSTMENTS + 1] = 0
            fill, at = fill_next(state, self._quoted, pane.feed, pane.known, at)
            ended = self._ended(at.symbol)
            if at.stage != OVER and fill.quantity > 0.0:
                is_entry_limit = fill.role == ENTRY and state.orders.kind[at.symbol] == ENTRY_LIMIT
                if fill.role != TARGET and not is_entry_limit:
                    fill = fill._replace(reference=middle)
                book_fill(state, self._rules, moment_between(time), fill)
                yield fill
            yield from ended
            if fill.role == ENTRY:  # what protects it closes at the other price: the next quote's
                return

    def _age(self, i: int, time: BarTime, ts: int) -> Iterator[Ended]:
        """End a DAY entry of an earlier session; a limit out of time becomes a market order."""
        orders = self._state.orders
        if orders.state[i, ENTRY] == NONE:
            return
        if not self._rules.limits.good_till_cancelled:
            if orders.session[i] == NEVER:
                orders.session[i] = time.session
            elif orders.session[i] != time.session:
                orders.state[i, ENTRY] = NONE
                intent, attempt = int(orders.intent[i, ENTRY]), int(orders.attempt[i, ENTRY])
                yield Ended(i, intent, attempt, int(Reason.EXPIRED))
                return
        if orders.kind[i] == ENTRY_LIMIT and orders.expiry[i] != NEVER and orders.expiry[i] <= ts:
            orders.kind[i], orders.price[i, ENTRY] = ENTRY_MARKET, nan

    def _match(self, pane: Pane, bar: BarsClosed, i: int) -> Iterator[Execution | Ended]:
        state, rules = self._state, self._rules
        at = Progress(i, 0, UNSTARTED, 0, False, 0.0, 0.0, 0.0, 0.0, 0.0)  # noqa: FBT003
        while at.stage != OVER:
            state.book.counts[FILLS : ADJUSTMENTS + 1] = 0
            fill, at = fill_next(state, rules, pane.feed, pane.known, at)
            ended = self._ended(i)
            yield from (end for end in ended if end.reason == Reason.EXPIRED)
            if at.stage != OVER and fill.quantity > 0.0:
                book_fill(state, rules, moment_between(bar.time), fill)
                yield fill
            yield from (end for end in ended if end.reason != Reason.EXPIRED)

    def _ended(self, i: int) -> list[Ended]:
        """What the last look at the orders of symbol i has ended."""
        orders, decisions = self._state.orders, self._state.logs.decisions
        found = decisions["reason"][: self._state.book.counts[DECISIONS]]
        intent, attempt = int(orders.intent[i, ENTRY]), int(orders.attempt[i, ENTRY])
        return [Ended(i, intent, attempt, int(reason)) for reason in found]
