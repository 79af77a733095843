"""What a run's logs imply, counted anew: positions, marks, resting entries, days, round trips.

Nothing here knows how the engine works: it reads fills, flows, adjustments, decisions and bars.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from greenlight.domain import Action, CashKind, Happening, Role
from greenlight.engine import Run
from reference.markets import Market

#: Happenings after which a symbol's mark or resting entry is only known again from its next bar on.
DISTURBING = (
    Happening.SPLIT,
    Happening.SPIN_OFF,
    Happening.STOCK_MERGER,
    Happening.CASH_MERGER,
    Happening.DELIST,
    Happening.MANUAL,
)
ENTERING = (Action.ENTER, Action.ADD)


@dataclass
class Resting:
    """An entry order as the logs tell of it."""

    symbol: int
    leaves: float
    price: float
    is_disturbed: bool = False


@dataclass(frozen=True)
class Consent:
    """An ENTER or ADD decision, and what was committed just before it."""

    decision: np.void
    resting: list[Resting]

    @property
    def row(self) -> int:
        """Row of the decision."""
        return int(self.decision["row"])

    @property
    def symbol(self) -> int:
        """Symbol decided on."""
        return int(self.decision["symbol"])

    @property
    def notional(self) -> float:
        """What it will cost at the decision's price."""
        return float(self.decision["quantity"] * self.decision["price"])


@dataclass(frozen=True)
class Trip:
    """A round trip that fills alone opened and closed."""

    symbol: int
    opened_row: int
    closed_row: int
    gain: float


@dataclass(frozen=True)
class Recount:
    """A market, its run, and what follows from both."""

    market: Market
    run: Run
    happened: dict[int, list[tuple[int, Happening]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        happenings = self.market.surroundings.happenings
        if happenings is None:
            return
        for row, _, symbol, kind, a, _, _ in zip(*happenings, strict=True):
            touched = self.happened.setdefault(int(row), [])
            touched.append((int(symbol), Happening(kind)))
            if kind in (Happening.STOCK_MERGER, Happening.SPIN_OFF):
                touched.append((int(a), Happening(kind)))

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.market.tape.close_ts)

    @property
    def symbols(self) -> int:
        """Number of symbols."""
        return len(self.market.rules.specs.lot)

    @cached_property
    def quantity(self) -> np.ndarray:
        """Signed units at the end of each row (R, N)."""
        moved = np.zeros((self.rows, self.symbols))
        fills, changes = self.run.fills, self.run.adjustments
        np.add.at(moved, (fills["row"], fills["symbol"]), fills["side"] * fills["quantity"])
        np.add.at(moved, (changes["row"], changes["symbol"]), changes["after"] - changes["before"])
        held = np.cumsum(moved, axis=0)
        held[np.abs(held) < 1e-6 * self.market.rules.specs.lot] = 0.0
        return held

    def cell(self, row: int, symbol: int) -> int:
        """The symbol's cell in a row; -1 where its block does not own the row."""
        tape = self.market.tape
        column = symbol - int(tape.first[row])
        return int(tape.base[row]) + column if 0 <= column < tape.width[row] else -1

    @cached_property
    def closes(self) -> np.ndarray:
        """Close of each symbol in each row (R, N), NaN where it has no bar."""
        closes = np.full((self.rows, self.symbols), np.nan)
        tape = self.market.tape
        for row in range(self.rows):
            first, width, base = int(tape.first[row]), int(tape.width[row]), int(tape.base[row])
            closes[row, first : first + width] = tape.close[base : base + width]
        return closes

    @cached_property
    def marks(self) -> np.ndarray:
        """Last close (R, N); NaN after a happening that moved the mark, until the next bar."""
        marks = np.full((self.rows, self.symbols), np.nan)
        last = np.full(self.symbols, np.nan)
        for row in range(self.rows):
            for symbol, kind in self.happened.get(row, []):
                if kind in DISTURBING:
                    last[symbol] = np.nan
            last = np.where(np.isnan(self.closes[row]), last, self.closes[row])
            marks[row] = last
        return marks

    @cached_property
    def sectors(self) -> np.ndarray:
        """Sector of each symbol at the end of each row (R, N)."""
        sectors = np.tile(self.market.rules.specs.sector, (self.rows, 1))
        happenings = self.market.surroundings.happenings
        if happenings is not None:
            for k in np.flatnonzero(happenings.kind == Happening.SECTOR):
                sectors[happenings.row[k] :, happenings.symbol[k]] = int(happenings.a[k])
        return sectors

    @cached_property
    def rolls(self) -> np.ndarray:
        """Whether a row begins a day of the book (R)."""
        session = self.market.tape.session
        before = np.concatenate([[session[0] - 1], np.maximum.accumulate(session)[:-1]])
        return np.asarray(session > before)

    def consents(self) -> Iterator[Consent]:
        """Every ENTER and ADD with the entry orders that rested when it was decided."""
        resting: dict[int, Resting] = {}
        fills, decisions = self.run.fills, self.run.decisions
        for row in range(self.rows):
            for symbol, kind in self.happened.get(row, []):
                for order in resting.values():
                    order.is_disturbed |= order.symbol == symbol and kind in DISTURBING
            for fill in fills[(fills["row"] == row) & (fills["role"] == Role.ENTRY)]:
                resting[int(fill["intent"])].leaves -= float(fill["quantity"])
            today = decisions[decisions["row"] == row]
            for cancel in today[today["action"] == Action.CANCEL]:
                del resting[int(cancel["intent"])]
            for decision in today[np.isin(today["action"], ENTERING)]:
                lots = self.market.rules.specs.lot
                working = [o for o in resting.values() if o.leaves > 1e-6 * lots[o.symbol]]
                yield Consent(decision, working)
                resting[int(decision["intent"])] = Resting(
                    int(decision["symbol"]), float(decision["quantity"]), float(decision["price"])
                )

    def exposures(self, consent: Consent) -> np.ndarray | None:
        """Committed notional of each symbol at a decision (N); None where a mark is not known."""
        held = np.abs(self.quantity[consent.row])
        marks = self.marks[consent.row]
        if np.isnan(marks[held > 0.0]).any() or any(o.is_disturbed for o in consent.resting):
            return None
        exposure = held * np.where(held > 0.0, marks, 0.0)
        for order in consent.resting:
            exposure[order.symbol] += order.leaves * order.price
        return exposure

    def day_starts(self) -> np.ndarray:
        """Equity at which each row's day began, money in and out counted in (R); NaN: unknown."""
        starts = np.empty(self.rows)
        equity, flows = self.run.equity, self.run.flows
        start = self.market.cash
        for row in range(self.rows):
            if self.rolls[row]:
                start = equity[row - 1] if row > 0 else self.market.cash
            paid_in = flows[(flows["row"] == row) & (flows["kind"] == CashKind.DEPOSIT)]
            start += float(paid_in["amount"].sum())
            if any(kind is Happening.MANUAL for _, kind in self.happened.get(row, [])):
                start = np.nan  # a trade by hand moves it by what it makes at once
            starts[row] = start
        return starts

    def trips(self) -> Iterator[Trip]:
        """Round trips of the symbols that nothing ever happened to."""
        touched = {symbol for events in self.happened.values() for symbol, _ in events}
        for symbol in set(range(self.symbols)) - touched:
            yield from self._trips_of(symbol)

    def _trips_of(self, symbol: int) -> Iterator[Trip]:
        held = paid = entered = 0.0
        opened = -1
        dust = 1e-6 * self.market.rules.specs.lot[symbol]
        for fill in self.run.fills[self.run.fills["symbol"] == symbol]:
            notional = float(fill["quantity"] * fill["price"])
            if held == 0.0:
                opened, paid, entered = int(fill["row"]), 0.0, 0.0
            held += float(fill["side"] * fill["quantity"])
            paid += float(fill["side"]) * notional + float(fill["fee"])
            entered += notional if fill["role"] == Role.ENTRY else 0.0
            if abs(held) < dust:
                held = 0.0
                yield Trip(symbol, opened, int(fill["row"]), -paid / entered)
