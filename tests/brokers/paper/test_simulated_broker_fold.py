"""Orders that travel as tickets through the simulated broker fill as a backtest's do."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from ticketing import Desked, desked, done

from engine.fold import desk_of
from greenlight.domain import OrderState
from greenlight.engine import simulate, tell_rows
from reference.markets import Market, random_market


def folded(market: Market, restart_each: int = 10**9) -> Desked:
    """The market, with another process for the account every so many rows."""
    desk = desk_of(market)
    it = desked(market.rules, market.cash, desk)
    for row, told in enumerate(tell_rows(market.tape, market.score, market.surroundings)):
        bar = told.bars
        if row % restart_each == restart_each - 1:
            orders = [(it.tickets[o.client_id], o) for o in done(it.broker.open_orders())]
            it.recalled += len(orders)
            it.broker = desked(market.rules, market.cash, desk).broker
            it.broker.recall(it.events, orders)
        for event in told.before:
            it.reports += it.broker.begin(event)
            it.tell(event)
        for report in it.broker.trade(bar):
            it.reports.append(report)
            update = it.update_of(report, bar.time)
            if update is not None:
                it.tell(update)
        it.tell(bar)
    return it


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_a_replay_through_tickets_equals_the_backtest_to_the_last_bit(first: int) -> None:
    for seed in range(first, first + 20):
        market = random_market(seed)
        run, it = market.run(simulate), folded(market)
        for name in ("fills", "flows", "adjustments"):
            ours = np.concatenate([getattr(step, name) for step in it.steps])
            theirs = getattr(run, name)
            assert len(ours) == len(theirs), f"{market!r}: {name}"
            for column in theirs.dtype.names:
                words = f"{market!r}: {name}, {column}"
                np.testing.assert_array_equal(ours[column], theirs[column], err_msg=words)
        assert it.steps[-1].cash == run.cash[-1]
        assert it.steps[-1].equity == run.equity[-1]
        account = done(it.broker.account())
        assert account.cash == Decimal(repr(float(run.cash[-1]))), f"{market!r}"
        held = {name: float(h.quantity) for name, h in done(it.broker.holdings()).items()}
        assert held == {f"S{n}": q for n, q in enumerate(run.quantity) if q != 0.0}


def test_a_restarted_account_goes_on_as_if_it_had_never_stopped() -> None:
    """DAY entries apart, which count their session anew."""
    resting = 0
    for seed in range(40):
        market = random_market(seed)
        rules = market.rules._replace(limits=market.rules.limits._replace(good_till_cancelled=True))
        market = replace(market, rules=rules)
        run = market.run(simulate)
        it = folded(market, restart_each=7)
        ours = np.concatenate([step.fills for step in it.steps])
        assert ours.tobytes() == run.fills.tobytes(), f"{market!r}"
        assert it.steps[-1].cash == run.cash[-1], f"{market!r}"
        assert done(it.broker.account()).cash == Decimal(repr(float(run.cash[-1])))
        resting += it.recalled
    assert resting > 100


def test_the_tickets_of_these_markets_meet_every_kind_of_report() -> None:
    """Equality where little happens would prove nothing."""
    states, reasons, unasked = set(), set(), 0
    for seed in range(40):
        it = folded(random_market(seed))
        for report in it.reports:
            states.add(report.order.state)
            reasons.add(report.order.reason)
            unasked += report.execution is None and report.order.state.is_open
        orders = [done(it.broker.find(name)) for name in it.tickets]
        states |= {order.state for order in orders}
        for order in orders:
            assert 0 <= order.filled <= order.quantity + Decimal("1e-9")
    assert states >= {
        *(OrderState.FILLED, OrderState.CANCELLED, OrderState.EXPIRED),
        *(OrderState.WORKING, OrderState.REPLACED),
    }
    assert reasons == {"", "EXPIRED", "CASH"}
    assert unasked > 0
