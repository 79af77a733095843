"""Entries that wait for a person: which, for how long, and what the answer leads to.

The desk decides nothing itself. It says what is to be written down and what the trader is to be
told; each ask is answered once, by a person or by time, and then never again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from greenlight.domain import Proposal, RequestVerdicts, Ruling, Verdict, VerdictsReady
from greenlight.ledger import ApprovalAsked, ApprovalGiven, Entry, Heard

_NS = 1_000_000_000
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class ApprovalRules:
    """Which entries wait. notional: from this size on, or `share` of equity where that is larger
    and the rule is not strict. expires_s: how long an answer is waited for."""

    notional: Decimal = Decimal(500)
    share: float = 0.02
    is_strict: bool = False
    expires_s: float = 900.0

    def threshold(self, equity: float) -> float:
        """Notional from which on a person is asked."""
        flat = float(self.notional)
        return flat if self.is_strict else max(flat, self.share * equity)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What was proposed at a close, sorted: `asked` is written down, then `event` is told."""

    asked: tuple[ApprovalAsked, ...]
    event: VerdictsReady


@dataclass(frozen=True, slots=True)
class Settled:
    """An ask is answered: `record` is written down, then `event` is told."""

    record: ApprovalGiven
    event: VerdictsReady


@dataclass(frozen=True, slots=True)
class _Ask:
    record: ApprovalAsked
    block: int
    close_ts: int
    symbol: int


class ApprovalDesk:
    """Asks that are open, by id. symbols: instrument ids by number; widths: symbols of each block.

    `rules` None: nobody is asked.
    """

    def __init__(
        self, rules: ApprovalRules | None, symbols: Sequence[str], widths: Sequence[int]
    ) -> None:
        self._rules = rules
        self._symbols = tuple(symbols)
        self._numbers = {symbol: number for number, symbol in enumerate(symbols)}
        self._block = [nth for nth, width in enumerate(widths) for _ in range(width)]
        self._open: dict[str, _Ask] = {}
        self._verdicts: dict[tuple[int, int], Mapping[int, Verdict]] = {}

    def restore(self, entries: Iterable[Entry]) -> None:
        """Take up where the journal ends."""
        for entry in entries:
            match entry.record:
                case ApprovalAsked() as asked:
                    self._note(asked)
                case ApprovalGiven() as given:
                    self._open.pop(given.id, None)
                case Heard(event=VerdictsReady() as event) if event.waiting:
                    self._verdicts[event.block, event.close_ts] = event.verdicts
        self._forget()

    @property
    def waiting(self) -> tuple[ApprovalAsked, ...]:
        """What waits for an answer, oldest first."""
        return tuple(ask.record for ask in self._open.values())

    def split(
        self,
        request: RequestVerdicts,
        verdicts: Mapping[int, Verdict],
        equity: float,
        now: int,
    ) -> Reviewed:
        """Say which of the proposals wait for a person; the others go on with their verdicts.

        `verdicts` hold the reviewer's word on each symbol, so that what is asked for is the size
        that would be bought. They stand in the event for those that wait, too: the trader heeds
        them only when the answer repeats them.
        """
        asked = tuple(
            self._ask(proposal, size, request.close_ts, now)
            for proposal in request.proposals
            if self._must_ask(
                size := proposal.quantity * _multiplier(verdicts, proposal.symbol),
                proposal.price,
                equity,
            )
        )
        for record in asked:
            self._note(record)
        numbers = frozenset(self._numbers[record.instrument] for record in asked)
        if asked:
            self._verdicts[request.block, request.close_ts] = dict(verdicts)
        event = VerdictsReady(request.block, request.close_ts, verdicts, numbers)
        return Reviewed(asked, event)

    def answer(self, id: str, *, approved: bool, by: str, now: int) -> Settled | None:  # noqa: A002  # the journal's word
        """Settle an ask; None where nothing of that id waits (answered, expired, never asked)."""
        ask = self._open.get(id)
        if ask is None:
            return None
        if now >= ask.record.expires_ts:
            return self._settle(ask, ApprovalGiven(id, "time", approved=False, expired=True))
        return self._settle(ask, ApprovalGiven(id, by, approved))

    def expire(self, now: int) -> list[Settled]:
        """Settle what nobody answered in time."""
        late = [ask for ask in self._open.values() if now >= ask.record.expires_ts]
        return [self._settle(ask, _expired(ask, "time")) for ask in late]

    def supersede(self, block: int) -> list[ApprovalGiven]:
        """Drop what waits of a block whose next bar is about to be told; only to be written down.

        The trader refuses them by itself at that close.
        """
        late = [ask for ask in self._open.values() if ask.block == block]
        return [self._settle(ask, _expired(ask, "next close")).record for ask in late]

    def _must_ask(self, quantity: float, price: float, equity: float) -> bool:
        notional = quantity * price
        return (
            self._rules is not None and notional > 0.0 and notional >= self._rules.threshold(equity)
        )

    def _ask(self, proposal: Proposal, size: float, close_ts: int, now: int) -> ApprovalAsked:
        instrument = self._symbols[proposal.symbol]
        expires_s = 0.0 if self._rules is None else self._rules.expires_s
        return ApprovalAsked(
            id=f"{instrument}-{_base36(close_ts // _NS)}",
            instrument=instrument,
            side=int(proposal.side),
            quantity=size,
            price=proposal.price,
            expires_ts=now + int(expires_s * _NS),
        )

    def _note(self, record: ApprovalAsked) -> None:
        """Open an ask; its id says of which close it is, so that no run asks it twice."""
        close_ts = int(record.id.rpartition("-")[2], 36) * _NS
        symbol = self._numbers[record.instrument]
        self._open[record.id] = _Ask(record, self._block[symbol], close_ts, symbol)

    def _settle(self, ask: _Ask, record: ApprovalGiven) -> Settled:
        del self._open[ask.record.id]
        verdict = Verdict(Ruling.SKIP, rationale=f"not approved ({record.by})")
        if record.approved:
            known = self._verdicts.get((ask.block, ask.close_ts), {})
            verdict = known.get(ask.symbol, Verdict(Ruling.ABSTAIN))
        self._forget()
        return Settled(record, VerdictsReady(ask.block, ask.close_ts, {ask.symbol: verdict}))

    def _forget(self) -> None:
        """Drop verdicts of closes for which nothing waits."""
        wanted = {(ask.block, ask.close_ts) for ask in self._open.values()}
        self._verdicts = {key: value for key, value in self._verdicts.items() if key in wanted}


def _expired(ask: _Ask, by: str) -> ApprovalGiven:
    return ApprovalGiven(ask.record.id, by, approved=False, expired=True)


def _multiplier(verdicts: Mapping[int, Verdict], symbol: int) -> float:
    return verdicts.get(symbol, Verdict(Ruling.ABSTAIN)).multiplier


def _base36(number: int) -> str:
    digits = ""
    while number > 0:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits or "0"
