"""Orders that travel as tickets through the simulated broker fill as a backtest's do."""

from decimal import Decimal

import numpy as np
import pytest
from ticketing import Desked, desked, done

from engine.fold import desk_of
from greenlight.engine import simulate, tell_rows
from reference.markets import Market, random_market


def folded(market: Market) -> Desked:
    it = desked(market.rules, market.cash, desk_of(market))
    for told in tell_rows(market.tape, market.score, market.surroundings):
        bar = told.bars
        for event in told.before:
            it.broker.begin(event)
            it.tell(event)
        for report in it.broker.trade(bar):
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
