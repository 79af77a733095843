"""Sums of fractional fills leave dust behind in floats; dust is no position."""

from stage import CASH, FIRST_SESSION, HOUR

from greenlight.domain import BarTime, Happened, Happening
from greenlight.engine import UNLIMITED, Desk, Rules, Trader, build_costs, build_specs


def test_fractions_sold_in_parts_leave_nothing_behind():
    free = build_costs(1, half_spread=0.0, slippage=0.0, impact=0.0, borrow=0.0)
    rules = Rules(UNLIMITED, free, build_specs(1, lot=0.1))
    trader = Trader(rules, 100.0 * CASH, Desk([1]))
    time = BarTime(0, HOUR, FIRST_SESSION, HOUR)
    parts = (541.8, -216.8, -164.9, -73.5, -86.6)
    for number, quantity in enumerate(parts, start=1):
        trader.process(Happened(time, number, 0, Happening.MANUAL, quantity, 50.0))
    assert trader.quantity[0] == 0.0
