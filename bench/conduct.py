"""Goes through the works: every engine once in each round, so that noise falls on all alike."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.environments import python_of
from bench.harness import NOTHING, Measurement, run_job, run_process
from bench.results import Row, summarise
from bench.works import CACHED, COMPILE, ENGINES, OURS, WORKS, Work

Measured = dict[tuple[str, str], list[Measurement]]
SECONDS = 0.7  # the timed calls of one process last at least as long


def conduct(root: Path, rounds: int, only: str) -> tuple[list[Row], Measured]:
    """Rows of every work whose name contains `only`, and the measurements behind them."""
    works = [work for work in WORKS if only in work.name]
    pythons = {name: python_of(root, ENGINES[name][0]) for name in sorted(_engines(works))}
    folders = {name: _prepare(root, name) for name in sorted({work.market for work in works})}
    measured: Measured = {}
    for work in works:
        print(f"bench: {work.name}: {', '.join(work.engines)}", flush=True)
        folder, _ = folders[work.market]
        for _ in range(rounds):
            for engine in work.engines:
                module = work.module or ENGINES[engine][1]
                job = {"data": str(folder), "seconds": SECONDS, **work.rules}
                done = run_job(pythons[engine], module, job, root)
                measured.setdefault((work.name, engine), []).append(done)
    cells = {work.name: folders[work.market][1] for work in works}
    rows = [summarise(*key, cells[key[0]], found) for key, found in measured.items()]
    return [*rows, *_startup(root, rounds, only)], measured


def _engines(works: list[Work]) -> set[str]:
    return {engine for work in works for engine in work.engines}


def _prepare(root: Path, market: str) -> tuple[Path, int]:
    """The market's folder and symbol-bars; in a process of its own, for NumPy is large."""
    python = python_of(root, None)
    code = (
        "import sys; from pathlib import Path; from bench.data import MARKETS, prepare;"
        "print(prepare(Path(sys.argv[1]), sys.argv[2]), MARKETS[sys.argv[2]].cells, sep='\\n')"
    )
    command = [str(python), "-c", code, str(root / ".bench" / "data"), market]
    folder, cells = run_process(command, root, NOTHING)[0].splitlines()
    return Path(folder), int(cells)


def _startup(root: Path, rounds: int, only: str) -> Iterator[Row]:
    """Compile into an empty cache, then start from it."""
    if only not in COMPILE and only not in CACHED:
        return
    python, module = python_of(root, None), "bench.peers.greenlight_start"
    with tempfile.TemporaryDirectory() as cache:
        extra = {"GREENLIGHT_CACHE": cache}
        print(f"bench: {COMPILE}; {CACHED}", flush=True)
        cold = run_job(python, module, {}, root, extra)
        warm = [run_job(python, module, {}, root, extra) for _ in range(2 * rounds)]
    yield summarise(COMPILE, OURS, 0, [cold])
    yield summarise(CACHED, OURS, 0, warm)
