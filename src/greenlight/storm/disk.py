"""The journal in a storm: a disk that takes time, goes away, and loses what was not synced."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from greenlight.domain import RetryError
from greenlight.ledger import Entry, MemoryDisk, MemoryJournal, Record, RunBegan
from greenlight.storm.weather import Boundary
from greenlight.storm.witness import Disturbed, Fact, FenceMoved, LeaseAsked, Written

_SYNC_S = 0.003
_LOOK_AGAIN_S = 0.5
_PATIENCE_S = 5.0


@dataclass(slots=True)
class Shelf:
    """The database as all share it. is_away: whether it cannot be reached now."""

    disk: MemoryDisk
    run: str
    now: Callable[[], int]
    tell: Callable[[Fact], None]
    is_away: Callable[[], bool]
    _shown: int = 0

    def begin(self, began: RunBegan) -> None:
        """Write down how the run begins."""
        self.disk.begin_run(began, self.now())
        self.show("owner")

    def open(self, bot: str, passed: Callable[[Boundary], None]) -> "StormJournal":
        """Take the lease for `bot` and open the journal. passed: told at each boundary."""
        fence = self.disk.take()
        self.tell(FenceMoved(self.now(), bot))
        return StormJournal(self, bot, fence, passed)

    def show(self, bot: str) -> None:
        """Tell of what has come to the disk, read back by the codec."""
        fresh = MemoryDisk(self.disk.lines[self._shown :], self.disk.fence)
        self._shown = len(self.disk.lines)
        for entry in fresh.entries(self.run):
            self.tell(Written(self.now(), bot, entry))


class StormJournal:
    """A `live.ports.Journal`; every entry that reaches the disk is seen by the witness."""

    def __init__(
        self, shelf: Shelf, bot: str, fence: int, passed: Callable[[Boundary], None]
    ) -> None:
        self.fence = fence
        self._shelf, self._bot, self._passed = shelf, bot, passed
        self._inner = MemoryJournal(shelf.disk, shelf.run, fence, shelf.now, self._sync)

    def append(self, record: Record) -> int:
        """Queue a record."""
        number = self._inner.append(record)
        self._passed(Boundary.APPENDED)
        return number

    async def durable(self) -> None:
        """Wait until everything appended is on the disk."""
        await self._inner.durable()
        self._shelf.show(self._bot)
        self._passed(Boundary.DURABLE)

    def entries(self) -> Sequence[Entry]:
        """What was on the disk when the journal was opened."""
        return self._inner.entries()

    async def holds(self) -> bool:
        """Whether the lease is still ours. Raises RetryError while the database is away."""
        if self._shelf.is_away():
            raise RetryError("the database does not answer")
        holds = await self._inner.holds()
        self._shelf.tell(LeaseAsked(self._shelf.now(), self._bot, holds))
        return holds

    def crash(self, kept: float) -> None:
        """Lose the tail that was not synced, but for its first part."""
        self._inner.crash(round(kept * self._inner.pending))
        self._shelf.show(self._bot)

    async def _sync(self) -> None:
        waited = 0.0
        while self._shelf.is_away():
            self._shelf.tell(Disturbed(self._shelf.now(), "database"))
            if waited >= _PATIENCE_S:
                raise RetryError("the database does not answer")
            await asyncio.sleep(_LOOK_AGAIN_S)
            waited += _LOOK_AGAIN_S
        await asyncio.sleep(_SYNC_S)
