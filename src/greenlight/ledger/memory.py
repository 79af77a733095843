"""A journal without a database, for simulation: what is durable is said, not guessed.

The same codec writes and reads, so that nothing comes back that could not have been stored.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from greenlight.domain import HaltError, LeaseError
from greenlight.ledger.lines import Line, Place, entry_of, line_of
from greenlight.ledger.records import Entry, Record, RunBegan


@dataclass(slots=True)
class MemoryDisk:
    """What survives a crash: the lines that were synced, and the fence of whoever may write."""

    lines: list[Line] = field(default_factory=list)
    fence: int = 0

    def take(self) -> int:
        """Take the lease; whoever held it can neither write nor send any more."""
        self.fence += 1
        return self.fence

    def begin_run(self, began: RunBegan, ts: int) -> None:
        """Write down a run's first entry."""
        self.lines.append(line_of(Place(began.run, began.account, 1, ts, ts), began))

    def entries(self, run: str) -> list[Entry]:
        """What was synced of a run, read back."""
        return [entry_of(line) for line in self.lines if line.run == run]


async def _at_once() -> None:
    """A disk that takes no time."""


class MemoryJournal:
    """A `live.ports.Journal` on a MemoryDisk; `now` is the clock of the run.

    sync: awaited by `durable` before what was appended is safe; what it raises, `durable` raises,
    and nothing of that sync is safe then. A journal that crashed takes nothing more.
    """

    def __init__(
        self,
        disk: MemoryDisk,
        run: str,
        fence: int,
        now: Callable[[], int],
        sync: Callable[[], Awaitable[None]] = _at_once,
    ) -> None:
        self._disk, self._run, self._fence, self._now, self._sync = disk, run, fence, now, sync
        lines = [line for line in disk.lines if line.run == run]
        self._account = lines[0].account if lines else ""
        self._opened = [entry_of(line) for line in lines]
        self._last = self._safe = len(lines)
        self._pending: list[Line] = []
        self._crashed = False

    @property
    def pending(self) -> int:
        """How many appended records a crash would lose now."""
        return len(self._pending)

    def append(self, record: Record) -> int:
        """Queue a record, and say its number. Raises LeaseError once the lease is lost."""
        self._refuse()
        ts = self._now()
        if isinstance(record, RunBegan):
            self._account = record.account
        self._last += 1
        place = Place(self._run, self._account, self._last, ts, ts)
        self._pending.append(line_of(place, record))
        return self._last

    async def durable(self) -> None:
        """Wait until everything appended so far is on the disk. Raises as `append`."""
        target = self._last
        self._refuse()
        if target <= self._safe:
            return
        await self._sync()
        self._refuse()
        self._keep(target - self._safe)

    def entries(self) -> list[Entry]:
        """What was on the disk of this run when the journal was opened, in order."""
        return self._opened

    async def holds(self) -> bool:
        """Whether the lease is still ours."""
        return not self._crashed and self._disk.fence == self._fence

    def crash(self, kept: int = 0) -> None:
        """Lose what is not safe but its first `kept` records: they had reached the disk unheard."""
        if self._disk.fence == self._fence:
            self._keep(min(kept, len(self._pending)))
        self._pending.clear()
        self._crashed = True

    def _keep(self, count: int) -> None:
        if count <= 0:  # another sync was faster
            return
        self._disk.lines.extend(self._pending[:count])
        del self._pending[:count]
        self._safe += count

    def _refuse(self) -> None:
        if self._crashed:
            raise HaltError(f"journal {self._run}: crashed")
        if self._disk.fence != self._fence:
            raise LeaseError(
                f"journal {self._run}: the lease {self._fence} is lost, "
                f"{self._disk.fence} holds the account"
            )
