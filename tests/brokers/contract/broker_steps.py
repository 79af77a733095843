"""What checks of a broker are made of: a stand, tickets for it, and waiting for what must come."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Protocol

from greenlight.domain import (
    OrderId,
    OrderKind,
    OrderReport,
    OrderState,
    RetryError,
    Role,
    Side,
    Span,
    Ticket,
    VenueOrder,
)
from greenlight.live.ports import Broker

_PATIENCE = 80
_STEP_S = 0.5
_CENT = Decimal("0.01")
_HALF, _LOWEST, _BELOW, NEAR, FAR = map(Decimal, ("0.5", "0.8", "0.9", "0.98", "1.5"))


class Skipped(Exception):  # noqa: N818 - no error: the venue has no such thing
    """The stand cannot do what a check is about."""


class Stand(Protocol):
    """A broker on trial. quantity: what is bought, in lots the venue takes, divisible by two."""

    broker: Broker
    instrument: str
    quantity: Decimal

    def name(self, role: Role) -> str:
        """A name for an order, never used before."""
        ...

    async def price(self) -> Decimal:
        """Where the market is now."""
        ...

    async def move(self, price: Decimal) -> None:
        """Take the market to a price. Raises Skipped."""
        ...

    async def wait(self, seconds: float) -> None:
        """Let time pass, and the world go on."""
        ...

    async def lose(self, *, taken: bool) -> None:
        """Lose the next request on its way, or its answer where it is `taken`. Raises Skipped."""
        ...


async def resting_ticket(stand: Stand, quantity: Decimal | None = None) -> Ticket:
    """A purchase far below the market."""
    price = await stand.price() * _HALF
    return Ticket(
        stand.name(Role.ENTRY),
        stand.instrument,
        Side.BUY,
        OrderKind.LIMIT,
        stand.quantity if quantity is None else quantity,
        Span.GTC,
        price.quantize(_CENT),
        order=OrderId(0, 1, Role.ENTRY, 0),
    )


def changed_ticket(stand: Stand, ticket: Ticket, price: Decimal) -> Ticket:
    """The same order at another price and half its size, under another name."""
    return Ticket(
        stand.name(Role.ENTRY),
        ticket.instrument,
        ticket.side,
        ticket.kind,
        ticket.quantity / 2,
        ticket.span,
        price.quantize(_CENT),
        order=ticket.order,
    )


async def units_held(stand: Stand) -> Decimal:
    return (await stand.broker.holdings())[stand.instrument].quantity


async def sale_ticket(
    stand: Stand, kind: OrderKind = OrderKind.MARKET, price: Decimal | None = None
) -> Ticket:
    """Sell everything that is held, at the market unless told otherwise."""
    role = Role.EXIT if kind is OrderKind.MARKET else Role.STOP
    limit = await stand.price() * _LOWEST
    return Ticket(
        stand.name(role),
        stand.instrument,
        Side.SELL,
        kind,
        await units_held(stand),
        Span.DAY if kind is OrderKind.MARKET else Span.GTC,
        None if price is None else price.quantize(_CENT),
        limit=limit.quantize(_CENT) if kind is OrderKind.STOP_LIMIT else None,
        order=OrderId(0, 1, role, 0),
    )


def stop_kind(stand: Stand) -> OrderKind:
    stops = stand.broker.capabilities(stand.instrument).stops
    return OrderKind.STOP if OrderKind.STOP in stops else OrderKind.STOP_LIMIT


async def stop_ticket(stand: Stand) -> Ticket:
    """A stop for everything, some way below the market."""
    return await sale_ticket(stand, stop_kind(stand), await stand.price() * _BELOW)


async def pair_ticket(stand: Stand) -> Ticket:
    """A limit above the market for everything that was bought, a stop below it beside."""
    if not stand.broker.capabilities(stand.instrument).pairs:
        raise Skipped("no pairs here")
    await buy(stand)
    price = await stand.price()
    return Ticket(
        stand.name(Role.TARGET),
        stand.instrument,
        Side.SELL,
        OrderKind.LIMIT,
        await units_held(stand),
        Span.GTC,
        (price * FAR).quantize(_CENT),
        stop=(price * _BELOW).quantize(_CENT),
        order=OrderId(0, 1, Role.TARGET, 0),
    )


async def buy(stand: Stand) -> VenueOrder:
    """Buy at the market and wait until it has filled and is held."""
    ticket = Ticket(
        stand.name(Role.ENTRY),
        stand.instrument,
        Side.BUY,
        OrderKind.MARKET,
        stand.quantity,
        Span.DAY,
        order=OrderId(0, 1, Role.ENTRY, 0),
    )
    order = await stand.broker.submit(ticket)
    filled = await comes_to(stand, order.venue_id, OrderState.FILLED)

    async def is_held() -> bool:
        return stand.instrument in await stand.broker.holdings()

    await wait_for(stand, is_held, "the position")
    return filled


async def sell_all(stand: Stand) -> None:
    """Sell everything; what a cancel has not released yet is waited for."""
    for _ in range(_PATIENCE):
        if await holds_nothing(stand):
            return
        try:
            order = await stand.broker.submit(await sale_ticket(stand))
        except RetryError:
            await stand.wait(_STEP_S)
        else:
            await comes_to(stand, order.venue_id, OrderState.FILLED)
            return
    raise AssertionError("what is held cannot be sold")


async def cancel(stand: Stand, order: VenueOrder) -> None:
    await stand.broker.cancel(order.venue_id)
    ended = await comes_to(stand, order.venue_id, OrderState.CANCELLED)
    assert ended.filled == 0


async def works(stand: Stand, ticket: Ticket) -> VenueOrder:
    """Wait until an order works; only then does every venue take changes."""
    for _ in range(_PATIENCE):
        found = await stand.broker.find(ticket.client_id)
        if found is not None and found.state is OrderState.WORKING:
            return found
        await stand.wait(_STEP_S)
    raise AssertionError(f"{ticket.client_id} does not work")


async def comes_to(stand: Stand, venue_id: str, state: OrderState) -> VenueOrder:
    """Wait for an order to come into a state; another end is a failure at once."""
    for _ in range(_PATIENCE):
        found = await stand.broker.order(venue_id)
        assert found is not None
        if found.state is state:
            return found
        assert found.state.is_open, f"{found.state} instead of {state}: {found.reason}"
        await stand.wait(_STEP_S)
    raise AssertionError(f"{venue_id} is not {state}")


async def look_up(stand: Stand, ticket: Ticket) -> VenueOrder:
    found = await stand.broker.find(ticket.client_id)
    assert found is not None
    return found


async def is_over(stand: Stand, venue_id: str) -> bool:
    found = await stand.broker.order(venue_id)
    return found is not None and not found.state.is_open


async def holds_nothing(stand: Stand) -> bool:
    return stand.instrument not in await stand.broker.holdings()


async def is_reported(reports: list[OrderReport], venue_id: str) -> bool:
    await asyncio.sleep(0)
    return any(one.order.venue_id == venue_id and not one.order.state.is_open for one in reports)


async def wait_for(stand: Stand, holds: Callable[[], Awaitable[bool]], what: str) -> None:
    for _ in range(_PATIENCE):
        if await holds():
            return
        await stand.wait(_STEP_S)
    raise AssertionError(f"waited in vain for {what}")


async def must_refuse(
    work: Awaitable[object], kinds: type[Exception] | tuple[type[Exception], ...]
) -> None:
    try:
        await work
    except kinds:
        return
    raise AssertionError(f"{kinds} was expected")


@asynccontextmanager
async def listening(stand: Stand) -> AsyncIterator[list[OrderReport]]:
    """What the stream of reports tells meanwhile."""
    reports: list[OrderReport] = []
    stream = stand.broker.reports()

    async def hear() -> None:
        async for one in stream:
            reports.append(one)  # noqa: PERF401 - they are read while more come

    hearing = asyncio.ensure_future(hear())
    await stand.wait(1.0)
    try:
        yield reports
    finally:
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)
