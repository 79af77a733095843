"""The world's clock: the runner, its orders, what watches them, and the way back after a crash."""

from greenlight.live.differences import Account, Cause, Compared, Difference, compare
from greenlight.live.executor import Bench, Executor, Permit
from greenlight.live.ports import Broker, Clock, Feed, Journal, Opinion, Reviewer
from greenlight.live.recovery import Rebuilt, new_trader, rebuild
from greenlight.live.repeating import Repeated, Unequal, repeat
from greenlight.live.replaying import RowJournal, Stage, SteppedClock, replay
from greenlight.live.rules import read_rules, write_rules
from greenlight.live.runner import Runner, Turn
from greenlight.live.settings import LiveSettings, OrderSettings, WatchSettings
from greenlight.live.timekeeping import Timekeeper
from greenlight.live.universe import Block, Universe

__all__ = [
    "Account",
    "Bench",
    "Block",
    "Broker",
    "Cause",
    "Clock",
    "Compared",
    "Difference",
    "Executor",
    "Feed",
    "Journal",
    "LiveSettings",
    "Opinion",
    "OrderSettings",
    "Permit",
    "Rebuilt",
    "Repeated",
    "Reviewer",
    "RowJournal",
    "Runner",
    "Stage",
    "SteppedClock",
    "Timekeeper",
    "Turn",
    "Unequal",
    "Universe",
    "WatchSettings",
    "compare",
    "new_trader",
    "read_rules",
    "rebuild",
    "repeat",
    "replay",
    "write_rules",
]
