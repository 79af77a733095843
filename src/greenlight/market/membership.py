"""Membership: which symbols belonged to the universe on which days."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import UserError
from greenlight.market.arrays import I64
from greenlight.market.tables import day_number, day_of, read_table

OPEN_END = 1 << 31  # session number of a spell that has not ended


@dataclass(frozen=True, slots=True)
class Membership:
    """Spells of each symbol as (from, to) session numbers: member while from <= session < to."""

    spells: Mapping[str, tuple[tuple[int, int], ...]]

    def flags(self, symbol: str, session: I64) -> NDArray[np.bool_]:
        """Whether `symbol` was a member on each `session` (days since the epoch, shape T)."""
        member = np.zeros(len(session), dtype=np.bool_)
        for start, end in self.spells.get(symbol, ()):
            member |= (session >= start) & (session < end)
        return member

    @classmethod
    def of(cls, rows: Iterable[tuple[str, date, date | None]]) -> "Membership":
        """From (symbol, from, to) rows; `to` is the first day after the spell, None while it lasts.

        Raises UserError for an empty spell and for two spells of a symbol that overlap.
        """
        spells: dict[str, list[tuple[int, int]]] = {}
        for symbol, start, end in rows:
            first, after = day_number(start), OPEN_END if end is None else day_number(end)
            if after <= first:
                raise UserError(
                    f"membership: {symbol} leaves on {end}, not after it joins on {start}"
                )
            spells.setdefault(symbol, []).append((first, after))
        for symbol, own in spells.items():
            own.sort()
            for (_, end_before), (start_after, _) in pairwise(own):
                if start_after < end_before:
                    raise UserError(
                        f"membership: {symbol} joins on {day_of(start_after)} while it is a member"
                    )
        return cls({symbol: tuple(own) for symbol, own in sorted(spells.items())})


def read_membership(path: Path | str) -> Membership:
    """From CSV or Parquet: symbol, from, to (or ticker, start_date, end_date). Raises UserError."""
    table = read_table(path)
    symbols = table.text("symbol", "ticker")
    starts, ends = table.days("from", "start_date"), table.days_or_none("to", "end_date")
    with table.blamed():
        return Membership.of(zip(symbols, starts, ends, strict=True))
