"""From the journal back to a trader: told the same events, it is where it was to the last bit."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from greenlight.domain import (
    BarsClosed,
    Event,
    HaltError,
    Happened,
    RequestVerdicts,
    SessionBegan,
    Switch,
    Switched,
    VerdictsReady,
)
from greenlight.engine import Desk, Step, Trader
from greenlight.ledger import Decided, Entry, Halted, Heard, Killed, Resumed, RunBegan
from greenlight.live.rules import read_rules


@dataclass(slots=True)
class Rebuilt:
    """A trader as a journal left it.

    session: the last heard of. closed: close_ts of the last bar of each block. happened: largest id
    of each symbol's happenings. actions: ids of those told. switch: what is in force by the word of
    a person or a watch, which the trader may not have heard of yet.
    """

    trader: Trader
    session: int = -1
    closed: dict[int, int] = field(default_factory=dict)
    happened: dict[int, int] = field(default_factory=dict)
    actions: set[tuple[int, int]] = field(default_factory=set)
    switch: Switch | None = None
    told_switch: Switch | None = None
    undecided: tuple[Event, Step] | None = None
    asked: dict[int, RequestVerdicts] = field(default_factory=dict)

    def hear(self, event: Event) -> None:
        """Tell the trader, and keep what comes of it until it is known to be written down."""
        step = self.trader.process(event)
        self.undecided = event, step
        self.note(event)
        for command in step.commands:
            if isinstance(command, RequestVerdicts):
                self.asked[command.block] = command

    def note(self, event: object) -> None:
        """Keep what an event says of the calendar and of ids."""
        match event:
            case SessionBegan():
                self.session = max(self.session, event.time.session)
            case BarsClosed():
                self.closed[event.block] = event.time.close_ts
                self.asked.pop(event.block, None)
            case VerdictsReady():
                self.asked.pop(event.block, None)
            case Happened():
                self.happened[event.symbol] = max(self.happened.get(event.symbol, 0), event.id)
                self.actions.add((event.symbol, event.id))
            case Switched():
                self.told_switch = None if event.switch is Switch.RESUME else event.switch
            case _:
                pass


def new_trader(began: RunBegan) -> Trader:
    """The trader of a run at its beginning."""
    desk = Desk(began.widths, began.last_sector, began.asks_verdicts)
    return Trader(read_rules(began.rules), began.cash, desk)


def rebuild(entries: Iterable[Entry]) -> Rebuilt:
    """Tell a new trader all that the run's trader has heard.

    Raises HaltError where the journal does not begin with its run.
    """
    rebuilt: Rebuilt | None = None
    for entry in entries:
        record = entry.record
        if isinstance(record, RunBegan):
            rebuilt = Rebuilt(new_trader(record))
            continue
        if rebuilt is None:
            raise HaltError(f"the journal of run {entry.run} does not say how the run began")
        match record:
            case Heard():
                rebuilt.hear(record.event)
            case Decided():
                rebuilt.undecided = None
            case Halted(by="anomaly"):
                rebuilt.switch = rebuilt.switch or Switch.ANOMALY
            case Halted():
                rebuilt.switch = rebuilt.switch or Switch.HALT
            case Killed():
                rebuilt.switch = Switch.KILL
            case Resumed():
                rebuilt.switch = None
            case _:
                pass
    if rebuilt is None:
        raise HaltError("an empty journal has no run to go on with")
    return rebuilt
