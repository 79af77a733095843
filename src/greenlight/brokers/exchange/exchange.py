"""The exchange: venue, market, clock and faults together; who asks it sees the present moment."""

import asyncio
from collections.abc import Iterator

from greenlight.brokers.exchange.clocks import ExchangeClock
from greenlight.brokers.exchange.faults import FaultKind, Faults
from greenlight.brokers.exchange.hours import NS_MINUTE, NS_SECOND
from greenlight.brokers.exchange.matching import Tick
from greenlight.brokers.exchange.orders import Update
from greenlight.brokers.exchange.record import Record, RequestLine, Standing
from greenlight.brokers.exchange.rendering import Json, account_json, position_json
from greenlight.brokers.exchange.sessions import DataSession, TradingSession
from greenlight.brokers.exchange.tape import Tape
from greenlight.brokers.exchange.telling import DataTeller, TradeTeller
from greenlight.brokers.exchange.venue import Venue

View = tuple[Json, list[Json]]  # account and positions as JSON
_LONGEST_SLEEP = 60.0  # seconds of its own time; a clock that was moved is noticed by then


class Exchange:
    """One account, one market. `is_served`: over sockets rather than in process."""

    def __init__(
        self, venue: Venue, tape: Tape, clock: ExchangeClock, faults: Faults | None = None
    ) -> None:
        self.venue, self.tape, self.clock = venue, tape, clock
        self.faults = faults or Faults()
        self.record = Record(faults=self.faults.log)
        self.is_served = False
        self._trades = TradeTeller(self.faults)
        self._data = DataTeller(venue, tape, self.faults)
        self._halted: dict[str, int] = {}
        self._views: list[tuple[int, View]] = []
        self._planned = asyncio.Event()
        start = venue.now
        self.faults.begin(start)
        for tick in tape.before(start):
            if tick.symbol not in venue.floor.last:
                venue.floor.last[tick.symbol] = tick
        self._ticks: Iterator[Tick] = tape.ticks(start)
        self._next = next(self._ticks, None)
        self._minute = start // NS_MINUTE
        self._note_standing()

    def catch_up(self) -> int:
        """Let everything happen that has happened by now, tell it, and say what time it is."""
        now = self.clock.now()
        while self._next is not None and self._next.ts <= now:
            tick = self._next
            self._close_minutes(tick.ts)
            self._pass(tick.ts)
            self._trade(tick)
            self._next = next(self._ticks, None)
        self._close_minutes(now)
        self._pass(now)
        return now

    async def run(self) -> None:
        """Keep time until cancelled; what is planned meanwhile is not slept through."""
        while True:
            now = self.catch_up()
            self._planned.clear()
            wait = min(_LONGEST_SLEEP, (self._next_ts() - now) / NS_SECOND)
            sleep = asyncio.ensure_future(self.clock.sleep(wait))
            planned = asyncio.ensure_future(self._planned.wait())
            try:
                await asyncio.wait({sleep, planned}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                sleep.cancel()
                planned.cancel()

    def tell_changes(self) -> None:
        """Write down and send what has changed; after every act on the venue."""
        self._planned.set()
        self.venue.settle()
        updates = self.venue.drain()
        for update in updates:
            self._tell(update)
        self._trades.send_due(self.faults.now)

    def positions(self) -> list[Json]:
        """Everything held as JSON; in the fault `stale_positions` as it was a while ago."""
        return self._view(FaultKind.STALE_POSITIONS, "positions")[1]

    def account(self) -> Json:
        """The account as JSON; stale with the positions."""
        return self._view(FaultKind.STALE_POSITIONS, "account")[0]

    def halt(self, symbol: str, seconds: float) -> None:
        """Stop trading in a symbol for a while."""
        if symbol not in self._halted:
            self.venue.halt(symbol)
            self._data.tell_status(symbol, self.faults.now, is_halted=True)
        self._halted[symbol] = self.faults.now + int(seconds * NS_SECOND)

    def note_request(self, line: RequestLine) -> None:
        """Write a request down."""
        self.record.requests.append(line)

    def join_trading(self, session: TradingSession) -> None:
        """A client of the order updates is there."""
        self._trades.sessions.append(session)

    def join_data(self, session: DataSession) -> None:
        """A client of market data is there."""
        self._data.sessions.append(session)

    def leave(self, session: TradingSession | DataSession) -> None:
        """A client has gone."""
        if isinstance(session, TradingSession):
            self._trades.leave(session)
        else:
            self._data.leave(session)

    def _next_ts(self) -> int:
        due = [
            None if self._next is None else self._next.ts,
            self.venue.floor.next_due,
            self._trades.next_due,
            self._data.next_due,
            (self._minute + 1) * NS_MINUTE if self._data.sessions else None,
        ]
        known = [ts for ts in due if ts is not None]
        return max(self.faults.now + 1, min(known)) if known else 1 << 62

    def _pass(self, ts: int) -> None:
        """Time passes to `ts`: what falls due at the venue and in the streams."""
        self.faults.now = max(self.faults.now, ts)
        self._lift_halts(ts)
        self.venue.advance(ts)
        self.tell_changes()
        self._data.send_due(ts)

    def _trade(self, tick: Tick) -> None:
        fault = self.faults.strikes(FaultKind.HALT, tick.symbol)
        if fault is not None and tick.symbol not in self._halted:
            self.halt(tick.symbol, fault.seconds)
        self.venue.trade(tick.symbol, tick.ts, tick.price, tick.size, is_gap=tick.is_gap)
        self.tell_changes()
        if tick.symbol not in self._halted:
            self._data.tell_trade(tick)

    def _lift_halts(self, ts: int) -> None:
        for symbol, until in list(self._halted.items()):
            if until <= ts:
                del self._halted[symbol]
                self.venue.resume(symbol)
                self._data.tell_status(symbol, ts, is_halted=False)

    def _close_minutes(self, ts: int) -> None:
        """Send the bars of every minute that has ended."""
        minute = ts // NS_MINUTE
        if not self._data.sessions:
            self._minute = minute
            return
        while self._minute < minute:
            self._minute += 1
            self._pass(self._minute * NS_MINUTE)
            self._data.tell_bars(self._minute * NS_MINUTE)

    def _view(self, kind: FaultKind, about: str) -> View:
        fault = self.faults.strikes(kind, about)
        if fault is None:
            return self._present()
        then = self.faults.now - int(fault.seconds * NS_SECOND)
        known = [view for ts, view in self._views if ts <= then]
        return known[-1] if known else self._views[0][1]

    def _present(self) -> View:
        venue = self.venue
        held = sorted(venue.account.positions.items())
        rows = [position_json(venue.floor, one, venue.held(symbol)) for symbol, one in held]
        return account_json(venue.floor), rows

    def _tell(self, update: Update) -> None:
        self.record.updates.append(update)
        if update.qty is not None:
            self._note_standing()
        self._trades.tell(update, self.venue.floor.assets[update.order.symbol])

    def _note_standing(self) -> None:
        account = self.venue.account
        held = {symbol: position.qty for symbol, position in account.positions.items()}
        self.record.standings.append(Standing(self.venue.now, account.cash, held))
        if any(fault.kind is FaultKind.STALE_POSITIONS for fault in self.faults.faults):
            self._views.append((self.venue.now, self._present()))
