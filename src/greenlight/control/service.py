"""One service for every face: halt, resume, kill, approve, reject. Faces only ask and show."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from greenlight.control.seizing import Seizure
from greenlight.domain import UserError
from greenlight.ledger import Ledger
from greenlight.live import (
    Broker,
    Clock,
    KillMark,
    KillOrder,
    KillOutcome,
    KillState,
    Mailbox,
    Progress,
    Reply,
    Request,
    Sight,
    Verb,
    kill,
)

CONFIRMATION = "RESUME"
_NS = 1_000_000_000
_MINUTE = 60 * _NS
_YEAR = 365 * 24 * 60 * _MINUTE
#: How long a request waits for a bot: a halt until one comes, an answer as long as an ask waits.
_PATIENCE = {
    Verb.HALT: _YEAR,
    Verb.RESUME: 24 * 60 * _MINUTE,
    Verb.APPROVE: 15 * _MINUTE,
    Verb.REJECT: 15 * _MINUTE,
    Verb.RECONCILE: 60 * _MINUTE,
}
_LOOK_S = 0.1


@dataclass(frozen=True, slots=True)
class Sent:
    """A request and the bot's reply, None while no bot has taken it."""

    request: Request
    reply: Reply | None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. wall: the machine's clock, ns UTC; token: a name that was never used before."""

    by: str
    wall: Callable[[], int]
    token: Callable[[], str]


@dataclass(frozen=True, slots=True)
class KillReport:
    """What came of a kill. previous: who held the account before. problem: why the file KILL could
    not be written, so that a bot that starts now would not know of the kill."""

    outcome: KillOutcome
    previous: str
    problem: str


class Control:
    """Asks the bots of one ledger. account: of which bot; empty: of every one."""

    def __init__(self, mailbox: Mailbox, caller: Caller, account: str = "") -> None:
        self._mailbox, self._caller, self._account = mailbox, caller, account

    def halt(self, why: str) -> Request:
        """Stop entries; stops and exits go on. It waits for a bot that does not run yet."""
        return self._post(Verb.HALT, why=why)

    def resume(self, typed: str) -> Request:
        """Allow entries again, after a halt or a kill. Raises UserError unless RESUME was typed."""
        if typed.strip() != CONFIRMATION:
            raise UserError(f"nothing changed: type {CONFIRMATION} to allow entries again")
        mark = self._mailbox.mark()
        if mark is not None and mark.state is KillState.ELSEWHERE:
            raise UserError(
                "a kill is under way, or was cut off: run greenlight kill to its end, then resume"
            )
        self._mailbox.withdraw(Verb.HALT)
        request = self._post(Verb.RESUME)
        self._mailbox.clear_mark()
        return request

    def approve(self, id: str) -> Request:  # noqa: A002  # the journal's word
        """Let an entry go on that waits for a person; it is decided afresh."""
        return self._post(Verb.APPROVE, subject=id)

    def reject(self, id: str, why: str = "") -> Request:  # noqa: A002  # the journal's word
        """Drop an entry that waits for a person."""
        return self._post(Verb.REJECT, subject=id, why=why)

    def reconcile(self, how: str = "") -> Request:
        """Compare book and broker now; how: adopted, released, repaired, or nothing."""
        return self._post(Verb.RECONCILE, subject=how)

    async def answered(self, request: Request, seconds: float) -> Sent:
        """Wait so long for a bot to take a request."""
        waited = 0.0
        while True:
            reply = self._mailbox.reply_to(request.id)
            if reply is not None or waited >= seconds:
                return Sent(request, reply)
            await asyncio.sleep(_LOOK_S)
            waited += _LOOK_S

    def kill_from_within(self, why: str) -> KillMark:
        """Ask the running bot to empty its account: its broker lives in its own process."""
        self._mailbox.withdraw(Verb.RESUME)
        mark = KillMark(KillState.ASKED, self._caller.by, why, self._caller.wall())
        self._mailbox.set_mark(mark)
        return mark

    async def kill(
        self,
        broker: Broker,
        clock: Clock,
        open_ledger: Callable[[], Ledger],
        wanted: tuple[str, float],
        tell: Callable[[Sight, Progress], None],
    ) -> KillReport:
        """Empty the account of `broker` now, in this process. wanted: why, and seconds of patience.

        Bots at this ledger stand down, and a new one stays killed, until `resume`.
        """
        wall, by = self._caller.wall, self._caller.by
        why, patience_s = wanted
        mark = KillMark(KillState.ELSEWHERE, by, why, wall())
        problem = self._mark(mark)
        seizure = Seizure(open_ledger, broker, wall, by)
        try:
            order = KillOrder(by, why, patience_s)
            outcome = await kill(broker, clock, seizure.seize, order, tell)
        finally:
            await seizure.release()
        told = "flat" if outcome.is_flat else "not flat"
        done = self._mark(KillMark(KillState.DONE, by, why, mark.ts, told))
        return KillReport(outcome, seizure.previous, problem and done)

    def _mark(self, mark: KillMark) -> str:
        """Write the file KILL; a disk that does not take it must not stop a kill."""
        try:
            self._mailbox.withdraw(Verb.RESUME)
            self._mailbox.set_mark(mark)
        except UserError as error:
            return str(error)
        return ""

    def _post(self, verb: Verb, subject: str = "", why: str = "") -> Request:
        now = self._caller.wall()
        request = Request(
            id=self._caller.token(),
            verb=verb,
            by=self._caller.by,
            asked_ts=now,
            expires_ts=now + _PATIENCE[verb],
            account=self._account,
            subject=subject,
            why=why,
        )
        self._mailbox.post(request)
        return request
