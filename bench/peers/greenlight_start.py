"""How long a fresh process takes to its first simulated trade: import, and compile or load."""

import resource
import time

START = time.perf_counter()

import numpy as np  # noqa: E402  # the clock starts first
from bench.peers.timing import Outcome, Timing, report  # noqa: E402

import greenlight  # noqa: E402
from greenlight.engine import (  # noqa: E402
    Conditions,
    Limits,
    Rules,
    Surroundings,
    build_costs,
    build_specs,
    build_tape,
    simulate,
)

BARS = 100


def main() -> None:
    """Trade a hundred bars of one symbol with every gate."""
    ts = np.arange(BARS, dtype=np.int64) * 60 * 10**9
    price = np.linspace(100.0, 110.0, BARS).reshape(-1, 1)
    prices = (price, price, price, price)
    tape = build_tape([(ts, ts + 60 * 10**9, ts // 10**12, *prices, price * 10**4)])
    score = np.full(BARS, 70.0, dtype=np.float32)
    small = np.full(BARS, 0.01, dtype=np.float32)
    none = np.empty(0, dtype=np.float32)
    flags = np.zeros(BARS, dtype=np.uint8)
    known = Conditions(small, price[:, 0] * 10**4, small, flags, none, none, none, small)
    rules = Rules(Limits(), build_costs(1), build_specs(1))
    run = simulate(tape, score, rules, 100_000.0, Surroundings(known))
    wall = time.perf_counter() - START
    user = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    outcome = Outcome(float(run.equity[-1]), 0, len(run.fills), 0.0, 0.0)
    report(outcome, Timing(wall, user, 1), greenlight.__version__)


if __name__ == "__main__":
    main()
