"""The world's clock: the runner, its orders, what watches them, and the way back after a crash."""

from greenlight.live.approvals import ApprovalDesk, ApprovalRules
from greenlight.live.attending import Attendant, Bidden
from greenlight.live.bot import Bot
from greenlight.live.charter import Charter, World
from greenlight.live.clocks import VenueClock, WorldClock, measure
from greenlight.live.differences import Account, Cause, Compared, Difference, compare
from greenlight.live.executor import Bench, Executor, Permit
from greenlight.live.flattening import Progress, Sight
from greenlight.live.forecasting import AheadForecaster, Forecaster
from greenlight.live.health import Endpoint
from greenlight.live.killing import Hold, KillOrder, KillOutcome, Seize, kill
from greenlight.live.logs import Redaction, configure_logs
from greenlight.live.mailbox import KILL_FILE, KillMark, KillState, Mailbox, Reply, Request, Verb
from greenlight.live.method import Method
from greenlight.live.past import bars_of, fetch_rows
from greenlight.live.ports import Broker, Clock, Feed, Journal, Opinion, Reviewer
from greenlight.live.recovery import Rebuilt, new_trader, rebuild
from greenlight.live.repeating import Repeated, Unequal, repeat
from greenlight.live.replaying import RowJournal, Stage, SteppedClock, replay
from greenlight.live.rows import BlockRow
from greenlight.live.rules import read_rules, write_rules
from greenlight.live.runner import Runner, Turn
from greenlight.live.settings import EntryStyle, LiveSettings, OrderSettings, WatchSettings
from greenlight.live.telemetry import Telemetry
from greenlight.live.timekeeping import Timekeeper
from greenlight.live.universe import Block, Universe
from greenlight.live.working import Working

__all__ = [
    "KILL_FILE",
    "Account",
    "AheadForecaster",
    "ApprovalDesk",
    "ApprovalRules",
    "Attendant",
    "Bench",
    "Bidden",
    "Block",
    "BlockRow",
    "Bot",
    "Broker",
    "Cause",
    "Charter",
    "Clock",
    "Compared",
    "Difference",
    "Endpoint",
    "EntryStyle",
    "Executor",
    "Feed",
    "Forecaster",
    "Hold",
    "Journal",
    "KillMark",
    "KillOrder",
    "KillOutcome",
    "KillState",
    "LiveSettings",
    "Mailbox",
    "Method",
    "Opinion",
    "OrderSettings",
    "Permit",
    "Progress",
    "Rebuilt",
    "Redaction",
    "Repeated",
    "Reply",
    "Request",
    "Reviewer",
    "RowJournal",
    "Runner",
    "Seize",
    "Sight",
    "Stage",
    "SteppedClock",
    "Telemetry",
    "Timekeeper",
    "Turn",
    "Unequal",
    "Universe",
    "VenueClock",
    "Verb",
    "WatchSettings",
    "Working",
    "World",
    "WorldClock",
    "bars_of",
    "compare",
    "configure_logs",
    "fetch_rows",
    "kill",
    "measure",
    "new_trader",
    "read_rules",
    "rebuild",
    "repeat",
    "replay",
    "write_rules",
]
