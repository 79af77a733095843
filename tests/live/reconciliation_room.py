"""A trader with two symbols, its reconciler, and a venue that is laid open."""

import asyncio
from dataclasses import dataclass, field
from decimal import Decimal

from greenlight.domain import (
    Activity,
    ActivityKind,
    AssetClass,
    Event,
    Holding,
    Instrument,
    OrderKind,
    OrderState,
    Side,
    Timeframe,
    VenueAccount,
    VenueOrder,
)
from greenlight.engine import UNLIMITED, Desk, Rules, Trader, build_costs, build_specs
from greenlight.ledger import Answer, Entry, Heard, Record
from greenlight.live import Block, Timekeeper, Universe, WatchSettings
from greenlight.live.booking import Bookkeeper, Books, Seen
from greenlight.live.reconciliation import Reconciler, Sides

START = 1_552_500_000_000_000_000  # 2019-03-13, in session
CASH = 10_000.0


@dataclass
class Table:
    """Venue, clock, executor and journal, all laid open."""

    cash: Decimal = Decimal("10000")
    held: dict[str, Decimal] = field(default_factory=dict)
    orders: tuple[VenueOrder, ...] = ()
    lines: tuple[Activity, ...] = ()
    ours: set[str] = field(default_factory=set)
    unsettled: set[int] = field(default_factory=set)
    cancelled: list[str] = field(default_factory=list)
    sent: list[object] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    ts: int = START
    later: "dict[str, Decimal] | None" = None
    stale_s: float = 0.0

    async def holdings(self):
        if self.later is not None and self.ts > START + int(self.stale_s * 1e9):
            self.held = self.later
        held = self.held
        return {n: Holding(n, q, Decimal(50), Decimal(60)) for n, q in held.items()}

    async def open_orders(self):
        return self.orders

    async def account(self):
        return VenueAccount("A", self.cash, self.cash)

    async def activities(self, since_ts):
        return tuple(one for one in self.lines if one.ts >= since_ts)

    async def cancel(self, venue_id):
        self.cancelled.append(venue_id)

    async def submit(self, ticket):
        self.sent.append(ticket)
        return order("new", ticket.client_id)

    def now(self):
        return self.ts

    async def sleep(self, seconds):
        self.ts += int(seconds * 1e9)

    def is_settled(self, symbol):
        return symbol not in self.unsettled

    def knows(self, one):
        return one.venue_id in self.ours

    def owns(self, venue_id):
        return venue_id in self.ours

    async def catch_up(self):
        self.sent.append("asked")

    def hear(self, report, by):
        self.sent.append((report.order.venue_id, by))


class Room:
    """A trader with two symbols and its reconciler."""

    def __init__(self, table: Table, entries: tuple[Entry, ...] = ()) -> None:
        self.table = table
        ones = tuple(Instrument(name, AssetClass.EQUITY, "XNYS") for name in ("AAA", "BBB"))
        universe = Universe((Block("XNYS", Timeframe.H1, 0, ones),))
        self.universe = universe
        rules = Rules(UNLIMITED, build_costs(2), build_specs(2))
        self.trader = Trader(rules, CASH, Desk(universe.widths))
        times = Timekeeper(universe, START)
        seen = Seen.recall(entries)
        books = Bookkeeper(Books(self.trader, universe, times, table, self.tell), seen, START)
        self.it = Reconciler(
            Sides(
                broker=table,
                trader=self.trader,
                tickets=table,
                universe=universe,
                times=times,
                clock=table,
                settings=WatchSettings(),
                tell=self.tell,
                note=table.records.append,
                is_idle=lambda: True,
                safe=self.safe,
                fence=3,
            ),
            books,
        )

    async def safe(self):
        self.table.sent.append("safe")

    def tell(self, event: Event, *, activity: str = "") -> None:
        self.table.heard.append(Heard(event, None, activity))
        self.trader.process(event)

    def reconcile(self, resolve: Answer | None = None):
        return asyncio.run(self.it.reconcile(resolve)).drifts


def order(venue_id: str, client_id: str) -> VenueOrder:
    numbers = (Decimal(5), Decimal(0), None)
    return VenueOrder(
        venue_id, client_id, "AAA", Side.SELL, OrderKind.STOP, *numbers, OrderState.WORKING
    )


def line(name: str, kind: ActivityKind, **more) -> Activity:
    return Activity(name, kind, START + 1, **more)
