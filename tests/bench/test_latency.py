"""The latency bench times orders that reach the exchange."""

import asyncio

from bench.latency import Latency, measure, table


def test_a_close_is_timed_to_its_last_order() -> None:
    found = asyncio.run(measure(40, 12))
    assert found.orders > 1
    assert 0.0 < found.decided[0] <= found.decided[1] < found.whole[1]


def test_the_table_has_a_line_for_each_size() -> None:
    lines = table([Latency(38, 10, 2.0, (1.0, 2.0), (3.0, 4.0))]).splitlines()
    assert lines[2] == "| 38 | 10 | 2 | 1.0 ms | 2.0 ms | 3.0 ms | 4.0 ms |"
