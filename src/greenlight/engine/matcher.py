"""An account at an exchange that fills from bars, with the engine's own matching.

It knows its orders, its cash and what it holds, and nothing of why an order was laid.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from greenlight.domain import (
    BarsClosed,
    CancelOrder,
    HaltError,
    Happened,
    PlaceOrder,
    Reason,
    ReplaceOrder,
    SessionBegan,
)
from greenlight.engine.accounts import Execution
from greenlight.engine.codes import ENTRY
from greenlight.engine.loop import begin
from greenlight.engine.matching import OVER, Progress
from greenlight.engine.onerow import Pane, moment_between, occasion
from greenlight.engine.simulation import normalise
from greenlight.engine.state import (
    ADJUSTMENTS,
    CASH,
    DECISIONS,
    FILLS,
    NEVER,
    NEXT_HAPPENING,
    NONE,
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


class Matcher:
    """One account's orders and positions. Of the limits only those of execution are obeyed."""

    def __init__(self, rules: Rules, cash: float, widths: Sequence[int]) -> None:
        rules = normalise(rules)
        limits = rules.limits._replace(stop=0.0, target=0.0, trail=0.0)  # what is placed rests
        self._rules = rules._replace(limits=limits)
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

    def begin(self, event: SessionBegan | Happened) -> None:
        """Let a session begin, or something happen to what the account holds and has ordered.

        Raises HaltError where a happening is given twice.
        """
        self._state.book.counts[FILLS : ADJUSTMENTS + 1] = 0
        self._state.book.counts[NEXT_HAPPENING] = 0
        if not begin(self._state, self._rules, occasion(event), 0):
            raise HaltError("a happening must not be given twice")

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

    def match(self, bar: BarsClosed) -> Iterator[Execution | Ended]:
        """What the bar fills or ends, one after another; orders may change between any two."""
        pane, book = self._panes[bar.block], self._state.book
        pane.show(bar)
        first, end = self._firsts[bar.block], self._firsts[bar.block + 1]
        rests = (self._state.orders.state[first:end] != NONE).any(axis=1)
        present = ~np.isnan(bar.close)
        for i in np.flatnonzero(rests & present & (book.halted[first:end] == 0)):
            yield from self._match(pane, bar, int(first + i))
        book.mark[first:end][present] = bar.close[present]

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
