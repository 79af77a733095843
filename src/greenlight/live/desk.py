"""Everything the executor knows, seen symbol by symbol: wants, tickets, quotes, refusals."""

from collections.abc import Iterable, Iterator

from greenlight.domain import (
    Capabilities,
    ClientId,
    Command,
    Event,
    HaltError,
    OrderFilled,
    OrderKind,
    OrderReport,
    Quote,
    RetryError,
    Role,
    VenueOrder,
)
from greenlight.ledger import Act, Entry
from greenlight.live.anomaly import Anomalies
from greenlight.live.asking import Asker
from greenlight.live.coverage import Cover, Coverage
from greenlight.live.hearing import Change, Hearing
from greenlight.live.judging import Judge
from greenlight.live.planning import Ask, Cancel, Step, Submit, Wait, next_step
from greenlight.live.recalling import Memory, recall
from greenlight.live.retrying import Budget, Urgency
from greenlight.live.sending import Bench, Request, Sender
from greenlight.live.situation import Permit, Situation
from greenlight.live.universe import exact
from greenlight.live.wanting import NOTHING, REDUCING, Wants
from greenlight.live.watch import Watch
from greenlight.live.working import Tickets, Working

_DUST = 1e-6  # of a lot, as in the engine


class Desk:
    """State of the executor; it waits for nothing but the venue's list of open orders."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.permit = Permit.ALL
        self.instruments = bench.universe.instruments
        self._numbers = bench.universe.numbers()
        self._capabilities: dict[int, Capabilities] = {}
        self._wants: dict[int, Wants] = {}
        self._hears = False
        self.tickets = Tickets(bench.fence)
        self.budget = Budget(bench.broker.requests_per_minute, bench.clock)
        self.anomalies = Anomalies(bench.watch)
        self.coverage = Coverage(bench.times, lambda symbol: self.instruments[symbol].id)
        self.judge = Judge(bench, self.budget, self.anomalies, self.want)
        self._hearing = Hearing(bench, self.tickets, self.want)
        self._watch = Watch()
        self.sender = Sender(bench, self.tickets, self.hear)
        self.asker = Asker(bench, self.tickets, self.hear)

    # what is told

    def heard(self, event: Event) -> None:
        """The trader decides on `event` now."""
        self._hears = True
        if isinstance(event, OrderFilled):
            self.want(event.id.symbol).heard(event)

    def take(self, symbol: int, command: Command, now: int) -> None:
        """Change what is wanted of a symbol."""
        wants = self.want(symbol)
        if not self._hears:
            wants.heard(None)
        wants.take(command, now)
        entry = wants.slots.get(Role.ENTRY)
        self.tickets.forget(symbol, -1 if entry is None else entry.order.intent)
        if self._watch.quote(symbol) is not None:
            self._watch.judge(symbol, wants, is_open=self._is_open(symbol, now))

    def hear(self, report: OrderReport, by: str) -> Change | None:
        """Take a report, and what follows from it."""
        change = self._hearing.hear(report, by)
        if change is None:
            return None
        if change.has_filled:
            self.judge.filled(change.working)
        if change.has_ended:
            self.judge.ended(change.working)
        return change

    def see(self, quote: Quote) -> int | None:
        """Take a quote; the symbol, if something may follow from it."""
        symbol = self._numbers.get(quote.instrument)
        if symbol is None:
            return None
        wants = self._wants.get(symbol)
        is_open = self._is_open(symbol, quote.ts)
        return symbol if self._watch.see(symbol, quote, wants, is_open=is_open) else None

    def recall(self, entries: Iterable[Entry]) -> None:
        """Rebuild from the journal."""
        numbers = self._numbers

        def is_native(name: str) -> bool:
            return self.is_native(numbers[name])

        recall(entries, Memory(self.tickets, self.want, is_native))

    def tell_missed(self) -> None:
        """Tell the trader what it had not heard of when the process ended."""
        self._hearing.tell_missed()

    # what is seen

    def want(self, symbol: int) -> Wants:
        """The wants of a symbol."""
        found = self._wants.get(symbol)
        if found is None:
            lot = float(self.instruments[symbol].lot_size)
            found = self._wants[symbol] = Wants(exact(lot * _DUST))
        return found

    def symbols(self) -> list[int]:
        """Symbols of which anything was ever wanted."""
        return list(self._wants)

    def capabilities(self, symbol: int) -> Capabilities:
        """What the venue takes for a symbol."""
        found = self._capabilities.get(symbol)
        if found is None:
            name = self.instruments[symbol].id
            found = self._capabilities[symbol] = self._bench.broker.capabilities(name)
        return found

    def is_native(self, symbol: int) -> bool:
        """Whether the venue keeps the engine's own slots."""
        return self.capabilities(symbol).native

    def native_slots(self) -> Iterator[tuple[int, Role]]:
        """Every slot of native venues that is wanted or rests."""
        for symbol, wants in self._wants.items():
            if self.is_native(symbol):
                yield from ((symbol, role) for role in wants.slots)
        for one in self.tickets.open():
            if self.is_native(one.order.symbol):
                yield (one.order.symbol, one.order.role)

    def newest(self, symbol: int, role: Role) -> Working | None:
        """The last ticket of a slot, an open one before any that has ended."""
        found = [one for one in self.tickets.of(symbol) if one.order.role is role]
        still = [one for one in found if one.is_open]
        return still[-1] if still else found[-1] if found else None

    def plan(self, symbol: int) -> Step:
        """The next step of a symbol that is not native's."""
        if self.permit is Permit.NOTHING or self.is_native(symbol):
            return Wait()
        return next_step(self._situation(symbol), self._bench.settings)

    def urgency(self, symbol: int, step: Step) -> Urgency:
        """How soon a step must be taken when requests are scarce."""
        wants = self.want(symbol)
        if any(role in wants.slots for role in REDUCING):
            return Urgency.REDUCE
        is_entry = isinstance(step, Submit)
        is_cancel = isinstance(step, Cancel)
        if isinstance(step, Ask) and step.working.open_act is None:
            return Urgency.READ
        return Urgency.ENTER if is_entry and not is_cancel else Urgency.REDUCE

    def objection(self, request: Request) -> str | None:
        """Why what was written down must not be sent any more: the world went on meanwhile."""
        if self.permit is Permit.NOTHING:
            return "nothing may be sent"
        ticket, working = request.ticket, request.working
        if ticket is None:
            return None
        wants = self.want(working.order.symbol)
        if working.order.role is Role.ENTRY:
            slot = wants.slots.get(Role.ENTRY)
            if self.permit is not Permit.ALL:
                return "entries are not allowed any more"
            is_same = slot is not None and slot.order.intent == working.order.intent
            return None if is_same else "it is not wanted any more"
        if self.is_native(working.order.symbol):
            return None
        room = wants.room + working.filled
        return None if ticket.quantity <= room else "less is held by now"

    def sent(self, request: Request) -> None:
        """An order goes out: count it where that says something."""
        if request.act is not Act.SUBMIT or self.is_native(request.working.order.symbol):
            return
        name = ClientId.parse(request.name)
        if name is None:
            return
        if name.role in (Role.ENTRY, Role.EXIT) or name.serial > 0:
            self.anomalies.ordered(self._bench.clock.now())

    def is_settled(self, symbol: int) -> bool:
        """Whether nothing of the symbol is unknown, unheard, or about to fill."""
        if self._hears and symbol in self._wants and not self._wants[symbol].is_heard:
            return False
        return not any(
            one.is_unsure or one.open_act is not None or one.cancel_ts is not None
            for one in self.tickets.of(symbol)
            if one.is_open
        )

    def knows(self, order: VenueOrder) -> bool:
        """Whether it is an open ticket of the run, or the leg of one."""
        found = self.tickets.find(order.client_id, order.venue_id)
        return found is not None and (found[0].is_open or found[0].is_absent)

    async def read_all(self) -> list[Working]:
        """Hear every open order of the venue; the tickets that should be among them and are not.

        Raises RetryError.
        """
        asked_ts = self._bench.clock.now()
        open_before = [one for one in self.tickets.open() if one.heard_ts < asked_ts]
        await self.budget.admit(Urgency.READ)
        orders = await self._bench.broker.open_orders()
        listed = set()
        for order in orders:
            found = self.tickets.find(order.client_id, order.venue_id)
            if found is not None:
                listed.add(id(found[0]))
                self.hear(OrderReport(order), "lookup")
        return [one for one in open_before if one.is_open and id(one) not in listed]

    async def look(self, symbol: int) -> None:
        """Ask the venue what is held of a symbol. Raises RetryError."""
        wants, name = self.want(symbol), self.instruments[symbol].id
        try:
            held = (await self._bench.broker.holdings()).get(name)
        except HaltError as error:
            self.judge.halted(symbol, str(error))
            raise RetryError(str(error)) from error
        sides = [slot.side for role, slot in wants.slots.items() if role in REDUCING]
        if not sides:
            return
        quantity = NOTHING if held is None else max(NOTHING, -sides[0] * held.quantity)
        if not self.judge.checks.answered(symbol, quantity, wants.room, self._bench.clock.now()):
            text = f"{name}: {wants.room} to protect, the broker holds {quantity}"
            self._bench.alert("warning", f"{text}; no more than that is sold")
            self._bench.differ()

    def cover(self, symbol: int) -> None:
        """Note how the position stands now."""
        self.coverage.note(symbol, self._cover(symbol), self._bench.clock.now())

    # inside

    def _cover(self, symbol: int) -> Cover:
        wants = self._wants.get(symbol)
        if wants is None or wants.guard() is None:
            return Cover.NONE
        check = self.judge.checks.of(symbol)
        units = wants.room
        if check is not None and check.most is not None:
            units = min(units, check.most)
        if units <= NOTHING:
            return Cover.NONE
        resting = NOTHING
        for one in self.tickets.of(symbol):
            is_stop = one.family is Role.STOP or one.ticket.stop is not None
            if is_stop and one.is_open and one.open_act is not Act.SUBMIT:
                resting += one.leaves
        instrument = self.instruments[symbol]
        if resting + instrument.lot_size > units:
            return Cover.STOPPED
        venue = self.capabilities(symbol)
        if not venue.stops & {OrderKind.STOP, OrderKind.STOP_LIMIT}:
            return Cover.BEYOND
        is_whole = units == units.to_integral_value()
        by_night = venue.queues and (is_whole or venue.rests_fractions)
        return Cover.BARE if by_night else Cover.BY_DAY

    def _situation(self, symbol: int) -> Situation:
        now = self._bench.clock.now()
        wants = self.want(symbol)
        hours = self._bench.times.hours(symbol, now)
        entry = wants.slots.get(Role.ENTRY)
        until = 0
        if entry is not None:
            until = self._bench.times.bar_time_of(symbol, entry.since_ts).close_ts
        return Situation(
            instrument=self.instruments[symbol],
            wants=wants,
            tickets=self.tickets.of(symbol),
            capabilities=self.capabilities(symbol),
            permit=self.permit,
            now=now,
            is_open=hours.open_ts <= now < hours.close_ts,
            opens_ts=hours.open_ts,
            holds=self.judge.holds(symbol),
            quote=self._watch.quote(symbol),
            entry_until_ts=until,
            passed_ts=self._watch.passed_ts(symbol),
            left_ts=self.judge.left_ts(symbol),
            check=self.judge.checks.of(symbol),
            seen_ts=self.judge.checks.seen_ts(symbol),
        )

    def _is_open(self, symbol: int, ts: int) -> bool:
        return self._bench.times.is_open(symbol, ts)
