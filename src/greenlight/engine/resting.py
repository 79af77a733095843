"""What rests at the venue as far as the trader knows, and the commands that make it what should."""

from collections.abc import Iterator

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

I64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

_DUST = 1e-6  # of a lot, as in `settle`
_KIND = {
    Role.STOP: OrderKind.STOP,
    Role.TARGET: OrderKind.LIMIT,
    Role.TRAIL: OrderKind.STOP,
    Role.EXIT: OrderKind.MARKET,
}
# looked up, not called: hundreds of orders may move at one close
_ROLES = tuple(Role)[:ROLES]
_SIDES = {int(side): side for side in Side}


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
        if gone.any():
            found += map(CancelOrder, _identities(gone, self._intent, self._attempt))
        if moved.any():
            found += _replaced(orders, moved)
        if new.any():
            found += _placed(orders, new, side)
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


def _identities(which: Flags, intent: I64, attempt: I64) -> Iterator[OrderId]:
    """Identities of the marked orders (N, 5), symbol by symbol."""
    symbols, roles = np.nonzero(which)
    columns = (symbols, intent[which], roles, attempt[which])
    for symbol, number, role, tries in zip(*(c.tolist() for c in columns), strict=True):
        yield OrderId(symbol, number, _ROLES[role], tries)


def _replaced(orders: Orders, which: Flags) -> Iterator[ReplaceOrder]:
    """What the marked orders should be."""
    limit = np.where(np.arange(ROLES) == ENTRY, orders.limit[:, None], np.nan)
    columns = (orders.leaves[which], orders.price[which], limit[which])
    names = _identities(which, orders.intent, orders.attempt)
    return map(ReplaceOrder, names, *(column.tolist() for column in columns))


def _placed(orders: Orders, which: Flags, side: I64) -> Iterator[PlaceOrder]:
    """The marked orders as they are laid."""
    columns = (side[which], orders.leaves[which], orders.price[which])
    names = _identities(which, orders.intent, orders.attempt)
    for order, sign, leaves, price in zip(names, *(c.tolist() for c in columns), strict=True):
        if order.role is Role.ENTRY:
            yield _entry(orders, order, leaves)
        else:
            yield PlaceOrder(order, _SIDES[sign], _KIND[order.role], leaves, price)


def _entry(orders: Orders, order: OrderId, leaves: float) -> PlaceOrder:
    i, kind = order.symbol, OrderKind(int(orders.kind[order.symbol]))
    expires = kind is OrderKind.LIMIT and orders.expiry[i] != NEVER
    return PlaceOrder(
        order,
        Side(int(orders.side[i])),
        kind,
        leaves,
        price=np.nan if kind is OrderKind.MARKET else float(orders.price[i, ENTRY]),
        limit=float(orders.limit[i]) if kind is OrderKind.STOP_LIMIT else np.nan,
        expiry_ts=int(orders.expiry[i]) if expires else None,
    )
