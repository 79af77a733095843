"""What any broker of the live engine must do, whoever it is. Each check is a coroutine of a stand.

A stand is a broker with a small account that holds nothing of `instrument`, and hands on its world:
the simulated exchange, a local one, a sandbox. A check lays orders under names of its own and ends
flat; `CHECKS` are all of them. They are run by tests on every adapter, and by scripts/smoke.py on a
paper account.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Protocol

from greenlight.domain import (
    ActivityKind,
    DuplicateError,
    OrderId,
    OrderKind,
    OrderReport,
    OrderState,
    RefuseError,
    RetryError,
    Role,
    Side,
    Span,
    Ticket,
    UnknownError,
    VenueOrder,
)
from greenlight.live.ports import Broker

_PATIENCE = 80
_STEP_S = 0.5
_CENT = Decimal("0.01")
_HALF, _LOWEST, _BELOW, _NEAR, _FAR = map(Decimal, ("0.5", "0.8", "0.9", "0.98", "1.5"))


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


Check = Callable[[Stand], Awaitable[None]]


async def an_order_is_found_by_its_name_its_id_and_among_the_open(stand: Stand) -> None:
    """What was laid can be asked for in every way, and is what was asked for."""
    ticket = await _resting(stand)
    order = await stand.broker.submit(ticket)
    assert order.venue_id
    for found in (order, await _named(stand, ticket), await stand.broker.order(order.venue_id)):
        assert found is not None
        assert found.state.is_open
        assert found.filled == 0
        assert (found.client_id, found.venue_id) == (ticket.client_id, order.venue_id)
        assert (found.instrument, found.side) == (ticket.instrument, ticket.side)
        assert (found.kind, found.quantity) == (ticket.kind, ticket.quantity)
        assert found.price is not None
        assert abs(found.price / ticket.price - 1) < Decimal("0.001")
    assert order.venue_id in {one.venue_id for one in await stand.broker.open_orders()}
    await _cancelled(stand, order)


async def an_order_that_never_was_is_not_found(stand: Stand) -> None:
    """None is an answer: the venue never took an order of that name."""
    assert await stand.broker.find(stand.name(Role.ENTRY)) is None


async def a_name_is_taken_once_even_after_its_order_has_ended(stand: Stand) -> None:
    """A second order of one name is refused; the first stands."""
    ticket = await _resting(stand)
    order = await stand.broker.submit(ticket)
    for _ in range(2):
        await _refused(stand.broker.submit(ticket), DuplicateError)
        found = await _named(stand, ticket)
        assert found.venue_id == order.venue_id
        if found.state.is_open:
            await _cancelled(stand, order)


async def a_cancelled_order_ends_without_a_fill(stand: Stand) -> None:
    """A cancel is a request; the order's state says when it has been done."""
    order = await stand.broker.submit(await _resting(stand))
    await _cancelled(stand, order)
    assert order.venue_id not in {one.venue_id for one in await stand.broker.open_orders()}


async def cancelling_what_has_filled_is_refused_and_changes_nothing(stand: Stand) -> None:
    """The race between a cancel and a fill ends with the fill."""
    bought = await _bought(stand)
    await _refused(stand.broker.cancel(bought.venue_id), RefuseError)
    found = await stand.broker.order(bought.venue_id)
    assert found is not None
    assert found.state is OrderState.FILLED
    await _flat(stand)


async def a_purchase_moves_position_cash_and_record_alike(stand: Stand) -> None:
    """Holdings, account and activities tell the same story."""
    before, since = await stand.broker.account(), await stand.broker.now()
    bought = await _bought(stand)
    assert bought.average is not None
    held = (await stand.broker.holdings())[stand.instrument]
    assert abs(held.quantity / bought.filled - 1) < Decimal("0.01")  # fees may be taken in units
    assert abs(held.average / bought.average - 1) < Decimal("0.01")
    paid = before.cash - (await stand.broker.account()).cash
    assert abs(paid / (bought.average * stand.quantity) - 1) < Decimal("0.01")
    moved = [
        one
        for one in await stand.broker.activities(since)
        if one.kind is ActivityKind.FILL and one.instrument == stand.instrument
    ]
    if not stand.broker.capabilities(stand.instrument).native:
        assert sum(one.quantity for one in moved) == bought.filled == stand.quantity
    await _flat(stand)
    assert stand.instrument not in await stand.broker.holdings()


async def reports_tell_of_a_fill_once_and_whole(stand: Stand) -> None:
    """The stream tells of everything that a market order does, up to its end."""
    async with _listening(stand) as reports:
        bought = await _bought(stand)
        await _until(stand, lambda: _ended(reports, bought.venue_id), "the report of the fill")
        await _flat(stand)
    mine = [one for one in reports if one.order.venue_id == bought.venue_id]
    fills = {one.execution.id: one.execution for one in mine if one.execution is not None}
    assert sum(one.quantity for one in fills.values()) == stand.quantity
    assert mine[-1].order.filled == stand.quantity
    assert {one.order.client_id for one in mine} == {bought.client_id}


async def reports_tell_of_a_cancel(stand: Stand) -> None:
    """The stream tells of an order's beginning and end."""
    async with _listening(stand) as reports:
        order = await stand.broker.submit(await _resting(stand))
        await _cancelled(stand, order)
        await _until(stand, lambda: _ended(reports, order.venue_id), "the report of the cancel")
    mine = [one.order.state for one in reports if one.order.venue_id == order.venue_id]
    assert mine[-1] is OrderState.CANCELLED


async def a_changed_order_stands_under_its_new_name(stand: Stand) -> None:
    """A change puts another order in place, or keeps the id; the new name leads to it."""
    if not stand.broker.capabilities(stand.instrument).replaces:
        raise Skipped("orders cannot be changed here")
    first = await _resting(stand)
    order = await stand.broker.submit(first)
    await _working(stand, first)
    second = _again(stand, first, first.price * _NEAR)
    changed = await stand.broker.replace(order.venue_id, second)
    found = await _working(stand, second)
    assert found.venue_id == changed.venue_id
    assert abs(found.price / second.price - 1) < Decimal("0.001")
    assert found.quantity == second.quantity
    if changed.venue_id != order.venue_id:
        before = await _state(stand, order.venue_id, OrderState.REPLACED)
        assert before.replaced_by == changed.venue_id
    open_ids = {one.venue_id for one in await stand.broker.open_orders()}
    assert changed.venue_id in open_ids
    assert len(open_ids & {order.venue_id, changed.venue_id}) == 1
    await _cancelled(stand, changed)


async def what_has_ended_cannot_be_changed(stand: Stand) -> None:
    """A change that comes too late is refused and lays nothing."""
    if not stand.broker.capabilities(stand.instrument).replaces:
        raise Skipped("orders cannot be changed here")
    first = await _resting(stand)
    order = await stand.broker.submit(first)
    await _cancelled(stand, order)
    second = _again(stand, first, first.price * _NEAR)
    await _refused(stand.broker.replace(order.venue_id, second), RefuseError)
    assert await stand.broker.find(second.client_id) is None


async def units_promised_to_a_stop_are_not_sold_twice(stand: Stand) -> None:
    """Where units are reserved, a sale beside the stop waits until it has been cancelled."""
    if not stand.broker.capabilities(stand.instrument).reserves:
        raise Skipped("units are not reserved here")
    await _bought(stand)
    stop = await stand.broker.submit(await _stop(stand))
    await _refused(stand.broker.submit(await _sale(stand)), RetryError)
    await _cancelled(stand, stop)
    await _flat(stand)


async def a_stop_that_is_reached_sells(stand: Stand) -> None:
    """The stop rests, is reached, and the position is gone."""
    await _bought(stand)
    ticket = await _stop(stand)
    stop = await stand.broker.submit(ticket)
    assert stop.state.is_open
    await stand.move(ticket.price * _NEAR)
    sold = await _state(stand, stop.venue_id, OrderState.FILLED)
    assert sold.filled == ticket.quantity
    await _until(stand, lambda: _holds_nothing(stand), "the position to be gone")


async def a_pair_rests_whole_and_is_cancelled_whole(stand: Stand) -> None:
    """A limit with a stop beside it is one order with one leg."""
    pair = await stand.broker.submit(await _pair(stand))
    found = await stand.broker.find(pair.client_id)
    for one in (pair, found):
        assert one is not None
        assert len(one.legs) == 1
        assert one.legs[0].kind in (OrderKind.STOP, OrderKind.STOP_LIMIT)
        assert one.legs[0].side is Side.SELL
    (listed,) = [one for one in await stand.broker.open_orders() if one.venue_id == pair.venue_id]
    assert [leg.venue_id for leg in listed.legs] == [leg.venue_id for leg in pair.legs]
    await _cancelled(stand, pair)
    await _until(stand, lambda: _is_over(stand, pair.legs[0].venue_id), "the leg's end")
    await _flat(stand)


async def one_half_of_a_pair_ends_the_other(stand: Stand) -> None:
    """The stop of a pair is reached: it sells, and the limit is gone."""
    ticket = await _pair(stand)
    pair = await stand.broker.submit(ticket)
    await stand.move(ticket.stop * _NEAR)
    await _until(stand, lambda: _holds_nothing(stand), "the position to be gone")
    await _until(stand, lambda: _is_over(stand, pair.venue_id), "the limit's end")
    leg = await stand.broker.order(pair.legs[0].venue_id)
    assert leg is not None
    assert leg.filled == ticket.quantity


async def a_stop_beyond_the_market_never_rests(stand: Stand) -> None:
    """It is refused, rejected, or acts at once: it does not lie there as if it protected."""
    if stand.broker.capabilities(stand.instrument).native:
        raise Skipped("the simulated exchange fills it with the next trade")
    await _bought(stand)
    ticket = await _sale(stand, _stop_kind(stand), await stand.price() * _FAR)
    try:
        order = await stand.broker.submit(ticket)
    except RefuseError as error:
        assert str(error).startswith("through: ")  # noqa: PT017 - not refusing is right too
    else:
        await _until(stand, lambda: _is_over(stand, order.venue_id), "the stop to act")
    await _flat(stand)


async def what_cannot_be_paid_for_is_refused(stand: Stand) -> None:
    """More than the account has is never laid."""
    if stand.broker.capabilities(stand.instrument).native:
        raise Skipped("the engine's own gates see to it")
    ticket = await _resting(stand, quantity=stand.quantity * 10**7)
    await _refused(stand.broker.submit(ticket), RefuseError)
    assert await stand.broker.find(ticket.client_id) is None


async def an_answer_that_is_lost_leaves_an_order_to_be_found(stand: Stand) -> None:
    """Unknown is a state: asked by its name, the venue says that it took the order."""
    ticket = await _resting(stand)
    await stand.lose(taken=True)
    await _refused(stand.broker.submit(ticket), UnknownError)
    order = await _named(stand, ticket)
    assert order.state.is_open
    await _refused(stand.broker.submit(ticket), DuplicateError)
    await _cancelled(stand, order)


async def a_request_that_is_lost_leaves_nothing(stand: Stand) -> None:
    """Unknown is a state: asked by its name, the venue says that it never took one."""
    ticket = await _resting(stand)
    await stand.lose(taken=False)
    await _refused(stand.broker.submit(ticket), (UnknownError, RetryError))
    assert await stand.broker.find(ticket.client_id) is None


async def the_account_and_the_clock_are_told(stand: Stand) -> None:
    """An account has a name and is worth something; time passes."""
    account = await stand.broker.account()
    assert account.id
    assert account.equity > 0
    assert account.blocked == ""
    first = await stand.broker.now()
    await stand.wait(1.0)
    assert await stand.broker.now() >= first > 0


CHECKS: tuple[Check, ...] = (
    the_account_and_the_clock_are_told,
    an_order_that_never_was_is_not_found,
    an_order_is_found_by_its_name_its_id_and_among_the_open,
    a_name_is_taken_once_even_after_its_order_has_ended,
    a_cancelled_order_ends_without_a_fill,
    reports_tell_of_a_cancel,
    a_changed_order_stands_under_its_new_name,
    what_has_ended_cannot_be_changed,
    what_cannot_be_paid_for_is_refused,
    cancelling_what_has_filled_is_refused_and_changes_nothing,
    a_purchase_moves_position_cash_and_record_alike,
    reports_tell_of_a_fill_once_and_whole,
    units_promised_to_a_stop_are_not_sold_twice,
    a_pair_rests_whole_and_is_cancelled_whole,
    a_stop_beyond_the_market_never_rests,
    a_stop_that_is_reached_sells,
    one_half_of_a_pair_ends_the_other,
    an_answer_that_is_lost_leaves_an_order_to_be_found,
    a_request_that_is_lost_leaves_nothing,
)


async def _resting(stand: Stand, quantity: Decimal | None = None) -> Ticket:
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


def _again(stand: Stand, ticket: Ticket, price: Decimal) -> Ticket:
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


async def _held(stand: Stand) -> Decimal:
    return (await stand.broker.holdings())[stand.instrument].quantity


async def _sale(
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
        await _held(stand),
        Span.DAY if kind is OrderKind.MARKET else Span.GTC,
        None if price is None else price.quantize(_CENT),
        limit=limit.quantize(_CENT) if kind is OrderKind.STOP_LIMIT else None,
        order=OrderId(0, 1, role, 0),
    )


def _stop_kind(stand: Stand) -> OrderKind:
    stops = stand.broker.capabilities(stand.instrument).stops
    return OrderKind.STOP if OrderKind.STOP in stops else OrderKind.STOP_LIMIT


async def _stop(stand: Stand) -> Ticket:
    """A stop for everything, some way below the market."""
    return await _sale(stand, _stop_kind(stand), await stand.price() * _BELOW)


async def _pair(stand: Stand) -> Ticket:
    """A limit above the market for everything that was bought, a stop below it beside."""
    if not stand.broker.capabilities(stand.instrument).pairs:
        raise Skipped("no pairs here")
    await _bought(stand)
    price = await stand.price()
    return Ticket(
        stand.name(Role.TARGET),
        stand.instrument,
        Side.SELL,
        OrderKind.LIMIT,
        await _held(stand),
        Span.GTC,
        (price * _FAR).quantize(_CENT),
        stop=(price * _BELOW).quantize(_CENT),
        order=OrderId(0, 1, Role.TARGET, 0),
    )


async def _bought(stand: Stand) -> VenueOrder:
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
    filled = await _state(stand, order.venue_id, OrderState.FILLED)

    async def held() -> bool:
        return stand.instrument in await stand.broker.holdings()

    await _until(stand, held, "the position")
    return filled


async def _flat(stand: Stand) -> None:
    """Sell everything; what a cancel has not released yet is waited for."""
    for _ in range(_PATIENCE):
        if await _holds_nothing(stand):
            return
        try:
            order = await stand.broker.submit(await _sale(stand))
        except RetryError:
            await stand.wait(_STEP_S)
        else:
            await _state(stand, order.venue_id, OrderState.FILLED)
            return
    raise AssertionError("what is held cannot be sold")


async def _cancelled(stand: Stand, order: VenueOrder) -> None:
    await stand.broker.cancel(order.venue_id)
    ended = await _state(stand, order.venue_id, OrderState.CANCELLED)
    assert ended.filled == 0


async def _working(stand: Stand, ticket: Ticket) -> VenueOrder:
    """Wait until an order works; only then does every venue take changes."""
    for _ in range(_PATIENCE):
        found = await stand.broker.find(ticket.client_id)
        if found is not None and found.state is OrderState.WORKING:
            return found
        await stand.wait(_STEP_S)
    raise AssertionError(f"{ticket.client_id} does not work")


async def _state(stand: Stand, venue_id: str, state: OrderState) -> VenueOrder:
    """Wait for an order to come into a state; another end is a failure at once."""
    for _ in range(_PATIENCE):
        found = await stand.broker.order(venue_id)
        assert found is not None
        if found.state is state:
            return found
        assert found.state.is_open, f"{found.state} instead of {state}: {found.reason}"
        await stand.wait(_STEP_S)
    raise AssertionError(f"{venue_id} is not {state}")


async def _named(stand: Stand, ticket: Ticket) -> VenueOrder:
    found = await stand.broker.find(ticket.client_id)
    assert found is not None
    return found


async def _is_over(stand: Stand, venue_id: str) -> bool:
    found = await stand.broker.order(venue_id)
    return found is not None and not found.state.is_open


async def _holds_nothing(stand: Stand) -> bool:
    return stand.instrument not in await stand.broker.holdings()


async def _ended(reports: list[OrderReport], venue_id: str) -> bool:
    await asyncio.sleep(0)
    return any(one.order.venue_id == venue_id and not one.order.state.is_open for one in reports)


async def _until(stand: Stand, holds: Callable[[], Awaitable[bool]], what: str) -> None:
    for _ in range(_PATIENCE):
        if await holds():
            return
        await stand.wait(_STEP_S)
    raise AssertionError(f"waited in vain for {what}")


async def _refused(
    work: Awaitable[object], kinds: type[Exception] | tuple[type[Exception], ...]
) -> None:
    try:
        await work
    except kinds:
        return
    raise AssertionError(f"{kinds} was expected")


@asynccontextmanager
async def _listening(stand: Stand) -> AsyncIterator[list[OrderReport]]:
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
