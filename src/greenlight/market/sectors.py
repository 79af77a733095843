"""Sectors: what business a symbol was in on which days, as a dated list said."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import UserError
from greenlight.market.arrays import I64
from greenlight.market.tables import day_number, day_of, read_table

Changes = tuple[tuple[int, str | None], ...]


@dataclass(frozen=True, slots=True)
class Sectors:
    """Changes of each symbol, ascending: from that session on, the sector; None: unknown again."""

    by_symbol: Mapping[str, Changes]

    def at(self, symbol: str, session: int) -> str | None:
        """Sector of `symbol` on `session` (days since the epoch), None where unknown."""
        known: str | None = None
        for start, name in self.by_symbol.get(symbol, ()):
            if start > session:
                break
            known = name
        return known

    def changes(self, symbol: str) -> Changes:
        """(session, sector) pairs, ascending; empty for a symbol of which nothing is known."""
        return self.by_symbol.get(symbol, ())

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, date, date | None]]) -> "Sectors":
        """From (symbol, sector, from, to); `to` is the first day it no longer holds, None: open.

        Raises UserError for an empty span and for spans of a symbol that overlap.
        """
        spans: dict[str, list[tuple[int, int | None, str]]] = {}
        for symbol, name, start, end in rows:
            if end is not None and end <= start:
                raise UserError(f"sectors: {symbol} {name} ends on {end}, not after {start}")
            after = None if end is None else day_number(end)
            spans.setdefault(symbol, []).append((day_number(start), after, name))
        return cls({symbol: _changes(symbol, own) for symbol, own in sorted(spans.items())})


def read_sectors(path: Path | str) -> Sectors:
    """From CSV or Parquet: symbol, sector, from and, if spans end, to. Raises UserError."""
    table = read_table(path)
    symbols, names = table.text("symbol", "ticker"), table.text("sector")
    starts, ends = table.days("from", "start_date"), table.days_or_none("to", "end_date")
    with table.blamed():
        return Sectors.of(zip(symbols, names, starts, ends, strict=True))


def sector_names(changes: Changes, session: I64) -> NDArray[np.str_]:
    """Sector on each `session` (shape T), empty text where unknown."""
    starts = np.array([start for start, _ in changes], dtype=np.int64)
    names = np.array(["" if name is None else name for _, name in changes] + [""], dtype=np.str_)
    return names[np.searchsorted(starts, session, side="right") - 1]


def _changes(symbol: str, spans: list[tuple[int, int | None, str]]) -> Changes:
    """A span that ends where none begins leaves the sector unknown; the next ends an open one."""
    spans.sort(key=lambda span: span[0])
    changes: list[tuple[int, str | None]] = []
    for place, (start, end, name) in enumerate(spans):
        changes.append((start, name))
        following = spans[place + 1][0] if place + 1 < len(spans) else None
        if following == start or (following is not None and end is not None and end > following):
            raise UserError(f"sectors: {symbol} has two sectors on {day_of(following)}")
        if end is not None and end != following:
            changes.append((end, None))
    return tuple(changes)
