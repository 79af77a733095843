"""Bring an account to nothing: every order cancelled, every position closed, and then looked at.

Level-triggered: each round reads the venue and does what is missing, so that refusals, partial
fills, lost answers and orders that appear late are all the same case: not flat yet. What must never
happen is a close sold twice, therefore:

- orders are read before positions: what fills in between is missing from the second, not from both;
- an own order is open until the venue has said that it ended, listed or not;
- a position is acted on when it is what own fills left of it, or was read the same for a while;
- after an unknown outcome the venue is asked by name; absent, it is sent again under that name,
  which the venue refuses should the first arrive after all.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import TypeVar

from greenlight.domain import (
    ClientId,
    DuplicateError,
    GreenlightError,
    Holding,
    OrderKind,
    OrderReport,
    OrderState,
    RefuseError,
    RetryError,
    Role,
    Span,
    Ticket,
    UnknownError,
    VenueOrder,
)
from greenlight.ledger import Act, Answered, Outcome, Record, Reported, Sending
from greenlight.live.pacing import Pace
from greenlight.live.ports import Broker, Clock
from greenlight.live.spots import NOTHING, Close, Manner, Spot

T = TypeVar("T")
_NS = 1_000_000_000


@dataclass(slots=True)
class Progress:
    """What was done so far: orders in words; units bought and sold, and refusals, by instrument.

    foreign: those of the cancelled orders that did not bear our name. trouble: the last request
    that failed.
    """

    cancelled: dict[str, str] = field(default_factory=dict)
    foreign: dict[str, str] = field(default_factory=dict)
    closed: dict[str, Decimal] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    trouble: str = ""

    def note_cancel(self, order: VenueOrder) -> None:
        """A cancellation was taken."""
        self.cancelled[order.venue_id] = words(order)
        if ClientId.parse(order.client_id) is None:
            self.foreign[order.venue_id] = words(order)

    def note_close(self, ticket: Ticket) -> None:
        """A close was taken."""
        before = self.closed.get(ticket.instrument, NOTHING)
        self.closed[ticket.instrument] = before + ticket.side * ticket.quantity
        self.refused.pop(ticket.instrument, None)


@dataclass(frozen=True, slots=True)
class Sight:
    """The account as it was read last. queued: positions that an order will close at the open."""

    orders: tuple[str, ...]
    positions: tuple[str, ...]
    queued: tuple[str, ...]
    in_flight: tuple[str, ...]

    @property
    def is_flat(self) -> bool:
        """Nothing is left, and nothing of ours is under way."""
        return not (self.orders or self.positions or self.in_flight)

    @property
    def is_queued(self) -> bool:
        """All that is left waits for an open, behind orders that close it whole."""
        return bool(self.positions) and set(self.positions) == set(self.queued) and not self.orders


@dataclass(frozen=True, slots=True)
class Naming:
    """Names of the closing orders: `ClientId` with this fence and intent, role MANUAL."""

    fence: int
    intent: int
    symbols: tuple[str, ...] = ()


class Flattener:
    """Goes round until nothing is left. `note` writes a record down and never fails."""

    def __init__(
        self,
        broker: Broker,
        clock: Clock,
        naming: Naming,
        note: Callable[[Record], Awaitable[None]],
        manner: Manner,
    ) -> None:
        self._broker, self._clock, self._naming = broker, clock, naming
        self._note, self._manner = note, manner
        self._pace = Pace(broker.requests_per_minute, clock)
        self._spots: dict[str, Spot] = {}
        self._asked: dict[str, int] = {}  # cancellations: venue id -> when asked last
        for symbol in naming.symbols:
            self._spot(symbol)
        self.progress = Progress()

    async def round(self) -> Sight:
        """Read, cancel, close. Raises RetryError or HaltError where the venue cannot be read."""
        orders = await self._call(self._broker.open_orders, acts=False)
        own = self._own_open()
        others = [order for order in orders if order.client_id not in own]
        await asyncio.gather(*(self._cancel(order) for order in others))
        listed = {order.client_id: order for order in orders}
        await asyncio.gather(*(self._follow(close, listed) for close in own.values()))
        holdings = await self._call(self._broker.holdings, acts=False)
        await self._reduce(others, holdings)
        return self._sight(others, holdings)

    async def _reduce(self, others: Iterable[VenueOrder], holdings: Mapping[str, Holding]) -> None:
        """Close what nothing closes yet, and take back what closes too much."""
        now = self._clock.now()
        for name in holdings:
            self._spot(name)
        closing: list[Awaitable[None]] = []
        for spot in self._spots.values():
            held = holdings.get(spot.name)
            spot.read(NOTHING if held is None else held.quantity, now)
            rivals = [order for order in others if order.instrument == spot.name]
            need = spot.need(rivals, now, self._manner)
            if need > 0:
                closing.append(self._close(spot, need))
            closing.extend(self._cancel(order) for order in spot.excess(now, self._manner))
        await asyncio.gather(*closing)

    def _spot(self, name: str) -> Spot:
        return self._spots.setdefault(name, Spot(name, len(self._spots)))

    def _own_open(self) -> dict[str, Close]:
        closes = (close for spot in self._spots.values() for close in spot.closes)
        return {close.ticket.client_id: close for close in closes if close.is_open}

    async def _follow(self, close: Close, listed: Mapping[str, VenueOrder]) -> None:
        """Learn what became of an own order; one that is not listed is asked for by name."""
        name = close.ticket.client_id
        order = listed.get(name)
        if order is None:
            try:
                order = await self._call(partial(self._broker.find, name), acts=False)
            except GreenlightError as error:  # it stays open, and is asked for again
                self.progress.trouble = str(error)
                return
        if order is None:
            await self._missing(close)
        else:
            await self._learn(close, order)

    async def _learn(self, close: Close, order: VenueOrder) -> None:
        if close.is_doubtful:
            close.is_doubtful = False
            await self._answered(close.ticket.client_id, Outcome.ACCEPTED, order.venue_id)
        if close.order is None:
            self.progress.note_close(close.ticket)
        spot = self._spot(close.ticket.instrument)
        if spot.hear(close, order, self._clock.now()) or not order.state.is_open:
            await self._note(Reported(OrderReport(order), "kill"))
        if not order.state.is_open and order.state is not OrderState.FILLED:
            self._refused(spot, order.reason or f"it was {order.state}")

    async def _missing(self, close: Close) -> None:
        """Not known to the venue, or not yet."""
        close.absent += 1
        age_s = (self._clock.now() - close.sent_ts) / _NS
        if not close.is_doubtful:  # it was taken, so it may only be late in showing
            if age_s > self._manner.stale_s:
                close.order = None
            return
        if close.absent >= 2 and age_s >= 2 * self._manner.step_s:
            spot = self._spot(close.ticket.instrument)
            spot.drop(close)
            spot.vanished = close.ticket.client_id
            await self._answered(close.ticket.client_id, Outcome.ABSENT)

    async def _cancel(self, order: VenueOrder) -> None:
        now = self._clock.now()
        asked = self._asked.get(order.venue_id)
        if asked is not None and now - asked < int(self._manner.stale_s / 2 * _NS):
            return
        self._asked[order.venue_id] = now
        name = order.client_id or order.venue_id
        answered = partial(self._answered, name, act=Act.CANCEL)
        await self._note(Sending(Act.CANCEL, name, venue_id=order.venue_id))
        try:
            await self._call(partial(self._broker.cancel, order.venue_id), acts=True)
        except RefuseError as error:  # gone already, or it will be seen again
            await answered(Outcome.REFUSED, order.venue_id, str(error))
            return
        except GreenlightError as error:  # asked for again if it is still there
            del self._asked[order.venue_id]
            self.progress.trouble = str(error)
            outcome = Outcome.UNKNOWN if isinstance(error, UnknownError) else Outcome.FAILED
            await answered(outcome, order.venue_id, str(error))
            await self._pause(error)
            return
        await answered(Outcome.ACCEPTED, order.venue_id)
        self.progress.note_cancel(order)

    async def _close(self, spot: Spot, quantity: Decimal) -> None:
        name = spot.vanished
        if not name:
            spot.serial += 1
            naming = self._naming
            name = str(ClientId(naming.fence, spot.number, naming.intent, Role.MANUAL, spot.serial))
        ticket = Ticket(name, spot.name, spot.side, OrderKind.MARKET, quantity, Span.DAY)
        close = Close(ticket, self._clock.now())
        spot.begin(close)
        await self._note(Sending(Act.SUBMIT, name, ticket))
        try:
            order = await self._call(partial(self._broker.submit, ticket), acts=True)
        except (UnknownError, DuplicateError) as error:  # asked for by name in the next round
            await self._answered(name, Outcome.UNKNOWN, detail=str(error))
            return
        except GreenlightError as error:
            spot.drop(close)
            outcome = Outcome.REFUSED if isinstance(error, RefuseError) else Outcome.FAILED
            await self._answered(name, outcome, detail=str(error))
            self._refused(spot, str(error))
            await self._pause(error)
            return
        await self._learn(close, order)

    def _refused(self, spot: Spot, why: str) -> None:
        self.progress.refused[spot.name] = why
        spot.put_off(self._clock.now())

    async def _pause(self, error: GreenlightError) -> None:
        """Leave the venue alone for as long as it asked."""
        if isinstance(error, RetryError) and error.wait_s > 0.0:
            await self._clock.sleep(error.wait_s)

    async def _answered(
        self,
        name: str,
        outcome: Outcome,
        venue_id: str = "",
        detail: str = "",
        act: Act = Act.SUBMIT,
    ) -> None:
        await self._note(Answered(act, name, outcome, venue_id, detail))

    async def _call(self, request: Callable[[], Awaitable[T]], *, acts: bool) -> T:
        """Make one request; whatever goes wrong, even a bug, is an outcome like any other."""
        await self._pace.turn()
        doubt = UnknownError if acts else RetryError
        try:
            async with asyncio.timeout(self._manner.call_s):
                return await request()
        except GreenlightError:
            raise
        except TimeoutError:
            raise doubt(f"no answer within {self._manner.call_s:.0f} s") from None
        except Exception as error:  # the last resort must outlive a broken adapter
            raise doubt(f"{type(error).__name__}: {error}") from error

    def _sight(self, others: Iterable[VenueOrder], holdings: Mapping[str, Holding]) -> Sight:
        held = [one for one in holdings.values() if one.quantity != 0]
        return Sight(
            orders=tuple(words(order) for order in others),
            positions=tuple(f"{one.instrument} {one.quantity}" for one in held),
            queued=tuple(
                f"{one.instrument} {one.quantity}"
                for one in held
                if self._spot(one.instrument).is_queued
            ),
            in_flight=tuple(self._own_open()),
        )


def words(order: VenueOrder) -> str:
    """An order in words: AAPL sell 10 (its name)."""
    left = order.quantity - order.filled
    name = order.client_id or order.venue_id
    return f"{order.instrument} {order.side.name.lower()} {left} ({name})"
