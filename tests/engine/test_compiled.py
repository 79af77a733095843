"""The machine code is that of the sources as they stand, and does what the sources say."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest
from numba.core.errors import NumbaError

import greenlight
from greenlight.engine.compiled import loop

HOUSE = Path(greenlight.__file__).parent
TESTS = Path(__file__).parents[1]

#: Calls a small entry whose callee's callee, in another file, writes the time of a decision.
CALL = """
import greenlight.engine as engine
from greenlight.domain import BarTime
from greenlight.engine.onerow import moment_between
from greenlight.engine.state import Room, build_state
from greenlight.engine.steps import end_entries

state = build_state(engine.build_specs(1), engine.Limits(), 1.0, Room(1))
state.orders.state[0, 0] = 1
end_entries(state, moment_between(BarTime(1, 1000, 1, 1)), 0, 49)
print(state.logs.decisions["ts"][0], sum(end_entries.stats.cache_hits.values()), engine.__file__)
"""

#: Prints what a few markets come to, as bytes.
MARKETS = """
import hashlib, sys
from greenlight.engine import simulate
from reference.markets import random_market

for seed in range(40, 80):
    run = random_market(seed).run(simulate)
    parts = (run.fills, run.decisions, run.flows, run.adjustments, run.equity, run.cash)
    print(seed, hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest())
"""


def python(script: str, *path: Path, **environment: str) -> str:
    """Run a script in a fresh process, with these folders before all others."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path)), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def needs_compiler() -> None:
    if numba.config.DISABLE_JIT:
        pytest.skip("nothing is compiled")


def test_an_edit_in_a_called_function_is_never_run_stale(tmp_path: Path) -> None:
    """Numba itself looks at the entry's own file alone; the cache folder is keyed by all."""
    needs_compiler()
    for room in ("domain", "engine"):
        shutil.copytree(HOUSE / room, tmp_path / "greenlight" / room)
    shutil.copy2(HOUSE / "__init__.py", tmp_path / "greenlight")

    def call() -> list[str]:
        return python(CALL, tmp_path, GREENLIGHT_CACHE=str(tmp_path / "cache")).split()

    assert call() == ["1000", "0", str(tmp_path / "greenlight/engine/__init__.py")]
    assert call()[:2] == ["1000", "1"]  # from the cache
    callee = tmp_path / "greenlight/engine/writing.py"
    source = callee.read_text()
    assert source.count('d["ts"] = now.close_ts\n') == 1
    callee.write_text(source.replace('d["ts"] = now.close_ts\n', 'd["ts"] = now.close_ts + 7\n'))
    assert call()[:2] == ["1007", "0"]


def test_an_allocation_in_the_engine_does_not_compile() -> None:
    """Or numba's private `_nrt` no longer does what the engine's speed rests on."""
    needs_compiler()

    def allocate(count: int) -> float:
        return np.zeros(count)[0]

    assert numba.njit(allocate)(3) == 0.0
    with pytest.raises(NumbaError):
        loop(allocate)(3)


def test_machine_code_and_plain_python_give_the_same_bytes() -> None:
    compiled = python(MARKETS, TESTS, NUMBA_DISABLE_JIT="0")
    plain = python(MARKETS, TESTS, NUMBA_DISABLE_JIT="1")
    assert compiled == plain
    assert len(set(compiled.split())) == 80
