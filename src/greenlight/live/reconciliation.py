"""Book against venue: orders, positions, cash. What differs is explained, adopted, or a halt.

A difference counts only if it is seen twice with nothing in flight: a snapshot may be stale. What
was booked is compared again the next time.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from greenlight.domain import (
    ClientId,
    GreenlightError,
    Holding,
    OrderKind,
    OrderReport,
    Role,
    Side,
    Span,
    Switch,
    Switched,
    Ticket,
    VenueAccount,
    VenueOrder,
)
from greenlight.engine import Trader
from greenlight.ledger import Act, Answer, Drift, DriftKind, Halted, Reconciled, Record, Sending
from greenlight.live.booking import CASH, Bookkeeper, Difference
from greenlight.live.ports import Broker, Clock
from greenlight.live.settings import WatchSettings
from greenlight.live.timekeeping import Timekeeper
from greenlight.live.universe import Universe, exact

_AGAIN_S, _TOLD_S = 2.0, 0.1
_LOOKS, _LOOK_S = 4, 10.0  # a venue may show the past: what differs must last so many looks
_HELP = "look at the broker, then run greenlight reconcile --adopt"
_ZERO = Decimal(0)
_CENT = Decimal("0.01")


class Tickets(Protocol):
    """What reconciliation asks of the executor."""

    def is_settled(self, symbol: int) -> bool:
        """Whether nothing of the symbol is in flight."""
        ...

    def knows(self, order: VenueOrder) -> bool:
        """Whether an open order at the venue is a ticket of the run, or the leg of one."""
        ...

    def owns(self, venue_id: str) -> bool:
        """Whether an order at the venue, open or ended, was laid by this run."""
        ...

    def hear(self, report: OrderReport, by: str) -> None:
        """Take a report."""
        ...

    async def catch_up(self) -> None:
        """Ask the venue about every open ticket; lay nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides of the comparison. is_idle: nothing waits to be told to the trader.

    safe: waits until what was noted is on disk and sees that the lease is ours.
    """

    broker: Broker
    trader: Trader
    tickets: Tickets
    universe: Universe
    times: Timekeeper
    clock: Clock
    settings: WatchSettings
    tell: Callable[[Switched], None]
    note: Callable[[Record], object]
    is_idle: Callable[[], bool]
    safe: Callable[[], Awaitable[None]]
    fence: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the venue said."""

    account: VenueAccount
    holdings: Mapping[str, Holding]
    orders: tuple[VenueOrder, ...]


class Reconciler:
    """Compares, and acts on what differs. released: instruments that are no longer compared."""

    def __init__(self, sides: Sides, books: Bookkeeper) -> None:
        self._it, self._books = sides, books
        self._halted: dict[str, Decimal] = {}
        self._repairs: set[str] = set()
        self.released: set[str] = set()

    async def reconcile(self, resolve: Answer | None = None) -> Reconciled:
        """Compare once. resolve: a person's word on what nothing explains.

        Raises RetryError where the venue does not answer.
        """
        snapshot = await self._read()
        pending, strays = self._differences(snapshot), self._strays(snapshot)
        if pending or strays:
            await self._it.clock.sleep(_AGAIN_S)
            await self._it.tickets.catch_up()
            await self._it.clock.sleep(_TOLD_S)  # what was heard is decided on
            snapshot = await self._read()
            later = self._differences(snapshot)
            pending = {name: one for name, one in later.items() if pending.get(name) == one}
            strays &= self._strays(snapshot)
        drifts = [*self._hear(snapshot), *await self._cancel_all(snapshot, strays)]
        drifts += self._foreign(snapshot)
        if pending:
            drifts += await self._answer(pending, snapshot, resolve)
        count = sum(one.quantity != _ZERO for one in snapshot.holdings.values())
        done = Reconciled(snapshot.account, len(snapshot.orders), count, tuple(drifts))
        self._it.note(done)
        return done

    async def _read(self) -> Snapshot:
        broker = self._it.broker
        holdings = await broker.holdings()
        orders = await broker.open_orders()
        return Snapshot(await broker.account(), holdings, orders)

    def _foreign(self, snapshot: Snapshot) -> list[Drift]:
        """Positions in what this run does not trade: named, left alone."""
        ours = set(self._it.universe.symbols) - self.released
        kind, answer = DriftKind.POSITION, Answer.EXPLAINED
        return [
            Drift(kind, name, _ZERO, one.quantity, answer, "not of this run, left alone")
            for name, one in snapshot.holdings.items()
            if name not in ours and one.quantity != _ZERO
        ]

    def _differences(self, snapshot: Snapshot) -> dict[str, Difference]:
        """What differs, by instrument, of cash under CASH; only what is settled."""
        it, found = self._it, {}
        if not it.is_idle():
            return {}
        quantity = it.trader.quantity
        is_all_settled = True
        for number, name in enumerate(it.universe.symbols):
            if not it.tickets.is_settled(number):
                is_all_settled = False
                continue
            held = snapshot.holdings.get(name)
            venue = _ZERO if held is None else held.quantity
            book = exact(float(quantity[number]))
            if venue != book and name not in self.released:
                found[name] = Difference(name, book, venue)
        cash = Difference(CASH, exact(float(it.trader.cash)), snapshot.account.cash)
        if is_all_settled and not self.released and abs(cash.amount) >= _CENT:
            found[CASH] = cash
        return found

    async def _answer(
        self, pending: Mapping[str, Difference], snapshot: Snapshot, resolve: Answer | None
    ) -> list[Drift]:
        """Explain by the venue's own record first, then as a person says, adopt, or halt.

        What nothing explains and nobody has judged must last before it is acted on.
        """
        activities = await self._it.broker.activities(self._books.since_ts)
        drifts = self._books.explain(activities, pending, self._owns)
        if drifts:
            return drifts
        for _ in range(_LOOKS if resolve is None else 0):
            await self._it.clock.sleep(_LOOK_S)
            snapshot = await self._read()
            later = self._differences(snapshot)
            pending = {n: one for n, one in later.items() if n in pending and one.is_as(pending[n])}
            if not pending:
                break
        return [await self._judge(one, snapshot, resolve) for one in pending.values()]

    def _owns(self, venue_id: str) -> bool:
        return venue_id in self._repairs or self._it.tickets.owns(venue_id)

    async def _judge(self, one: Difference, snapshot: Snapshot, resolve: Answer | None) -> Drift:
        """What nothing explains: small is adopted, else a person decides, else entries halt."""
        kind = DriftKind.CASH if one.name == CASH else DriftKind.POSITION
        drift = (kind, one.name, one.book, one.venue)
        if resolve is Answer.RELEASED and one.name != CASH:
            self.released.add(one.name)
            self._books.release(one)
            return Drift(*drift, Answer.RELEASED, "a person keeps it from now on")
        if resolve is Answer.REPAIRED and one.name != CASH:
            return Drift(*drift, Answer.REPAIRED, await self._repair(one))
        held = snapshot.holdings.get(one.name)
        if resolve is Answer.ADOPTED:
            self._books.adopt(one, held)
            self._halted.clear()
            return Drift(*drift, Answer.ADOPTED, "a person said so")
        if abs(one.amount) <= self._tolerance(one, snapshot):
            self._books.adopt(one, held)
            return Drift(*drift, Answer.ADOPTED, "small")
        return self._halt(Drift(*drift, Answer.HALTED, "nothing explains it"))

    async def _repair(self, one: Difference) -> str:
        """Trade at the venue what is missing there; what becomes of it is compared next time."""
        it, amount = self._it, -one.amount
        symbol = it.universe.numbers()[one.name]
        name = str(ClientId(it.fence, symbol, 0, Role.MANUAL, len(self._repairs)))
        side = Side.BUY if amount > 0 else Side.SELL
        ticket = Ticket(name, one.name, side, OrderKind.MARKET, abs(amount), Span.DAY)
        it.note(Sending(Act.SUBMIT, name, ticket))
        await it.safe()
        try:
            self._repairs.add((await it.broker.submit(ticket)).venue_id)
        except GreenlightError as error:
            self._repairs.add(name)
            return f"the order {name} failed: {error}"
        return f"order {name} at the market"

    def _tolerance(self, one: Difference, snapshot: Snapshot) -> Decimal:
        settings = self._it.settings
        if one.name == CASH:
            return settings.drift_cash * abs(snapshot.account.equity)
        return settings.drift_quantity * abs(one.book)

    def _halt(self, drift: Drift) -> Drift:
        """Stop entries and say what to do, once for each difference while they are stopped."""
        amount = (drift.venue - drift.book).quantize(_CENT)
        is_known = self._halted.get(drift.subject) == amount
        if not (is_known and self._it.trader.switches.halted):
            self._halted[drift.subject] = amount
            self._it.note(Halted("reconciliation", _in_words(drift)))
            time = self._it.times.bar_time(0, self._it.clock.now())
            self._it.tell(Switched(time, Switch.HALT))
        return drift

    def _strays(self, snapshot: Snapshot) -> set[str]:
        """Orders that bear our mark and that this run never laid: left behind by another lease."""
        return {order.venue_id for order in _with_legs(snapshot.orders) if self._is_stray(order)}

    def _is_stray(self, order: VenueOrder) -> bool:
        """Ours by its mark, but no ticket of this run; the kill switch's closes are let alone."""
        name = ClientId.parse(order.client_id)
        if name is None or self._it.tickets.knows(order) or self._owns(order.venue_id):
            return False
        return name.role is not Role.MANUAL

    def _hear(self, snapshot: Snapshot) -> list[Drift]:
        """Tell the executor of its orders; name those of others."""
        drifts = []
        for order in _with_legs(snapshot.orders):
            if self._it.tickets.knows(order):
                self._it.tickets.hear(OrderReport(order), "reconciliation")
            elif ClientId.parse(order.client_id) is None and not self._owns(order.venue_id):
                drifts.append(_left(order, Answer.EXPLAINED, "not ours, left alone"))
        return drifts

    async def _cancel_all(self, snapshot: Snapshot, strays: set[str]) -> list[Drift]:
        """Cancel what was left behind, written down before."""
        drifts = []
        for order in _with_legs(snapshot.orders):
            if order.venue_id not in strays:
                continue
            self._it.note(Sending(Act.CANCEL, order.client_id, venue_id=order.venue_id))
            await self._it.safe()
            cause = "left behind by an earlier lease, cancelled"
            try:
                await self._it.broker.cancel(order.venue_id)
            except GreenlightError as error:
                cause = f"left behind by an earlier lease; cancelling it failed: {error}"
            drifts.append(_left(order, Answer.REPAIRED, cause))
        return drifts


def _in_words(drift: Drift) -> str:
    """What differs and what to do about it."""
    if drift.kind is DriftKind.CASH:
        return f"cash: the book says {drift.book:.2f}, the broker {drift.venue:.2f}; {_HELP}"
    book, venue = (f"{one.normalize():f}" for one in (drift.book, drift.venue))
    says = f"{drift.subject}: the book says {book}, the broker {venue}"
    return f"{says}; {_HELP}, --release or --repair"


def _left(order: VenueOrder, answer: Answer, cause: str) -> Drift:
    name, left = order.client_id or order.venue_id, order.quantity - order.filled
    return Drift(DriftKind.ORDER, name, _ZERO, left, answer, cause)


def _with_legs(orders: Iterable[VenueOrder]) -> Iterable[VenueOrder]:
    """Orders and the stops beside them."""
    for order in orders:
        yield order
        yield from order.legs
