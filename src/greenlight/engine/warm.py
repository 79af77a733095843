"""The engine is compiled once a machine; whoever is about to need it says so before the wait."""

import sys

import numba
import numpy as np

from greenlight.domain import Happening
from greenlight.engine.compiled import cache_folder
from greenlight.engine.limits import Limits, build_costs, build_specs
from greenlight.engine.simulation import Surroundings, simulate
from greenlight.engine.state import Rules
from greenlight.engine.tape import Conditions, Tape, build_happenings, build_tape


def warm_up() -> None:
    """Compile all that a backtest needs, or load it from the cache; one line on stderr if cold."""
    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]  # numba's types know no options
        return
    mark = cache_folder() / "warm"
    if not mark.exists():
        sys.stderr.write("compiling the engine once, about 20 s\n")
    deposit = (0, 1, -1, int(Happening.DEPOSIT), 1.0, 0.0, 0.0)
    tape = _one_bar()
    simulate(
        tape,
        np.full(1, 50.0, dtype=np.float32),
        Rules(Limits(), build_costs(1), build_specs(1)),
        1.0,
        Surroundings(_nothing_known(len(tape.close)), build_happenings([deposit])),
    )
    mark.touch()


def _one_bar() -> Tape:
    time, price = np.arange(1, dtype=np.int64), np.ones((1, 1))
    return build_tape([(time, time + 1, time, price, price, price, price, price)])


def _nothing_known(cells: int) -> Conditions:
    unknown = np.full(cells, np.nan, dtype=np.float32)
    return Conditions(
        sigma=unknown,
        usual_volume=np.full(cells, np.nan),
        rsi=unknown,
        flags=np.zeros(cells, dtype=np.uint8),
        p_win=unknown,
        win=unknown,
        loss=unknown,
        returns=unknown,
    )
