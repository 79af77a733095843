"""What a bot may send: nothing unwritten, nothing against an order to stop, nothing when stale."""

from collections import deque
from decimal import Decimal

from greenlight.ledger import Act, KillChecked, Killed, Sending
from greenlight.storm.invariants.scene import Invariant, Scene
from greenlight.storm.replica import name_of
from greenlight.storm.witness import (
    Fact,
    FenceMoved,
    Filled,
    Gone,
    LeaseAsked,
    Received,
    Written,
)

_NS = 1_000_000_000
_KILL = "kill"
_BOT = "bot"  # the kill switch holds the lease by force and need not ask
_ZERO = Decimal(0)
_CENT = Decimal("0.01")


class JournalFirst(Invariant):
    """Every request was on the disk before it was sent, and was written down once for each time."""

    name = "journal-first"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._written: dict[tuple[Act, str], deque[int]] = {}

    def hear(self, fact: Fact) -> None:
        """Look at every request that acts."""
        if isinstance(fact, Written) and isinstance(record := fact.entry.record, Sending):
            name = record.venue_id if record.act is Act.CANCEL else record.client_id
            self._written.setdefault((record.act, name), deque()).append(fact.ts)
        elif isinstance(fact, Received):
            name = fact.venue_id if fact.act is Act.CANCEL else fact.client_id
            written = self._written.get((fact.act, name))
            what = f"{fact.bot}: {fact.act} {name or 'without a name'}"
            if not written:
                raise self.broken(f"{what} came in more often than it was written down")
            if written.popleft() > fact.sent_ts:
                raise self.broken(f"{what} was sent before it was on the disk")


class OnlyReducing(Invariant):
    """After a kill or halt no entry is sent until it is taken back, and none is left that may fill;
    what is sent reduces."""

    name = "only-reducing"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._stopped_ts: int | None = None
        self._stopped_calm_s = 0.0

    def hear(self, fact: Fact) -> None:
        """Look at every entry sent, and at every order that comes in."""
        scene = self.scene
        if isinstance(fact, Written):
            if not scene.journal.stopped_by:
                self._stopped_ts = None
            elif self._stopped_ts is None:
                self._stopped_ts, self._stopped_calm_s = fact.entry.ts, scene.calm_s
            self._look_at(fact)
        elif isinstance(fact, Received) and self._is_late(fact.sent_ts) and fact.act is Act.SUBMIT:
            held = scene.venue.held(fact.symbol)
            if fact.side * held >= 0 or fact.quantity > abs(held):
                raise self.broken(
                    f"{fact.client_id} would not reduce the {held} held of {fact.symbol} "
                    f"after {scene.journal.stopped_by}"
                )

        elif isinstance(fact, Filled) and self._stopped_ts is not None:
            name = scene.venue.orders[fact.venue_id].name
            waited_s = scene.calm_s - self._stopped_calm_s
            if name is not None and name.role == "E" and waited_s > scene.terms.exposure_s:
                raise self.broken(f"an entry filled {waited_s:.0f} s after the word to stop")

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


class KillEmpties(Invariant):
    """Who pulls the kill switch is told how it went, and flat only where it is flat."""

    name = "kill-empties"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._pulled_ts: int | None = None

    def hear(self, fact: Fact) -> None:
        """Look at what the kill says of the account, and when."""
        scene = self.scene
        if isinstance(fact, Written) and fact.bot.startswith(_KILL):
            match fact.entry.record:
                case Killed() if self._pulled_ts is None:
                    self._pulled_ts = fact.ts
                case KillChecked(flat=True):
                    self._look_at()
                    self._pulled_ts = None
                case KillChecked():
                    self._pulled_ts = None
        waited_s = 0.0 if self._pulled_ts is None else (scene.now - self._pulled_ts) / _NS
        if waited_s > scene.terms.kill_s:
            raise self.broken(f"no word of the account {waited_s:.0f} s after the kill")

    def _look_at(self) -> None:
        venue = self.scene.venue
        held = {symbol: str(units) for symbol, units in venue.positions.items() if units != 0}
        resting = [one.laid.client_id for one in venue.open_orders()]
        if held or resting:
            raise self.broken(f"said to be flat, and there are {held} and the orders {resting}")


class BotLives(Invariant):
    """The bot ends by itself only where it has lost its lease, or was told to."""

    name = "bot-lives"

    def hear(self, fact: Fact) -> None:
        """Look at how each bot ended."""
        if isinstance(fact, Gone) and fact.fault:
            raise self.broken(f"{fact.bot} ended by itself: {fact.fault}")
