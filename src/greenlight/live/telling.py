"""A record of the journal as one log line: how loud, which words, which fields."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from greenlight.domain import (
    BarsClosed,
    ClientId,
    ExitAsked,
    Happened,
    OrderEnded,
    OrderFilled,
    OrderId,
    Switched,
)
from greenlight.ledger import (
    Alerted,
    Answered,
    ApprovalAsked,
    ApprovalGiven,
    BarSkipped,
    Beat,
    Decided,
    FeedChanged,
    Halted,
    Heard,
    KillChecked,
    Killed,
    Outcome,
    Reconciled,
    Record,
    Reported,
    Resumed,
    RunBegan,
    Sending,
    Started,
    Stopped,
)

INFO, WARNING, ERROR = "info", "warning", "error"


class Line(NamedTuple):
    """level: info, warning, error."""

    level: str
    event: str
    fields: Mapping[str, object]


def line_of(record: Record, symbols: Sequence[str]) -> Line | None:
    """The line of a record, None where it is not worth one. symbols: instrument ids by number."""
    match record:
        case Heard():
            return _heard(record, symbols)
        case Sending() | Answered() | Reported():
            return _order(record, symbols)
        case RunBegan() | Started() | Stopped() | Beat() | Decided():
            return _run(record)
        case Halted() | Resumed() | Killed() | KillChecked() | ApprovalAsked() | ApprovalGiven():
            return _person(record)
        case Reconciled():
            drifts = [f"{one.kind} {one.subject}: {one.answer}" for one in record.drifts]
            level = WARNING if any(str(one.answer) == "halted" for one in record.drifts) else INFO
            return Line(level, "reconciled", {"drifts": drifts})
        case BarSkipped():
            return Line(INFO, "bar skipped", {"instrument": record.instrument, "why": record.why})
        case FeedChanged():
            level, event = (INFO, "feed alive") if record.is_alive else (WARNING, "feed silent")
            return Line(level, event, {"feed": record.feed, "detail": record.detail})
        case Alerted():
            level = record.level if record.level in (WARNING, ERROR) else INFO
            return Line(level, "alert", {"text": record.text})
        case _:
            return None


def _heard(record: Heard, symbols: Sequence[str]) -> Line | None:
    event = record.event
    match event:
        case OrderFilled():
            fields = _named(event.id, symbols)
            numbers = {"quantity": event.quantity, "price": event.price, "fee": event.fee}
            side = event.side.name.lower()
            return Line(INFO, "filled", {**fields, **_ticket(record), "side": side, **numbers})
        case OrderEnded():
            reason = event.reason.name.lower()
            return Line(INFO, "order ended", {**_named(event.id, symbols), "reason": reason})
        case BarsClosed():
            return Line(INFO, "bars closed", {"block": event.block, "close": event.time.close_ts})
        case Switched():
            return Line(WARNING, "switched", {"switch": event.switch.value})
        case ExitAsked():
            asked = {"instrument": symbols[event.symbol], "reason": event.reason.name.lower()}
            return Line(WARNING, "exit asked", asked)
        case Happened():
            name = symbols[event.symbol] if event.symbol >= 0 else ""
            return Line(INFO, "happened", {"instrument": name, "kind": event.kind.name.lower()})
        case _:
            return None


def _order(record: Sending | Answered | Reported, symbols: Sequence[str]) -> Line:
    match record:
        case Sending():
            fields = {"order": record.client_id, "instrument": _of(record.client_id, symbols)}
            return Line(INFO, f"sending {record.act}", fields)
        case Answered():
            is_fine = record.outcome is Outcome.ACCEPTED
            fields = {
                "order": record.client_id,
                "instrument": _of(record.client_id, symbols),
                "venue_order": record.venue_id,
                "detail": record.detail,
            }
            return Line(INFO if is_fine else WARNING, f"{record.act} {record.outcome}", fields)
        case Reported():
            order = record.report.order
            known = {"order": order.client_id, "instrument": order.instrument}
            fields = {"venue_order": order.venue_id, "filled": str(order.filled), "by": record.by}
            return Line(INFO, f"order {order.state}", {**known, **fields})


def _run(record: RunBegan | Started | Stopped | Beat | Decided) -> Line | None:
    match record:
        case RunBegan():
            told = {"account": record.account, "broker": record.broker, "mode": str(record.mode)}
            return Line(INFO, "run began", told)
        case Started():
            return Line(INFO, "started", {"fence": record.fence, "holder": record.holder})
        case Stopped():
            return Line(INFO, "stopped", {"why": record.why})
        case Beat():
            return Line(INFO, "beat", {"equity": record.equity, "cash": record.cash})
        case Decided():
            count = len(record.decisions)
            return Line(INFO, "decided", {"decisions": count}) if count else None


def _person(
    record: Halted | Resumed | Killed | KillChecked | ApprovalAsked | ApprovalGiven,
) -> Line:
    match record:
        case Halted():
            return Line(WARNING, "entries halted", {"by": record.by, "why": record.why})
        case Resumed():
            return Line(WARNING, "entries allowed", {"by": record.by})
        case Killed():
            return Line(ERROR, "killed", {"by": record.by, "why": record.why})
        case KillChecked():
            left = {"orders": record.orders, "positions": record.positions, "queued": record.queued}
            return Line(
                INFO if record.flat else ERROR, "kill checked", {"flat": record.flat, **left}
            )
        case ApprovalAsked():
            what = {"id": record.id, "instrument": record.instrument, "quantity": record.quantity}
            return Line(WARNING, "approval asked", {**what, "price": record.price})
        case ApprovalGiven():
            answer = {"approved": record.approved, "expired": record.expired}
            return Line(INFO, "approval given", {"id": record.id, "by": record.by, **answer})


def _named(order: OrderId, symbols: Sequence[str]) -> dict[str, object]:
    return {
        "instrument": symbols[order.symbol],
        "role": order.role.name.lower(),
        "intent": order.intent,
    }


def _ticket(record: Heard) -> dict[str, object]:
    source = record.source
    return {} if source is None else {"order": source.client_id, "venue_order": source.venue_id}


def _of(client_id: str, symbols: Sequence[str]) -> str:
    identity = ClientId.parse(client_id)
    if identity is None or identity.symbol >= len(symbols):
        return ""
    return symbols[identity.symbol]
