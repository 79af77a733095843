"""What the bench asks of our engine, traded once more in plain Python."""

from dataclasses import replace

import numpy as np
import pytest
from bench.peers.greenlight import crossover, rules_of, tape_of
from bench.peers.timing import Job

from bench import data

SMALL = replace(data.MARKETS["walk-100k"], name="small", bars=1_500, sigma=0.004)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setitem(data.MARKETS, SMALL.name, SMALL)
    yield data.prepare(tmp_path_factory.mktemp("bench"), SMALL.name)
    patch.undo()


def traded_plainly(job):
    """Bar by bar: exit at the open, stop before target, an entry protected from the next bar."""
    opening, high, low, close = (job.array(k)[:, 0] for k in ("open", "high", "low", "close"))
    entries, exits, sizes = job.array("entries")[:, 0], job.array("exits")[:, 0], job.sizes()[:, 0]
    cash, held, paid, sold, top = job.cash, 0.0, 0.0, 0, 0.0
    for t in range(1, len(close)):
        out = None
        if held > 0 and exits[t - 1]:
            out = opening[t]
        elif held > 0:
            floor = top * (1 - job.trail) if job.trail else paid * (1 - job.stop)
            goal = paid * (1 + job.target)
            if (job.trail or job.stop) and low[t] <= floor:
                out = min(floor, opening[t])
            elif job.target and high[t] > goal:
                out = max(goal, opening[t])
        if out is not None:
            cash += held * out * (1 - job.fee)
            held, sold = 0.0, sold + 1
        elif held > 0:
            top = max(top, high[t])
        if entries[t - 1]:
            held, paid, top = sizes[t - 1], opening[t], high[t]
            cash -= held * paid * (1 + job.fee)
    return cash + held * close[-1], sold


@pytest.mark.parametrize(
    "rules",
    [{}, {"stop": 0.006, "target": 0.012}, {"trail": 0.008}],
    ids=["crossover", "stop and target", "trailing stop"],
)
def test_our_runner_ends_with_the_money_of_a_plain_loop(folder, rules):
    job = Job(data=str(folder), cash=1e6, notional=1e4, fee=0.0005, **rules)
    equity, trades = traded_plainly(job)
    got = crossover(tape_of(job), job.array("score"), rules_of(job, 1), job.cash)
    assert trades > 10
    assert got.trades == trades
    assert got.equity == pytest.approx(equity, abs=0.005)


def test_the_rules_with_stops_make_a_difference(folder):
    plain = Job(data=str(folder), cash=1e6, notional=1e4, fee=0.0005)
    ends = {traded_plainly(replace(plain, **r))[0] for r in ({}, {"stop": 0.006}, {"trail": 0.008})}
    assert len(ends) == 3


def test_crossings_are_found_where_the_averages_cross():
    rng = np.random.default_rng(5)
    close = 100 * np.exp(np.cumsum(0.01 * rng.standard_normal((400, 1)), axis=0))
    entries, exits = data.crossover(close, (10, 50))
    above = [np.mean(close[t - 9 : t + 1]) > np.mean(close[t - 49 : t + 1]) for t in range(49, 400)]
    for t in range(400):
        turned = t >= 50 and above[t - 49] != above[t - 50]
        assert bool(entries[t, 0]) == (turned and above[t - 49])
        assert bool(exits[t, 0]) == (turned and not above[t - 49])


def test_the_same_seed_gives_the_same_bars(tmp_path, monkeypatch):
    monkeypatch.setitem(data.MARKETS, SMALL.name, SMALL)
    one, other = (data.prepare(tmp_path / name, SMALL.name) for name in ("one", "other"))
    for name in ("open", "high", "low", "close", "score", "candidates"):
        assert np.array_equal(np.load(one / f"{name}.npy"), np.load(other / f"{name}.npy"))


def test_bars_are_whole_and_in_order(folder):
    opening, high, low, close = (
        np.load(folder / f"{k}.npy") for k in ("open", "high", "low", "close")
    )
    assert np.all(high >= np.maximum(opening, close))
    assert np.all(low <= np.minimum(opening, close))
    assert np.all(np.diff(np.load(folder / "close_ts.npy")) > 0)
