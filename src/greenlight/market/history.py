"""History: all that is known about a universe of symbols."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields, replace
from datetime import date
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import CorporateAction, Instrument, UserError
from greenlight.market.actions import checked_actions, refuse_contradictions
from greenlight.market.bars import Bars
from greenlight.market.facts import NO_FACTS, Facts
from greenlight.market.membership import Membership
from greenlight.market.names import nearest
from greenlight.market.sectors import Sectors
from greenlight.market.tables import day_number, day_of


@dataclass(frozen=True, slots=True)
class History:
    """Bars by block, and what belongs to them.

    `instruments` by symbol, one for each column of `blocks`; `references` are series that are read
    but not traded (indices); `source` says in words where it all came from. A symbol stands in one
    block only. Raises UserError where these do not fit together.
    """

    blocks: tuple[Bars, ...]
    instruments: Mapping[str, Instrument]
    actions: tuple[CorporateAction, ...] = ()
    membership: Membership | None = None
    sectors: Sectors | None = None
    facts: Facts = NO_FACTS
    references: tuple[Bars, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for symbol in self.symbols:
            if symbol in seen:
                raise UserError(
                    f"history: {symbol} stands in two blocks; choose one time frame of it"
                )
            if symbol not in self.instruments:
                raise UserError(f"history: {symbol} has bars but no instrument")
            seen.add(symbol)
        declared = {s: b.adjustment for b in (*self.references, *self.blocks) for s in b.symbols}
        refuse_contradictions(checked_actions(self.actions), declared)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Every symbol that can be traded, block after block."""
        return tuple(symbol for block in self.blocks for symbol in block.symbols)

    def sector_numbers(self) -> dict[str, int]:
        """Each sector the symbols ever belong to, numbered in order of the names."""
        if self.sectors is None:
            return {}
        changes = [self.sectors.changes(symbol) for symbol in self.symbols]
        names = sorted({name for own in changes for _, name in own if name is not None})
        return {name: number for number, name in enumerate(names)}

    def block_of(self, symbol: str) -> Bars:
        """The block that has `symbol`. Raises UserError naming the nearest symbol."""
        for block in self.blocks:
            if symbol in block.symbols:
                return block
        raise UserError(f"unknown symbol {symbol}: {nearest(symbol, self.symbols)}")

    def actions_by_symbol(self) -> dict[str, list[CorporateAction]]:
        """Corporate actions of each symbol that has any, in the order given."""
        grouped: dict[str, list[CorporateAction]] = {}
        for action in self.actions:
            grouped.setdefault(action.symbol, []).append(action)
        return grouped

    def only(self, symbols: Iterable[str]) -> "History":
        """Only these symbols, in the order they have here, and only rows in which one has a bar.

        References, facts, membership and sectors stay. Raises UserError for an unknown symbol.
        """
        chosen = set(symbols)
        if not chosen:
            raise UserError("no symbol was chosen")
        for symbol in sorted(chosen):
            self.block_of(symbol)
        blocks = [_columns(block, chosen) for block in self.blocks if chosen & set(block.symbols)]
        return replace(
            self,
            blocks=tuple(blocks),
            instruments={s: i for s, i in self.instruments.items() if s in chosen},
            actions=tuple(action for action in self.actions if action.symbol in chosen),
        )

    def between(self, start: date | None, end: date | None) -> "History":
        """Only bars whose session lies in [start, end]; actions, facts and references stay whole.

        Raises UserError when no bar is left.
        """
        first = -np.inf if start is None else day_number(start)
        last = np.inf if end is None else day_number(end)
        kept = []
        for block in self.blocks:
            rows = (block.session >= first) & (block.session <= last)
            if np.any(rows):
                kept.append(_rows(block, rows))
        if not kept:
            raise UserError(
                f"no bars from {start or 'the start'} to {end or 'the end'}; {self._span()}"
            )
        left = {symbol for block in kept for symbol in block.symbols}
        instruments = {s: i for s, i in self.instruments.items() if s in left}
        return replace(self, blocks=tuple(kept), instruments=instruments)

    def fingerprint(self) -> str:
        """SHA-256 of every array and table in it, as hex; where it came from does not count."""
        digest = hashlib.sha256()
        for role, blocks in (("block", self.blocks), ("reference", self.references)):
            for block in blocks:
                digest.update(role.encode())
                _feed_bars(digest, block)
        for lines in (
            sorted(_line(instrument) for instrument in self.instruments.values()),
            sorted(_line(action) for action in self.actions),
            [] if self.membership is None else sorted(map(repr, self.membership.spells.items())),
            [] if self.sectors is None else sorted(map(repr, self.sectors.by_symbol.items())),
        ):
            _feed_lines(digest, lines)
        for key, series in sorted(self.facts.series.items()):
            _feed_lines(digest, [key, series.source])
            for array in (series.event_time, series.available_at, series.value):
                _feed_array(digest, array)
        return digest.hexdigest()

    def _span(self) -> str:
        sessions = [block.session for block in self.blocks if block.count > 0]
        if not sessions:
            return "there are none at all"
        first, last = min(int(s[0]) for s in sessions), max(int(s[-1]) for s in sessions)
        return f"there are bars from {day_of(first)} to {day_of(last)}"


_TIMES = ("open_ts", "close_ts", "session")
_VALUES = ("open", "high", "low", "close", "volume")


def _columns(block: Bars, chosen: set[str]) -> Bars:
    keep = [column for column, symbol in enumerate(block.symbols) if symbol in chosen]
    symbols = tuple(block.symbols[column] for column in keep)
    arrays = {name: getattr(block, name)[:, keep] for name in _VALUES}
    narrow = replace(block, symbols=symbols, **arrays)
    return _rows(narrow, ~np.all(np.isnan(narrow.close), axis=1))


def _rows(block: Bars, rows: NDArray[np.bool_]) -> Bars:
    return replace(block, **{name: getattr(block, name)[rows] for name in (*_TIMES, *_VALUES)})


def _feed_bars(digest: "hashlib._Hash", block: Bars) -> None:
    words = (block.calendar, block.timeframe, block.adjustment, str(block.closes_only))
    _feed_lines(digest, [*words, *block.symbols])
    for name in (*_TIMES, *_VALUES):
        _feed_array(digest, getattr(block, name))


def _feed_lines(digest: "hashlib._Hash", lines: list[str]) -> None:
    """Text whose boundaries count: the number of lines, and each with its length."""
    digest.update(f"{len(lines)};".encode())
    for line in lines:
        data = line.encode()
        digest.update(f"{len(data)}:".encode() + data)


def _feed_array(digest: "hashlib._Hash", array: NDArray[np.float64] | NDArray[np.int64]) -> None:
    """Shape, type and bytes; every NaN counts as the same one."""
    digest.update(f"{array.dtype.str}{array.shape}".encode())
    if array.dtype.kind == "f":
        array = np.where(np.isnan(array), np.nan, array)
    digest.update(np.ascontiguousarray(array).tobytes())


def _line(record: Instrument | CorporateAction) -> str:
    """A record as text; 4 and 4.0 are the same number."""
    values = (
        str(value.normalize()) if isinstance(value, Decimal) else str(value)
        for value in astuple(record)
    )
    names = (field.name for field in fields(record))
    return "|".join(
        [type(record).__name__, *(f"{n}={v}" for n, v in zip(names, values, strict=True))]
    )
