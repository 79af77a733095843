"""The next step is pure: from any state it comes to rest, and never asks for more than there is."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from model_venue import CRYPTO, EQUITIES, FREE, PLAIN
from workbench import HOUR, NS, universe

from greenlight.domain import (
    Capabilities,
    Command,
    OrderId,
    OrderKind,
    OrderState,
    PlaceOrder,
    Quote,
    Role,
    Side,
    Span,
    Ticket,
)
from greenlight.live.planning import Ask, Cancel, End, Leave, Replace, Submit, Wait, next_step
from greenlight.live.settings import OrderSettings
from greenlight.live.situation import Permit, Situation
from greenlight.live.wanting import NOTHING, Wants
from greenlight.live.working import Working

SETTINGS = OrderSettings()
NOW = 10 * HOUR
KINDS = {
    Role.ENTRY: OrderKind.MARKET,
    Role.STOP: OrderKind.STOP,
    Role.TARGET: OrderKind.LIMIT,
    Role.TRAIL: OrderKind.STOP,
    Role.EXIT: OrderKind.MARKET,
}
PRICES = {Role.STOP: 95.0, Role.TRAIL: 96.0, Role.TARGET: 105.0}
venues = st.sampled_from([EQUITIES, CRYPTO, FREE, PLAIN, Capabilities()])


def place(role: Role, quantity: float, intent: int = 2) -> Command:
    side = Side.BUY if role is Role.ENTRY else Side.SELL
    price = PRICES.get(role, float("nan"))
    return PlaceOrder(OrderId(0, intent, role, 0), side, KINDS[role], quantity, price)


@st.composite
def wanted(draw: st.DrawFn) -> Wants:
    wants = Wants(Decimal("1e-6"))
    held = draw(st.integers(0, 20))
    if held > 0:
        for role in (Role.STOP, Role.TRAIL):
            if draw(st.booleans()):
                wants.take(place(role, float(held)), NOW)
        for role in (Role.TARGET, Role.EXIT):
            if draw(st.booleans()):
                wants.take(place(role, float(draw(st.integers(1, held)))), NOW)
    if draw(st.booleans()):
        wants.take(place(Role.ENTRY, float(draw(st.integers(1, 9)))), NOW)
    return wants


@st.composite
def rested(draw: st.DrawFn) -> list[Working]:
    found = []
    for n in range(draw(st.integers(0, 4))):
        role = draw(st.sampled_from(list(KINDS)))
        intent = draw(st.sampled_from([1, 2, 2]))
        order = OrderId(0, intent, role, 0)
        side = Side.BUY if role is Role.ENTRY else Side.SELL
        price = PRICES.get(role)
        ticket = Ticket(
            f"n{n}",
            "AAA",
            side,
            KINDS[role],
            Decimal(draw(st.integers(1, 20))),
            draw(st.sampled_from(list(Span))),
            None if price is None else Decimal(str(price)) + draw(st.integers(-1, 1)),
            order=order,
        )
        states = [OrderState.WORKING, OrderState.PENDING, OrderState.CANCELLED, OrderState.EXPIRED]
        one = Working(ticket, order, NOW - n, f"v{n}", draw(st.sampled_from(states)), heard_ts=NOW)
        one.is_unsure = draw(st.booleans()) and one.is_open
        if draw(st.booleans()):
            one.count.filled = Decimal(draw(st.integers(0, int(ticket.quantity))))
        found.append(one)
    return found


def situation(wants: Wants, tickets: list[Working], venue: Capabilities) -> Situation:
    cent = Decimal("0.01")
    return Situation(
        instrument=universe().instruments[0],
        wants=wants,
        tickets=tickets,
        capabilities=venue,
        permit=Permit.ALL,
        now=NOW,
        is_open=True,
        opens_ts=NOW,
        holds={},
        quote=Quote("AAA", NOW, Decimal(100) - cent, Decimal(100) + cent),
        entry_until_ts=NOW + HOUR,
        seen_ts=NOW,
    )


def carry_out(step: object, wants: Wants, tickets: list[Working]) -> None:
    """A venue that does at once what it is asked."""
    match step:
        case Submit(ticket):
            order = ticket.order
            assert order is not None
            state = OrderState.WORKING
            tickets.append(Working(ticket, order, NOW, f"w{len(tickets)}", state, heard_ts=NOW))
        case Replace(one, ticket):
            one.ticket, one.order = ticket, ticket.order or one.order
        case Cancel(one):
            one.was_cancelled = True
            one.end(OrderState.CANCELLED)
        case Ask(one):
            one.settle(NOW)
        case End(order, _):
            wants.slots.pop(order.role)


def reducing(tickets: list[Working]) -> Decimal:
    return sum((t.leaves for t in tickets if t.order.role is not Role.ENTRY), start=NOTHING)


@settings(max_examples=400, deadline=None)
@given(wanted(), rested(), venues)
def test_from_any_state_it_comes_to_rest_without_promising_more_than_is_held(
    wants: Wants, tickets: list[Working], venue: Capabilities
) -> None:
    for _ in range(40):
        step = next_step(situation(wants, tickets, venue), SETTINGS)
        if isinstance(step, Wait):
            break
        if isinstance(step, Submit):
            order = step.ticket.order
            assert order is not None
            same = [t for t in tickets if t.is_open and t.order.role is order.role]
            assert not [t for t in same if t.order.intent == order.intent]
            if order.role is not Role.ENTRY and venue.reserves:
                assert reducing(tickets) + step.ticket.quantity <= wants.room
            others = {t.ticket.side for t in tickets if t.is_open}
            assert venue.opposes or others <= {step.ticket.side}
        if isinstance(step, Replace) and step.ticket.side is Side.SELL and venue.reserves:
            before = reducing(tickets)
            growth = step.ticket.quantity - step.working.leaves
            assert growth <= 0 or before + growth <= wants.room
        assert not isinstance(step, Leave)
        carry_out(step, wants, tickets)
    else:
        raise AssertionError("it never comes to rest")
    still = [t for t in tickets if t.is_open]
    assert len({(t.family, t.order.intent) for t in still}) == len(still)
    guard, entering = wants.guard(), any(t.order.role is Role.ENTRY for t in still)
    if guard is not None and (venue.opposes or not entering):
        stops = sum((t.leaves for t in still if t.family is Role.STOP), start=NOTHING)
        leaving = (Role.EXIT, Role.TARGET)  # a pair, or a limit laid a moment ago
        exits = sum((t.leaves for t in still if t.order.role in leaving), start=NOTHING)
        assert stops + exits >= wants.room


def test_what_is_unknown_is_asked_before_anything_else() -> None:
    wants = Wants(Decimal("1e-6"))
    wants.take(place(Role.STOP, 5.0), NOW)
    order = OrderId(0, 2, Role.ENTRY, 0)
    ticket = Ticket("n", "AAA", Side.BUY, OrderKind.MARKET, Decimal(5), Span.DAY, order=order)
    one = Working(ticket, order, NOW, is_unsure=True)
    assert next_step(situation(wants, [one], FREE), SETTINGS) == Ask(one)
    one.ask_ts = NOW + NS
    assert next_step(situation(wants, [one], FREE), SETTINGS) == Wait(NOW + NS)
