"""A stretch told row by row to a trader and an exchange, and the same stretch simulated at once."""

from dataclasses import replace

import numpy as np
import pytest

from greenlight.brokers import SimulatedExchange
from greenlight.domain import Fact, UserError
from greenlight.engine import Desk, Limits, Rules, Trader, build_costs, build_specs
from greenlight.market import Facts
from greenlight.scoring import Stretch, assemble
from scoring.walks import walking

LIMITS = Limits(deployed=1.0, sector=1.0, position=0.2, sizing_value=0.2, rsi_high=100.0)


def scored(seed: int, limits: Limits = LIMITS):
    history = walking(seed)
    count = len(history.symbols)
    rules = Rules(limits, build_costs(count), build_specs(count))
    assembled = assemble(history, rules)
    rng = np.random.default_rng(seed)
    score = rng.uniform(20.0, 80.0, len(assembled.tape.close)).astype(np.float32)
    return assembled, score


def told(stretch: Stretch, warm: int, cash: float):
    rules = stretch.rules
    widths = [len(rules.specs.lot)]
    trader = Trader(rules, cash, Desk(widths, stretch.last_sector))
    exchange = SimulatedExchange(rules, cash, widths)
    before, own = stretch.rows(warm)
    fills, equity = [], []

    def tell(event):
        step = trader.process(event)
        exchange.take(step.commands)
        fills.append(step.fills)
        return step

    for nth, row in enumerate([*before, *own]):
        for event in row.before:
            exchange.begin(event)
            tell(event)
        for update in exchange.trade(row.bars):
            tell(update)
        step = tell(row.bars)
        if nth >= len(before):
            equity.append(step.equity)
    return np.concatenate(fills), np.array(equity)


@pytest.mark.parametrize("seed", range(4))
def test_told_row_by_row_a_stretch_trades_as_it_does_at_once(seed):
    assembled, score = scored(seed)
    days = assembled.sessions
    stretch = Stretch(assembled, score, int(days[90]), int(days[200]))
    run = stretch.simulate(50_000.0)
    fills, equity = told(stretch, LIMITS.correlation_bars, 50_000.0)
    assert len(run.fills) > 50
    names = [name for name in run.fills.dtype.names if name != "row"]
    np.testing.assert_array_equal(fills[names], run.fills[names])
    np.testing.assert_array_equal(equity, run.equity)


def test_nothing_before_the_stretch_is_decided_on_and_cash_earns_nothing_there():
    assembled, score = scored(5)
    days = assembled.sessions
    stretch = Stretch(assembled, score, int(days[90]), int(days[95]))
    before, own = stretch.rows(60)
    assert (len(before), len(own), stretch.count) == (60, 6, 6)
    assert all(np.isnan(row.bars.score).all() for row in before)
    assert own[0].bars.time.open_ts == stretch.start_ts
    rates = [event.rate for row in [*before, own[0]] for event in row.before]
    assert np.isnan(rates).all()


def test_a_stretch_without_bars_says_what_there_is():
    assembled, score = scored(6)
    with pytest.raises(UserError, match="no bars in that stretch; there are bars from 2014-01-02"):
        Stretch(assembled, score, 1, 2)


def test_bills_pay_within_a_stretch():
    history = walking(7)
    ts = int(history.blocks[0].open_ts[0]) - 1
    facts = Facts.of([Fact("test", "bill_rate", ts, ts, 0.05)])
    history = replace(history, facts=facts)
    count = len(history.symbols)
    assembled = assemble(history, Rules(LIMITS, build_costs(count), build_specs(count)))
    score = np.full(len(assembled.tape.close), 50.0, dtype=np.float32)
    days = assembled.sessions
    stretch = Stretch(assembled, score, int(days[90]), int(days[200]))
    _, equity = told(stretch, 60, 50_000.0)
    np.testing.assert_array_equal(equity, stretch.simulate(50_000.0).equity)
    assert equity[-1] > 50_500.0
