"""What happens to a trader: facts in the order in which they became known."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from math import nan

import numpy as np
from numpy.typing import NDArray

from greenlight.domain.codes import Happening, Reason, Side
from greenlight.domain.orders import OrderId
from greenlight.domain.verdicts import Verdict

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class BarTime:
    """The bar time that an event falls into, be it over, in progress or the next to come; ns UTC.

    session: its date label, days since the epoch. elapsed: session time of its block up to its
    close. What is written down of the event carries `open_ts`, what is decided on it `close_ts`.
    """

    open_ts: int
    close_ts: int
    session: int
    elapsed: int


@dataclass(frozen=True, slots=True)
class SessionBegan:
    """A session began; `rate`: yearly bill rate that cash earned since the last, NaN unknown.

    It comes before all else of its session; where it does not come, cash earns nothing.
    """

    time: BarTime
    rate: float = nan


@dataclass(frozen=True, slots=True)
class Happened:
    """A corporate action, a flow or a trade by hand; `symbol` -1 is the account.

    docs/engine.md section 7 says what the three numbers mean. Ids rise with each of a symbol.
    """

    time: BarTime
    id: int
    symbol: int
    kind: Happening
    a: float = 0.0
    b: float = 0.0
    c: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class BarConditions:
    """What is known at a close beyond the bar, a value a symbol of the block; NaN unknown.

    Meanings as in `greenlight.engine.Conditions`. p_win, win, loss: None while not calibrated.
    """

    sigma: F32
    usual_volume: F64
    rsi: F32
    flags: NDArray[np.uint8]
    returns: F32
    p_win: F32 | None = None
    win: F32 | None = None
    loss: F32 | None = None


@dataclass(frozen=True, slots=True, eq=False)
class BarsClosed:
    """A bar time of a block is over: its bars, NaN where a symbol has none, and the scores."""

    time: BarTime
    block: int
    open: F64
    high: F64
    low: F64
    close: F64
    volume: F64
    score: F32
    conditions: BarConditions | None = None


@dataclass(frozen=True, slots=True)
class OrderFilled:
    """An order filled, whole or in part. reference: the price before spread, slippage, impact."""

    time: BarTime
    id: OrderId
    side: Side
    quantity: float
    price: float
    reference: float
    fee: float


@dataclass(frozen=True, slots=True)
class OrderEnded:
    """What was left of an order is gone without the trader's asking, and why."""

    time: BarTime
    id: OrderId
    reason: Reason


OrderUpdate = OrderFilled | OrderEnded


@dataclass(frozen=True, slots=True)
class VerdictsReady:
    """Verdicts by symbol on what was proposed at a block's close; one not given abstains.

    waiting: symbols that are not decided yet (a person is asked); they stay proposed until they
    are told or the block's next close, and pass every gate afresh then.
    """

    block: int
    close_ts: int
    verdicts: Mapping[int, Verdict]
    waiting: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class ExitAsked:
    """A position is to be left at the market now, between closes: the watch saw its level passed,
    its stop cannot rest, or a person wants it gone. Nothing where nothing is held."""

    time: BarTime
    symbol: int
    reason: Reason


class Switch(Enum):
    """What a person, or a watch beside the trader, may order."""

    KILL = "kill"
    HALT = "halt"
    ANOMALY = "anomaly"
    RESUME = "resume"


@dataclass(frozen=True, slots=True)
class Switched:
    """Entries were stopped, or allowed again. What reduces a position is never stopped."""

    time: BarTime
    switch: Switch


Event = SessionBegan | Happened | BarsClosed | OrderUpdate | VerdictsReady | ExitAsked | Switched
