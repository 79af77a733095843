"""What any broker of the live engine must do, whoever it is. Each check is a coroutine of a stand.

A stand is a broker with a small account that holds nothing of `instrument`, and hands on its world:
the simulated exchange, a local one, a sandbox. A check lays orders under names of its own and ends
flat; `CHECKS` are all of them. They are run by tests on every adapter, and by scripts/smoke.py on a
paper account.
"""

from collections.abc import Awaitable, Callable
from decimal import Decimal

from broker_steps import (
    FAR,
    NEAR,
    Skipped,
    Stand,
    buy,
    cancel,
    changed_ticket,
    comes_to,
    holds_nothing,
    is_over,
    is_reported,
    listening,
    look_up,
    must_refuse,
    pair_ticket,
    resting_ticket,
    sale_ticket,
    sell_all,
    stop_kind,
    stop_ticket,
    wait_for,
    works,
)

from greenlight.domain import (
    ActivityKind,
    DuplicateError,
    OrderKind,
    OrderState,
    RefuseError,
    RetryError,
    Role,
    Side,
    UnknownError,
)

__all__ = ["CHECKS", "Check", "Skipped", "Stand"]

Check = Callable[[Stand], Awaitable[None]]


async def an_order_is_found_by_its_name_its_id_and_among_the_open(stand: Stand) -> None:
    """What was laid can be asked for in every way, and is what was asked for."""
    ticket = await resting_ticket(stand)
    order = await stand.broker.submit(ticket)
    assert order.venue_id
    for found in (order, await look_up(stand, ticket), await stand.broker.order(order.venue_id)):
        assert found is not None
        assert found.state.is_open
        assert found.filled == 0
        assert (found.client_id, found.venue_id) == (ticket.client_id, order.venue_id)
        assert (found.instrument, found.side) == (ticket.instrument, ticket.side)
        assert (found.kind, found.quantity) == (ticket.kind, ticket.quantity)
        assert found.price is not None
        assert abs(found.price / ticket.price - 1) < Decimal("0.001")
    assert order.venue_id in {one.venue_id for one in await stand.broker.open_orders()}
    await cancel(stand, order)


async def an_order_that_never_was_is_not_found(stand: Stand) -> None:
    """None is an answer: the venue never took an order of that name."""
    assert await stand.broker.find(stand.name(Role.ENTRY)) is None


async def a_name_is_taken_once_even_after_its_order_has_ended(stand: Stand) -> None:
    """A second order of one name is refused; the first stands."""
    ticket = await resting_ticket(stand)
    order = await stand.broker.submit(ticket)
    for _ in range(2):
        await must_refuse(stand.broker.submit(ticket), DuplicateError)
        found = await look_up(stand, ticket)
        assert found.venue_id == order.venue_id
        if found.state.is_open:
            await cancel(stand, order)


async def a_cancelled_order_ends_without_a_fill(stand: Stand) -> None:
    """A cancel is a request; the order's state says when it has been done."""
    order = await stand.broker.submit(await resting_ticket(stand))
    await cancel(stand, order)
    assert order.venue_id not in {one.venue_id for one in await stand.broker.open_orders()}


async def cancelling_what_has_filled_is_refused_and_changes_nothing(stand: Stand) -> None:
    """The race between a cancel and a fill ends with the fill."""
    bought = await buy(stand)
    await must_refuse(stand.broker.cancel(bought.venue_id), RefuseError)
    found = await stand.broker.order(bought.venue_id)
    assert found is not None
    assert found.state is OrderState.FILLED
    await sell_all(stand)


async def a_purchase_moves_position_cash_and_record_alike(stand: Stand) -> None:
    """Holdings, account and activities tell the same story."""
    before, since = await stand.broker.account(), await stand.broker.now()
    bought = await buy(stand)
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
    await sell_all(stand)
    assert stand.instrument not in await stand.broker.holdings()


async def reports_tell_of_a_fill_once_and_whole(stand: Stand) -> None:
    """The stream tells of everything that a market order does, up to its end."""
    async with listening(stand) as reports:
        bought = await buy(stand)
        await wait_for(
            stand, lambda: is_reported(reports, bought.venue_id), "the report of the fill"
        )
        await sell_all(stand)
    mine = [one for one in reports if one.order.venue_id == bought.venue_id]
    fills = {one.execution.id: one.execution for one in mine if one.execution is not None}
    assert sum(one.quantity for one in fills.values()) == stand.quantity
    assert mine[-1].order.filled == stand.quantity
    assert {one.order.client_id for one in mine} == {bought.client_id}


async def reports_tell_of_a_cancel(stand: Stand) -> None:
    """The stream tells of an order's beginning and end."""
    async with listening(stand) as reports:
        order = await stand.broker.submit(await resting_ticket(stand))
        await cancel(stand, order)
        await wait_for(
            stand, lambda: is_reported(reports, order.venue_id), "the report of the cancel"
        )
    mine = [one.order.state for one in reports if one.order.venue_id == order.venue_id]
    assert mine[-1] is OrderState.CANCELLED


async def a_changed_order_stands_under_its_new_name(stand: Stand) -> None:
    """A change puts another order in place, or keeps the id; the new name leads to it."""
    if not stand.broker.capabilities(stand.instrument).replaces:
        raise Skipped("orders cannot be changed here")
    first = await resting_ticket(stand)
    order = await stand.broker.submit(first)
    await works(stand, first)
    second = changed_ticket(stand, first, first.price * NEAR)
    changed = await stand.broker.replace(order.venue_id, second)
    found = await works(stand, second)
    assert found.venue_id == changed.venue_id
    assert abs(found.price / second.price - 1) < Decimal("0.001")
    assert found.quantity == second.quantity
    if changed.venue_id != order.venue_id:
        before = await comes_to(stand, order.venue_id, OrderState.REPLACED)
        assert before.replaced_by == changed.venue_id
    open_ids = {one.venue_id for one in await stand.broker.open_orders()}
    assert changed.venue_id in open_ids
    assert len(open_ids & {order.venue_id, changed.venue_id}) == 1
    await cancel(stand, changed)


async def what_has_ended_cannot_be_changed(stand: Stand) -> None:
    """A change that comes too late is refused and lays nothing."""
    if not stand.broker.capabilities(stand.instrument).replaces:
        raise Skipped("orders cannot be changed here")
    first = await resting_ticket(stand)
    order = await stand.broker.submit(first)
    await cancel(stand, order)
    second = changed_ticket(stand, first, first.price * NEAR)
    await must_refuse(stand.broker.replace(order.venue_id, second), RefuseError)
    assert await stand.broker.find(second.client_id) is None


async def units_promised_to_a_stop_are_not_sold_twice(stand: Stand) -> None:
    """Where units are reserved, a sale beside the stop waits until it has been cancelled."""
    if not stand.broker.capabilities(stand.instrument).reserves:
        raise Skipped("units are not reserved here")
    await buy(stand)
    stop = await stand.broker.submit(await stop_ticket(stand))
    await must_refuse(stand.broker.submit(await sale_ticket(stand)), RetryError)
    await cancel(stand, stop)
    await sell_all(stand)


async def a_stop_that_is_reached_sells(stand: Stand) -> None:
    """The stop rests, is reached, and the position is gone."""
    await buy(stand)
    ticket = await stop_ticket(stand)
    stop = await stand.broker.submit(ticket)
    assert stop.state.is_open
    await stand.move(ticket.price * NEAR)
    sold = await comes_to(stand, stop.venue_id, OrderState.FILLED)
    assert sold.filled == ticket.quantity
    await wait_for(stand, lambda: holds_nothing(stand), "the position to be gone")


async def a_pair_rests_whole_and_is_cancelled_whole(stand: Stand) -> None:
    """A limit with a stop beside it is one order with one leg."""
    pair = await stand.broker.submit(await pair_ticket(stand))
    found = await stand.broker.find(pair.client_id)
    for one in (pair, found):
        assert one is not None
        assert len(one.legs) == 1
        assert one.legs[0].kind in (OrderKind.STOP, OrderKind.STOP_LIMIT)
        assert one.legs[0].side is Side.SELL
    (listed,) = [one for one in await stand.broker.open_orders() if one.venue_id == pair.venue_id]
    assert [leg.venue_id for leg in listed.legs] == [leg.venue_id for leg in pair.legs]
    await cancel(stand, pair)
    await wait_for(stand, lambda: is_over(stand, pair.legs[0].venue_id), "the leg's end")
    await sell_all(stand)


async def one_half_of_a_pair_ends_the_other(stand: Stand) -> None:
    """The stop of a pair is reached: it sells, and the limit is gone."""
    ticket = await pair_ticket(stand)
    pair = await stand.broker.submit(ticket)
    await stand.move(ticket.stop * NEAR)
    await wait_for(stand, lambda: holds_nothing(stand), "the position to be gone")
    await wait_for(stand, lambda: is_over(stand, pair.venue_id), "the limit's end")
    leg = await stand.broker.order(pair.legs[0].venue_id)
    assert leg is not None
    assert leg.filled == ticket.quantity


async def a_stop_beyond_the_market_never_rests(stand: Stand) -> None:
    """It is refused, rejected, or acts at once: it does not lie there as if it protected."""
    if stand.broker.capabilities(stand.instrument).native:
        raise Skipped("the simulated exchange fills it with the next trade")
    await buy(stand)
    ticket = await sale_ticket(stand, stop_kind(stand), await stand.price() * FAR)
    try:
        order = await stand.broker.submit(ticket)
    except RefuseError as error:
        assert str(error).startswith("through: ")  # noqa: PT017 - not refusing is right too
    else:
        await wait_for(stand, lambda: is_over(stand, order.venue_id), "the stop to act")
    await sell_all(stand)


async def what_cannot_be_paid_for_is_refused(stand: Stand) -> None:
    """More than the account has is never laid."""
    if stand.broker.capabilities(stand.instrument).native:
        raise Skipped("the engine's own gates see to it")
    ticket = await resting_ticket(stand, quantity=stand.quantity * 10**7)
    await must_refuse(stand.broker.submit(ticket), RefuseError)
    assert await stand.broker.find(ticket.client_id) is None


async def an_answer_that_is_lost_leaves_an_order_to_be_found(stand: Stand) -> None:
    """Unknown is a state: asked by its name, the venue says that it took the order."""
    ticket = await resting_ticket(stand)
    await stand.lose(taken=True)
    await must_refuse(stand.broker.submit(ticket), UnknownError)
    order = await look_up(stand, ticket)
    assert order.state.is_open
    await must_refuse(stand.broker.submit(ticket), DuplicateError)
    await cancel(stand, order)


async def a_request_that_is_lost_leaves_nothing(stand: Stand) -> None:
    """Unknown is a state: asked by its name, the venue says that it never took one."""
    ticket = await resting_ticket(stand)
    await stand.lose(taken=False)
    await must_refuse(stand.broker.submit(ticket), (UnknownError, RetryError))
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
