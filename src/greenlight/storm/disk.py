"""The journal in a storm: a disk that takes time, goes away, and loses what was not synced."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from greenlight.domain import HaltError
from greenlight.ledger import Entry, MemoryDisk, MemoryJournal, Record, RunBegan
from greenlight.storm.weather import Boundary
from greenlight.storm.witness import Disturbed, Fact, FenceMoved, LeaseAsked, Written

_SYNC_S = 0.003
_LOOK_AGAIN_S = 0.5


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
    """A `live.ports.Journal` that writes in groups, as the one on a database does; every entry that
    reaches the disk is seen by the witness."""

    def __init__(
        self, shelf: Shelf, bot: str, fence: int, passed: Callable[[Boundary], None]
    ) -> None:
        self.fence = fence
        self._shelf, self._bot, self._passed = shelf, bot, passed
        self._inner = MemoryJournal(shelf.disk, shelf.run, fence, shelf.now)
        self._last = self._safe = len(self._inner.entries())
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    def append(self, record: Record) -> int:
        """Queue a record. Raises LeaseError once the disk has refused one."""
        self._last = self._inner.append(record)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write(), name="writer")
        self._passed(Boundary.APPENDED)
        return self._last

    async def durable(self) -> None:
        """Wait until everything appended is on the disk."""
        if self._safe < self._last:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append((self._last, waiter))
            await waiter
        self._passed(Boundary.DURABLE)

    def entries(self) -> Sequence[Entry]:
        """What was on the disk when the journal was opened."""
        return self._inner.entries()

    async def holds(self) -> bool:
        """Whether the lease is still ours; waits while the database is away."""
        await self._reach()
        holds = await self._inner.holds()
        self._shelf.tell(LeaseAsked(self._shelf.now(), self._bot, holds))
        return holds

    def crash(self, kept: float) -> None:
        """Lose the tail that was not synced, but for its first part."""
        self._inner.crash(round(kept * self._inner.pending))
        self._shelf.show(self._bot)

    async def _write(self) -> None:
        """Write until nothing is left to be written."""
        while self._safe < self._last:
            await self._reach()
            await asyncio.sleep(_SYNC_S)
            target = self._last
            try:
                await self._inner.durable()
            except HaltError as error:
                for _, waiter in self._waiters:
                    waiter.set_exception(error)
                self._waiters.clear()
                return
            self._safe = target
            self._shelf.show(self._bot)
            self._passed(Boundary.SYNCED)
            done = [waiter for seq, waiter in self._waiters if seq <= target]
            self._waiters = [one for one in self._waiters if one[0] > target]
            for waiter in done:
                if not waiter.done():
                    waiter.set_result(None)

    async def _reach(self) -> None:
        """Wait until the database can be reached."""
        while self._shelf.is_away():
            self._shelf.tell(Disturbed(self._shelf.now(), "database"))
            await asyncio.sleep(_LOOK_AGAIN_S)
