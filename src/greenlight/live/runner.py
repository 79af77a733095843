"""The runner: one queue of events and one owner of the trader.

Nothing is awaited between taking an event out and having its decision in the journal's queue, so
what is decided is decided on one state. The executor waits for the disk before it sends.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from math import nan
from typing import Protocol

from greenlight.domain import (
    Command,
    Event,
    RequestVerdicts,
    RetryError,
    SessionBegan,
    VerdictsReady,
)
from greenlight.engine import Step, Trader
from greenlight.ledger import Decided, FillSource, Heard, Record
from greenlight.live.ports import Clock, Journal

_PAUSE_S = 0.2  # between two tries of a journal that takes no more


class Orders(Protocol):
    """Whoever carries commands out."""

    def heard(self, event: Event) -> None:
        """Hear of an event before its commands are taken."""
        ...

    def take(self, commands: tuple[Command, ...]) -> None:
        """Change what is wanted of the venue."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """An event and what the trader made of it."""

    event: Event
    step: Step


class Runner:
    """Tells the trader one event after another and hands its commands on.

    session: the last one that the trader has heard of, -1 for none. `ask` is given what the trader
    wants verdicts on.
    """

    def __init__(
        self,
        trader: Trader,
        journal: Journal,
        orders: Orders,
        ask: Callable[[RequestVerdicts], None],
        session: int = -1,
    ) -> None:
        self._trader, self._journal, self._orders, self._ask = trader, journal, orders, ask
        self._session = session
        self._queue: deque[Heard] = deque()
        self._owed: deque[Record] = deque()  # written down late: the journal took no more
        self._wake = asyncio.Event()
        self._listeners: list[Callable[[Turn], None]] = []
        self._preceders: list[Callable[[Event], None]] = []
        self.last: Step | None = None

    @property
    def trader(self) -> Trader:
        """The trader, to be looked at only."""
        return self._trader

    @property
    def is_idle(self) -> bool:
        """Whether everything that was told has been decided on and written down."""
        return not self._queue and not self._owed

    def listen(self, listener: Callable[[Turn], None]) -> None:
        """Let somebody see every turn, after its commands were handed on."""
        self._listeners.append(listener)

    def precede(self, preceder: Callable[[Event], None]) -> None:
        """Let somebody write down what an event ends, before it is told."""
        self._preceders.append(preceder)

    def put(self, event: Event, source: FillSource | None = None, activity: str = "") -> None:
        """Queue an event; `source`, `activity`: see `Heard`."""
        self._queue.append(Heard(event, source, activity))
        self._wake.set()

    async def run(self, clock: Clock) -> None:
        """Turn for ever. Raises LeaseError when the journal is no longer ours."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                self.drain()
            except RetryError:
                await clock.sleep(_PAUSE_S)
                self._wake.set()

    def drain(self) -> None:
        """Turn until the queue is empty. Raises RetryError, and keeps all, while the journal is
        full."""
        self._settle()
        while self._queue:
            heard = self._queue[0]
            if (began := self._beginning(heard.event)) is not None:
                self._turn(Heard(began))
                self._session = began.time.session
                self._settle()
                continue
            self._turn(heard)
            self._queue.popleft()
            self._settle()

    def _beginning(self, event: Event) -> SessionBegan | None:
        """The start of a session that comes before this event and was not told."""
        if isinstance(event, VerdictsReady):
            return None
        if isinstance(event, SessionBegan):
            self._session = max(self._session, event.time.session)
            return None
        return SessionBegan(event.time, nan) if event.time.session > self._session else None

    def _turn(self, heard: Heard) -> None:
        for preceder in self._preceders:
            preceder(heard.event)
        self._journal.append(heard)
        step = self._trader.process(heard.event)
        self.last = step
        self._hand_on(heard.event, step)
        for listener in self._listeners:
            listener(Turn(heard.event, step))

    def take_up(self, event: Event, step: Step) -> None:
        """Hand on what an earlier process decided on its last event and could not write down."""
        self._hand_on(event, step)
        self._settle()

    def _hand_on(self, event: Event, step: Step) -> None:
        """Owe the decision to the journal, and give the commands to those who carry them out."""
        self._owed.append(
            Decided(
                commands=step.commands,
                decisions=step.decisions,
                fills=step.fills,
                flows=step.flows,
                adjustments=step.adjustments,
                equity=step.equity,
                cash=step.cash,
            )
        )
        self._orders.heard(event)
        requests = [one for one in step.commands if isinstance(one, RequestVerdicts)]
        orders = tuple(one for one in step.commands if not isinstance(one, RequestVerdicts))
        if orders:
            self._orders.take(orders)
        for request in requests:
            self._ask(request)

    def _settle(self) -> None:
        """Write down what is owed."""
        while self._owed:
            self._journal.append(self._owed[0])
            self._owed.popleft()
