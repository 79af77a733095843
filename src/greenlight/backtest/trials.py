"""The trial ledger: how often one has already looked at the same history.

One line a backtest in an append-only, hash-chained file. What was tried on overlapping symbols and
dates deflates the Sharpe ratio of every later result. Three witnesses make a reset visible: the
chain, an anchor (number of lines, last hash) beside the run folders, and the run folders, whose
names end in the first digits of their trial's key. A break, once seen, is written into the ledger
and stays there, with the number of trials that are missing.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from greenlight.backtest.chain import Link, append_link, read_chain, rewrite_chain, write_whole
from greenlight.backtest.locking import locked
from greenlight.domain import UserError

KEY_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Trial:
    """One backtest: `key` is the hash of all its inputs, `members` the parameter sets it tried.

    The same key again is the same trial and counts once. `start`, `end`: its first and last day.
    """

    key: str
    label: str
    symbols: tuple[str, ...]
    start: date
    end: date
    members: int = 1


@dataclass(frozen=True, slots=True)
class TrialCount:
    """Trials on overlapping symbols and dates. `lost`: those known to be missing, counted as well.

    `complaint` says how the ledger was found broken; empty while it is whole.
    """

    trials: int
    lost: int = 0
    complaint: str = ""

    @property
    def is_intact(self) -> bool:
        """Whether no line was ever found deleted or changed."""
        return self.complaint == ""


class TrialLedger:
    """Append-only file at `path`; its anchor and the folders of finished runs lie in `runs`."""

    def __init__(self, path: Path, runs: Path) -> None:
        self._path = path
        self._runs = runs
        self._anchor = runs / ".trials.anchor"

    def record(self, trial: Trial) -> TrialCount:
        """Append `trial` unless its key is known; return the count on its symbols and dates.

        Raises UserError where the ledger cannot be written.
        """
        with self._writing():
            links = self._checked()
            if all(link.body.get("key") != trial.key for link in links):
                self._append(_body(trial), links)
            return _count(links, trial.symbols, trial.start, trial.end)

    def count(self, symbols: Sequence[str], start: date, end: date) -> TrialCount:
        """Trials recorded so far that share a symbol and a day with these."""
        with self._writing():
            return _count(self._checked(), symbols, start, end)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._runs.mkdir(parents=True, exist_ok=True)
            with locked(self._path.with_name(self._path.name + ".lock")):
                yield
        except OSError as error:
            place = error.filename or self._path
            raise UserError(f"the trial ledger {place}: {error.strerror}") from error

    def _checked(self) -> list[Link]:
        """All links, after a break was looked for and, if there is a new one, written down."""
        links, broken = read_chain(self._path)
        anchor = self._read_anchor()
        orphans = self._orphans(links)
        complaint = broken or _compare(links, anchor)
        if not complaint and orphans:
            complaint = f"{len(orphans)} finished runs were not in it"
        if not complaint:
            return links
        if broken:
            rewrite_chain(self._path, links)
        lost = max(int(anchor.get("trials", 0)) - _total(links), len(orphans))
        self._append(
            {"kind": "break", "reason": complaint, "lost": lost, "orphans": orphans}, links
        )
        return links

    def _append(self, body: Mapping[str, Any], links: list[Link]) -> None:
        links.append(append_link(self._path, body, links))
        anchor = {"lines": len(links), "head": links[-1].hash, "trials": _total(links)}
        write_whole(self._anchor, json.dumps(anchor).encode())

    def _read_anchor(self) -> dict[str, Any]:
        """What the anchor has seen; empty where there is none yet."""
        try:
            return dict(json.loads(self._anchor.read_text("utf-8")))
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError):
            return {"lines": 1, "head": "unreadable", "trials": 0}

    def _orphans(self, links: list[Link]) -> list[str]:
        """Keys of finished runs of which the ledger has never heard."""
        known = {str(link.body.get("key", ""))[:KEY_DIGITS] for link in links}
        known |= {key for link in links for key in link.body.get("orphans", [])}
        finished = (
            folder.name.rpartition("-")[2]
            for folder in self._runs.iterdir()
            if not folder.name.startswith(".") and (folder / "result.json").is_file()
        )
        return sorted(set(finished) - known)


def _compare(links: list[Link], anchor: Mapping[str, Any]) -> str:
    """The anchor may lag behind by a crash, but what it has seen must still stand there."""
    seen = int(anchor.get("lines", 0))
    if seen > len(links):
        return f"it has {len(links)} lines and once had {seen}"
    if seen > 0 and links[seen - 1].hash != anchor["head"]:
        return f"line {seen} is not the one that was written"
    return ""


def _count(links: list[Link], symbols: Sequence[str], start: date, end: date) -> TrialCount:
    wanted = set(symbols)
    bodies = [link.body for link in links]
    trials = sum(
        int(body["members"])
        for body in bodies
        if body["kind"] == "trial"
        and body["start"] <= end.isoformat()
        and start.isoformat() <= body["end"]
        and not wanted.isdisjoint(body["symbols"])
    )
    breaks = [body for body in bodies if body["kind"] == "break"]
    lost = sum(int(body["lost"]) for body in breaks)
    return TrialCount(trials + lost, lost, "; ".join(str(body["reason"]) for body in breaks))


def _total(links: list[Link]) -> int:
    return sum(int(link.body.get("members", 0)) + int(link.body.get("lost", 0)) for link in links)


def _body(trial: Trial) -> dict[str, Any]:
    return {
        "kind": "trial",
        "key": trial.key,
        "label": trial.label,
        "symbols": list(trial.symbols),
        "start": trial.start.isoformat(),
        "end": trial.end.isoformat(),
        "members": trial.members,
    }
