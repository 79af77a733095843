"""The domain's codes as numbers for compiled code.

A plain integer constant would make numba compile a called function anew for each value it is called
with; a NumPy integer does not.
"""

from typing import cast

import numpy as np

from greenlight.domain import Action, CashKind, Happening, Reason, Role, Sizing


def code(member: int) -> int:
    """The number of an enumeration's member, as one type for all."""
    return cast("int", np.int64(member))


ENTRY = code(Role.ENTRY)
STOP = code(Role.STOP)
TARGET = code(Role.TARGET)
TRAIL = code(Role.TRAIL)
EXIT = code(Role.EXIT)
ROLE_MANUAL = code(Role.MANUAL)

ACTION_REFUSE = code(Action.REFUSE)
ACTION_ENTER = code(Action.ENTER)
ACTION_ADD = code(Action.ADD)
ACTION_TRIM = code(Action.TRIM)
ACTION_EXIT = code(Action.EXIT)
ACTION_CANCEL = code(Action.CANCEL)

OK = code(Reason.OK)
REASON_KILLED = code(Reason.KILLED)
REASON_DISARMED = code(Reason.DISARMED)
REASON_STALE = code(Reason.STALE)
REASON_ANOMALY = code(Reason.ANOMALY)
REASON_DAILY_LOSS = code(Reason.DAILY_LOSS)
REASON_DRAWDOWN = code(Reason.DRAWDOWN)
REASON_DEPLOYED = code(Reason.DEPLOYED)
REASON_ENTRIES = code(Reason.ENTRIES)
REASON_MARGIN = code(Reason.MARGIN)
REASON_DAY_TRADES = code(Reason.DAY_TRADES)
REASON_CORRELATION = code(Reason.CORRELATION)
REASON_SECTOR = code(Reason.SECTOR)
REASON_COOLOFF = code(Reason.COOLOFF)
REASON_OVEREXTENDED = code(Reason.OVEREXTENDED)
REASON_UNTRADABLE = code(Reason.UNTRADABLE)
REASON_UNIVERSE = code(Reason.UNIVERSE)
REASON_REGIME = code(Reason.REGIME)
REASON_SHORT = code(Reason.SHORT)
REASON_SIZE = code(Reason.SIZE)
REASON_VOLUME = code(Reason.VOLUME)
REASON_LOT = code(Reason.LOT)
REASON_NOTIONAL = code(Reason.NOTIONAL)
REASON_HELD = code(Reason.HELD)
REASON_HALTED = code(Reason.HALTED)
REASON_VERDICT = code(Reason.VERDICT)
REASON_WATCH = code(Reason.WATCH)
REASON_SCORE = code(Reason.SCORE)
REASON_TIME = code(Reason.TIME)
REASON_RECALL = code(Reason.RECALL)
REASON_HEALTH = code(Reason.HEALTH)
REASON_WEIGHT = code(Reason.WEIGHT)
REASON_STOP = code(Reason.STOP)
REASON_EXPIRED = code(Reason.EXPIRED)
REASON_CASH = code(Reason.CASH)
REASON_ENTRY = code(Reason.ENTRY)
REASON_MANUAL = code(Reason.MANUAL)

SIZE_FRACTION = code(Sizing.FRACTION)
SIZE_NOTIONAL = code(Sizing.NOTIONAL)
SIZE_UNITS = code(Sizing.UNITS)
SIZE_VOLATILITY = code(Sizing.VOLATILITY)

CASH_INTEREST = code(CashKind.INTEREST)
CASH_BORROW = code(CashKind.BORROW)
CASH_DIVIDEND = code(CashKind.DIVIDEND)
CASH_FUNDING = code(CashKind.FUNDING)
CASH_LIEU = code(CashKind.LIEU)
CASH_MERGER = code(CashKind.MERGER)
CASH_DELIST = code(CashKind.DELIST)
CASH_DEPOSIT = code(CashKind.DEPOSIT)

HAPPENS_SPLIT = code(Happening.SPLIT)
HAPPENS_DIVIDEND = code(Happening.DIVIDEND)
HAPPENS_FUNDING = code(Happening.FUNDING)
HAPPENS_CASH_MERGER = code(Happening.CASH_MERGER)
HAPPENS_STOCK_MERGER = code(Happening.STOCK_MERGER)
HAPPENS_SPIN_OFF = code(Happening.SPIN_OFF)
HAPPENS_DELIST = code(Happening.DELIST)
HAPPENS_DEPOSIT = code(Happening.DEPOSIT)
HAPPENS_MANUAL = code(Happening.MANUAL)
HAPPENS_RECALL = code(Happening.RECALL)
HAPPENS_HALT = code(Happening.HALT)
HAPPENS_RESUME = code(Happening.RESUME)
HAPPENS_SECTOR = code(Happening.SECTOR)
