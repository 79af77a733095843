"""What people ask of the bot, whichever face they use: one service, and what it can tell."""

from greenlight.control.doctor import Check, Checkup, examine
from greenlight.control.service import CONFIRMATION, Caller, Control, KillReport, Sent
from greenlight.control.status import (
    Holder,
    Latency,
    PositionLine,
    Protection,
    Status,
    accounts_of,
    asks_of,
    is_emptied,
    status_of,
    why_no_trade,
)

__all__ = [
    "CONFIRMATION",
    "Caller",
    "Check",
    "Checkup",
    "Control",
    "Holder",
    "KillReport",
    "Latency",
    "PositionLine",
    "Protection",
    "Sent",
    "Status",
    "accounts_of",
    "asks_of",
    "examine",
    "is_emptied",
    "status_of",
    "why_no_trade",
]
