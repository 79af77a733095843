"""What every peer's script shares: the job it is given, the clock it uses, the line it prints."""

import ctypes
import json
import math
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Job:
    """One work: the folder of its arrays and the rules. Fractions; 0 switches an order off."""

    data: str
    cash: float
    notional: float = 0.0
    fee: float = 0.0
    stop: float = 0.0
    target: float = 0.0
    trail: float = 0.0
    seconds: float = 1.0
    """How long the timed calls together should last, at least."""
    positions: int = 0
    hold: int = 0
    bar: str = "1min"
    task: str = "crossover"
    """What the greenlight runner should do; peers know the crossover (and some the sweep)."""

    def array(self, name: str) -> NDArray[Any]:
        """One of the work's arrays."""
        array: NDArray[Any] = np.load(Path(self.data) / f"{name}.npy")
        return array

    def sizes(self) -> NDArray[np.float64]:
        """Whole units bought on a signal at each bar, from its close, shape (T, N)."""
        return np.asarray(np.floor(self.notional / self.array("close") + 1e-9), dtype=np.float64)


@dataclass(frozen=True)
class Outcome:
    """What a whole call gave: the last equity, closed round trips, fills and the two metrics."""

    equity: float
    trades: int
    fills: int
    sharpe: float
    drawdown: float


@dataclass(frozen=True)
class Timing:
    """Median wall and mean user time of one call, and how many were made."""

    wall_s: float
    user_s: float
    calls: int


def read_job() -> Job:
    """The job whose JSON is the script's only argument."""
    return Job(**json.loads(sys.argv[1]))


def measure(
    call: Callable[[], Outcome], seconds: float, *, warm: bool = True
) -> tuple[Outcome, Timing]:
    """Call again and again for `seconds`; `warm` makes one call first that does not count."""
    if warm:
        call()
    walls: list[float] = []
    user = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    while sum(walls) < seconds:
        start = time.perf_counter()
        outcome = call()
        walls.append(time.perf_counter() - start)
    user = resource.getrusage(resource.RUSAGE_SELF).ru_utime - user
    return outcome, Timing(sorted(walls)[len(walls) // 2], user / len(walls), len(walls))


def peak_of(call: Callable[[], object]) -> float:
    """MB by which resident memory peaks above what it is now during a call; NaN where unknown."""
    status, reset = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if not reset.exists():
        return math.nan

    def kilobytes(field: str) -> int:
        line = next(line for line in status.read_text().splitlines() if line.startswith(field))
        return int(line.split()[1])

    ctypes.CDLL(None).malloc_trim(0)  # what earlier calls freed would hide what this one needs
    reset.write_text("5")  # the high-water mark falls to what is resident now
    before = kilobytes("VmRSS")
    call()
    return (kilobytes("VmHWM") - before) / 1024


def report(outcome: Outcome, timing: Timing, version: str, memory: Sequence[float] = ()) -> None:
    """Print the one line the harness reads."""
    line = asdict(outcome) | asdict(timing) | {"version": version, "memory": list(memory)}
    sys.stdout.write(json.dumps(line) + "\n")
