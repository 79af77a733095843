"""Facts: what the world said beside prices, as it was known at any moment.

A fact may be revised: the same event stated again later. As of a moment, a key has the value of its
newest event known by then, in the latest revision known by then. A late revision of an older event
therefore never hides a newer one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import Fact, UserError
from greenlight.market.arrays import F64, I64
from greenlight.market.tables import read_table


@dataclass(frozen=True, slots=True)
class Series:
    """The statements of one key in the order in which they became available; times in ns UTC."""

    source: str
    event_time: I64
    available_at: I64
    value: F64

    def current(self) -> tuple[I64, F64]:
        """The statements that changed the key's value when they came: (available_at, value)."""
        newest = np.maximum.accumulate(self.event_time)
        rows = np.flatnonzero(self.event_time == newest)
        return self.available_at[rows], self.value[rows]

    def until(self, ts: int) -> "Series":
        """The statements available by `ts`."""
        count = int(np.searchsorted(self.available_at, ts, side="right"))
        return Series(
            self.source, self.event_time[:count], self.available_at[:count], self.value[:count]
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """All facts of a history, one series a key."""

    series: Mapping[str, Series]

    def keys(self) -> tuple[str, ...]:
        """Keys that have at least one statement, in order."""
        return tuple(sorted(self.series))

    def as_of(self, key: str, ts: I64) -> F64:
        """Value of `key` at each moment of `ts` (ns UTC, shape T); NaN where nothing was known."""
        known = self.series.get(key)
        if known is None:
            return np.full(len(ts), np.nan)
        available_at, value = known.current()
        return last_known(available_at, value, ts)

    def until(self, ts: int) -> "Facts":
        """Only what was available by `ts`; a key of which nothing was is gone."""
        cut = {key: series.until(ts) for key, series in self.series.items()}
        return Facts({key: series for key, series in cut.items() if len(series.value) > 0})

    def joined(self, other: "Facts") -> "Facts":
        """Both stores as one. Raises UserError for a key that both have."""
        for key in self.series.keys() & other.series.keys():
            raise UserError(f"facts: {key} comes from two places; give one of them another key")
        return Facts({**self.series, **other.series})

    @classmethod
    def of(cls, facts: Iterable[Fact]) -> "Facts":
        """From Fact objects. Raises UserError as `from_columns` does."""
        rows = list(facts)
        return cls.from_columns(
            [fact.source for fact in rows],
            [fact.key for fact in rows],
            np.array([fact.event_time for fact in rows], dtype=np.int64),
            np.array([fact.available_at for fact in rows], dtype=np.int64),
            np.array([fact.value for fact in rows], dtype=np.float64),
        )

    @classmethod
    def from_columns(
        cls, source: list[str], key: list[str], event_time: I64, available_at: I64, value: F64
    ) -> "Facts":
        """From columns; the rows of a key in order of availability, or of event and revision.

        Raises UserError for a value that is not finite, a fact available before it happened, a
        statement that stands twice, rows out of order and a key with two sources.
        """
        rows_of: dict[str, list[int]] = {}
        for row, name in enumerate(key):
            rows_of.setdefault(name, []).append(row)
        series: dict[str, Series] = {}
        for name, chosen in rows_of.items():
            rows = np.array(chosen, dtype=np.int64)
            sources = sorted({source[row] for row in chosen})
            if len(sources) > 1:
                places = " and ".join(sources)
                raise UserError(f"facts: {name} comes from {places}; give one another key")
            series[name] = _checked(
                name, Series(sources[0], event_time[rows], available_at[rows], value[rows])
            )
        return cls(series)


NO_FACTS = Facts({})


def read_facts(path: Path | str) -> Facts:
    """Facts from CSV or Parquet with columns source, key, event_time, available_at, value.

    Times: ISO text (UTC where no zone is given) or whole ns UTC. Raises UserError.
    """
    table = read_table(path)
    source, key = table.text("source"), table.text("key")
    event_time, available_at = table.instants("event_time"), table.instants("available_at")
    value = table.numbers("value")
    with table.blamed():
        return Facts.from_columns(source, key, event_time, available_at, value)


def last_known(known_at: I64, value: F64, ts: I64) -> F64:
    """Last `value` with `known_at` <= each `ts`, NaN before the first; `known_at` ascending."""
    at = np.searchsorted(known_at, ts, side="right") - 1
    padded = np.concatenate((value, [np.nan]))  # index -1, before the first, reads the NaN
    return padded[at]


def _checked(key: str, series: Series) -> Series:
    """The series in order of availability; raises UserError for the first defect."""
    event, known, value = series.event_time, series.available_at, series.value
    _refuse(key, event, ~np.isfinite(value), "has a value that is not a finite number")
    _refuse(key, event, known < event, "is available before it happened")
    by_event = np.lexsort((known, event))
    twice = np.zeros(len(event), dtype=np.bool_)
    twice[by_event[1:]] = (np.diff(event[by_event]) == 0) & (np.diff(known[by_event]) == 0)
    _refuse(key, event, twice, "stands twice with the same available_at")
    in_order = np.diff(known) >= 0
    if not (np.all(in_order) or np.array_equal(by_event, np.arange(len(event)))):
        late = np.concatenate(([False], ~in_order))
        _refuse(key, event, late, "is out of order; sort by available_at")
    order = np.lexsort((event, known))
    arrays = (event[order], known[order], value[order])
    for array in arrays:
        array.flags.writeable = False
    return Series(series.source, *arrays)


def _refuse(key: str, event: I64, bad: NDArray[np.bool_], what: str) -> None:
    rows = np.flatnonzero(bad)
    if len(rows) > 0:
        when = np.datetime64(int(event[rows[0]]), "ns").astype("datetime64[s]")
        raise UserError(f"facts: {key} of {when} {what}")
