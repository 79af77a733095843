"""What a bot may send: nothing unwritten, nothing against an order to stop, nothing when stale."""

from collections import deque
from decimal import Decimal

from greenlight.ledger import Act, Sending
from greenlight.storm.invariants.scene import Invariant, Scene
from greenlight.storm.replica import name_of
from greenlight.storm.witness import (
    Fact,
    FenceMoved,
    Gone,
    LeaseAsked,
    Received,
    Written,
)

_NS = 1_000_000_000
_BOT = "bot"  # the kill switch holds the lease by force and need not ask
_ZERO = Decimal(0)
_CENT = Decimal("0.01")


class JournalFirst(Invariant):
    """Every request was on the disk before it was sent, and was written down once for each time."""

    name = "journal-first"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._sent: dict[tuple[Act, str], int] = {}

    def hear(self, fact: Fact) -> None:
        """Look at every request of a bot."""
        if not isinstance(fact, Received):
            return
        name = fact.venue_id if fact.act is Act.CANCEL else fact.client_id
        key = (fact.act, name)
        self._sent[key] = self._sent.get(key, 0) + 1
        written = self.scene.journal.sendings.get(key, 0)
        if self._sent[key] > written:
            raise self.broken(
                f"{fact.act} {name or 'without a name'} came in {self._sent[key]} times, "
                f"written down {written} times"
            )


class OnlyReducing(Invariant):
    """After a kill or halt no entry is sent until it is taken back; what is sent reduces."""

    name = "only-reducing"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._stopped_ts: int | None = None

    def hear(self, fact: Fact) -> None:
        """Look at every entry sent, and at every order that comes in."""
        scene = self.scene
        if isinstance(fact, Written):
            if not scene.journal.stopped_by:
                self._stopped_ts = None
            elif self._stopped_ts is None:
                self._stopped_ts = fact.entry.ts
            self._look_at(fact)
        elif isinstance(fact, Received) and self._is_late(fact.sent_ts) and fact.act is Act.SUBMIT:
            held = scene.venue.held(fact.symbol)
            if fact.side * held >= 0 or fact.quantity > abs(held):
                raise self.broken(
                    f"{fact.client_id} would not reduce the {held} held of {fact.symbol} "
                    f"after {scene.journal.stopped_by}"
                )

    def _look_at(self, fact: Written) -> None:
        record = fact.entry.record
        if not isinstance(record, Sending) or record.act is Act.CANCEL:
            return
        name = name_of(record.client_id)
        if name is not None and name.role == "E" and self._is_late(fact.entry.ts):
            raise self.broken(f"{record.client_id} sent after {self.scene.journal.stopped_by}")

    def _is_late(self, ts: int) -> bool:
        stopped = self._stopped_ts
        return stopped is not None and ts > stopped + int(self.scene.terms.prompt_s * _NS)


class StaleBotSilent(Invariant):
    """After the lease went to another, a bot sends at most what it was sending at that moment."""

    name = "stale-bot-silent"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._holder, self._moved_ts = "", 0
        self._asked: dict[str, deque[LeaseAsked]] = {}  # a request of a bot takes the oldest

    def hear(self, fact: Fact) -> None:
        """Look at every request of a bot that holds no lease any more."""
        match fact:
            case FenceMoved():
                self._holder, self._moved_ts = fact.bot, fact.ts
            case LeaseAsked():
                self._asked.setdefault(fact.bot, deque()).append(fact)
            case Received() if fact.bot.startswith(_BOT):
                asked = self._asked.get(fact.bot)
                self._look_at(fact, asked.popleft() if asked else None)
            case _:
                pass

    def _look_at(self, fact: Received, asked: LeaseAsked | None) -> None:
        what = f"{fact.bot} sent {fact.act} {fact.client_id or fact.venue_id}"
        if asked is None:
            raise self.broken(f"{what} without asking for its lease")
        if fact.bot != self._holder and (not asked.holds or asked.ts > self._moved_ts):
            raise self.broken(f"{what}, its lease gone")


class BotLives(Invariant):
    """The bot ends by itself only where it has lost its lease, or was told to."""

    name = "bot-lives"

    def hear(self, fact: Fact) -> None:
        """Look at how each bot ended."""
        if isinstance(fact, Gone) and fact.fault:
            raise self.broken(f"{fact.bot} ended by itself: {fact.fault}")
