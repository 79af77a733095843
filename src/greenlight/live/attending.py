"""The bot's ear for people: looks into the mailbox once a second and does as it is told."""

from collections.abc import Callable
from typing import Protocol

from greenlight.ledger import Answer
from greenlight.live.mailbox import KillMark, KillState, Mailbox, Reply, Request, Verb
from greenlight.live.ports import Clock

_EVERY_S = 1.0


class Bidden(Protocol):
    """What a running bot does when it is told; each returns at once."""

    def halt(self, by: str, why: str) -> None:
        """Stop entries."""
        ...

    def resume(self, by: str) -> None:
        """Allow entries again."""
        ...

    def answer(self, id: str, *, approved: bool, by: str) -> bool:  # noqa: A002  # the journal's
        """Settle an ask; False where nothing of that id waits."""
        ...

    def reconcile(self, resolve: Answer | None) -> None:
        """Compare with the broker, and settle what differs as a person said."""
        ...

    def kill(self, by: str, why: str) -> None:
        """Stop everything else and empty the account; then leave."""
        ...

    def stand_down(self, why: str) -> None:
        """Send nothing more and leave: another process empties the account."""
        ...

    def stay_killed(self, by: str, why: str) -> None:
        """Nothing but reducing orders: the account was killed before this start."""
        ...


class Attendant:
    """Attends one bot. `wall`: the machine's clock, ns UTC, which requests are dated by."""

    def __init__(
        self,
        mailbox: Mailbox,
        bot: Bidden,
        account: str,
        wall: Callable[[], int],
    ) -> None:
        self._mailbox, self._bot, self._account, self._wall = mailbox, bot, account, wall
        self._known: KillMark | None = None

    def begin(self) -> None:
        """Look before anything is sent: a kill outlives the process that was killed."""
        mark = self._mailbox.mark()
        if mark is not None and mark.state is KillState.DONE:
            self._known = mark
            self._bot.stay_killed(mark.by, mark.why)
        self.look()

    def look(self) -> None:
        """Look once."""
        mark = self._mailbox.mark()
        is_news, self._known = mark != self._known, mark
        if mark is not None and is_news:
            self._heed(mark)
            return
        for request in self._mailbox.take(self._account, self._wall()):
            self._mailbox.answer(request.id, self._do(request))

    async def work(self, clock: Clock) -> None:
        """Look for ever."""
        while True:
            self.look()
            await clock.sleep(_EVERY_S)

    def _heed(self, mark: KillMark) -> None:
        if mark.state is KillState.ASKED:
            self._bot.kill(mark.by, mark.why)
        else:
            self._bot.stand_down(f"killed by {mark.by}; allow trading again: greenlight resume")

    def _do(self, request: Request) -> Reply:
        by = request.by
        match request.verb:
            case Verb.HALT:
                self._bot.halt(by, request.why)
                return Reply("entries are halted; stops and exits go on")
            case Verb.RESUME:
                self._bot.resume(by)
                return Reply("entries are allowed again")
            case Verb.RECONCILE:
                self._bot.reconcile(Answer(request.subject) if request.subject else None)
                return Reply("book and broker are being compared")
            case Verb.APPROVE | Verb.REJECT:
                approved = request.verb is Verb.APPROVE
                if not self._bot.answer(request.subject, approved=approved, by=by):
                    told = f"nothing of the name {request.subject} waits (answered or expired)"
                    return Reply(told, is_done=False)
                return Reply(f"{request.subject} is {'approved' if approved else 'rejected'}")
