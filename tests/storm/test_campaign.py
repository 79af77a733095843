"""Seeds: drawn and run alike each time, counted, held against who was never killed."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from greenlight.live import aggregator
from greenlight.storm import (
    draw_weather,
    run_seeds,
    scenarios,
    simulate,
    trace,
)
from greenlight.storm.ending import differences
from greenlight.storm.weather import Crash

STORY = next(one.weather for one in scenarios() if one.name == "the stop fills")

DIGEST = """
import hashlib
from greenlight.storm import draw_weather, simulate, trace
weather = draw_weather(7)
print(hashlib.sha256("\\n".join(trace(weather, simulate(weather))).encode()).hexdigest())
"""


def test_a_seed_draws_the_same_weather_each_time():
    one, other = draw_weather(11), draw_weather(11)
    assert one.told() == other.told()
    assert np.array_equal(one.scores, other.scores)
    assert one.market.history.fingerprint() == other.market.history.fingerprint()


def test_seeds_differ():
    assert len({tuple(draw_weather(seed).told()[1:]) for seed in range(40)}) > 30


def test_nothing_befalls_the_bot_at_the_end_so_that_it_can_come_to_rest():
    for seed in range(100):
        weather = draw_weather(seed)
        ends = [one.at_s + one.lasts_s for one in (*weather.faults, *weather.outages)]
        assert max([*ends, *(deed.at_s for deed in weather.deeds)], default=0) < weather.open_s


def test_a_seed_goes_the_same_way_whatever_the_order_of_sets():
    told = [
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert told[0] == told[1] != ""


def test_the_first_seeds_hold():
    summary = run_seeds(range(3), jobs=1)
    assert summary.failures == []
    assert summary.seeds == 3
    assert summary.fills > 0
    assert sum(summary.faults.values()) > 0


def test_a_trace_tells_what_was_sent_what_came_back_and_what_was_written():
    text = "\n".join(trace(STORY, simulate(STORY)))
    for words in ("POST /v2/orders: 200", "venue <- bot1: submit gl1-0-1E0", "Heard fill"):
        assert words in text


def test_who_is_killed_ends_as_who_is_not():
    killed = simulate(replace(STORY, crashes=(Crash(30, 0.5, 0.0), Crash(20, 0.5, 1.0))))
    assert killed.crashes == 2
    assert differences(killed, simulate(STORY)) == []


def test_a_bot_that_forgets_where_it_was_ends_otherwise(monkeypatch: pytest.MonkeyPatch):
    twin = simulate(STORY)
    make = aggregator.Aggregator.__init__

    def made(self, sources, block, closed_ts):
        make(self, sources, block, sources.clock.now() if closed_ts > 0 else closed_ts)

    monkeypatch.setattr(aggregator.Aggregator, "__init__", made)
    killed = simulate(replace(STORY, crashes=(Crash(30, 90.0, 0.0),)))
    assert "heard of by one of them alone" in differences(killed, twin)[0]
