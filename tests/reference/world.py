"""What the reference is given: bars, forecasts, conditions, limits, costs; and the rounding."""

from dataclasses import dataclass
from math import ceil, floor, isinf, isnan, sqrt

import numpy as np

from greenlight.engine.limits import Costs, Limits, Specs
from greenlight.engine.tape import F32, F64, Conditions, Tape
from reference.book import Now


@dataclass(frozen=True)
class Row:
    """One bar time of one block."""

    number: int
    open_ts: int
    close_ts: int
    session: int
    elapsed: int
    at: int
    base: int
    first: int
    width: int

    @property
    def symbols(self) -> range:
        """The symbols of the row's block."""
        return range(self.first, self.first + self.width)

    @property
    def now(self) -> Now:
        """What the logs need of it."""
        return Now(self.number, self.open_ts, self.close_ts, self.session, self.elapsed)


@dataclass(frozen=True)
class Bar:
    """One symbol in one row."""

    row: Row
    symbol: int
    cell: int
    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass(frozen=True)
class World:
    """Everything that is read and never written."""

    tape: Tape
    scores: F32
    specs: Specs
    limits: Limits
    costs: Costs
    conditions: Conditions | None
    rates: F64 | None

    @property
    def is_full(self) -> bool:
        """Full pattern: what is known beyond the bars takes part."""
        return self.conditions is not None

    def row(self, number: int) -> Row:
        """The row of that number."""
        tape = self.tape
        fields = (tape.open_ts, tape.close_ts, tape.session, tape.elapsed)
        places = (tape.at, tape.base, tape.first, tape.width)
        return Row(number, *(int(column[number]) for column in fields + places))

    def bar(self, row: Row, symbol: int) -> Bar | None:
        """The symbol's bar of this row; None when it is not present."""
        if symbol not in row.symbols:
            return None
        cell = row.base + symbol - row.first
        tape = self.tape
        if isnan(tape.close[cell]):
            return None
        prices = (tape.open, tape.high, tape.low, tape.close, tape.volume)
        return Bar(row, symbol, cell, *(float(column[cell]) for column in prices))

    def score(self, bar: Bar) -> float:
        """Score of the cell, 0..100."""
        return float(self.scores[bar.cell])

    def sigma(self, cell: int) -> float:
        """Sigma of a cell; NaN where unknown."""
        return float("nan") if self.conditions is None else float(self.conditions.sigma[cell])

    def sigma_before(self, bar: Bar) -> float:
        """Sigma at the symbol's last close before this bar."""
        for back in range(1, bar.row.at + 1):
            cell = bar.cell - back * bar.row.width
            if not isnan(self.tape.close[cell]):
                return self.sigma(cell)
        return float("nan")

    def lot_floor(self, symbol: int, quantity: float) -> float:
        """Whole lots, down."""
        if isinf(quantity):
            return quantity
        lot = float(self.specs.lot[symbol])
        return floor(quantity / lot + 1e-9) * lot

    def lot_ceil(self, symbol: int, quantity: float) -> float:
        """Whole lots, up."""
        lot = float(self.specs.lot[symbol])
        return ceil(quantity / lot - 1e-9) * lot

    def tick_round(self, symbol: int, price: float) -> float:
        """The nearest tick; a half goes up."""
        tick = float(self.specs.tick[symbol])
        return price if tick == 0.0 else floor(price / tick + 0.5) * tick

    def fee(self, bar: Bar, side: int, quantity: float, price: float) -> float:
        """Commission, and on sells what the regulators take (section 3.1)."""
        costs, symbol = self.costs, bar.symbol
        notional = quantity * price
        per_share, percent = float(costs.per_share[symbol]), float(costs.percent[symbol])
        fee = max(float(costs.minimum[symbol]), per_share * quantity + percent * notional)
        if side < 0 and costs.regulatory[symbol]:
            fee += self._regulatory(bar.row.close_ts, quantity, notional)
        return fee

    def _regulatory(self, close_ts: int, quantity: float, notional: float) -> float:
        costs = self.costs
        in_force = np.flatnonzero(costs.fee_from <= close_ts)
        if in_force.size == 0:
            return 0.0
        k = int(in_force[-1])
        taf = min(float(costs.taf_rate[k]) * quantity, float(costs.taf_cap[k]))
        return float(costs.sec_rate[k]) * notional + taf

    def taker_price(self, bar: Bar, side: int, quantity: float, reference: float) -> float:
        """What a market or stop order pays or receives around the reference price."""
        costs, symbol = self.costs, bar.symbol
        worse = float(costs.half_spread[symbol]) + float(costs.slippage[symbol])
        worse += self._impact(bar, quantity)
        return reference * (1 + side * worse)

    def _impact(self, bar: Bar, quantity: float) -> float:
        if not self.is_full:
            return 0.0
        sigma = self.sigma_before(bar)
        if isnan(sigma) or isnan(bar.volume) or bar.volume <= 0.0:
            return 0.0
        return float(self.costs.impact[bar.symbol]) * sigma * sqrt(quantity / bar.volume)
