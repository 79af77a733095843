"""Account, positions and activities on the wire."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from greenlight.brokers.alpaca.texts import day_ns, instrument_of, number, time_ns
from greenlight.domain import Activity, ActivityKind, Holding, VenueAccount

Message = Mapping[str, Any]

_ZERO = Decimal(0)
_KINDS = {
    "FILL": ActivityKind.FILL,
    "CSD": ActivityKind.TRANSFER,
    "CSW": ActivityKind.TRANSFER,
    "TRANS": ActivityKind.TRANSFER,
    "ACATC": ActivityKind.TRANSFER,
    "ACATS": ActivityKind.TRANSFER,
    "CFEE": ActivityKind.FEE,
    "FEE": ActivityKind.FEE,
    "DIVFEE": ActivityKind.FEE,
    "PTC": ActivityKind.FEE,
    "CIL": ActivityKind.ACTION,
    "MA": ActivityKind.ACTION,
    "NC": ActivityKind.ACTION,
    "REORG": ActivityKind.ACTION,
    "SC": ActivityKind.ACTION,
    "SPIN": ActivityKind.ACTION,
    "SPLIT": ActivityKind.ACTION,
    "SSO": ActivityKind.ACTION,
    "SSP": ActivityKind.ACTION,
    "VOF": ActivityKind.ACTION,
    "WRM": ActivityKind.ACTION,
}
_FAMILIES = {
    "DIV": ActivityKind.DIVIDEND,
    "INT": ActivityKind.INTEREST,
    "JNL": ActivityKind.TRANSFER,
}
_WORKING_STATUS = "ACTIVE"


def venue_account(message: Message) -> VenueAccount:
    """The account. Raises ValueError or KeyError for no account."""
    cash, equity = number(message["cash"]), number(message["equity"])
    if cash is None or equity is None or not message["id"]:
        raise ValueError("an account without id, cash or equity")
    return VenueAccount(str(message["id"]), cash, equity, _blocked(message))


def holding(message: Message) -> Holding:
    """A position; its side decides the sign, whichever sign the quantity came with."""
    quantity, average = number(message["qty"]), number(message["avg_entry_price"])
    if quantity is None or average is None:
        raise ValueError("a position without quantity or average")
    short = message.get("side") == "short" or quantity < 0
    return Holding(
        instrument=instrument_of(str(message["symbol"]), str(message.get("asset_class") or "")),
        quantity=-abs(quantity) if short else quantity,
        average=average,
        price=number(message.get("current_price")),
    )


def activity(message: Message) -> Activity | None:
    """A line of the account's record, None for one that was cancelled.

    What is no fill bears the day it was booked for and sometimes no time: then the day's begin in
    New York.
    """
    if message.get("status") == "canceled":
        return None
    told = str(message["activity_type"])
    kind = activity_kind(told)
    quantity = number(message.get("qty")) or _ZERO
    price = number(message.get("price")) or number(message.get("per_share_amount")) or _ZERO
    amount = number(message.get("net_amount")) or _ZERO
    if kind is ActivityKind.FILL:
        quantity = -quantity if str(message["side"]).startswith("sell") else quantity
        amount = -quantity * price
    return Activity(
        id=str(message["id"]),
        kind=kind,
        ts=_time(message),
        instrument=instrument_of(str(message.get("symbol") or "")),
        quantity=quantity,
        price=price,
        amount=amount,
        venue_id=str(message.get("order_id") or ""),
    )


def activity_kind(told: str) -> ActivityKind:
    """What an activity type of Alpaca's means here; types not known are OTHER."""
    return _KINDS.get(told) or _FAMILIES.get(told[:3], ActivityKind.OTHER)


def _time(message: Message) -> int:
    for name in ("transaction_time", "created_at"):
        if message.get(name):
            return time_ns(message[name])
    return day_ns(date.fromisoformat(str(message["date"])))


def _blocked(message: Message) -> str:
    for name in ("account_blocked", "trading_blocked", "trade_suspended_by_user"):
        if message.get(name):
            return name.replace("_", " ")
    status = str(message.get("status") or _WORKING_STATUS)
    return "" if status == _WORKING_STATUS else f"status {status.lower()}"
