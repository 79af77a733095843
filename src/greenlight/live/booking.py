"""What happened at the venue without the run's doing, booked as happenings the trader hears of.

Each line of the venue's own record is booked once, over restarts: `Heard.activity` says which.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from greenlight.domain import Activity, ActivityKind, Happened, Happening, Holding
from greenlight.engine import Trader
from greenlight.ledger import Answer, Drift, DriftKind, Entry, Heard
from greenlight.live.ports import Clock
from greenlight.live.timekeeping import Timekeeper
from greenlight.live.universe import Universe

#: Under this name a difference is one of cash.
CASH = ""
_NS_DAY = 86_400_000_000_000
_EPOCH = 719_163  # date(1970, 1, 1).toordinal()
_PLACES = 8  # as many happenings are numbered a day as `market.happenings` leaves room for
_MARGIN_NS = 300_000_000_000
_CENT = Decimal("0.01")
_LEAST = Decimal("1e-9")


class Teller(Protocol):
    """Queues an event for the trader."""

    def __call__(self, event: Happened, *, activity: str = "") -> None:
        """Tell it."""
        ...


@dataclass(frozen=True, slots=True)
class Difference:
    """What book and venue say of one thing."""

    name: str
    book: Decimal
    venue: Decimal

    @property
    def amount(self) -> Decimal:
        """By how much the venue has more."""
        return self.venue - self.book

    def is_as(self, other: "Difference") -> bool:
        """Whether it is the same, though both sides may have moved on; cash to the cent."""
        return abs(self.amount - other.amount) < (_CENT if self.name == CASH else _LEAST)


@dataclass(slots=True)
class Seen:
    """Ids of happenings, which rise with each of a symbol, and lines that were booked."""

    last: dict[int, int] = field(default_factory=dict)
    activities: set[str] = field(default_factory=set)

    @classmethod
    def recall(cls, entries: Iterable[Entry]) -> "Seen":
        """What a journal holds of both."""
        seen = cls()
        for entry in entries:
            if isinstance(entry.record, Heard) and isinstance(entry.record.event, Happened):
                event = entry.record.event
                seen.last[event.symbol] = max(seen.last.get(event.symbol, 0), event.id)
                if entry.record.activity:
                    seen.activities.add(entry.record.activity)
        return seen

    def next(self, symbol: int, ts: int) -> int:
        """The next id of a symbol; -1 is the account. Numbered by date, as actions are."""
        number = max(self.last.get(symbol, 0) + 1, (ts // _NS_DAY + _EPOCH) * _PLACES)
        self.last[symbol] = number
        return number


@dataclass(frozen=True, slots=True)
class Books:
    """Whose books they are."""

    trader: Trader
    universe: Universe
    times: Timekeeper
    clock: Clock
    tell: Teller


class Bookkeeper:
    """Turns differences and lines of the venue's record into happenings."""

    def __init__(self, books: Books, seen: Seen, since_ts: int) -> None:
        """since_ts: lines before it are of before the run."""
        self._it, self._seen = books, seen
        self._begin_ts = self._newest_ts = since_ts

    @property
    def since_ts(self) -> int:
        """From when on to ask for the venue's record; a line may be told late."""
        return max(self._begin_ts, self._newest_ts - _MARGIN_NS)

    def explain(
        self,
        activities: Iterable[Activity],
        pending: Mapping[str, Difference],
        owns: Callable[[str], bool],
    ) -> list[Drift]:
        """Book each line that explains a difference and was not booked; owns: the run's orders."""
        drifts = []
        fresh = [one for one in activities if self._is_news(one, pending)]
        by_hand = _by_hand(fresh, owns)
        for one in fresh:
            if (drift := self._book(one, pending, by_hand)) is not None:
                drifts.append(drift)
                self._newest_ts = max(self._newest_ts, one.ts)
        return drifts

    def _is_news(self, one: Activity, pending: Mapping[str, Difference]) -> bool:
        """Whether a line was not booked and is of the run's time.

        A line without a time of its own bears the begin of its day, which may be before the run
        began: it counts if it is exactly what is missing.
        """
        if one.id in self._seen.activities:
            return False
        cash = pending.get(CASH)
        return one.ts >= self._begin_ts or (
            cash is not None
            and one.kind is not ActivityKind.FILL
            and abs(one.amount - cash.amount) < _CENT
        )

    def adopt(self, one: Difference, held: Holding | None) -> None:
        """Take the venue's word."""
        if one.name == CASH:
            self._happen(-1, Happening.DEPOSIT, (float(one.amount),))
            return
        symbol = self._it.universe.numbers()[one.name]
        price = Decimal(0) if held is None else (held.price or held.average)
        if price == 0:
            price = Decimal(repr(float(self._it.trader.average[symbol])))
        self._happen(symbol, Happening.MANUAL, (float(one.amount), float(price)))

    def release(self, one: Difference) -> None:
        """Forget a position: as if it had been sold by hand at its average price."""
        symbol = self._it.universe.numbers()[one.name]
        price = float(self._it.trader.average[symbol])
        if one.book != 0:
            self._happen(symbol, Happening.MANUAL, (float(-one.book), price))
        self._happen(symbol, Happening.HALT, ())

    def _book(
        self, one: Activity, pending: Mapping[str, Difference], by_hand: Mapping[str, Decimal]
    ) -> Drift | None:
        """Book what a person or the venue did; None for what explains nothing.

        by_hand: ids of fills that are not the run's, and the sum of all of their instrument.
        """
        position, cash = pending.get(one.instrument), pending.get(CASH)
        symbol = self._it.universe.numbers().get(one.instrument, -1)
        match one.kind:
            case ActivityKind.FILL if one.id not in by_hand:
                return None
            case ActivityKind.FILL if position is not None:
                numbers = (float(one.quantity), float(one.price))
                self._happen(symbol, Happening.MANUAL, numbers, one.id)
                return _explained(position, "traded by hand or by the kill switch")
            case ActivityKind.FILL if cash is not None and (symbol < 0 or by_hand[one.id] == 0):
                paid = -one.quantity * one.price  # nothing of it is held here: money alone
                self._happen(-1, Happening.DEPOSIT, (float(paid),), one.id)
                return _explained(cash, f"{one.instrument} traded by hand")
            case ActivityKind.ACTION if position is not None and position.book != 0:
                ratio = float(position.venue / position.book)
                self._happen(symbol, Happening.SPLIT, (ratio,), one.id)
                return _explained(position, f"a split of {ratio:g} for 1")
            case ActivityKind.DIVIDEND if cash is not None and symbol >= 0:
                held = float(self._it.trader.quantity[symbol])
                if held != 0.0:
                    a_unit = (float(one.amount) / held,)
                    self._happen(symbol, Happening.DIVIDEND, a_unit, one.id)
                    return _explained(cash, f"dividend of {one.instrument}")
                self._happen(-1, Happening.DEPOSIT, (float(one.amount),), one.id)
                return _explained(cash, f"dividend of {one.instrument}, sold since")
            case (
                ActivityKind.TRANSFER
                | ActivityKind.FEE
                | ActivityKind.INTEREST
                | ActivityKind.OTHER
                | ActivityKind.DIVIDEND
            ) if cash is not None and one.amount != 0:
                self._happen(-1, Happening.DEPOSIT, (float(one.amount),), one.id)
                return _explained(cash, f"{one.kind.value} of {one.amount}")
            case _:
                return None

    def _happen(
        self, symbol: int, kind: Happening, numbers: tuple[float, ...], activity: str = ""
    ) -> None:
        it = self._it
        now = it.clock.now()
        time = it.times.bar_time(0, now) if symbol < 0 else it.times.bar_time_of(symbol, now)
        self._seen.activities.add(activity)
        it.tell(
            Happened(time, self._seen.next(symbol, now), symbol, kind, *numbers), activity=activity
        )


def _by_hand(fresh: Iterable[Activity], owns: Callable[[str], bool]) -> dict[str, Decimal]:
    """Fills of orders that are not the run's, by id, each with the sum of its instrument's."""
    fills = [one for one in fresh if one.kind is ActivityKind.FILL and not owns(one.venue_id)]
    sums: dict[str, Decimal] = {}
    for one in fills:
        sums[one.instrument] = sums.get(one.instrument, Decimal(0)) + one.quantity
    return {one.id: sums[one.instrument] for one in fills}


def _explained(one: Difference, cause: str) -> Drift:
    kind = DriftKind.CASH if one.name == CASH else DriftKind.POSITION
    return Drift(kind, one.name, one.book, one.venue, Answer.EXPLAINED, cause)
