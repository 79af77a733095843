"""The kill switch: takes the account, empties it at the venue, and looks until it is empty.

It needs the venue only. With the ledger at hand it raises the lease first, so that no other writer
can append or send, and writes down what it does; without, it kills all the same and says so.
`docs/operations.md` states what it does not do.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from greenlight.domain import GreenlightError, RetryError
from greenlight.ledger import KillChecked, Killed, Record
from greenlight.live.flattening import Flattener, Naming, Progress, Sight
from greenlight.live.ports import Broker, Clock, Journal
from greenlight.live.spots import Manner

_NS = 1_000_000_000
_BLIND = Sight((), (), (), ())


@dataclass(frozen=True, slots=True)
class Hold:
    """The lease on the account, and where to write. symbols: those of the run, by number."""

    fence: int
    symbols: tuple[str, ...]
    journal: Journal


Seize = Callable[[], Awaitable[Hold]]
"""Take the lease whoever has it. Raises RetryError or HaltError where the ledger is away."""


@dataclass(frozen=True, slots=True)
class KillOrder:
    """Who kills and why; seconds.

    patience_s: when to give up and raise the alarm. linger_s: how long the account must be read
    empty, for what a writer sent last may still arrive. queue_s: after how long closes that wait
    for the market's open are left to it. ledger_s: how long the ledger is waited for.
    """

    by: str
    why: str = ""
    patience_s: float = 120.0
    linger_s: float = 5.0
    queue_s: float = 8.0
    ledger_s: float = 5.0
    manner: Manner = field(default_factory=Manner)


@dataclass(frozen=True, slots=True)
class KillOutcome:
    """What was done and what was left when the venue was asked last.

    is_flat: no order, no position. seen: whether the venue could be read at all. closed: units
    bought and sold by instrument. trouble: the last request that failed. ledger: why nothing was
    written down, empty if it was.
    """

    is_flat: bool
    seen: bool
    cancelled: tuple[str, ...]
    foreign: tuple[str, ...]
    closed: Mapping[str, Decimal]
    refused: Mapping[str, str]
    orders: tuple[str, ...]
    positions: tuple[str, ...]
    queued: tuple[str, ...]
    trouble: str
    ledger: str
    fence: int


async def kill(
    broker: Broker,
    clock: Clock,
    seize: Seize | None,
    order: KillOrder,
    tell: Callable[[Sight, Progress], None] = lambda _sight, _progress: None,
) -> KillOutcome:
    """Empty the account of `broker`. It returns when that is proved, queued, or out of patience.

    `seize` None: there is no ledger. `tell` hears of every round.
    """
    notes = _Notes(seize, clock, order)
    intent = await notes.open()
    hold = notes.hold
    naming = (
        Naming(clock.now() // _NS, 0)  # names that no lease has given out
        if hold is None
        else Naming(hold.fence, intent, hold.symbols)
    )
    flattener = Flattener(broker, clock, naming, notes.write, order.manner)
    sight = await _watch(flattener, clock, order, tell)
    progress = flattener.progress
    last = _BLIND if sight is None else sight
    is_flat = sight is not None and sight.is_flat
    if notes.hold is None:
        await notes.open()
    await notes.write(
        KillChecked(is_flat, last.orders, last.positions, last.queued, progress.trouble)
    )
    return KillOutcome(
        is_flat=is_flat,
        seen=sight is not None,
        cancelled=tuple(progress.cancelled.values()),
        foreign=tuple(progress.foreign.values()),
        closed=progress.closed,
        refused=progress.refused,
        orders=last.orders,
        positions=last.positions,
        queued=last.queued,
        trouble=progress.trouble,
        ledger=notes.trouble,
        fence=naming.fence,
    )


async def _watch(
    flattener: Flattener,
    clock: Clock,
    order: KillOrder,
    tell: Callable[[Sight, Progress], None],
) -> Sight | None:
    """Go round until the account is empty, or queued, for long enough; what was seen last."""
    deadline = clock.now() + int(order.patience_s * _NS)
    seen: Sight | None = None
    calm_since: dict[str, int] = {}
    while True:
        wait_s = order.manner.step_s
        try:
            sight = await flattener.round()
        except GreenlightError as error:
            flattener.progress.trouble = str(error)
            calm_since.clear()
            if isinstance(error, RetryError):
                wait_s = max(wait_s, error.wait_s)
        else:
            seen = sight
            tell(sight, flattener.progress)
            now = clock.now()
            calm = "flat" if sight.is_flat else "queued" if sight.is_queued else ""
            calm_since = {calm: calm_since.get(calm, now)} if calm else {}
            needed = order.linger_s if calm == "flat" else order.queue_s
            if calm and now - calm_since[calm] >= int(needed * _NS):
                return sight
        if clock.now() >= deadline:
            return seen
        await clock.sleep(wait_s)


class _Notes:
    """The journal as far as it can be reached: a record that cannot be kept never stops a kill."""

    def __init__(self, seize: Seize | None, clock: Clock, order: KillOrder) -> None:
        self._seize, self._clock, self._order = seize, clock, order
        self.hold: Hold | None = None
        self.trouble = ""

    async def open(self) -> int:
        """Take the lease and write down that the switch was pulled; the record's number, or 0."""
        if self._seize is None:
            self.trouble = "there is none"
            return 0
        number = await self._try(self._take(self._seize))
        return 0 if number is None else number

    async def write(self, record: Record) -> None:
        """Write a record down, durably if that works within its time."""
        if self.hold is not None:
            await self._try(self._append(self.hold.journal, record))

    async def _take(self, seize: Seize) -> int:
        self.hold = await seize()
        return await self._append(self.hold.journal, Killed(self._order.by, self._order.why))

    async def _append(self, journal: Journal, record: Record) -> int:
        number = journal.append(record)
        await journal.durable()
        return number

    async def _try(self, work: Awaitable[int]) -> int | None:
        try:
            async with asyncio.timeout(self._order.ledger_s):
                number = await work
        except GreenlightError as error:
            self.trouble = str(error)
        except TimeoutError:
            self.trouble = f"no answer within {self._order.ledger_s:.0f} s"
            self.hold = None  # every send would wait as long again
        except Exception as error:  # noqa: BLE001  # a broken ledger must not stop the last resort
            self.trouble = f"{type(error).__name__}: {error}"
        else:
            self.trouble = ""
            return number
        return None
