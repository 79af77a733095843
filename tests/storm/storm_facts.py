"""A tiny world for the invariants: facts by hand, a correct story, and what spoils it."""

from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from greenlight.domain import (
    BarsClosed,
    BarTime,
    OrderFilled,
    OrderId,
    OrderKind,
    OrderReport,
    OrderState,
    PlaceOrder,
    Role,
    SessionBegan,
    Side,
    VenueAccount,
    VenueOrder,
)
from greenlight.ledger import (
    Act,
    Answered,
    Decided,
    Entry,
    FillSource,
    Heard,
    Mode,
    Outcome,
    Reconciled,
    Record,
    Reported,
    RunBegan,
    Sending,
)
from greenlight.storm.invariants import Judge, Terms
from greenlight.storm.witness import (
    Began,
    FenceMoved,
    Filled,
    Laid,
    LeaseAsked,
    Received,
    Session,
    Written,
)

NS = 1_000_000_000
TIME = BarTime(0, 60 * NS, 0, 60 * NS)
NOTHING = np.zeros(0)
CASH = Decimal(100_000)


def began() -> RunBegan:
    limits = {"position": 0.05, "deployed": 0.08, "sector": 0.08, "entries_per_day": 3}
    specs = {"sector": {"type": "int64", "values": [0, 0, -1]}}
    return RunBegan(
        run="r",
        account="a",
        broker="alpaca",
        mode=Mode.STORM,
        symbols=("S0", "S1", "S2"),
        widths=(3,),
        blocks=("XNYS 1m",),
        rules={"limits": limits, "specs": specs},
        settings={},
        cash=float(CASH),
        last_sector=0,
        asks_verdicts=False,
        code_version="0",
    )


def decided(*commands) -> Decided:
    return Decided(tuple(commands), NOTHING, NOTHING, NOTHING, NOTHING, 0.0, 0.0)


def closed(*closes: float) -> Heard:
    prices = np.array(closes)
    score = np.full(3, 50.0, dtype=np.float32)
    return Heard(BarsClosed(TIME, 0, prices, prices, prices, prices, prices, score))


def entry(symbol: int, intent: int, quantity: float) -> PlaceOrder:
    order = OrderId(symbol, intent, Role.ENTRY, 0)
    return PlaceOrder(order, Side.BUY, OrderKind.MARKET, quantity)


def fill(symbol: int, intent: int, quantity: float, price: float, role=Role.ENTRY) -> OrderFilled:
    side = Side.BUY if role is Role.ENTRY else Side.SELL
    order = OrderId(symbol, intent, role, 0)
    return OrderFilled(TIME, order, side, quantity, price, price, 0.0)


@dataclass
class Story:
    """Tells facts to a judge, a second after the other. `terms`: with short patience."""

    judge: Judge = field(default_factory=lambda: Judge(CASH, Terms(grace_s=5.0), 0))
    now: int = 0
    seq: int = 0

    def tell(self, make, **values):
        self.judge.hear(make(ts=self.now, **values))
        self.now += NS

    def write(self, record: Record, by: str = "bot") -> None:
        self.seq += 1
        self.tell(Written, bot=by, entry=Entry(self.seq, "r", self.now, self.now, record))

    def wait(self, seconds: int) -> None:
        self.now += seconds * NS

    def begin(self) -> "Story":
        self.tell(Session, is_open=True)
        self.tell(FenceMoved, bot="bot")
        self.tell(Began, bot="bot")
        self.write(began())
        self.write(Heard(SessionBegan(TIME)))
        self.write(closed(100.0, 50.0, 20.0))
        self.wait(10)
        return self

    def send(self, client_id: str, symbol: str, side: int, quantity: int, bot="bot") -> None:
        """Written down, asked for the lease, received."""
        self.write(Sending(Act.SUBMIT, client_id))
        self.tell(LeaseAsked, bot=bot, holds=True)
        self.receive(client_id, symbol, side, quantity, bot)

    def receive(self, client_id: str, symbol: str, side: int, quantity: int, bot="bot") -> None:
        self.tell(
            Received,
            sent_ts=self.now,
            bot=bot,
            act=Act.SUBMIT,
            client_id=client_id,
            symbol=symbol,
            side=side,
            quantity=Decimal(quantity),
        )

    def lay(self, venue_id: str, client_id: str, symbol: str, side: int, quantity: int, kind: str):
        self.tell(
            Laid,
            venue_id=venue_id,
            client_id=client_id,
            symbol=symbol,
            side=side,
            kind=kind,
            quantity=Decimal(quantity),
        )

    def fill(self, venue_id: str, quantity: int, price: str) -> None:
        self.tell(Filled, venue_id=venue_id, quantity=Decimal(quantity), price=Decimal(price))

    def book(self, client_id: str, event: OrderFilled, total: float | None = None) -> None:
        whole = Decimal(repr(event.quantity if total is None else total))
        self.write(Heard(event, FillSource(client_id, "v", whole, whole)))

    def buy(self, symbol: int = 0, quantity: int = 40, price: str = "100", intent: int = 1) -> str:
        """Decide, send, fill, book an entry; the ticket's name."""
        name = f"gl1-{symbol}-{intent}E1"
        self.write(decided(entry(symbol, intent, float(quantity))))
        self.send(name, f"S{symbol}", 1, quantity)
        self.lay(f"v-{name}", name, f"S{symbol}", 1, quantity, "market")
        self.write(Answered(Act.SUBMIT, name, Outcome.ACCEPTED))
        self.fill(f"v-{name}", quantity, price)
        self.book(name, fill(symbol, intent, float(quantity), float(price)))
        self.end(name)
        return name

    def protect(self, symbol: int = 0, quantity: int = 40, intent: int = 1, serial: int = 1) -> str:
        name = f"gl1-{symbol}-{intent}S{serial}"
        self.send(name, f"S{symbol}", -1, quantity)
        self.lay(f"v-{name}", name, f"S{symbol}", -1, quantity, "stop")
        self.write(Answered(Act.SUBMIT, name, Outcome.ACCEPTED))
        return name

    def end(self, name: str) -> None:
        """The journal hears that a ticket has ended."""
        resting = self.judge.scene.venue.orders[f"v-{name}"]
        order = VenueOrder(
            f"v-{name}",
            name,
            resting.laid.symbol,
            Side(resting.laid.side),
            OrderKind.MARKET,
            resting.quantity,
            resting.filled,
            None,
            OrderState.FILLED,
        )
        self.write(Reported(OrderReport(order), "stream"))

    def agree(self, *drifts) -> None:
        account = VenueAccount("a", self.judge.scene.venue.cash, CASH)
        self.write(Reconciled(account, 0, 0, tuple(drifts)))
