"""Sections 1 and 2: the walk over the rows."""

from dataclasses import dataclass

import numpy as np

from greenlight.domain import CashKind, Happening, Reason, Role
from greenlight.engine import Happenings, Rules, Surroundings, Tape
from greenlight.engine.tape import F32, F64
from reference.book import Book, LogRow, cancel_entry, log_flow
from reference.closing import close
from reference.entering import propose_and_enter
from reference.happenings import Event, happen
from reference.matching import match
from reference.world import Row, World

DAYS_A_YEAR = 365
NO_SURROUNDINGS = Surroundings(conditions=None, happenings=None, rates=None)


@dataclass(frozen=True)
class Result:
    """What came of a run; log rows are dicts with the fields of engine/logs.py."""

    equity: F64
    cash: F64
    fills: list[LogRow]
    decisions: list[LogRow]
    flows: list[LogRow]
    adjustments: list[LogRow]
    halted_row: int
    quantity: F64


def simulate(
    tape: Tape,
    score: F32,
    rules: Rules,
    cash: float,
    surroundings: Surroundings = NO_SURROUNDINGS,
) -> Result:
    """Walk every row once; arguments as of greenlight.engine.simulate."""
    world = World(
        tape=tape,
        scores=score,
        specs=rules.specs,
        limits=rules.limits,
        costs=rules.costs,
        conditions=surroundings.conditions,
        rates=surroundings.rates,
    )
    book = Book(cash=cash, day_start=cash, peak=cash, equity_before=cash)
    book.sectors = [int(sector) for sector in rules.specs.sector]
    events = _events_by_row(surroundings.happenings)
    equity: list[float] = []
    money: list[float] = []
    for number in range(len(tape.close_ts)):
        row = world.row(number)
        _walk(world, book, row, events.get(number, []))
        equity.append(book.equity_before)
        money.append(book.cash)
    quantity = np.zeros(len(rules.specs.lot))
    for symbol, holding in book.holdings.items():
        quantity[symbol] = holding.signed
    logs = book.logs
    return Result(
        equity=np.array(equity),
        cash=np.array(money),
        fills=logs.fills,
        decisions=logs.decisions,
        flows=logs.flows,
        adjustments=logs.adjustments,
        halted_row=book.halted_row,
        quantity=quantity,
    )


def _events_by_row(happenings: Happenings | None) -> dict[int, list[Event]]:
    events: dict[int, list[Event]] = {}
    if happenings is None:
        return events
    for row, number, symbol, kind, a, b, c in zip(*happenings, strict=True):
        event = Event(int(number), int(symbol), Happening(kind), float(a), float(b), float(c))
        events.setdefault(int(row), []).append(event)
    return events


def _walk(world: World, book: Book, row: Row, events: list[Event]) -> None:
    _roll(world, book, row)
    for event in events:
        happen(world, book, row.now, event)
    for symbol in book.active():
        bar = world.bar(row, symbol)
        if bar is not None:
            match(world, book, bar)
            close(world, book, bar)
    _watch(world, book, row)
    propose_and_enter(world, book, row)
    _record(book)


def _record(book: Book) -> None:
    """What the next row's exits look back at."""
    book.equity_before = book.equity()
    book.sector_before = {}
    for symbol in sorted(book.holdings):
        holding, sector = book.holdings[symbol], book.sectors[symbol]
        held = book.sector_before.get(sector, 0.0)
        book.sector_before[sector] = held + holding.quantity * holding.mark


def _roll(world: World, book: Book, row: Row) -> None:
    """A new session: the day starts again, cash earns and shorts pay for the days since."""
    if book.session is not None and row.session <= book.session:
        return
    days = 0 if book.session is None else row.session - book.session
    book.session = row.session
    book.day_start = book.equity_before
    book.entries_today = 0
    book.is_paused = False
    rate = float("nan") if world.rates is None else float(world.rates[row.number])
    if book.cash > 0.0 and not np.isnan(rate):
        interest = book.cash * rate * days / DAYS_A_YEAR
        log_flow(book, row.now, -1, CashKind.INTEREST, interest)
    for symbol in book.active():
        holding = book.holdings.get(symbol)
        if holding is not None and holding.side < 0:
            yearly = holding.quantity * holding.mark * float(world.costs.borrow[symbol])
            log_flow(book, row.now, symbol, CashKind.BORROW, -yearly * days / DAYS_A_YEAR)


def _watch(world: World, book: Book, row: Row) -> None:
    """Halt at the drawdown, pause at the day's loss; either cancels the resting entries."""
    limits, equity = world.limits, book.equity()
    book.peak = max(book.peak, equity)
    reason = None
    lost = book.day_start - equity
    is_day_lost = lost >= limits.daily_loss * book.day_start or lost >= limits.daily_loss_money
    if is_day_lost and not book.is_paused:
        book.is_paused = True
        reason = Reason.DAILY_LOSS
    if equity <= book.peak * (1 - limits.drawdown) and not book.is_halted:
        book.halted_row = row.number
        reason = Reason.DRAWDOWN
    if reason is not None:
        for symbol in book.active():
            if book.order(symbol, Role.ENTRY) is not None:
                cancel_entry(book, row.now, symbol, reason)
