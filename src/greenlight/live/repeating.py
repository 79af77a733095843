"""A run's journal told to a new trader: every decision compared to the last bit."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from greenlight.domain import BarsClosed, Event, HaltError
from greenlight.engine import DECISION, FILL, Step
from greenlight.ledger import Decided, Entry, Heard, RunBegan, encode
from greenlight.live.differences import Account
from greenlight.live.recovery import new_trader


@dataclass(frozen=True, slots=True)
class Unequal:
    """Where a decision came out otherwise. seq: of the journal's entry."""

    seq: int
    ts: int
    event: str
    text: str


@dataclass(slots=True)
class Repeated:
    """What came of telling a run again. account: as the journal has it."""

    run: RunBegan
    events: int
    decisions: int
    unequal: tuple[Unequal, ...]
    account: Account


def repeat(entries: Iterable[Entry]) -> Repeated:
    """Tell a new trader what the run's trader heard, and compare what it decides.

    Raises HaltError where the journal does not begin with its run.
    """
    it = iter(entries)
    first = next(it, None)
    if first is None or not isinstance(first.record, RunBegan):
        raise HaltError("the journal does not say how the run began")
    return _Telling(first.record).told(it)


class _Telling:
    def __init__(self, began: RunBegan) -> None:
        self._began, self._trader = began, new_trader(began)
        self._expected: tuple[Event, Step] | None = None
        self._unequal: list[Unequal] = []
        self._logs: dict[str, list[np.ndarray[tuple[int], np.dtype[np.void]]]] = {
            "decisions": [np.zeros(0, DECISION)],
            "fills": [np.zeros(0, FILL)],
        }
        self._bars: list[BarsClosed] = []
        self._events = self._decisions = 0
        self._equity = began.cash

    def told(self, entries: Iterable[Entry]) -> Repeated:
        for entry in entries:
            match entry.record:
                case Heard(event=event):
                    self._events += 1
                    self._expected = event, self._trader.process(event)
                    if isinstance(event, BarsClosed) and not np.all(np.isnan(event.score)):
                        self._bars.append(event)
                case Decided() as decided:
                    self._hold(entry, decided)
                case _:
                    pass
        firsts = np.cumsum([0, *self._began.widths])[:-1]
        account = Account(
            self._began.symbols,
            tuple(int(first) for first in firsts),
            np.concatenate(self._logs["decisions"]),
            np.concatenate(self._logs["fills"]),
            self._equity,
        )
        account.see(self._bars)
        return Repeated(self._began, self._events, self._decisions, tuple(self._unequal), account)

    def _hold(self, entry: Entry, decided: Decided) -> None:
        """Compare one decision; a crash may have left the last event without one."""
        if self._expected is None:
            return
        (event, step), self._expected = self._expected, None
        self._decisions += len(decided.decisions)
        self._equity = decided.equity
        for name, log in self._logs.items():
            log.append(getattr(decided, name))
        fields = {name: getattr(step, name) for name in Decided.__slots__}
        if encode(Decided(**fields)) != encode(decided):
            words = [name for name in fields if not _same(fields[name], getattr(decided, name))]
            name = type(event).__name__
            self._unequal.append(Unequal(entry.seq, entry.ts, name, f"{', '.join(words)} differ"))


def _same(one: object, other: object) -> bool:
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.tobytes() == other.tobytes()
    return repr(one) == repr(other)
