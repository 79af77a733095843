"""The local exchange in a storm: driven by virtual time, and everything it does is witnessed."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Protocol, TypeVar

from greenlight.brokers.exchange import (
    Adversity,
    Change,
    Exchange,
    Faults,
    LocalExchange,
    Order,
    Tape,
    Update,
    Venue,
    VenueSettings,
)
from greenlight.brokers.exchange import (
    Fault as VenueFault,
)
from greenlight.brokers.exchange import (
    FaultKind as VenueFaultKind,
)
from greenlight.storm.virtual import VirtualClock
from greenlight.storm.weather import Fault, FaultKind, Weather
from greenlight.storm.witness import Ended, Fact, Filled, Laid, Moved, Restated, Shown

T = TypeVar("T")

_NS = 1_000_000_000
_AT_VENUE = {
    FaultKind.PARTIAL: VenueFaultKind.PARTIAL_FILL,
    FaultKind.REJECTED: VenueFaultKind.REJECT_ORDER,
    FaultKind.HALT: VenueFaultKind.HALT,
    FaultKind.STALE: VenueFaultKind.STALE_POSITIONS,
    FaultKind.REPLAYED: VenueFaultKind.REPLAY_FILL,
    FaultKind.CLOCK: VenueFaultKind.STALE_CLOCK,
}
_ENDS = (Change.CANCELED, Change.EXPIRED, Change.REJECTED, Change.REPLACED)
_STEP_S = 60


class _Line(Protocol):
    """What is read of a line of the venue's own record."""

    @property
    def type(self) -> str: ...  # Alpaca's word
    @property
    def ts(self) -> int: ...
    @property
    def amount(self) -> Decimal: ...
    @property
    def symbol(self) -> str: ...
    @property
    def qty(self) -> Decimal: ...


class _Telling(list[T]):
    """A list that tells of everything it is given."""

    def __init__(self, items: Iterable[T], tell: Callable[[T], None]) -> None:
        super().__init__(items)
        self._tell = tell

    def append(self, item: T) -> None:
        super().append(item)
        self._tell(item)


class Marketplace:
    """An account at the exchange, and what becomes of it."""

    def __init__(
        self, weather: Weather, cash: Decimal, clock: VirtualClock, tell: Callable[[Fact], None]
    ) -> None:
        market = weather.market
        faults = Faults([_fault(weather, one) for one in _concerning(weather)], weather.seed)
        tape = Tape(market.history, _STEP_S)
        settings = VenueSettings(cash=cash, delay_ns=weather.venue_delay_ns, seed=weather.seed)
        self.venue = Venue(
            tape.assets, market.start_ts, settings, Adversity(faults), actions=tape.actions
        )
        self.exchange = Exchange(self.venue, tape, clock, faults)
        self.local = LocalExchange(self.exchange)
        self._tell = tell
        self._seen: set[str] = set()
        self.exchange.record.updates = _Telling([], self._hear)
        self.venue.account.activities = _Telling([], self._note)

    def show(self) -> None:
        """Say what the venue holds now."""
        self.exchange.catch_up()
        account = self.venue.account
        held = tuple((symbol, one.qty) for symbol, one in account.positions.items())
        self._tell(Shown(self.venue.now, account.cash, held))

    def _hear(self, update: Update) -> None:
        book, order = self.venue.floor.book.by_id, update.order
        for venue_id in (order.id, *order.legs):
            if venue_id not in self._seen:
                self._lay(book[venue_id], order if venue_id == order.id else None)
        match update.change:
            case Change.FILL | Change.PARTIAL_FILL:
                quantity, price = update.qty or Decimal(0), update.price or Decimal(0)
                self._tell(Filled(update.ts, order.id, quantity, price))
            case Change.RESTATED:
                self._tell(Restated(update.ts, order.id, order.qty or Decimal(0), order.filled))
            case change if change in _ENDS:
                self._tell(Ended(update.ts, order.id, change))
            case _:
                pass

    def _lay(self, order: Order, snapshot: Order | None) -> None:
        """An order seen for the first time; a fill may have come to it already."""
        one = order if snapshot is None else snapshot
        self._seen.add(one.id)
        quantity = one.qty or Decimal(0)
        self._tell(
            Laid(
                self.venue.now,
                one.id,
                one.client_order_id,
                one.symbol,
                one.side.sign,
                str(one.kind),
                quantity,
                one.replaces,
                one.parent,
            )
        )

    def _note(self, line: _Line) -> None:
        if line.type == "FILL":
            return
        quantity = line.qty if line.type == "SPLIT" else Decimal(0)
        self._tell(Moved(line.ts, line.type, line.amount, line.symbol, quantity))


def _concerning(weather: Weather) -> list[Fault]:
    return [fault for fault in weather.faults if fault.kind in _AT_VENUE]


def _fault(weather: Weather, fault: Fault) -> VenueFault:
    """The same in the exchange's words; seconds since its start."""
    start = weather.market.start_ts
    first = (weather.ts(fault.at_s) - start) / _NS
    last = (weather.ts(fault.at_s + fault.lasts_s) - start) / _NS
    kind = _AT_VENUE[fault.kind]
    is_lasting = fault.kind in (FaultKind.HALT, FaultKind.STALE, FaultKind.CLOCK)
    return VenueFault(
        kind,
        fault.share,
        first,
        last,
        seconds=fault.lasts_s if is_lasting else 7.0,
        share=0.3,
        times=1 if is_lasting else 0,
        about=fault.symbol,
    )
