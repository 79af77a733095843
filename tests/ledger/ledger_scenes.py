"""What the tests of the ledger share: a clock, a run, an open journal, a little market."""

import asyncio
import itertools
from contextlib import contextmanager
from decimal import Decimal

import numpy as np

from greenlight.domain import (
    Action,
    BarTime,
    Happened,
    Happening,
    OrderFilled,
    OrderId,
    OrderKind,
    OrderReport,
    OrderState,
    Reason,
    Role,
    Side,
    Span,
    Ticket,
    VenueOrder,
)
from greenlight.ledger import (
    Act,
    Alerted,
    Answered,
    ApprovalAsked,
    ApprovalGiven,
    Beat,
    Claim,
    Clocks,
    Covered,
    Decided,
    FillSource,
    Halted,
    Heard,
    Killed,
    Ledger,
    Mode,
    Outcome,
    Pace,
    Reported,
    Resumed,
    RunBegan,
    Sending,
    Started,
)
from greenlight.ledger.layouts import ADJUSTMENT, DECISION, FILL, FLOW

KEY = bytes(range(32))
NS = 1_000_000_000
NOW = BarTime(1, 2, 3, 4)
QUICK = Pace(first_wait_s=0.01, longest_wait_s=0.05, beat_s=0.2)


def ticking(start: int = 1_000 * NS):
    """A clock that is a second later whenever it is read."""
    count = itertools.count()
    return lambda: start + next(count) * NS


def still(wall: int = 1_000 * NS) -> Clocks:
    return Clocks(lambda: 77, lambda: wall)


def began(run: str = "r1", account: str = "acc") -> RunBegan:
    return RunBegan(
        run=run,
        account=account,
        broker="sim",
        mode=Mode.PAPER,
        symbols=("AAA", "BBB"),
        widths=(2,),
        blocks=("XNYS 1d",),
        rules={"stop": 0.03},
        settings={},
        cash=100_000.0,
        last_sector=-1,
        asks_verdicts=False,
        code_version="1",
    )


def claim(account: str = "acc", holder: str = "me", wall_ts: int = 1_000 * NS, **more) -> Claim:
    return Claim(account, holder, wall_ts, **more)


@contextmanager
def opened(url: str, key: bytes | None = KEY):
    with Ledger.open(url, key) as ledger:
        yield ledger


@contextmanager
def journal_of(ledger: Ledger, run: str = "r1", account: str = "acc", pace: Pace = QUICK):
    """A new run's journal, closed at the end."""
    lease = ledger.take_lease(claim(account, force=True))
    journal = ledger.begin_run(began(run, account), lease, Clocks(ticking(), ticking()), pace)
    try:
        yield journal
    finally:
        journal.close()


def write(ledger: Ledger, records, run: str = "r1", account: str = "acc") -> None:
    """A run that holds these records after its beginning."""
    with journal_of(ledger, run, account) as journal:
        for record in records:
            journal.append(record)
        asyncio.run(journal.durable())


def texts(ledger: Ledger, run: str = "r1") -> list[str]:
    """The alerts of a run, which tests use as plain words."""
    records = [entry.record for entry in ledger.read(run)]
    return [record.text for record in records if isinstance(record, Alerted)]


def write_words(journal, words) -> None:
    """Append and wait."""
    for text in words:
        journal.append(word(text))
    asyncio.run(journal.durable())


def word(text: str) -> Alerted:
    return Alerted("info", text)


def ticket(client: str, quantity: str = "10", price: str | None = "9.5") -> Ticket:
    return Ticket(
        client_id=client,
        instrument="AAA",
        side=Side.BUY,
        kind=OrderKind.LIMIT,
        quantity=Decimal(quantity),
        span=Span.DAY,
        price=None if price is None else Decimal(price),
        order=OrderId(0, 3, Role.ENTRY, 1),
    )


def venue_order(client: str, venue: str, filled: str = "0", state=OrderState.WORKING, **more):
    return VenueOrder(
        venue_id=venue,
        client_id=client,
        instrument="AAA",
        side=Side.BUY,
        kind=OrderKind.LIMIT,
        quantity=Decimal(10),
        filled=Decimal(filled),
        average=None if filled == "0" else Decimal("9.5"),
        state=state,
        **more,
    )


def reported(*what, **more) -> Reported:
    return Reported(OrderReport(venue_order(*what, **more)), "stream")


def filled(quantity: float, price: float, side: Side = Side.BUY, symbol: int = 0) -> Heard:
    event = OrderFilled(
        NOW, OrderId(symbol, 3, Role.ENTRY, 1), side, quantity, price, price - 0.01, 0.25
    )
    return Heard(event, FillSource("gl1-0-3E0", "v1", Decimal("1"), Decimal("9.5"), "x1"))


def decided(decisions=(), fills=(), adjustments=(), equity: float = 1e5) -> Decided:
    """A step; what was written down is given as dicts."""

    def table(layout, rows):
        array = np.zeros(len(rows), layout)
        for n, row in enumerate(rows):
            for name, value in row.items():
                array[n][name] = value
        return array

    return Decided(
        commands=(),
        decisions=table(DECISION, decisions),
        fills=table(FILL, fills),
        flows=np.zeros(0, FLOW),
        adjustments=table(ADJUSTMENT, adjustments),
        equity=equity,
        cash=equity / 2,
    )


def busy_day(seed: int):
    """Records of every kind that a view shows, in a seeded disorder."""
    draw = np.random.default_rng(seed)

    def price() -> float:
        return float(draw.normal(100.0, 10.0))

    def some(n: int):
        name = f"gl1-0-{n}E0"
        outcome = Outcome.UNKNOWN if n % 3 == 0 else Outcome.ACCEPTED
        return [
            Sending(Act.SUBMIT, name, ticket(name, str(int(draw.integers(1, 99))))),
            Answered(Act.SUBMIT, name, outcome, f"v{n}"),
            reported(name, f"v{n}", "4"),
            filled(float(draw.random()), price(), Side(int(draw.choice([-1, 1]))), n % 2),
            decided(
                [{"symbol": n % 2, "action": Action.ENTER, "reason": Reason.OK, "price": price(),
                  "score": np.float32(draw.random()), "side": 1, "quantity": np.nan}],
                [{"symbol": 1, "role": Role.MANUAL, "side": -1, "quantity": draw.random(),
                  "price": price()}],
                [{"symbol": n % 2, "before": 1.0, "after": draw.random()}],
                price(),
            ),
            Answered(Act.CANCEL, name, Outcome.ACCEPTED),
            reported(name, f"v{n}", "10", OrderState.FILLED),
            Halted("watch", f"n\0{n}"),
            ApprovalAsked(f"a{n}", "AAA", 1, price(), price(), n),
            ApprovalGiven(f"a{n}", "me", n % 2 == 0),
            Covered("AAA", n, n + 9, draw.random(), draw.random(), 0.0, np.inf),
            Beat(price(), price(), {"feed": draw.random(), "order": float("nan")}),
            Heard(Happened(NOW, n, 0, Happening.SPLIT, 2.0)),
            Started(1, "me"),
            Killed("me", "why"),
            Resumed("me"),
        ]  # fmt: skip

    for n in range(6):
        records = some(n)
        yield from records
        yield records[int(draw.integers(len(records)))]
        yield word(f"é{n}")
