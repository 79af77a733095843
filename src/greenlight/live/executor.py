"""The executor: brings what rests at the venue to what the trader wants, one step at a time.

It keeps no plan. After every change it looks at the symbol as it is (`planning.next_step`), carries
out one step, and looks again. A step that was interrupted at any await leaves a ticket unsure, and
asking about it is the next step. How a symbol is seen is in `desk`; here is who acts, and when.
"""

import asyncio
from collections.abc import Iterable

from greenlight.domain import (
    Command,
    Event,
    GreenlightError,
    HaltError,
    LeaseError,
    OrderReport,
    Quote,
    RequestVerdicts,
    RetryError,
    Role,
    VenueOrder,
)
from greenlight.ledger import Covered, Entry, Outcome
from greenlight.live.desk import Desk
from greenlight.live.native import difference
from greenlight.live.planning import Ask, Cancel, End, Leave, Look, Replace, Step, Submit, Wait
from greenlight.live.retrying import Urgency
from greenlight.live.sending import Bench, Request
from greenlight.live.situation import NS, Permit
from greenlight.live.working import Working

__all__ = ["Bench", "Executor", "Permit"]

_SWEEP = 12  # times `confirm_s`: how often all open orders are read, whatever the stream says


class Executor:
    """Carries the trader's commands out. One for a run; `work` is its task."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._desk = Desk(bench)
        self._due: dict[int, int] = {}  # symbols to look at, and when
        self._busy: set[int] = set()
        self._commanded: set[tuple[int, Role]] = set()  # slots of native venues to look at
        self._flushing = asyncio.Lock()
        self._wake, self._rest = asyncio.Event(), asyncio.Event()
        self._sweep_ts = 0

    # what the world tells; nothing here waits

    def heard(self, event: Event) -> None:
        """The trader is about to decide on `event`: told before its commands are taken."""
        self._desk.heard(event)

    def take(self, commands: Iterable[Command]) -> None:
        """Change what is wanted."""
        now = self._bench.clock.now()
        for command in commands:
            if isinstance(command, RequestVerdicts):
                continue
            symbol, role = command.id.symbol, command.id.role
            self._desk.take(symbol, command, now)
            if self._desk.is_native(symbol):
                self._commanded.add((symbol, role))
            self._touch(symbol)

    def hear(self, report: OrderReport, by: str) -> None:
        """Take a report; only what is news of it changes anything.

        Raises RetryError or LeaseError, and changes nothing, where it cannot be written down.
        """
        change = self._desk.hear(report, by)
        if change is None:
            return
        order = change.working.order
        if change.has_ended and order.role is Role.ENTRY and self._desk.is_native(order.symbol):
            self._commanded.add((order.symbol, order.role))
        self._touch(order.symbol)

    def quote(self, quote: Quote) -> None:
        """Last prices: they trigger what is only watched, and tell of a stop that was passed."""
        symbol = self._desk.see(quote)
        if symbol is not None:
            self._touch(symbol)

    def permit(self, permit: Permit) -> None:
        """Say what may be sent from now on."""
        self._desk.permit = permit
        for symbol in self._desk.symbols():
            if self._desk.is_native(symbol):
                self._commanded.add((symbol, Role.ENTRY))
            self._touch(symbol)

    def recall(self, entries: Iterable[Entry]) -> None:
        """Rebuild tickets, totals and wants from the journal after a restart."""
        self._desk.recall(entries)

    async def catch_up(self) -> None:
        """Ask the venue about every open ticket, until all are answered; lay nothing."""
        self._desk.tell_missed()
        for working in self._desk.tickets.open():
            working.is_unsure, working.ask_ts = True, 0
        tries = 0
        while unsure := [one for one in self._desk.tickets.open() if one.is_unsure]:
            if self._desk.permit is Permit.NOTHING:
                return
            try:
                if len(unsure) > 1 and tries == 0:
                    await self._desk.read_all()
                for working in unsure:
                    await self._ask_alone(working)
                tries = 0
            except RetryError as error:
                tries += 1
                await self._bench.clock.sleep(self._desk.judge.wait_s("catch up", error))
                continue
            if any(one.is_unsure for one in self._desk.tickets.open()):
                await self._bench.clock.sleep(self._bench.settings.confirm_s / 2)
        self._commanded.update(self._desk.native_slots())
        for symbol in self._desk.symbols():
            self._touch(symbol)

    # the task

    async def work(self) -> None:
        """Converge for ever. Raises LeaseError or HaltError of the journal; may be cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    await self._flush()
                    for symbol in self._ready():
                        self._busy.add(symbol)
                        group.create_task(self._converge(symbol))
                    if self._sweep_is_due():
                        group.create_task(self._sweep())
                    self._tell_rest()
                    await self._pause()
        except* GreenlightError as many:
            raise _worst(many) from None

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is in flight and nothing more can be done now."""
        if self._desk.permit is Permit.NOTHING:
            return True
        return not (self._commanded or self._busy) and not self._ready()

    async def quiet(self) -> None:
        """Wait until all is as wanted; with a native venue it is made so at once."""
        if self._commanded:
            await self._flush()
        while not self.is_quiet:
            self._rest.clear()
            self._wake.set()
            await self._rest.wait()

    # what others ask

    def tickets(self) -> tuple[Working, ...]:
        """Open tickets."""
        return tuple(self._desk.tickets.open())

    def is_settled(self, symbol: int) -> bool:
        """Whether nothing of a symbol is in flight."""
        if symbol in self._busy or any(one == symbol for one, _ in self._commanded):
            return False
        return self._desk.is_settled(symbol)

    def knows(self, order: VenueOrder) -> bool:
        """Whether an open order at the venue is an open ticket of the run, or the leg of one."""
        return self._desk.knows(order)

    def owns(self, venue_id: str) -> bool:
        """Whether an order at the venue, open or ended, was laid by this run."""
        return self._desk.tickets.find("", venue_id) is not None

    def coverage(self) -> tuple[Covered, ...]:
        """How well positions were protected since the last call."""
        return self._desk.coverage.take(self._bench.clock.now())

    def worth(self, venue: float, book: float) -> None:
        """Equity as the venue has it, and as book and last closes have it, all settled."""
        self._desk.anomalies.worth(venue, book)

    def anomaly(self) -> str | None:
        """What is out of the ordinary with orders; None: nothing."""
        return self._desk.anomalies.why(self._bench.clock.now())

    # inside: who is looked at, and when

    def _touch(self, symbol: int) -> None:
        """Look at a symbol as soon as possible."""
        self._desk.cover(symbol)
        if not self._desk.is_native(symbol):
            self._due[symbol] = 0
        self._wake.set()

    def _ready(self) -> list[int]:
        if not self._due:
            return []
        now = self._bench.clock.now()
        return [s for s, due in self._due.items() if due <= now and s not in self._busy]

    def _tell_rest(self) -> None:
        if self.is_quiet:
            self._rest.set()

    async def _pause(self) -> None:
        """Wait until something is told, or the next symbol is due."""
        waiting = [due for symbol, due in self._due.items() if symbol not in self._busy]
        waiting.append(self._sweep_ts)
        seconds = (min(waiting) - self._bench.clock.now()) / NS
        wake = asyncio.ensure_future(self._wake.wait())
        timer = asyncio.ensure_future(self._bench.clock.sleep(max(seconds, 0.0) + 1e-3))
        try:
            await asyncio.wait({wake, timer}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            wake.cancel()
            timer.cancel()
        self._wake.clear()

    def _sweep_is_due(self) -> bool:
        now = self._bench.clock.now()
        if now < self._sweep_ts:
            return False
        self._sweep_ts = now + int(_SWEEP * self._bench.settings.confirm_s * NS)
        seen = [*self._desk.tickets.open(), *self._desk.tickets.given_up(now)]
        is_foreign = any(not self._desk.is_native(one.order.symbol) for one in seen)
        return is_foreign and self._desk.permit is not Permit.NOTHING

    async def _sweep(self) -> None:
        """Read all open orders; a ticket that is not among them is asked for."""
        try:
            missing = await self._desk.read_all()
            await self._desk.asker.look_back()
        except LeaseError:
            raise
        except (RetryError, HaltError):  # whoever acts next will say so
            return
        for working in missing:
            if working.order.symbol not in self._busy:
                working.is_unsure, working.ask_ts = True, 0
                self._touch(working.order.symbol)

    # inside: acting

    async def _converge(self, symbol: int) -> None:
        """Step until nothing more can be done for a symbol now."""
        try:
            while True:
                self._due.pop(symbol, None)
                step = self._desk.plan(symbol)
                if isinstance(step, Wait):
                    if step.until_ts is not None:
                        known = self._due.get(symbol, step.until_ts)
                        self._due[symbol] = min(known, step.until_ts)
                    return
                await self._carry_out(symbol, step)
        except RetryError as error:
            seconds = self._desk.judge.wait_s(("symbol", symbol), error)
            self._due[symbol] = self._bench.clock.now() + int(seconds * NS)
        except LeaseError:
            self._desk.permit = Permit.NOTHING
            raise
        finally:
            self._busy.discard(symbol)
            self._desk.cover(symbol)
            self._wake.set()

    async def _carry_out(self, symbol: int, step: Step) -> None:
        match step:
            case End(order, reason):
                self._desk.judge.end(order, reason)
            case Leave(reason):
                self._desk.judge.leave(symbol, reason)
            case Look():
                await self._desk.budget.admit(Urgency.REDUCE)
                await self._desk.look(symbol)
            case Ask(working):
                await self._desk.budget.admit(self._desk.urgency(symbol, step))
                if working.is_open:
                    await self._ask(working)
            case Submit() | Replace() | Cancel():
                await self._desk.budget.admit(self._desk.urgency(symbol, step))
                if self._desk.plan(symbol) == step:  # it may have had to wait
                    await self._send([self._desk.sender.write(step)])
            case Wait():
                pass

    async def _ask(self, working: Working) -> None:
        try:
            await self._desk.asker.ask(working)
        except LeaseError:
            raise
        except (RetryError, HaltError) as error:
            if isinstance(error, HaltError):
                self._desk.judge.halted(working.order.symbol, str(error))
            seconds = self._desk.judge.wait_s(("ask", working.ticket.client_id), error)
            working.ask_ts = self._bench.clock.now() + int(seconds * NS)

    async def _ask_alone(self, working: Working) -> None:
        """Ask, unless the symbol is being worked on, which does so itself."""
        symbol = working.order.symbol
        now = self._bench.clock.now()
        if symbol in self._busy or not working.is_unsure or working.ask_ts > now:
            return
        self._busy.add(symbol)
        try:
            await self._desk.budget.admit(Urgency.REDUCE)
            await self._desk.asker.ask(working)
        finally:
            self._busy.discard(symbol)

    async def _send(self, requests: list[Request]) -> None:
        """Make safe what was written, then send what is still allowed."""
        await self._desk.sender.make_safe()
        for request in requests:
            why = self._desk.objection(request)
            if why is not None:
                self._desk.sender.withdraw(request, why)
                continue
            self._desk.sent(request)
            reply = await self._desk.sender.send(request)
            self._desk.judge.answered(request, reply)
            is_native = self._desk.is_native(request.working.order.symbol)
            if is_native and reply.outcome is Outcome.FAILED:
                order = request.working.order
                self._commanded.add((order.symbol, order.role))
                raise RetryError(reply.detail, reply.wait_s)

    async def _flush(self) -> None:
        """Carry out what native slots want: cancels, changes, then what is new."""
        if not self._commanded or self._desk.permit is Permit.NOTHING:
            return
        async with self._flushing:
            while self._commanded:
                slots, self._commanded = sorted(self._commanded), set()
                await self._flush_slots(slots)
        self._tell_rest()

    async def _flush_slots(self, slots: list[tuple[int, Role]]) -> None:
        steps: list[Cancel | Replace | Submit] = []
        for symbol, role in slots:
            ticket = self._desk.newest(symbol, role)
            if ticket is not None and ticket.is_unsure:
                await self._desk.asker.ask(ticket)
            wants = self._desk.want(symbol)
            name, permit = self._desk.instruments[symbol].id, self._desk.permit
            step = difference(wants.slots.get(role), wants.leaves(role), ticket, name, permit)
            if isinstance(step, End):
                self._desk.judge.end(step.order, step.reason)
            elif step is not None:
                steps.append(step)
                if isinstance(step, Cancel):
                    self._commanded.add((symbol, role))  # what takes its place comes next
        if steps:
            steps.sort(key=_turn)
            await self._send([self._desk.sender.write(step) for step in steps])


def _turn(step: Cancel | Replace | Submit) -> int:
    return 0 if isinstance(step, Cancel) else 1 if isinstance(step, Replace) else 2


def _worst(many: "BaseExceptionGroup[GreenlightError]") -> GreenlightError:
    """The lost lease, if that is among what went wrong, else the first."""
    found: list[GreenlightError] = []
    stack: list[BaseException] = [many]
    while stack:
        one = stack.pop()
        if isinstance(one, BaseExceptionGroup):
            stack.extend(one.exceptions)
        elif isinstance(one, GreenlightError):
            found.append(one)
    return next((one for one in found if isinstance(one, LeaseError)), found[0])
