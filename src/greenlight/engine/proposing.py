"""Proposals that wait for verdicts: taken down when asked, recalled when the answer is in."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import Proposal, Side
from greenlight.engine.state import Scratch
from greenlight.engine.tape import F64, Feed

_OK = 0  # Reason.OK
_TAKEN = ("symbol", "side", "quantity", "reason", "action", "wanted", "calibrated")


@dataclass(frozen=True, slots=True)
class Pending:
    """A row's candidates as `propose` left them. row, step: when; `close_ts` tells which close."""

    row: int
    step: int
    close_ts: int
    columns: dict[str, NDArray[Any]]

    @property
    def passed(self) -> NDArray[np.bool_]:
        """Which of them the gates let pass."""
        return self.columns["reason"] == _OK

    def recall(self, scratch: Scratch, verdict: F64) -> int:
        """Put them back where `enter` looks for them, with a verdict each; returns how many."""
        count = len(verdict)
        for name, column in self.columns.items():
            getattr(scratch, name)[:count] = column
        scratch.verdict[:count] = verdict
        return count


def forget(scratch: Scratch) -> None:
    """Empty the list, so that `take_down` sees how many candidates `propose` finds."""
    scratch.symbol[:] = -1


def take_down(scratch: Scratch, feed: Feed, when: tuple[int, int]) -> Pending:
    """Copy what `propose` found in row 0 of the feed; when: row and step."""
    count = int(np.count_nonzero(scratch.symbol >= 0))
    columns = {name: getattr(scratch, name)[:count].copy() for name in _TAKEN}
    return Pending(*when, int(feed.tape.close_ts[0]), columns)


def proposals_of(pending: Pending, feed: Feed) -> tuple[Proposal, ...]:
    """What there is to reason about, best score first."""
    origin = int(feed.tape.base[0] - feed.tape.first[0])
    found = []
    for n in np.flatnonzero(pending.passed):
        i = int(pending.columns["symbol"][n])
        found.append(
            Proposal(
                symbol=i,
                side=Side(int(pending.columns["side"][n])),
                quantity=float(pending.columns["quantity"][n]),
                price=float(feed.tape.close[origin + i]),
                score=float(feed.score[origin + i]),
            )
        )
    return tuple(found)
