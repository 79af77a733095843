"""Sending to everybody who listens, with what faults do on the way."""

import heapq
from collections.abc import Mapping, Sequence
from typing import Any

from greenlight.brokers.exchange.assets import Asset
from greenlight.brokers.exchange.faults import FaultKind, Faults
from greenlight.brokers.exchange.hours import NS_MINUTE, NS_SECOND
from greenlight.brokers.exchange.matching import Tick
from greenlight.brokers.exchange.orders import Update
from greenlight.brokers.exchange.quoting import bar_json, quote_json, status_json, trade_json
from greenlight.brokers.exchange.rendering import update_json
from greenlight.brokers.exchange.sessions import DataSession, TradingSession
from greenlight.brokers.exchange.tape import Span, Tape
from greenlight.brokers.exchange.venue import Venue

Message = Mapping[str, Any]
_MINUTE = Span(1, "Min")
_DAY = Span(1, "Day")


class Postponed:
    """Messages for later, in order of their time and then of their coming."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Message]] = []
        self._count = 0

    @property
    def next_due(self) -> int | None:
        """When the next is due."""
        return self._heap[0][0] if self._heap else None

    def add(self, ts: int, message: Message) -> None:
        """Keep a message until `ts`."""
        self._count += 1
        heapq.heappush(self._heap, (ts, self._count, message))

    def take(self, ts: int) -> list[Message]:
        """Those that are due."""
        due = []
        while self._heap and self._heap[0][0] <= ts:
            due.append(heapq.heappop(self._heap)[2])
        return due


class TradeTeller:
    """The stream `trade_updates`."""

    def __init__(self, faults: Faults) -> None:
        self.sessions: list[TradingSession] = []
        self._faults = faults
        self._postponed = Postponed()
        self._waiting: list[Message] = []

    @property
    def next_due(self) -> int | None:
        """When a delayed message is due."""
        return self._postponed.next_due

    def tell(self, update: Update, asset: Asset) -> None:
        """Send a change, or lose, double, delay or swap it."""
        message = update_json(update, asset)
        strikes, about = self._faults.strikes, f"{update.change} {asset.symbol}"
        if strikes(FaultKind.DISCONNECT, f"/stream {about}") is not None:
            self.hang_up()
        if strikes(FaultKind.DROP_UPDATE, about) is not None:
            return
        replay = strikes(FaultKind.REPLAY_FILL, about) if update.qty is not None else None
        if replay is not None:
            self._postponed.add(update.ts + int(replay.seconds * NS_SECOND), message)
        delay = strikes(FaultKind.DELAY_UPDATE, about)
        if delay is not None:
            self._postponed.add(update.ts + int(delay.seconds * NS_SECOND), message)
            return
        if strikes(FaultKind.REORDER_UPDATE, about) is not None:
            self._waiting.append(message)
            return
        self._send(message)
        if strikes(FaultKind.DOUBLE_UPDATE, about) is not None:
            self._send(message)
        waiting, self._waiting = self._waiting, []
        for late in waiting:
            self._send(late)

    def leave(self, session: TradingSession) -> None:
        """A client has gone."""
        self.sessions = [one for one in self.sessions if one is not session]

    def send_due(self, ts: int) -> None:
        """Send what was put off until now."""
        for message in self._postponed.take(ts):
            self._send(message)

    def hang_up(self) -> None:
        """Break every connection."""
        for session in self.sessions:
            session.hang_up()
        self.sessions = []

    def _send(self, message: Message) -> None:
        for session in self.sessions:
            if session.is_listening:
                session.tell(message)


class DataTeller:
    """The market-data streams."""

    def __init__(self, venue: Venue, tape: Tape, faults: Faults) -> None:
        self.sessions: list[DataSession] = []
        self._venue, self._tape, self._faults = venue, tape, faults
        self._postponed = Postponed()

    @property
    def next_due(self) -> int | None:
        """When a late bar is due."""
        return self._postponed.next_due

    def tell_trade(self, tick: Tick) -> None:
        """A trade and the quote around it."""
        if not self.sessions:
            return
        if self._faults.strikes(FaultKind.DISCONNECT, f"/data {tick.symbol}") is not None:
            for session in self.sessions:
                session.hang_up()
            self.sessions = []
            return
        quote = self._venue.quote(tick.symbol)
        messages: list[Message] = [{"T": "t", "S": tick.symbol, **trade_json(tick)}]
        if quote is not None:
            asset = self._venue.floor.assets[tick.symbol]
            messages.append({"T": "q", "S": tick.symbol, **quote_json(quote, tick, asset)})
        self._send(messages)

    def tell_bars(self, ts: int) -> None:
        """The minute that ended at `ts`, and the day so far, of each symbol somebody wants."""
        messages: list[Message] = []
        for symbol in self._tape.series:
            if not any(one.wants("b", symbol) or one.wants("d", symbol) for one in self.sessions):
                continue
            cells = self._tape.bars(symbol, _MINUTE, (ts - NS_MINUTE, ts - 1), ts)
            messages += [
                {"T": "b", "S": symbol, **bar_json(cells, row)} for row in range(len(cells.ts))
            ]
            if len(cells.ts) > 0 and any(one.wants("d", symbol) for one in self.sessions):
                days = self._tape.bars(symbol, _DAY, (ts - 3 * 86_400 * NS_SECOND, ts), ts)
                if len(days.ts) > 0:
                    messages.append({"T": "d", "S": symbol, **bar_json(days, len(days.ts) - 1)})
        self._send([one for one in messages if not self._spoil(one, ts)])

    def tell_status(self, symbol: str, ts: int, *, is_halted: bool) -> None:
        """A halt begins or ends."""
        self._send([{"T": "s", "S": symbol, **status_json(ts, is_halted=is_halted)}])

    def leave(self, session: DataSession) -> None:
        """A client has gone."""
        self.sessions = [one for one in self.sessions if one is not session]

    def send_due(self, ts: int) -> None:
        """Send bars that are late, and corrections."""
        self._send(self._postponed.take(ts))

    def _spoil(self, message: Message, ts: int) -> bool:
        """Put a bar off, or send a wrong one and its correction later."""
        if message["T"] != "b":
            return False
        symbol = str(message["S"])
        late = self._faults.strikes(FaultKind.LATE_BAR, symbol)
        if late is not None:
            self._postponed.add(ts + int(late.seconds * NS_SECOND), message)
            return True
        wrong = self._faults.strikes(FaultKind.CORRECTED_BAR, symbol)
        if wrong is None:
            return False
        close = round(float(message["c"]) * (1.0 + wrong.share), 4)
        high = max(float(message["h"]), close)
        self._send([{**message, "c": close, "h": high}])
        self._postponed.add(ts + int(wrong.seconds * NS_SECOND), {**message, "T": "u"})
        return True

    def _send(self, messages: Sequence[Message]) -> None:
        if not messages or not self.sessions:
            return
        about = f"{messages[0]['S']}"
        if self._faults.strikes(FaultKind.SILENCE, about) is not None:
            return
        for session in self.sessions:
            session.tell(messages)
