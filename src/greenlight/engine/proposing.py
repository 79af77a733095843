"""Proposals that wait for verdicts: taken down when asked, recalled when the answer is in."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import Proposal, Reason, Ruling, Side, Verdict, VerdictsReady
from greenlight.engine.codes import ACTION_REFUSE
from greenlight.engine.state import Scratch
from greenlight.engine.tape import F64, Feed

_OK = 0  # Reason.OK
_ABSTAINED = Verdict(Ruling.ABSTAIN)
_TAKEN = ("symbol", "side", "quantity", "reason", "action", "wanted", "calibrated")


@dataclass(frozen=True, slots=True)
class Pending:
    """A row's candidates as `propose` left them. row, step: when; `close_ts` tells which close.

    is_waiting: a person is asked about them; they wait until each is told.
    """

    row: int
    step: int
    close_ts: int
    columns: dict[str, NDArray[Any]]
    is_waiting: bool = False

    @property
    def passed(self) -> NDArray[np.bool_]:
        """Which of them the gates let pass."""
        return self.columns["reason"] == _OK

    def divide(self, answer: VerdictsReady) -> tuple["Pending", F64, "Pending"]:
        """Those that are decided now with a verdict each, and those that go on waiting."""
        symbol = self.columns["symbol"]
        waits = np.isin(symbol, list(answer.waiting))
        if self.is_waiting:  # silence is no consent of a person
            waits |= ~np.isin(symbol, list(answer.verdicts))
        waits &= self.passed
        told = self._part(~waits)
        verdict = np.ones(len(told.passed))
        for n in np.flatnonzero(told.passed):
            ruling = answer.verdicts.get(int(told.columns["symbol"][n]), _ABSTAINED)
            verdict[n] = ruling.multiplier
        if self.is_waiting:
            told = told.refused(verdict == 0.0, Reason.APPROVAL)
        return told, verdict, replace(self._part(waits), is_waiting=True)

    def unheard(self) -> "Pending":
        """All that passed the gates refused, because the answer never came."""
        return self.refused(self.passed, Reason.APPROVAL if self.is_waiting else Reason.VERDICT)

    def refused(self, which: NDArray[np.bool_], reason: Reason) -> "Pending":
        """The same with some of them refused."""
        columns = {name: column.copy() for name, column in self.columns.items()}
        columns["reason"][which] = int(reason)
        columns["action"][which] = int(ACTION_REFUSE)
        columns["quantity"][which] = 0.0
        return replace(self, columns=columns)

    def _part(self, which: NDArray[np.bool_]) -> "Pending":
        return replace(self, columns={name: c[which] for name, c in self.columns.items()})

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
