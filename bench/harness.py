"""Runs one job on one engine in a fresh process and says what it took.

The harness itself imports nothing large: a child's peak memory starts from its parent's.
"""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Measurement:
    """One process: times of one call in it, what came out, its peak memory."""

    wall_s: float
    user_s: float
    equity: float
    trades: int
    rss_mb: float
    version: str
    memory: tuple[float, ...] = ()
    """Greenlight only, MB: what it reads, what it gives, a call's peak beside what it reads."""


class PeerError(RuntimeError):
    """A peer's process failed or said nothing that can be read."""


def run_job(
    python: Path,
    module: str,
    job: Mapping[str, object],
    root: Path,
    extra: Mapping[str, str] = NOTHING,
) -> Measurement:
    """Run `python -m module JOB` in `root` and read its one line of JSON."""
    line, rss_mb = run_process([str(python), "-m", module, json.dumps(job)], root, extra)
    try:
        told = json.loads(line.splitlines()[-1])
    except (IndexError, json.JSONDecodeError) as error:
        raise PeerError(f"{module}: no JSON in its output") from error
    return Measurement(
        wall_s=told["wall_s"],
        user_s=told["user_s"],
        equity=told["equity"],
        trades=told["trades"],
        rss_mb=rss_mb,
        version=told["version"],
        memory=tuple(told.get("memory", ())),
    )


def run_process(command: Sequence[str], root: Path, extra: Mapping[str, str]) -> tuple[str, float]:
    """Standard output and peak resident memory (MB) of a process. Raises PeerError if it fails."""
    environment = {**os.environ, **extra}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # else each start compiles every import anew
    process = subprocess.Popen(
        command, cwd=root, env=environment, stdout=subprocess.PIPE, text=True
    )
    text = process.stdout.read() if process.stdout is not None else ""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.stdout is not None:
        process.stdout.close()
    if process.returncode != 0:
        raise PeerError(f"{' '.join(command[1:3])} ended with {process.returncode}")
    return text, used.ru_maxrss / 1024
