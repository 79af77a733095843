"""What rests at the venue as far as the trader knows, and the commands that make it what should."""

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import (
    CancelOrder,
    Command,
    OrderId,
    OrderKind,
    PlaceOrder,
    ReplaceOrder,
    Role,
    Side,
)
from greenlight.engine.codes import ENTRY, TRAIL
from greenlight.engine.state import NEVER, NONE, ROLES, Book, Orders
from greenlight.engine.tape import F64

_DUST = 1e-6  # of a lot, as in `settle`
_KIND = {
    Role.STOP: OrderKind.STOP,
    Role.TARGET: OrderKind.LIMIT,
    Role.TRAIL: OrderKind.STOP,
    Role.EXIT: OrderKind.MARKET,
}


class Resting:
    """Mirror of the order table (N, 5): what has been asked for, less what has filled."""

    def __init__(self, count: int) -> None:
        def ints() -> NDArray[np.int64]:
            return np.zeros((count, ROLES), dtype=np.int64)

        self._side = ints()  # 0: nothing rests
        self._intent, self._attempt = ints(), ints()
        self._price = np.full((count, ROLES), np.nan)
        self._leaves = np.zeros((count, ROLES))

    def fill(self, orders: Orders, order: OrderId, quantity: float, lot: float) -> None:
        """Take a fill off its order, if that rests; a triggered ENTRY is what the table says."""
        i, role = order.symbol, int(order.role)
        if self._side[i, role] == 0 or self._intent[i, role] != order.intent:
            return
        left = self._leaves[i, role] - quantity
        if left < lot * _DUST:
            self.end(order)
            return
        self._leaves[i, role] = left
        if role == ENTRY:
            self._price[i, role] = orders.price[i, role]

    def end(self, order: OrderId) -> None:
        """Take an order off that the venue has ended."""
        self._side[order.symbol, int(order.role)] = 0

    def commands(self, orders: Orders, book: Book) -> list[Command]:
        """What brings the venue from what rests to what the table wants: cancels come first."""
        side = _sides(orders, book.quantity)
        same = (orders.price == self._price) | (np.isnan(orders.price) & np.isnan(self._price))
        same &= orders.leaves == self._leaves
        other = (side != self._side) | (orders.intent != self._intent)
        rests, wanted = self._side != 0, side != 0
        gone = rests & (~wanted | other)
        new = wanted & (~rests | other)
        moved = rests & wanted & ~other & ~same
        found: list[Command] = []
        for i, role in np.argwhere(gone):
            attempt = int(self._attempt[i, role])
            found.append(CancelOrder(_identity(i, int(self._intent[i, role]), role, attempt)))
        for i, role in np.argwhere(moved):
            found.append(_replace(orders, i, role))
        for i, role in np.argwhere(new):
            found.append(_place(orders, i, role, Side(int(side[i, role]))))
        if found:
            self._side = side
            self._intent, self._attempt = orders.intent.copy(), orders.attempt.copy()
            self._price, self._leaves = orders.price.copy(), orders.leaves.copy()
        return found


def _sides(orders: Orders, quantity: F64) -> NDArray[np.int64]:
    """The side of every order that should rest, 0 for none; a TRAIL without a level waits."""
    side = np.repeat(-np.sign(quantity).astype(np.int64)[:, None], ROLES, axis=1)
    side[:, ENTRY] = orders.side
    side[orders.state == NONE] = 0
    side[np.isnan(orders.price[:, TRAIL]), TRAIL] = 0
    return side


def _identity(i: int, intent: int, role: int, attempt: int) -> OrderId:
    return OrderId(int(i), intent, Role(int(role)), attempt)


def _wanted(orders: Orders, i: int, role: int) -> OrderId:
    return _identity(i, int(orders.intent[i, role]), role, int(orders.attempt[i, role]))


def _replace(orders: Orders, i: int, role: int) -> ReplaceOrder:
    return ReplaceOrder(
        _wanted(orders, i, role),
        float(orders.leaves[i, role]),
        float(orders.price[i, role]),
        float(orders.limit[i]) if role == ENTRY else np.nan,
    )


def _place(orders: Orders, i: int, role: int, side: Side) -> PlaceOrder:
    kind = OrderKind(int(orders.kind[i])) if role == ENTRY else _KIND[Role(role)]
    is_market, is_stop_limit = kind is OrderKind.MARKET, kind is OrderKind.STOP_LIMIT
    expires = kind is OrderKind.LIMIT and role == ENTRY and orders.expiry[i] != NEVER
    return PlaceOrder(
        _wanted(orders, i, role),
        side,
        kind,
        float(orders.leaves[i, role]),
        price=np.nan if is_market else float(orders.price[i, role]),
        limit=float(orders.limit[i]) if is_stop_limit else np.nan,
        expiry_ts=int(orders.expiry[i]) if expires else None,
    )
