"""Orders at the venue: each ticket from the moment it is about to be sent to its end."""

from dataclasses import replace
from decimal import Decimal

from greenlight.domain import OrderState, Ticket, VenueOrder
from greenlight.ledger.records import Act, Answered, Entry, Outcome, Reported, Sending
from greenlight.ledger.views.rows import NAMES, ORDERS, NameRow, OrderRow, Rows

SENDING, UNKNOWN, ABSENT, FAILED = "sending", "unknown", "absent", "failed"
#: States in which more of an order may fill, or nobody knows.
OPEN_STATES = (SENDING, UNKNOWN, *(str(state) for state in OrderState if state.is_open))
_UNSETTLED = (SENDING, UNKNOWN)
_ANSWERED = {
    Outcome.ACCEPTED: str(OrderState.PENDING),
    Outcome.REFUSED: str(OrderState.REJECTED),
    Outcome.FAILED: FAILED,
    Outcome.UNKNOWN: UNKNOWN,
    Outcome.ABSENT: ABSENT,
}


def project_sending(entry: Entry, sending: Sending, rows: Rows) -> None:
    """A ticket about to be sent is an order whose fate is open."""
    if sending.ticket is not None:
        rows.put(ORDERS, _sent(entry, sending.ticket, sending.replaces))


def project_answered(entry: Entry, answer: Answered, rows: Rows) -> None:
    """The answer settles what no report has settled before it."""
    row = rows.get(ORDERS, entry.run, answer.client_id)
    if row is None:
        return
    state, reason = row.state, row.reason
    if answer.act is not Act.CANCEL:
        if state in _UNSETTLED:
            state, reason = _ANSWERED[answer.outcome], answer.detail or reason
    elif answer.outcome is Outcome.ACCEPTED and state in OPEN_STATES:
        state = str(OrderState.CANCELLING)
    venue_id = answer.venue_id or row.venue_id
    row = replace(row, state=state, reason=reason, venue_id=venue_id, updated_ts=entry.ts)
    rows.put(ORDERS, row)
    if answer.act is Act.REPLACE and answer.outcome is Outcome.ACCEPTED:
        _retire(entry, row, rows)
    _name(row, rows)


def project_reported(entry: Entry, reported: Reported, rows: Rows) -> None:
    """News from the venue: fills only grow, and what has ended does not open again."""
    _report(entry, reported.report.order, rows)


def _report(entry: Entry, order: VenueOrder, rows: Rows) -> None:
    known = rows.get(ORDERS, entry.run, order.client_id or order.venue_id)
    row = _foreign(entry, order) if known is None else known
    has_ended = known is not None and row.state not in (*OPEN_STATES, ABSENT, FAILED)
    is_news = order.filled >= row.filled
    row = replace(
        row,
        venue_id=order.venue_id,
        state=row.state if has_ended else str(order.state),
        filled=max(row.filled, order.filled),
        average=order.average if is_news else row.average,
        replaced_by=order.replaced_by or row.replaced_by,
        reason=order.reason or row.reason,
        updated_ts=entry.ts,
    )
    rows.put(ORDERS, row)
    _name(row, rows)
    for leg in order.legs:
        _report(entry, leg, rows)


def _retire(entry: Entry, row: OrderRow, rows: Rows) -> None:
    """The order that `row` stands in the place of is no longer."""
    name = rows.get(NAMES, entry.run, row.replaces)
    old = None if name is None else rows.get(ORDERS, entry.run, name.client_id)
    if old is None or old.client_id == row.client_id or old.state not in OPEN_STATES:
        return
    state = str(OrderState.REPLACED)
    rows.put(ORDERS, replace(old, state=state, replaced_by=row.venue_id, updated_ts=entry.ts))


def _name(row: OrderRow, rows: Rows) -> None:
    if row.venue_id == "":
        return
    name = NameRow(row.run, row.venue_id, row.client_id)
    if rows.get(NAMES, row.run, row.venue_id) != name:
        rows.put(NAMES, name)


def _sent(entry: Entry, ticket: Ticket, replaces: str) -> OrderRow:
    return OrderRow(
        run=entry.run,
        client_id=ticket.client_id,
        venue_id="",
        instrument=ticket.instrument,
        side=ticket.side.name.lower(),
        kind=ticket.kind.name.lower(),
        role="" if ticket.order is None else ticket.order.role.name.lower(),
        intent=None if ticket.order is None else ticket.order.intent,
        quantity=ticket.quantity,
        price=ticket.price,
        limit_price=ticket.limit,
        stop_price=ticket.stop,
        state=SENDING,
        filled=Decimal(0),
        average=None,
        replaces=replaces,
        replaced_by="",
        reason="",
        sent_ts=entry.ts,
        updated_ts=entry.ts,
    )


def _foreign(entry: Entry, order: VenueOrder) -> OrderRow:
    """An order that no ticket of the journal stands for: a leg, or somebody else's."""
    return OrderRow(
        run=entry.run,
        client_id=order.client_id or order.venue_id,
        venue_id=order.venue_id,
        instrument=order.instrument,
        side=order.side.name.lower(),
        kind=order.kind.name.lower(),
        role="",
        intent=None,
        quantity=order.quantity,
        price=order.price,
        limit_price=order.limit,
        stop_price=None,
        state=str(order.state),
        filled=order.filled,
        average=order.average,
        replaces="",
        replaced_by=order.replaced_by,
        reason=order.reason,
        sent_ts=None,
        updated_ts=entry.ts,
    )
