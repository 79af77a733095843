"""What the live engine asks of the world. Adapters implement these; the wiring joins them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import (
    Activity,
    BarConditions,
    Capabilities,
    FeedBar,
    Holding,
    OrderReport,
    Proposal,
    Quote,
    Ticket,
    Timeframe,
    VenueAccount,
    VenueOrder,
    Verdict,
)
from greenlight.ledger import Entry, Record


class Clock(Protocol):
    """The only source of now. A venue's clock may run faster than the world's."""

    def now(self) -> int:
        """Now, ns UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let so many seconds of this clock pass."""
        ...


class Journal(Protocol):
    """The append-only record of one run. Order of `append` is the order on disk."""

    def append(self, record: Record) -> int:
        """Queue a record, and say its number; it is not safe before `durable`.

        Raises LeaseError once the lease is lost, RetryError while the database is away.
        """
        ...

    async def durable(self) -> None:
        """Wait until everything appended is on disk. Raises as `append`."""
        ...

    def entries(self) -> Sequence[Entry]:
        """What was on disk of this run when the journal was opened, in order."""
        ...

    async def holds(self) -> bool:
        """Whether the lease is still ours: asked of the database just before a send."""
        ...


class Broker(Protocol):
    """A venue with one account. Every call has a time limit of its own and retries nothing.

    Calls that act raise RetryError (surely not done), UnknownError (perhaps done), RefuseError
    (never), DuplicateError (the identity was used), HaltError (keys or account refused). Calls that
    read raise RetryError or HaltError.
    """

    @property
    def name(self) -> str:
        """How configuration calls it."""
        ...

    @property
    def requests_per_minute(self) -> int:
        """How many requests the venue allows."""
        ...

    def capabilities(self, instrument: str) -> Capabilities:
        """What the venue takes for an instrument."""
        ...

    async def submit(self, ticket: Ticket) -> VenueOrder:
        """Lay an order."""
        ...

    async def replace(self, venue_id: str, ticket: Ticket) -> VenueOrder:
        """Change price and quantity (the whole, filled part included) of an order that rests.

        The answer may bear another venue id: the order that stands in its place, named by
        `ticket.client_id`.
        """
        ...

    async def cancel(self, venue_id: str) -> None:
        """Ask for an order to be cancelled; the report says when it was. Raises RefuseError where
        it is not open any more."""
        ...

    async def find(self, client_id: str) -> VenueOrder | None:
        """The order of that name, None if the venue never took one."""
        ...

    async def order(self, venue_id: str) -> VenueOrder | None:
        """The order with that id of the venue's."""
        ...

    async def open_orders(self) -> tuple[VenueOrder, ...]:
        """Every order that may still fill, whoever laid it; pairs with their legs."""
        ...

    async def holdings(self) -> Mapping[str, Holding]:
        """Every position, by instrument."""
        ...

    async def account(self) -> VenueAccount:
        """The account."""
        ...

    async def activities(self, since_ts: int) -> tuple[Activity, ...]:
        """What moved the account since then, oldest first."""
        ...

    async def now(self) -> int:
        """The venue's clock, ns UTC."""
        ...

    def reports(self) -> AsyncIterator[OrderReport]:
        """One connection to the stream of order reports; ends with RetryError when it breaks."""
        ...

    async def close(self) -> None:
        """Give up connections."""
        ...


class Feed(Protocol):
    """A source of market data."""

    @property
    def name(self) -> str:
        """How configuration calls it."""
        ...

    async def bars(
        self, instruments: Sequence[str], timeframe: Timeframe, start_ts: int, end_ts: int
    ) -> tuple[FeedBar, ...]:
        """Raw closed bars with start_ts <= open < end_ts, in any order. Raises RetryError."""
        ...

    def quotes(self, instruments: Sequence[str]) -> AsyncIterator[Quote]:
        """One connection to the stream of quotes; ends with RetryError when it breaks."""
        ...

    async def close(self) -> None:
        """Give up connections."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Opinion:
    """Scores and conditions of one closed row of a block, a value a symbol."""

    score: NDArray[np.float32]
    conditions: BarConditions


class Reviewer(Protocol):
    """Says what speaks against entries that were proposed; whoever is not named abstains."""

    async def review(self, proposals: Sequence[Proposal]) -> Mapping[int, Verdict]:
        """A verdict for each symbol."""
        ...
