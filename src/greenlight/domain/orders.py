"""What an order is, whoever carries it."""

from dataclasses import dataclass
from enum import IntEnum

from greenlight.domain.codes import Role


class OrderKind(IntEnum):
    """When an order fills. A stop becomes a market order when touched, a stop-limit a limit."""

    MARKET = 0
    LIMIT = 1
    STOP = 2
    STOP_LIMIT = 3


@dataclass(frozen=True, slots=True)
class OrderId:
    """Identity of an order: the same in backtest, paper and live.

    symbol: index of the instrument. intent: number of the entry decision behind it, 0 for none.
    attempt: how often the order of that role was laid for it.
    """

    symbol: int
    intent: int
    role: Role
    attempt: int
