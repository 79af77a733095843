"""What a simulated venue remembers of every order that it ever took."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Context, Decimal

from greenlight.domain import Execution, OrderState, Role, Ticket, VenueOrder
from greenlight.engine import Rest

Slot = tuple[int, Role]

#: Wide enough that sums and differences of prices and quantities, floats all, are never rounded.
EXACT = Context(prec=100)


def exact(value: float) -> Decimal:
    """The decimal that a float is written as; float() gives the same bits back."""
    return Decimal(repr(value))


@dataclass(slots=True)
class Record:
    """An order, where it rests, and what it has come to. rest: how the exchange had it last."""

    ticket: Ticket
    order: VenueOrder
    slot: Slot
    rest: Rest | None
    notional: Decimal = Decimal(0)

    def fill(self, execution: Execution, rest: Rest | None, dust: Decimal) -> VenueOrder:
        """Add a fill; what is left below `dust` units counts as nothing."""
        filled = EXACT.add(self.order.filled, execution.quantity)
        worth = EXACT.multiply(execution.quantity, execution.price)
        self.notional = EXACT.add(self.notional, worth)
        is_done = EXACT.subtract(self.order.quantity, filled) < dust
        self.order = replace(
            self.order,
            filled=filled,
            average=self.notional / filled,
            state=OrderState.FILLED if is_done else OrderState.WORKING,
            updated_ts=execution.ts,
        )
        return self.order if rest is None else self.follow(rest, execution.ts)

    def end(self, state: OrderState, ts: int, reason: str = "", by: str = "") -> VenueOrder:
        """What is left of it is gone; by: what stands in its place."""
        self.order = replace(self.order, state=state, updated_ts=ts, reason=reason, replaced_by=by)
        return self.order

    def follow(self, rest: Rest, ts: int) -> VenueOrder:
        """Take over what the exchange has made of it: a split, a stop that was triggered.

        What is left is told as the exchange counts it, to the last bit.
        """
        self.order = replace(
            self.order,
            kind=rest.kind,
            price=None if rest.price is None else exact(rest.price),
            limit=None if rest.limit is None else exact(rest.limit),
            quantity=EXACT.add(self.order.filled, exact(rest.leaves)),
            updated_ts=ts,
        )
        self.rest = rest
        return self.order


class Orders:
    """Every record, by the venue's id, by the client's, and of those still open by slot."""

    def __init__(self) -> None:
        self._by_venue_id: dict[str, Record] = {}
        self._by_client_id: dict[str, Record] = {}
        self._last: dict[Slot, Record] = {}

    def add(self, record: Record) -> None:
        """Remember a record; it is the one of its slot from now on."""
        self._by_venue_id[record.order.venue_id] = record
        self._by_client_id[record.order.client_id] = record
        self._last[record.slot] = record

    def by_venue_id(self, venue_id: str) -> Record | None:
        """The record with that id."""
        return self._by_venue_id.get(venue_id)

    def by_client_id(self, client_id: str) -> Record | None:
        """The record of that name."""
        return self._by_client_id.get(client_id)

    def at(self, slot: Slot) -> Record | None:
        """The open order of a slot."""
        record = self._last.get(slot)
        if record is not None and not record.order.state.is_open:
            del self._last[slot]
            return None
        return record

    def open(self) -> Iterator[Record]:
        """Every open order, by symbol and role."""
        for slot in sorted(self._last):
            record = self.at(slot)
            if record is not None:
                yield record
