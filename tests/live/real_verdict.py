"""An exchange's own record held against the bot's journal, by code that shares nothing with it."""

import re
from collections import defaultdict
from decimal import Decimal

from greenlight.ledger import (
    APPROVALS,
    COVERAGE,
    DECISIONS,
    EQUITY,
    FILLS,
    HALTS,
    ORDERS,
    POSITIONS,
)

_NAME = re.compile(r"gl(\w+?)-(\w+?)-(\w+?)([A-Z])(\w+)$")
_ENDED = {"filled", "canceled", "expired", "rejected", "replaced", "done_for_day"}
_VIEWS = (POSITIONS, ORDERS, FILLS, EQUITY, DECISIONS, HALTS, APPROVALS, COVERAGE)


def entries(record) -> dict[tuple[str, str], list[dict]]:
    """Every state of every entry order, by symbol and intent."""
    found = defaultdict(list)
    for update in record["updates"]:
        order = update["order"]
        name = _NAME.match(order["client_order_id"])
        if name is not None and name[4] == "E":
            found[order["symbol"], name[3]].append(order)
    return found


def doubles(record) -> list[str]:
    """Intents with two entry orders open at once, or more filled than was wanted."""
    bad = []
    for intent, states in entries(record).items():
        working, filled = set(), {}
        for order in states:
            (working.discard if order["status"] in _ENDED else working.add)(order["id"])
            filled[order["id"]] = Decimal(order["filled_qty"])
            if len(working) > 1:
                bad.append(f"two entries of {intent} are open")
        wanted = max(Decimal(order["qty"]) for order in states)
        if sum(filled.values()) > wanted:
            bad.append(f"{intent}: {sum(filled.values())} filled of {wanted}")
    return bad


def oversold(record) -> list[str]:
    """Times at which more was sold than was held."""
    return [
        f"{symbol} {held} at {one['ts']}"
        for one in record["standings"]
        for symbol, held in one["positions"].items()
        if Decimal(held) < 0
    ]


def unprotected(positions, open_orders) -> list[str]:
    """Positions of which some part has neither a stop nor an exit at the broker."""
    resting = defaultdict(Decimal)
    for order in open_orders:
        legs = order.get("legs") or []
        stops = [one for one in (order, *legs) if one["type"] in ("stop", "stop_limit", "market")]
        for one in stops:
            if one["side"] == "sell":
                resting[one["symbol"]] += Decimal(one["qty"]) - Decimal(one["filled_qty"])
    return [
        f"{symbol}: {resting[symbol]} of {held}"
        for symbol, held in positions.items()
        if resting[symbol] != Decimal(held)
    ]


def unlike_fills(record, rows) -> list[str]:
    """Instruments and sides of which the journal has booked something else than was filled."""
    booked, filled, last = defaultdict(Decimal), defaultdict(Decimal), {}
    for row in rows:
        booked[row.instrument, row.side.lower()] += row.quantity
    for update in record["updates"]:
        last[update["order"]["id"]] = update["order"]
    for order in last.values():
        filled[order["symbol"], order["side"]] += Decimal(order["filled_qty"])
    return [
        f"{what}: booked {booked[what]}, filled {filled[what]}"
        for what in {*booked, *filled}
        if booked[what] != filled[what]
    ]


def views(ledger) -> dict[str, list]:
    """What every view says."""
    return {view.name: ledger.rows(view) for view in _VIEWS}
