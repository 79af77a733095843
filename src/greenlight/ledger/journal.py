"""The journal of one run on a database: appended to at once, written in groups by its own thread.

While the database is away everything is kept in its order and tried again; nothing is lost,
doubled or reordered, and `durable` waits. A lost lease, or a run on disk that is not ours, ends it.
"""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from greenlight.domain import HaltError, RetryError
from greenlight.ledger.database import AwayError
from greenlight.ledger.lines import Place, line_of
from greenlight.ledger.pen import Pen, Written
from greenlight.ledger.records import Entry, Record

_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Pace:
    """most_queued: records kept while the database is away; most_at_once: in one transaction.

    beat_s: how often the lease shows life when nothing is written. first_wait_s, longest_wait_s:
    pauses between tries of a database that is away. All seconds are the machine's.
    """

    most_queued: int = 100_000
    most_at_once: int = 1_000
    beat_s: float = 5.0
    first_wait_s: float = 0.05
    longest_wait_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Clocks:
    """now: of the run; wall: of the machine. Both ns UTC."""

    now: Callable[[], int]
    wall: Callable[[], int]


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    """Somebody on an event loop who waits until `seq` is on disk."""

    seq: int
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[None]"


class RunJournal:
    """A `live.ports.Journal` on a database. Made by `Ledger.begin_run` and `Ledger.resume_run`."""

    def __init__(
        self,
        where: tuple[str, str],
        pen: Pen,
        clocks: Clocks,
        read: Callable[[], Sequence[Entry]],
        pace: Pace = Pace(),
    ) -> None:
        self.run, self.account = where
        self._pen, self._clocks, self._read, self._pace = pen, clocks, read, pace
        self._changed = threading.Condition()
        self._queue: deque[Written] = deque()
        self._waiters: list[_Waiter] = []
        self._asked = self._answered = 0  # questions whether the lease holds
        self._last = self._safe = pen.count
        self._failure: HaltError | None = None
        self._away = ""
        self._is_closing = False
        self._thread = threading.Thread(target=self._work, name=f"journal {self.run}", daemon=True)
        self._thread.start()

    @property
    def is_away(self) -> bool:
        """Whether the database could not be written when it was last tried."""
        return self._away != ""

    @property
    def why_away(self) -> str:
        """What the database, or the way to it, said; "" while it is there."""
        return self._away

    @property
    def queued(self) -> int:
        """How many records are not on disk yet."""
        return self._last - self._safe

    @property
    def lag_s(self) -> float:
        """How long the oldest record that is not on disk has waited, by the machine's clock."""
        with self._changed:
            oldest = self._queue[0][0].wall_ts if self._queue else None
        return 0.0 if oldest is None else max(0.0, (self._clocks.wall() - oldest) / _NS)

    def append(self, record: Record) -> int:
        """Queue a record, and say its number; it is not safe before `durable`.

        Raises LeaseError once the lease is lost, HaltError once the run on disk is not ours,
        RetryError while the database is away and too much is queued.
        """
        with self._changed:
            self._refuse()
            if len(self._queue) >= self._pace.most_queued:
                raise RetryError(f"journal {self.run}: full, {self._away or 'the disk is slow'}")
            place = Place(
                self.run, self.account, self._last + 1, self._clocks.now(), self._clocks.wall()
            )
            line = line_of(place, record)
            entry = Entry(place.seq, place.run, place.ts, place.wall_ts, record)
            self._last = place.seq
            self._queue.append((line, entry))
            self._changed.notify_all()
        return place.seq

    async def durable(self) -> None:
        """Wait until everything appended is on disk. Raises as `append`."""
        loop = asyncio.get_running_loop()
        with self._changed:
            self._refuse()
            if self._safe >= self._last:
                return
            waiter = _Waiter(self._last, loop, loop.create_future())
            self._waiters.append(waiter)
        await waiter.future

    def entries(self) -> Sequence[Entry]:
        """What was on disk of this run when the journal was opened, in order, its seals checked."""
        return self._read()

    async def holds(self) -> bool:
        """Whether the lease is still ours, asked of the database; waits while that is away."""
        loop = asyncio.get_running_loop()
        with self._changed:
            if self._failure is not None or self._is_closing:
                return False
            self._asked += 1
            waiter = _Waiter(-self._asked, loop, loop.create_future())
            self._waiters.append(waiter)
            self._changed.notify_all()
        try:
            await waiter.future
        except (HaltError, RetryError):
            return False
        return True

    def close(self) -> None:
        """Write what is queued if the database is there, then stop; what is not on disk is lost."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        self._thread.join()

    def _refuse(self) -> None:
        if self._failure is not None:
            raise type(self._failure)(str(self._failure))
        if self._is_closing:
            raise RetryError(f"journal {self.run}: closed")

    def _work(self) -> None:
        """The thread. Whatever ends it, nobody is left waiting."""
        try:
            self._write_on()
        finally:
            with self._changed:
                if self._failure is None and not self._is_closing:
                    self._fail(HaltError(f"journal {self.run}: its writer ended by a bug"))

    def _write_on(self) -> None:
        """Take what is queued, write it, tell who waits; over and over."""
        batch: list[Written] = []
        wait = self._pace.first_wait_s
        while True:
            asked = self._next(batch)
            if asked < 0:
                return
            try:
                self._write(batch)
            except AwayError as error:
                if self._pause(str(error), wait):
                    return
                wait = min(wait * 2, self._pace.longest_wait_s)
                continue
            except HaltError as error:
                self._fail(error)
                return
            wait = self._pace.first_wait_s
            self._settle(batch, asked)
            batch.clear()

    def _next(self, batch: list[Written]) -> int:
        """Fill an empty batch; which questions it will answer, -1 at the end."""
        with self._changed:
            if not batch:
                if not self._queue and self._asked == self._answered and not self._is_closing:
                    self._changed.wait(self._pace.beat_s)
                if not self._queue and self._is_closing:
                    self._end(RetryError(f"journal {self.run}: closed"))
                    return -1
                batch.extend(islice(self._queue, self._pace.most_at_once))
            return self._asked

    def _write(self, batch: list[Written]) -> None:
        wall_ts = self._clocks.wall()
        if batch:
            self._pen.write(batch, wall_ts)
        else:
            self._pen.beat(wall_ts)

    def _settle(self, batch: list[Written], asked: int) -> None:
        with self._changed:
            self._away = ""
            self._answered = asked
            for _ in batch:
                self._queue.popleft()
            self._safe += len(batch)
            waiters, self._waiters = self._waiters, []
            for waiter in waiters:
                if -asked <= waiter.seq <= self._safe:
                    _tell(waiter, None)
                else:
                    self._waiters.append(waiter)

    def _pause(self, why: str, wait: float) -> bool:
        """Wait before the next try; True when there will be none."""
        with self._changed:
            self._away = why
            if not self._is_closing:
                self._changed.wait_for(lambda: self._is_closing, wait)
            if self._is_closing:
                self._end(RetryError(f"journal {self.run}: closed while the database was away"))
            return self._is_closing

    def _fail(self, error: HaltError) -> None:
        with self._changed:
            self._failure = error
            self._end(error)

    def _end(self, error: Exception) -> None:
        """Nobody waits for a thread that is no more."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            _tell(waiter, error)


def _tell(waiter: _Waiter, error: Exception | None) -> None:
    """Wake somebody up on his own loop, if that still runs."""

    def wake() -> None:
        if waiter.future.done():
            return
        if error is None:
            waiter.future.set_result(None)
        else:
            waiter.future.set_exception(error)

    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits on it any more
        waiter.loop.call_soon_threadsafe(wake)
