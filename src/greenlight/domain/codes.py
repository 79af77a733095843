"""Codes shared by engine, logs, journal and screens. Values are stored: never renumber one."""

from enum import IntEnum


class Side(IntEnum):
    """Side of an order or fill; also the sign it gives a quantity."""

    SELL = -1
    BUY = 1


class Role(IntEnum):
    """What an order is for; the engine's order table has one slot for each of the first five."""

    ENTRY = 0
    STOP = 1
    TARGET = 2
    TRAIL = 3
    EXIT = 4
    MANUAL = 5


class Action(IntEnum):
    """What was decided about a symbol."""

    REFUSE = 0
    ENTER = 1
    ADD = 2
    TRIM = 3
    EXIT = 4
    CANCEL = 5


class Reason(IntEnum):
    """Why. 0 is consent; 1-39 gates in their order; 40 and above causes of exits and fills."""

    OK = 0
    KILLED = 1
    DISARMED = 2
    STALE = 3
    ANOMALY = 4
    DAILY_LOSS = 5
    DRAWDOWN = 6
    DEPLOYED = 7
    ENTRIES = 8
    MARGIN = 9
    DAY_TRADES = 10
    CORRELATION = 11
    SECTOR = 12
    COOLOFF = 13
    OVEREXTENDED = 14
    UNTRADABLE = 15
    UNIVERSE = 16
    REGIME = 17
    SHORT = 18
    SIZE = 19
    VOLUME = 20
    LOT = 21
    NOTIONAL = 22
    HELD = 23
    VERDICT = 24
    APPROVAL = 25
    RAMP = 26
    HALTED = 27
    WATCH = 40
    SCORE = 41
    TIME = 42
    RECALL = 43
    HEALTH = 44
    WEIGHT = 45
    STOP = 46
    TARGET = 47
    TRAIL = 48
    EXPIRED = 49
    CASH = 50
    ENTRY = 51
    MANUAL = 52
    REJECTED = 53
    NAKED = 54


class Sizing(IntEnum):
    """How the wanted notional of an entry is found."""

    FRACTION = 0
    NOTIONAL = 1
    UNITS = 2
    VOLATILITY = 3


class CashKind(IntEnum):
    """Why cash moved other than by a fill."""

    INTEREST = 0
    BORROW = 1
    DIVIDEND = 2
    FUNDING = 3
    LIEU = 4
    MERGER = 5
    DELIST = 6
    DEPOSIT = 7


class Happening(IntEnum):
    """What the world did to an instrument or the account other than trade."""

    SPLIT = 0
    DIVIDEND = 1
    FUNDING = 2
    CASH_MERGER = 3
    STOCK_MERGER = 4
    SPIN_OFF = 5
    DELIST = 6
    DEPOSIT = 7
    MANUAL = 8
    RECALL = 9
    HALT = 10
    RESUME = 11
    SECTOR = 12
