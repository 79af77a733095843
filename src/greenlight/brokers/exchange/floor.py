"""The venue's state: orders, account, last prices, what is due, and what has to be told."""

import copy
import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from greenlight.brokers.exchange.account import Account
from greenlight.brokers.exchange.assets import Asset
from greenlight.brokers.exchange.matching import Tick
from greenlight.brokers.exchange.names import identity
from greenlight.brokers.exchange.orders import ZERO, Order, Update
from greenlight.brokers.exchange.pricing import CRYPTO_TARIFF, EQUITY_TARIFF, Tariff
from greenlight.brokers.exchange.refusals import missing, refused
from greenlight.brokers.exchange.terms import Change, Form, Status


class Conditions(Protocol):
    """How kind the market is to an order; faults stand behind it."""

    def rejection(self, order: Order) -> str:
        """Why the venue rejects an order it has taken; empty: it does not."""
        ...

    def fillable(self, order: Order, wanted: Decimal, size: Decimal | None) -> Decimal:
        """How much of `wanted` a trade of `size` units fills."""
        ...


class Perfect:
    """Nothing is rejected, and there is always enough on the other side."""

    def rejection(self, order: Order) -> str:  # noqa: ARG002  # the port's signature
        """Never."""
        return ""

    def fillable(self, order: Order, wanted: Decimal, size: Decimal | None) -> Decimal:  # noqa: ARG002  # the port's signature
        """All of it."""
        return wanted


@dataclass(frozen=True, slots=True)
class VenueSettings:
    """`delay_ns`: how long orders, cancels and replacements are on their way to the venue.

    multiplier: 1 for a cash account, 2 or 4 for margin. least_crypto: smallest purchase of coins in
    money (Alpaca: 1, on paper of late 10). seed: two venues with the same one give
    the same ids.
    """

    cash: Decimal = Decimal(100_000)
    multiplier: Decimal = Decimal(2)
    delay_ns: int = 0
    equity: Tariff = EQUITY_TARIFF
    crypto: Tariff = CRYPTO_TARIFF
    least_crypto: Decimal = Decimal(1)
    seed: int = 0


@dataclass(slots=True)
class Book:
    """Every order ever taken, and those of each symbol that are open, in order of acceptance."""

    by_id: dict[str, Order] = field(default_factory=dict)
    by_client_id: dict[str, str] = field(default_factory=dict)
    open_ids: dict[str, dict[str, None]] = field(default_factory=dict)

    def add(self, order: Order) -> None:
        """Take an order that counts at once."""
        self.know(order)
        self.open(order)

    def know(self, order: Order) -> None:
        """Keep an order and its names."""
        self.by_id[order.id] = order
        self.by_client_id[order.client_order_id] = order.id

    def open(self, order: Order) -> None:
        """Count an order among those that are open."""
        self.open_ids.setdefault(order.symbol, {})[order.id] = None

    def ended(self, order: Order) -> None:
        """Strike an order off those that are open."""
        self.open_ids[order.symbol].pop(order.id, None)

    def open_of(self, symbol: str) -> list[Order]:
        """Open orders of a symbol."""
        return [self.by_id[one] for one in self.open_ids.get(symbol, ())]

    def open_orders(self) -> list[Order]:
        """All open orders, oldest first."""
        found = [self.by_id[one] for ids in self.open_ids.values() for one in ids]
        return sorted(found, key=lambda order: order.rank)

    def require(self, order_id: str) -> Order:
        """The order of an id. Raises RefusalError where there is none."""
        if order_id not in self.by_id:
            raise missing(f"order not found for {order_id}")
        return self.by_id[order_id]

    def siblings(self, order: Order) -> list[Order]:
        """The other half of a pair."""
        if order.form is Form.OCO and order.legs:
            return [self.by_id[one] for one in order.legs]
        if not order.parent:
            return []
        parent = self.by_id[order.parent]
        others = [self.by_id[one] for one in parent.legs if one != order.id]
        return [parent, *others] if parent.form is Form.OCO else others


@dataclass(slots=True)
class Floor:
    """Everything the venue knows. `now` never goes back."""

    settings: VenueSettings
    conditions: Conditions
    assets: dict[str, Asset]
    account: Account
    now: int
    book: Book = field(default_factory=Book)
    last: dict[str, Tick] = field(default_factory=dict)
    halted: set[str] = field(default_factory=set)
    outbox: list[Update] = field(default_factory=list)
    equity_curve: list[tuple[int, Decimal]] = field(default_factory=list)
    _agenda: list[tuple[int, int, str, str]] = field(default_factory=list)
    _counter: int = 0

    def plan(self, ts: int, what: str, about: str) -> None:
        """Put something on the agenda; things due at one time happen in the order planned."""
        heapq.heappush(self._agenda, (ts, self.number(), what, about))

    def due(self, ts: int) -> tuple[str, str] | None:
        """Take what is due first, not later than `ts`, and move time to it."""
        if not self._agenda or self._agenda[0][0] > ts:
            return None
        when, _, what, about = heapq.heappop(self._agenda)
        self.now = max(self.now, when)
        return what, about

    @property
    def next_due(self) -> int | None:
        """When something is due next."""
        return self._agenda[0][0] if self._agenda else None

    def number(self) -> int:
        """The next of a running number."""
        self._counter += 1
        return self._counter

    def fresh_id(self, what: str) -> str:
        """A UUID nobody has seen."""
        return identity(f"{self.settings.seed} {what} {self.number()}")

    def asset(self, symbol: str) -> Asset:
        """An asset by any way Alpaca lets it be written. Raises RefusalError."""
        found = find_asset(self.assets, symbol)
        if found is None:
            raise refused(f'asset "{symbol}" not found')
        return found

    def tariff(self, symbol: str) -> Tariff:
        """What the symbol costs."""
        is_crypto = self.assets[symbol].is_crypto
        return self.settings.crypto if is_crypto else self.settings.equity

    def price(self, symbol: str) -> Decimal | None:
        """Last price, None before the first trade."""
        tick = self.last.get(symbol)
        return None if tick is None else tick.price

    def is_trading(self, order: Order) -> bool:
        """Whether the order's market is open to it now."""
        hours = self.assets[order.symbol].hours
        session = hours.coming(self.now)
        if order.extended_hours and session.extended_open_ts <= self.now:
            return True
        if order.extended_hours:
            return hours.last(self.now).extended_close_ts > self.now
        return session.open_ts <= self.now

    def has_traded(self, order: Order) -> bool:
        """Whether there is a price of this session that an arriving order can meet."""
        tick = self.last.get(order.symbol)
        if tick is None or order.symbol in self.halted:
            return False
        return self.is_trading(order) and tick.ts >= self._began(order)

    def _began(self, order: Order) -> int:
        session = self.assets[order.symbol].hours.last(self.now)
        return session.extended_open_ts if order.extended_hours else session.open_ts

    def equity(self) -> Decimal:
        """Cash and what the positions are worth."""
        return self.account.cash + sum(self.market_values().values(), ZERO)

    def market_values(self) -> dict[str, Decimal]:
        """Signed worth of each position at the last price."""
        return {
            symbol: held.qty * (self.price(symbol) or held.average)
            for symbol, held in self.account.positions.items()
        }

    def tell(
        self, change: Change, order: Order, fill: tuple[Decimal, Decimal] | None = None
    ) -> None:
        """Stamp a change on the order and put it into the outbox; fill: (price, quantity)."""
        order.updated_ts = self.now
        snapshot = copy.copy(order)
        snapshot.legs = list(order.legs)
        execution = self.fresh_id("execution")
        if fill is None:
            self.outbox.append(Update(change, self.now, snapshot, execution))
            return
        price, qty = fill
        held = self.account.quantity(order.symbol)
        self.outbox.append(Update(change, self.now, snapshot, execution, price, qty, held))

    def end(self, order: Order, status: Status, change: Change) -> None:
        """Close an order other than by filling it."""
        order.status = status
        order.is_live = False
        match status:
            case Status.CANCELED:
                order.canceled_ts = self.now
            case Status.EXPIRED:
                order.expired_ts = self.now
            case Status.REJECTED:
                order.failed_ts = self.now
            case Status.REPLACED:
                order.replaced_ts = self.now
        self.book.ended(order)
        self.tell(change, order)


def find_asset(assets: dict[str, Asset], name: str) -> Asset | None:
    """By symbol, by id, or a coin without its slash."""
    if name in assets:
        return assets[name]
    for asset in assets.values():
        if name == asset.id or (asset.is_crypto and name == asset.symbol.replace("/", "")):
            return asset
    return None


def assets_by_symbol(assets: Iterable[Asset]) -> dict[str, Asset]:
    """Assets by their symbols."""
    return {asset.symbol: asset for asset in assets}


def in_order_of_danger(orders: Sequence[Order]) -> list[Order]:
    """Stops before everything else: the pessimistic reading of a price that reaches several."""
    return sorted(orders, key=lambda order: (not order.kind.waits_for_trigger, order.rank))
