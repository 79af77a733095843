"""Two records of one stretch, a run's and the backtester's, held against each other.

Every difference is named with its cause; what only follows from an earlier one says so. Entries are
paired by symbol and the close they were decided at, fills by the entry behind them and their role.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import Action, BarsClosed, Reason, Role, Side

_ACTS = (Action.ENTER, Action.ADD, Action.EXIT, Action.TRIM)
_CLOSE = 1e-9  # relative; prices and scores nearer than this are the same
_NEAR_NS = 5 * 86_400_000_000_000


class Cause(StrEnum):
    """Why two runs differ."""

    DATA = "data"
    TIMING = "timing"
    PRICE = "fill price"
    COST = "cost"
    SIZE = "size"
    MISSING = "missing"
    FOLLOWS = "follows"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference; money: what the run made more than the backtest because of it."""

    ts: int
    symbol: str
    cause: Cause
    text: str
    money: float = 0.0


class Cell(NamedTuple):
    """One bar of one symbol, and its score."""

    open: float
    high: float
    low: float
    close: float
    score: float


@dataclass(slots=True)
class Account:
    """One side: decisions and fills (engine/logs.py), and the bars they were made on."""

    symbols: tuple[str, ...]
    firsts: tuple[int, ...]
    decisions: NDArray[Any]
    fills: NDArray[Any]
    equity: float
    cells: dict[tuple[int, int], Cell] = field(default_factory=dict)
    closes: dict[tuple[int, int], int] = field(default_factory=dict)  # of a bar, by its open

    def see(self, bars: Iterable[BarsClosed]) -> None:
        """Take down the bars of each symbol by their close."""
        for bar in bars:
            columns = (bar.open, bar.high, bar.low, bar.close, bar.score)
            for column in np.flatnonzero(~np.isnan(bar.close)):
                values = (float(values[column]) for values in columns)
                symbol = self.firsts[bar.block] + int(column)
                self.cells[symbol, bar.time.close_ts] = Cell(*values)
                self.closes[symbol, bar.time.open_ts] = bar.time.close_ts

    def numbered(self, symbols: tuple[str, ...]) -> "Account":
        """The same with symbols in another order."""
        if symbols == self.symbols:
            return self
        number = np.array([symbols.index(name) for name in self.symbols])
        made = Account(symbols, (), self.decisions.copy(), self.fills.copy(), self.equity)
        for log in (made.decisions, made.fills):
            known = log["symbol"] >= 0
            log["symbol"][known] = number[log["symbol"][known]]
        made.cells = {(int(number[one]), ts): cell for (one, ts), cell in self.cells.items()}
        made.closes = {(int(number[one]), ts): end for (one, ts), end in self.closes.items()}
        return made


class Traded(NamedTuple):
    """What filled for one entry and role. ts: of the first fill's bar."""

    ts: int
    side: int
    quantity: float
    price: float
    fee: float


@dataclass(frozen=True, slots=True)
class Compared:
    """The outcome; equity: run less backtest at the end."""

    differences: tuple[Difference, ...]
    decisions: int
    fills: int
    equity: float

    def by_cause(self) -> Mapping[Cause, tuple[int, float]]:
        """Number and money of each cause."""
        found = dict.fromkeys(Cause, (0, 0.0))
        for one in self.differences:
            count, money = found[one.cause]
            found[one.cause] = (count + 1, money + one.money)
        return found

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs."""
        return not self.differences and self.equity == 0.0


def compare(run: Account, backtest: Account) -> Compared:
    """Hold a run against the backtest of the same stretch."""
    return _Comparison(run, backtest).made()


class _Comparison:
    def __init__(self, run: Account, backtest: Account) -> None:
        self._run, self._back = run, backtest
        self._spoilt: dict[int, int] = {}  # from when on a symbol's state differs
        self._found: list[Difference] = []

    def made(self) -> Compared:
        self._compare_bars()
        decisions = self._compare_decisions()
        fills = self._compare_fills()
        found = tuple(sorted(self._found, key=lambda one: (one.ts, one.symbol)))
        return Compared(found, decisions, fills, self._run.equity - self._back.equity)

    def _note(self, ts: int, symbol: int, cause: Cause, text: str, money: float = 0.0) -> None:
        self._found.append(Difference(ts, self._run.symbols[symbol], cause, text, money))
        self._spoilt[symbol] = min(self._spoilt.get(symbol, ts), ts)

    def _compare_bars(self) -> None:
        """One line a symbol: how many bars differ, and how the first does."""
        ours, theirs = self._run.cells, self._back.cells
        wrong: dict[int, list[int]] = {}
        for symbol, ts in sorted(ours.keys() | theirs.keys(), key=lambda key: (key[0], key[1])):
            if not _same(ours.get((symbol, ts)), theirs.get((symbol, ts))):
                wrong.setdefault(symbol, []).append(ts)
        for symbol, when in wrong.items():
            ts = when[0]
            first = _bar_words(ours.get((symbol, ts)), theirs.get((symbol, ts)))
            self._found.append(
                Difference(
                    ts,
                    self._run.symbols[symbol],
                    Cause.DATA,
                    f"{len(when)} bars differ, here first: {first}",
                )
            )

    def _compare_decisions(self) -> int:
        """Entries and exits; returns how many agree whole."""
        ours, theirs = _acts(self._run.decisions), _acts(self._back.decisions)
        same = 0
        for key in sorted(ours.keys() | theirs.keys(), key=lambda key: (key[1], key[0])):
            symbol, ts, action = key
            here, there = ours.get(key), theirs.get(key)
            name = Action(action).name.lower()
            if here is not None and there is not None:
                if here["quantity"] == there["quantity"]:
                    same += 1
                    continue
                text = f"{name} of {here['quantity']:g} here, {there['quantity']:g} there"
                self._note(ts, symbol, self._cause(symbol, ts, Cause.SIZE), text)
                continue
            only, where = (here, "here") if here is not None else (there, "there")
            other, acts = (self._back, theirs) if there is None else (self._run, ours)
            assert only is not None  # noqa: S101  # the key came from one of them
            text = f"{name} of {only['quantity']:g} only {where}; {_instead(other, symbol, ts)}"
            moved = _is_near(acts, symbol, ts, action)
            cause = Cause.TIMING if moved else Cause.MISSING
            self._note(ts, symbol, self._cause(symbol, ts, cause), text)
        return same

    def _compare_fills(self) -> int:
        ours, theirs = _traded(self._run), _traded(self._back)
        same = 0
        for key in sorted(ours.keys() | theirs.keys()):
            symbol, role = key[0], Role(key[2]).name.lower()
            here, there = ours.get(key), theirs.get(key)
            if here is None or there is None:
                one, where = (here, "here") if here is not None else (there, "there")
                assert one is not None  # noqa: S101  # the key came from one of them
                verb = "bought" if one.side > 0 else "sold"
                text = f"{role}: {verb} {one.quantity:g} at {one.price:.4f} only {where}"
                cause = self._fill_cause(symbol, one.ts, Cause.MISSING)
                self._note(one.ts, symbol, cause, text)
                continue
            before = len(self._found)
            self._pair(symbol, role, here, there)
            same += len(self._found) == before
        return same

    def _pair(self, symbol: int, role: str, here: Traded, there: Traded) -> None:
        """Name what differs between two fills of the same order."""
        moved = Cause.DATA if self._is_other_bar(symbol, here.ts) else None
        if here.ts != there.ts:
            gap = (here.ts - there.ts) / 3.6e12
            text = f"{role}: {abs(gap):.1f} h {'later' if gap > 0 else 'earlier'} here"
            moved = self._fill_cause(symbol, there.ts, Cause.TIMING)
            self._note(here.ts, symbol, moved, text)
        if here.quantity != there.quantity:
            text = f"{role}: {here.quantity:g} filled here, {there.quantity:g} there"
            self._note(here.ts, symbol, self._fill_cause(symbol, here.ts, Cause.SIZE), text)
        if here.price != there.price:
            money = -here.side * (here.price - there.price) * here.quantity
            text = f"{role}: {_apart(here.price, there.price)}"
            name, cause = self._run.symbols[symbol], moved or Cause.PRICE
            self._found.append(Difference(here.ts, name, cause, text, money))
        if here.fee != there.fee:
            text = f"{role}: fee {_apart(here.fee, there.fee)}"
            name, cause = self._run.symbols[symbol], moved or Cause.COST
            self._found.append(Difference(here.ts, name, cause, text, there.fee - here.fee))

    def _is_other_bar(self, symbol: int, ts: int) -> bool:
        """Whether the bar that opened at `ts` is another on both sides."""
        close = self._run.closes.get((symbol, ts), self._back.closes.get((symbol, ts), ts))
        return not _same(
            self._run.cells.get((symbol, close)), self._back.cells.get((symbol, close))
        )

    def _fill_cause(self, symbol: int, ts: int, otherwise: Cause) -> Cause:
        """A fill follows from what was decided at the close before it; `ts` is its bar's open."""
        if self._is_other_bar(symbol, ts):
            return Cause.DATA
        return Cause.FOLLOWS if min(self._spoilt.values(), default=ts + 1) <= ts else otherwise

    def _cause(self, symbol: int, ts: int, otherwise: Cause) -> Cause:
        """Another bar is a cause before all; a state that differed already is the next."""
        if not _same(self._run.cells.get((symbol, ts)), self._back.cells.get((symbol, ts))):
            return Cause.DATA
        earlier = min(self._spoilt.values(), default=ts)
        return Cause.FOLLOWS if earlier < ts else otherwise


def _same(one: Cell | None, other: Cell | None) -> bool:
    if one is None or other is None:
        return one is other
    return bool(np.allclose(one, other, rtol=_CLOSE, atol=0.0, equal_nan=True))


def _apart(here: float, there: float) -> str:
    """Two numbers with as many places as tell them apart."""
    places = next((n for n in range(4, 12) if f"{here:.{n}f}" != f"{there:.{n}f}"), 12)
    return f"{here:.{places}f} here, {there:.{places}f} there"


def _bar_words(here: Cell | None, there: Cell | None) -> str:
    if here is None or there is None:
        return "no bar here" if here is None else "no bar there"
    for name, one, other in zip(Cell._fields, here, there, strict=True):
        if not np.isclose(one, other, rtol=_CLOSE, atol=0.0, equal_nan=True):
            return f"{name} {one:.6g} here, {other:.6g} there"
    return "the same"


def _acts(decisions: NDArray[Any]) -> dict[tuple[int, int, int], Any]:
    chosen = decisions[np.isin(decisions["action"], [int(act) for act in _ACTS])]
    return {(int(d["symbol"]), int(d["ts"]), int(d["action"])): d for d in chosen}


def _is_near(acts: Mapping[tuple[int, int, int], Any], symbol: int, ts: int, action: int) -> bool:
    """Whether the same was decided of the symbol at another close within some days."""
    return any(
        one == symbol and act == action and when != ts and abs(when - ts) <= _NEAR_NS
        for one, when, act in acts
    )


def _instead(other: Account, symbol: int, ts: int) -> str:
    """What the other side decided of the symbol at that close."""
    log = other.decisions
    rows = log[(log["symbol"] == symbol) & (log["ts"] == ts)]
    for row in rows:
        if int(row["action"]) == Action.REFUSE:
            return f"refused on the other side: {Reason(int(row['reason'])).name}"
    if (symbol, ts) not in other.cells:
        return "the other side had no bar"
    return f"nothing was decided on the other side (score {other.cells[symbol, ts].score:.1f})"


def _traded(account: Account) -> dict[tuple[int, int, int], Traded]:
    """Fills of each entry and role, together."""
    entered = {
        int(d["intent"]): int(d["ts"])
        for d in account.decisions
        if int(d["action"]) in (Action.ENTER, Action.ADD)
    }
    found: dict[tuple[int, int, int], Traded] = {}
    for key, fill in _keyed(account.fills, entered):
        price, quantity = float(fill["price"]), float(fill["quantity"])
        side, fee = int(Side(int(fill["side"]))), float(fill["fee"])
        if (one := found.get(key)) is None:
            found[key] = Traded(int(fill["ts"]), side, quantity, price, fee)
            continue
        total = one.quantity + quantity
        mean = (one.price * one.quantity + price * quantity) / total
        found[key] = Traded(one.ts, side, total, mean, one.fee + fee)
    return found


def _keyed(
    fills: NDArray[Any], entered: Mapping[int, int]
) -> Iterator[tuple[tuple[int, int, int], Any]]:
    for fill in fills:
        since = entered.get(int(fill["intent"]), 0)
        yield (int(fill["symbol"]), since, int(fill["role"])), fill
