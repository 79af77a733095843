"""What the verbs act on: the book, the order table, scratch space and logs, all plain arrays.

Layout is speed (1-D arrays per field beat records and 2-D fields), and it is the same for history
and for the world: whoever holds a `State` holds everything the engine knows.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from greenlight.engine.limits import Costs, Limits, Specs
from greenlight.engine.logs import ADJUSTMENT, DECISION, FILL, FLOW
from greenlight.engine.tape import F64, I64

# Book.money
CASH = 0
EQUITY = 1
PEAK = 2
DAY_START = 3
GROSS = 4
COMMITTED = 5
_MONEY = 6

# Book.counts
SESSION = 0
ENTRIES_TODAY = 1
PAUSED = 2
HALTED = 3
HALTED_ROW = 4
KILLED = 5
ANOMALY = 6
INTENT = 7
ACTIVE = 8
SLOTS = 9
NEXT_HAPPENING = 10
DAY_TRADE_1 = 11  # session of the last day trade; the two before it follow
DAY_TRADE_2 = 12
DAY_TRADE_3 = 13
FILLS = 14
DECISIONS = 15
FLOWS = 16
ADJUSTMENTS = 17
FEE_ROW = 18
REFUSED_ID = 19  # 1 + the id of a happening that came twice
STAMP = 20  # grows with every change that could alter a gate's answer
ACCOUNT_ID = 21
PLANNED = 22  # candidates accepted in this row
WINDOWS_AT = 23  # row for which the correlation windows' sums stand
RESTING = 24  # symbols whose ENTRY rested past the last close
ORDERED_HALT = 25  # entries were halted by order, where HALTED is by drawdown
_COUNT = 26

NEVER = -(1 << 62)
AT_CLOSE = 1 << 62  # a cool-off that begins with the close of the row in progress

# order states
NONE = 0
WORKING = 1
TRIGGERED = 2

ROLES = 5


class Book(NamedTuple):
    """Positions and account. Arrays of N symbols unless said; money[...] and counts[...] as above.

    active: symbols with a position or an order, ascending, counts[ACTIVE] of them; is_active says
    the same of each symbol. extreme: best
    price since entry. entered: notional bought into the round trip. sector: its number now, -1
    unknown. sector_value: held value of each sector at the last row's end.
    """

    money: F64
    counts: I64
    active: I64
    is_active: I64
    quantity: F64
    average: F64
    mark: F64
    extreme: F64
    momentum: F64
    realised: F64
    fees: F64
    entered: F64
    age: I64
    opened: I64
    intent: I64
    cool_until: I64
    last_id: I64
    halted: I64
    recalled: I64
    trimmed: I64
    target_state: I64
    health: F64
    sector: I64
    sector_value: F64


# Book.target_state
TARGET_WHOLE = 0
TARGET_PARTLY = 1
TARGET_DONE = 2


class Orders(NamedTuple):
    """Order table: one slot a role (Role.ENTRY .. Role.EXIT), arrays (N, 5) and N.

    below, above: nearest prices at which something rests; urgent: something must be looked at on
    the next bar whatever its prices. side .. decided: of the ENTRY. limit: of a stop-limit ENTRY.
    """

    price: F64
    leaves: F64
    state: I64
    intent: I64
    attempt: I64
    below: F64
    above: F64
    urgent: I64
    side: I64
    kind: I64
    limit: F64
    expiry: I64
    session: I64
    decided: F64
    reason: I64


class Scratch(NamedTuple):
    """Working space: the row's candidates and the correlation windows (docs/engine.md 5.1).

    returns[at % W, slot]: returns of held symbols' marks, a slot each, one row a bar.
    """

    symbol: I64
    side: I64
    quantity: F64
    reason: I64
    action: I64
    wanted: F64
    verdict: F64
    calibrated: I64
    sector_committed: F64
    fresh: I64
    slot: I64
    owner: I64
    upto: I64
    returns: F64
    mine: F64
    cross: F64
    total: F64
    square: F64


class Logs(NamedTuple):
    """What is written down: structured arrays of engine/logs.py, and a value a row."""

    fills: NDArray[Any]
    decisions: NDArray[Any]
    flows: NDArray[Any]
    adjustments: NDArray[Any]
    equity: F64
    cash: F64


class State(NamedTuple):
    """Everything the engine changes."""

    book: Book
    orders: Orders
    scratch: Scratch
    logs: Logs


class Rules(NamedTuple):
    """Everything the engine obeys."""

    limits: Limits
    costs: Costs
    specs: Specs


class Room(NamedTuple):
    """How much a run needs room for: rows, candidates, and the largest sector number it meets."""

    rows: int
    candidates: int = 0
    last_sector: int = -1


def build_state(specs: Specs, limits: Limits, cash: float, room: Room) -> State:
    """An empty book with `cash`."""
    n = len(specs.lot)
    sectors = max(int(specs.sector.max(initial=-1)), room.last_sector) + 1
    return State(
        _book(specs, sectors, cash),
        _orders(n),
        _scratch(n, sectors, limits),
        _logs(n, room),
    )


def _book(specs: Specs, sectors: int, cash: float) -> Book:
    n = len(specs.lot)
    money = np.zeros(_MONEY)
    money[[CASH, EQUITY, PEAK, DAY_START]] = cash
    count = np.zeros(_COUNT, dtype=np.int64)
    count[[SESSION, DAY_TRADE_1, DAY_TRADE_2, DAY_TRADE_3, ACCOUNT_ID, WINDOWS_AT]] = NEVER
    count[HALTED_ROW] = -1
    never = np.full(n, NEVER, dtype=np.int64)
    floats = {name: np.zeros(n) for name in Book._fields if name not in ("money", "counts")}
    ints = (
        "active",
        "is_active",
        "age",
        "opened",
        "intent",
        "halted",
        "recalled",
        "trimmed",
        "target_state",
    )
    arrays: dict[str, NDArray[Any]] = {**floats, **{k: np.zeros(n, dtype=np.int64) for k in ints}}
    arrays["mark"] = np.full(n, np.nan)
    arrays["health"] = np.full(n, 50.0)
    arrays["sector"] = specs.sector.astype(np.int64)
    arrays["sector_value"] = np.zeros(sectors)
    return Book(
        **{
            **arrays,
            "money": money,
            "counts": count,
            "cool_until": never,
            "last_id": never.copy(),
        }
    )


def _orders(n: int) -> Orders:
    def ints(*shape: int) -> I64:
        return np.zeros(shape, dtype=np.int64)

    return Orders(
        price=np.full((n, ROLES), np.nan),
        leaves=np.zeros((n, ROLES)),
        state=ints(n, ROLES),
        intent=ints(n, ROLES),
        attempt=ints(n, ROLES),
        below=np.full(n, -np.inf),
        above=np.full(n, np.inf),
        urgent=ints(n),
        side=ints(n),
        kind=ints(n),
        limit=np.full(n, np.nan),
        expiry=ints(n),
        session=ints(n),
        decided=np.zeros(n),
        reason=ints(n, ROLES),
    )


def _scratch(n: int, sectors: int, limits: Limits) -> Scratch:
    def ints(fill: int = 0) -> I64:
        return np.full(n, fill, dtype=np.int64)

    return Scratch(
        symbol=ints(),
        side=ints(),
        quantity=np.zeros(n),
        reason=ints(),
        action=ints(),
        wanted=np.zeros(n),
        verdict=np.ones(n),
        calibrated=ints(),
        sector_committed=np.zeros(sectors),
        fresh=ints(),
        slot=ints(-1),
        owner=ints(-1),
        upto=ints(),
        returns=np.zeros((limits.correlation_bars, n)),
        mine=np.zeros(limits.correlation_bars),
        cross=np.zeros(n),
        total=np.zeros(n),
        square=np.zeros(n),
    )


def _logs(n: int, room: Room) -> Logs:
    size = 64 + 16 * n + 3 * room.candidates  # untouched pages cost nothing
    return Logs(
        fills=np.empty(size, dtype=FILL),
        decisions=np.empty(size, dtype=DECISION),
        flows=np.empty(size, dtype=FLOW),
        adjustments=np.empty(size, dtype=ADJUSTMENT),
        equity=np.empty(room.rows),
        cash=np.empty(room.rows),
    )
