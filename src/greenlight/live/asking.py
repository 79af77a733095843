"""Asking the venue about one ticket until it is known what became of it."""

from collections.abc import Callable

from greenlight.domain import OrderReport, OrderState, VenueOrder
from greenlight.ledger import Act, Answered, Outcome
from greenlight.live.sending import Bench
from greenlight.live.working import Tickets, Working

_NS = 1_000_000_000
_RESTING = (OrderState.PENDING, OrderState.WORKING)
_BELIEVED = 3  # answers "no such order" in a row: one that was accepted can appear late


class Asker:
    """Looks tickets up. Raises RetryError where the venue or the journal cannot be asked."""

    def __init__(
        self, bench: Bench, tickets: Tickets, hear: Callable[[OrderReport, str], object]
    ) -> None:
        self._bench, self._tickets, self._hear = bench, tickets, hear

    async def ask(self, working: Working) -> None:
        """Find out how a ticket stands; what it has become is heard."""
        act, before = working.open_act, working.venue_id
        order = await self._find(working)
        if working.open_act is not act or working.venue_id != before:
            return  # a report was faster: the next look is at what it said
        if order is None:
            self._missing(working)
            return
        if act is not None and not self._settle(working, act, order):
            self._hear(OrderReport(order), "lookup")  # its fills are news all the same
            return
        working.settle(self._bench.clock.now())
        self._tickets.know(working, "", order.venue_id)
        if order.state in _RESTING:
            working.cancel_ts = None  # a cancel that was lost is asked for again
        self._hear(OrderReport(order), "lookup")

    def _settle(self, working: Working, act: Act, order: VenueOrder) -> bool:
        """Whether an order that was found says what became of the act that is open."""
        outcome = Outcome.ACCEPTED
        if act is Act.CANCEL and order.state in _RESTING:
            outcome = Outcome.ABSENT
        if act is Act.REPLACE and working.replacement is not None:
            is_it = order.client_id == working.replacement.client_id
            if not is_it and order.venue_id == working.venue_id:
                if order.state.is_open and not self._is_believed(working):
                    return False
                outcome = Outcome.ABSENT
        self._answer(working, act, outcome, order.venue_id)
        return True

    async def look_back(self) -> None:
        """Ask once more about tickets that were given up: one may have appeared after all."""
        for working in self._tickets.given_up(self._bench.clock.now()):
            order = await self._bench.broker.find(working.ticket.client_id)
            if order is not None:
                self._hear(OrderReport(order), "lookup")

    async def _find(self, working: Working) -> VenueOrder | None:
        broker = self._bench.broker
        if working.replacement is not None:
            found = await broker.find(working.replacement.client_id)
            if found is not None:
                return found
        if working.venue_id:
            return await broker.order(working.venue_id)
        return await broker.find(working.ticket.client_id)

    def _missing(self, working: Working) -> None:
        """The venue does not know it; said twice it is believed."""
        if not self._is_believed(working):
            return
        if working.open_act is not None:
            self._answer(working, working.open_act, Outcome.ABSENT, working.venue_id)
        if working.venue_id:
            what = f"{self._bench.broker.name} has forgotten order {working.ticket.client_id}"
            self._bench.alert("warning", f"{what}; it counts as cancelled")
        working.end(OrderState.CANCELLED)
        working.is_absent = True
        self._tickets.give_up(working, self._bench.clock.now())

    def _is_believed(self, working: Working) -> bool:
        now = self._bench.clock.now()
        working.absent += 1
        if working.absent >= _BELIEVED:
            return True
        working.is_unsure = True
        working.ask_ts = now + int(self._bench.settings.confirm_s * _NS)
        return False

    def _answer(self, working: Working, act: Act, outcome: Outcome, venue_id: str) -> None:
        name = working.ticket.client_id
        if act is Act.REPLACE and working.replacement is not None:
            name = working.replacement.client_id
        answer = Answered(act, name, outcome, venue_id)
        self._bench.journal.append(answer)
        native = self._bench.broker.capabilities(working.ticket.instrument).native
        working.answered(answer, self._bench.clock.now(), is_native=native)
