"""The ledger's side of a kill: the account's lease raised, its latest run to write into."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from greenlight.domain import GreenlightError, RetryError
from greenlight.ledger import (
    AwayError,
    Claim,
    Clocks,
    Lease,
    Ledger,
    Record,
    RunJournal,
    holder_name,
)
from greenlight.live import Broker, Hold

_ACCOUNT_S = 2.0  # the lease is to be raised soon, even where the broker hangs


class NoJournal:
    """Where a kill writes when its account has no run: nowhere."""

    def append(self, record: Record) -> int:  # noqa: ARG002  # the port's
        """Forget it."""
        return 0

    async def durable(self) -> None:
        """Nothing to wait for."""

    def entries(self) -> tuple[()]:
        """None."""
        return ()

    async def holds(self) -> bool:
        """The lease was just taken."""
        return True


@dataclass(slots=True)
class Seizure:
    """Takes the lease by force for as long as the kill takes. `open`: the ledger, opened when it is
    needed, so that one that is away stops nothing."""

    open: Callable[[], Ledger]
    broker: Broker
    wall: Callable[[], int]
    by: str
    _ledger: Ledger | None = None
    _lease: Lease | None = None
    _journal: RunJournal | None = field(default=None)
    previous: str = ""

    async def seize(self) -> Hold:
        """Raise the lease. Raises RetryError, HaltError or UserError where the ledger is away."""
        account = await self._account()
        return await asyncio.to_thread(self._take, account)

    async def release(self) -> None:
        """Give the account up again, so that the next start need not wait."""
        await asyncio.to_thread(self._give_up)

    async def _account(self) -> str:
        """The account as the broker tells it; where it does not answer, the one held last."""
        try:
            async with asyncio.timeout(_ACCOUNT_S):
                return (await self.broker.account()).id
        except (GreenlightError, TimeoutError) as error:
            known = await asyncio.to_thread(self._last_account)
            if known is None:
                raise RetryError(f"the broker does not say whose account it is: {error}") from error
            return known

    def _last_account(self) -> str | None:
        runs = [one for one in self._opened().runs() if one.run.broker == self.broker.name]
        newest = max(runs, key=lambda one: one.last_wall_ts, default=None)
        return None if newest is None else newest.run.account

    def _opened(self) -> Ledger:
        if self._ledger is None:
            self._ledger = self.open()
        return self._ledger

    def _take(self, account: str) -> Hold:
        ledger = self._opened()
        before = ledger.lease_of(account)
        if before is not None and before.is_held:
            self.previous = before.holder
        holder = f"kill by {self.by}, {holder_name()}"
        lease = ledger.take_lease(Claim(account, holder, self.wall(), force=True))
        self._lease = lease
        latest = ledger.latest_run(account)
        if latest is None:
            return Hold(lease.fence, (), NoJournal())
        ahead = latest.last_ts - latest.last_wall_ts  # a run may live by its broker's clock
        clocks = Clocks(lambda: self.wall() + ahead, self.wall)
        self._journal = ledger.resume_run(latest.run.run, lease, clocks)
        return Hold(lease.fence, tuple(latest.run.symbols), self._journal)

    def _give_up(self) -> None:
        try:
            if self._journal is not None:
                self._journal.close()
            if self._ledger is not None and self._lease is not None:
                self._ledger.release(self._lease)
                self._ledger.close()
        except (AwayError, GreenlightError):
            return  # it goes stale by itself
