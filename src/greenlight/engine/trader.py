"""The `Trader`: the engine on the world's clock, one event after another.

It owns the book, waits for nothing and reads nothing but its events: time, bars, fills and verdicts
arrive in them, orders leave as commands. The same compiled verbs decide as in `simulate`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import (
    BarsClosed,
    Command,
    Event,
    ExitAsked,
    HaltError,
    Happened,
    OrderEnded,
    OrderFilled,
    Reason,
    RequestVerdicts,
    Role,
    SessionBegan,
    Switch,
    Switched,
    VerdictsReady,
)
from greenlight.engine.accounts import Execution
from greenlight.engine.limits import Limits
from greenlight.engine.loop import ENTER, begin, run
from greenlight.engine.onerow import Window, moment_between, occasion
from greenlight.engine.proposing import Pending, forget, proposals_of, take_down
from greenlight.engine.resting import Resting
from greenlight.engine.simulation import normalise
from greenlight.engine.state import (
    ADJUSTMENTS,
    ANOMALY,
    CASH,
    DECISIONS,
    EQUITY,
    FILLS,
    FLOWS,
    HALTED,
    KILLED,
    NEVER,
    NEXT_HAPPENING,
    NONE,
    ORDERED_HALT,
    PAUSED,
    PEAK,
    REFUSED_ID,
    WINDOWS_AT,
    Room,
    Rules,
    build_state,
)
from greenlight.engine.steps import book_fill, decide, end_entries, exit_now
from greenlight.engine.tape import F64

_LOGS = (("fills", FILLS), ("decisions", DECISIONS), ("flows", FLOWS), ("adjustments", ADJUSTMENTS))
_ROLE_REASON = int(Reason.STOP) - int(Role.STOP)  # STOP, TARGET, TRAIL follow each other in both
_SWITCHES = {
    Switch.KILL: (KILLED, Reason.KILLED),
    Switch.HALT: (ORDERED_HALT, Reason.HALTED),
    Switch.ANOMALY: (ANOMALY, Reason.ANOMALY),
}


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """What one event led to: commands, what was written down (engine/logs.py), the account after.

    A row is the number of the bar time in progress, counted over all blocks from 0.
    """

    commands: tuple[Command, ...]
    decisions: NDArray[Any]
    fills: NDArray[Any]
    flows: NDArray[Any]
    adjustments: NDArray[Any]
    equity: float
    cash: float


@dataclass(frozen=True, slots=True)
class Desk:
    """What a trader trades: how many symbols each block has, in the order of the specs.

    last_sector: highest sector number it may meet. asks_verdicts: entries wait for `VerdictsReady`;
    one for which none came by the block's next close is refused.
    """

    widths: Sequence[int]
    last_sector: int = -1
    asks_verdicts: bool = False


@dataclass(frozen=True, slots=True)
class Switches:
    """What stops entries: kill, halt by order, anomaly, drawdown, a daily loss (till the roll)."""

    killed: bool
    halted: bool
    anomaly: bool
    drawdown: bool
    paused: bool


class Trader:
    """Decides. `process` takes one event, changes the book and says what follows from it."""

    def __init__(self, rules: Rules, cash: float, desk: Desk) -> None:
        self._rules = normalise(rules)
        self._state = build_state(
            rules.specs, self._rules.limits, cash, Room(1, last_sector=desk.last_sector)
        )
        self._windows = _windows(desk.widths, self._rules.limits)
        self._resting = Resting(len(rules.specs.lot))
        self._pending: dict[int, Pending] = {}
        self._asks_verdicts = desk.asks_verdicts
        self._row = 0
        self._step = 0
        self._numbered = 0  # decisions of this step that have their row already

    @property
    def quantity(self) -> F64:
        """Signed units held of each symbol (N)."""
        return self._state.book.quantity.copy()

    @property
    def average(self) -> F64:
        """Average entry price of each symbol (N), NaN where nothing is held."""
        book = self._state.book
        return np.where(book.quantity != 0.0, book.average, np.nan)

    @property
    def mark(self) -> F64:
        """Last price of each symbol that was ever held (N), NaN of others."""
        return self._state.book.mark.copy()

    @property
    def equity(self) -> float:
        """Equity of the last close."""
        return float(self._state.book.money[EQUITY])

    @property
    def cash(self) -> float:
        """Cash after all that was booked."""
        return float(self._state.book.money[CASH])

    @property
    def switches(self) -> Switches:
        """What stops entries now."""
        counts = self._state.book.counts
        places = (KILLED, ORDERED_HALT, ANOMALY, HALTED, PAUSED)
        return Switches(*(bool(counts[place]) for place in places))

    def level(self, role: Role) -> F64:
        """Price that the order of a role should have (N), NaN where none should rest."""
        orders, k = self._state.orders, int(role)
        return np.where(orders.state[:, k] != NONE, orders.price[:, k], np.nan)

    def leaves(self, role: Role) -> F64:
        """Quantity that should rest of a role (N), 0 for none."""
        orders, k = self._state.orders, int(role)
        return np.where(orders.state[:, k] != NONE, orders.leaves[:, k], 0.0)

    def process(self, event: Event) -> Step:
        """Take one event in. Raises HaltError where a happening is given twice."""
        self._state.book.counts[FILLS : ADJUSTMENTS + 1] = 0
        self._step += 1
        self._numbered = 0
        asked: list[Command] = []
        row = self._row
        match event:
            case BarsClosed():
                asked = self._close(event)
            case OrderFilled():
                self._fill(event)
            case OrderEnded():
                self._end(event)
            case ExitAsked():
                now = moment_between(event.time)
                exit_now(self._state, now, event.symbol, int(event.reason))
            case SessionBegan() | Happened():
                self._begin(event)
            case VerdictsReady():
                self._hear(event)
            case Switched():
                self._switch(event)
        return self._told(asked, row)

    def _close(self, bar: BarsClosed) -> list[Command]:
        """Close the bars of what is held, judge it, propose and, where nothing is asked, enter."""
        state, window = self._state, self._windows[bar.block]
        unheard = self._pending.pop(bar.block, None)
        if unheard is not None:
            self._enter(bar.block, unheard.unheard(), np.ones(len(unheard.passed)))
        window.append(bar)
        state.book.counts[WINDOWS_AT] = NEVER  # rows are all number 0 here
        forget(state.scratch)
        phases = 0 if self._asks_verdicts else ENTER
        run(state, self._rules, window.feed, window.known, (0, 1), phases)
        self._row += 1
        if not self._asks_verdicts:
            return []
        pending = take_down(state.scratch, window.feed, (self._row - 1, self._step))
        if not pending.passed.any():
            self._enter(bar.block, pending, np.ones(len(pending.passed)))
            return []
        self._pending[bar.block] = pending
        proposals = proposals_of(pending, window.feed)
        return [RequestVerdicts(bar.block, bar.time.close_ts, proposals)]

    def _hear(self, answer: VerdictsReady) -> None:
        """Enter what was proposed as far as the verdicts let it; an answer out of date is none."""
        pending = self._pending.get(answer.block)
        if pending is None or pending.close_ts != answer.close_ts:
            return
        told, verdict, later = pending.divide(answer)
        del self._pending[answer.block]
        if len(later.passed) > 0:
            self._pending[answer.block] = later
        self._enter(answer.block, told, verdict)

    def _enter(self, block: int, pending: Pending, verdict: F64) -> None:
        """Decide on a close's proposals; the gates are asked again if anything came in between."""
        state, window = self._state, self._windows[block]
        count = pending.recall(state.scratch, verdict)
        if count == 0:
            return
        is_stale = self._step > pending.step + 1 or bool((verdict != 1.0).any())
        state.book.counts[WINDOWS_AT] = NEVER
        decide(state, self._rules, window.feed, window.known, count, int(is_stale))
        end = int(state.book.counts[DECISIONS])
        state.logs.decisions["row"][self._numbered : end] = pending.row
        self._numbered = end

    def _fill(self, event: OrderFilled) -> None:
        """Book a fill; the table is protected anew."""
        state, order, role = self._state, event.id, int(event.id.role)
        reason = role + _ROLE_REASON
        if role == Role.ENTRY:
            reason = int(Reason.ENTRY)
        elif role == Role.EXIT:
            reason = int(state.orders.reason[order.symbol, role])
        what = (order.symbol, float(event.side), role, reason)
        numbers = (event.quantity, event.price, event.reference, event.fee)
        fill = Execution(*what, *numbers, order.intent, order.attempt)
        book_fill(state, self._rules, moment_between(event.time), fill)
        lot = float(self._rules.specs.lot[order.symbol])
        self._resting.fill(state.orders, order, event.quantity, lot)

    def _end(self, event: OrderEnded) -> None:
        """Take an order off the table that the venue has ended; one gone already is no news.

        What protects stays wanted: whoever lays orders lays it again.
        """
        orders, order, role = self._state.orders, event.id, int(event.id.role)
        rests = orders.state[order.symbol, role] != NONE and role in (Role.ENTRY, Role.EXIT)
        if not rests or orders.intent[order.symbol, role] != order.intent:
            return
        self._resting.end(order)
        if role == Role.ENTRY:
            now = moment_between(event.time)
            end_entries(self._state, now, order.symbol, int(event.reason))
        else:
            orders.state[order.symbol, role] = NONE

    def _begin(self, event: SessionBegan | Happened) -> None:
        """Roll the session, or apply what the world did."""
        counts = self._state.book.counts
        counts[NEXT_HAPPENING] = 0
        if not begin(self._state, self._rules, occasion(event), 0):
            raise HaltError(
                f"happening {counts[REFUSED_ID] - 1} was applied before; "
                "a corporate action must not be given twice"
            )
        counts[NEXT_HAPPENING] = 0

    def _switch(self, event: Switched) -> None:
        """Stop entries and cancel those that rest, or allow them again.

        A resumption after a drawdown counts the drawdown from this equity on.
        """
        book = self._state.book
        if event.switch is Switch.RESUME:
            if book.counts[HALTED] != 0:
                book.money[PEAK] = book.money[EQUITY]
            for place in (KILLED, ORDERED_HALT, ANOMALY, HALTED):
                book.counts[place] = 0
            return
        place, reason = _SWITCHES[event.switch]
        book.counts[place] = 1
        end_entries(self._state, moment_between(event.time), -1, int(reason))

    def _told(self, asked: list[Command], row: int) -> Step:
        """Empty the logs into the step, so that they never overflow, and say what must change."""
        state, counts = self._state, self._state.book.counts
        logs = {name: getattr(state.logs, name)[: counts[k]].copy() for name, k in _LOGS}
        for name, log in logs.items():
            log["row"][self._numbered if name == "decisions" else 0 :] = row
        commands = self._resting.commands(state.orders, state.book)
        equity, cash = float(state.book.money[EQUITY]), float(state.book.money[CASH])
        return Step((*commands, *asked), **logs, equity=equity, cash=cash)


def _windows(widths: Sequence[int], limits: Limits) -> list[Window]:
    firsts = np.cumsum([0, *widths])[:-1]
    return [Window(int(f), w, limits) for f, w in zip(firsts, widths, strict=True)]
