"""[ledger] to an open ledger, and a run taken up in it: lease, journal, who holds it."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from greenlight.config import Config
from greenlight.domain import UserError
from greenlight.ledger import (
    Claim,
    Clocks,
    Entry,
    Lease,
    Ledger,
    RunBegan,
    RunJournal,
    Started,
    Stopped,
    holder_name,
    is_gone,
    key_path,
    load_key,
)
from greenlight.wiring.clocks import wall

_MB = 1_000_000
#: What may differ when a run is taken up again: its money is the journal's, not the account's.
_CHANGING: dict[str, Any] = {"run": "", "code_version": "", "settings": {}, "cash": 0.0}
#: Why a run was laid down that is not to be taken up again.
FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Held:
    """A run that this process may write, and whether it was taken up again."""

    run: str
    journal: RunJournal
    lease: Lease
    is_resumed: bool


def open_ledger(config: Config, environment: Mapping[str, str]) -> Ledger:
    """The ledger of [ledger], to be written. Raises UserError where it cannot be kept."""
    url = config.ledger.url
    folder = ledger_folder(config)
    if folder.is_dir() and (free := shutil.disk_usage(folder).free // _MB) < config.live.least_disk:
        raise UserError(
            f"only {free} MB are free in {folder}; free some, or lower live.least_disk "
            f"({config.live.least_disk})"
        )
    path = Path(config.ledger.key) if config.ledger.key else key_path(url)
    return Ledger.open(url, lambda is_new: load_key(path, environment, make=is_new))


def read_ledger(config: Config) -> Ledger:
    """The ledger of [ledger], to be read."""
    return Ledger.open(config.ledger.url, None)


def ledger_folder(config: Config) -> Path:
    """The folder beside the database, for what belongs to it and is no table."""
    return key_path(config.ledger.url).absolute().parent


@contextmanager
def held_run(
    ledger: Ledger, began: RunBegan, now: Callable[[], int], *, anew: bool = False
) -> Iterator[Held]:
    """Take the account, and its latest run up again if that is the same and not finished.

    began: the run as it would begin; its name gets a number behind it. Raises UserError where
    somebody else holds the account.
    """
    lease = ledger.take_lease(Claim(began.account, holder_name(), wall(), is_gone=is_gone))
    clocks = Clocks(now, wall)
    latest = None if anew else same_run(ledger, began)
    if latest is None:
        count = len(ledger.runs(began.account))
        began = replace(began, run=f"{began.run}-{count + 1}")
        journal = ledger.begin_run(began, lease, clocks)
    else:
        journal = ledger.resume_run(latest, lease, clocks)
    try:
        journal.append(Started(lease.fence, lease.holder))
        yield Held(journal.run, journal, lease, latest is not None)
    finally:
        journal.close()
        ledger.release(lease)


def latest_run(ledger: Ledger) -> str:
    """The run that was written last. Raises UserError where there is none."""
    runs = ledger.runs()
    if not runs:
        raise UserError(f"no run in {ledger.shown}; greenlight paper begins one")
    return max(runs, key=lambda one: one.last_wall_ts).run.run


def same_run(ledger: Ledger, began: RunBegan) -> str | None:
    """The account's latest run if it began alike and was not finished."""
    summary = ledger.latest_run(began.account)
    if summary is None:
        return None
    first: Entry | None = None
    last: Entry | None = None
    run = summary.run.run
    for entry in ledger.read(run):
        first, last = first or entry, entry
    if first is None or last is None or not isinstance(first.record, RunBegan):
        return None
    stopped = last.record
    if isinstance(stopped, Stopped) and stopped.why == FINISHED:
        return None
    same = replace(first.record, **_CHANGING) == replace(began, **_CHANGING)
    return run if same else None
