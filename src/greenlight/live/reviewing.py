"""What is proposed at a close waits here for the reviewer, its deadline, and a person."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from greenlight.domain import BarsClosed, Event, RequestVerdicts, Ruling, Verdict, VerdictsReady
from greenlight.ledger import Record
from greenlight.live.approvals import ApprovalDesk
from greenlight.live.ports import Clock, Reviewer

_NOT_REASONED = Verdict(Ruling.NOT_REASONED)
_EXPIRY_S = 1.0


@dataclass(frozen=True, slots=True)
class Review:
    """What the desk works with. reviewer None: nobody reasons, and verdicts say so."""

    reviewer: Reviewer | None
    approvals: ApprovalDesk
    clock: Clock
    deadline_s: float
    equity: Callable[[], float]
    tell: Callable[[VerdictsReady], None]
    note: Callable[[Record], object]


class ReviewDesk:
    """Answers the trader's requests for verdicts, one after another."""

    def __init__(self, review: Review) -> None:
        self._it = review
        self._requests: asyncio.Queue[RequestVerdicts] = asyncio.Queue()

    def ask(self, request: RequestVerdicts) -> None:
        """Queue a request."""
        self._requests.put_nowait(request)

    def before(self, event: Event) -> None:
        """Drop what waits of a block whose next bar is about to be told."""
        if isinstance(event, BarsClosed):
            for record in self._it.approvals.supersede(event.block):
                self._it.note(record)

    async def work(self) -> None:
        """Answer for ever; verdicts that are not in by the deadline abstain."""
        while True:
            request = await self._requests.get()
            self.settle(request, await self._verdicts(request))

    def settle(self, request: RequestVerdicts, verdicts: Mapping[int, Verdict]) -> None:
        """Tell the verdicts, and ask a person about what is large."""
        it = self._it
        reviewed = it.approvals.split(request, verdicts, it.equity(), it.clock.now())
        for record in reviewed.asked:
            it.note(record)
        it.tell(reviewed.event)

    def answer(self, id: str, *, approved: bool, by: str) -> bool:  # noqa: A002  # the journal's word
        """Take a person's answer; False where nothing of that id waits."""
        settled = self._it.approvals.answer(id, approved=approved, by=by, now=self._it.clock.now())
        if settled is None:
            return False
        self._it.note(settled.record)
        self._it.tell(settled.event)
        return True

    async def watch(self) -> None:
        """Let answers that nobody gave expire, for ever."""
        while True:
            await self._it.clock.sleep(_EXPIRY_S)
            for settled in self._it.approvals.expire(self._it.clock.now()):
                self._it.note(settled.record)
                self._it.tell(settled.event)

    async def _verdicts(self, request: RequestVerdicts) -> Mapping[int, Verdict]:
        it = self._it
        if it.reviewer is None:
            return {one.symbol: _NOT_REASONED for one in request.proposals}
        review = asyncio.ensure_future(it.reviewer.review(request.proposals))
        deadline = asyncio.ensure_future(it.clock.sleep(it.deadline_s))
        try:
            await asyncio.wait({review, deadline}, return_when=asyncio.FIRST_COMPLETED)
            if review.done() and review.exception() is None:
                return review.result()
            return {}  # who is not named abstains
        finally:
            review.cancel()
            deadline.cancel()
