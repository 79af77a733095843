"""Identity: which instrument a ticker meant on a given day.

A company changes its ticker, and a ticker passes to another company. An instrument's id is the last
ticker it had; where several had the same one, the latest keeps it and an earlier one is named with
the year it began: FB and FB@1999. Bars of a mapped ticker on days of which the map says nothing
belong to somebody else: USO@until-2006, FB@after-2003.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np

from greenlight.domain import (
    CorporateAction,
    Delisting,
    SpinOff,
    StockMerger,
    TickerChange,
    UserError,
)
from greenlight.market.arrays import I64
from greenlight.market.tables import day_number, read_table

FAR = date(2050, 1, 1)  # maps of this style write a date beyond it for "still so"


@dataclass(frozen=True, slots=True)
class Life:
    """A ticker that an instrument had from its first to its last day, both included."""

    instrument: str
    ticker: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class TickerMap:
    """Every life of every ticker; `ids` names the instrument of each security of the map."""

    lives: tuple[Life, ...]
    ids: Mapping[str, str]

    def identify(self, tickers: Sequence[str], session: I64) -> list[str]:
        """Instrument of each bar of a per-ticker file, given its ticker and session (shape T).

        A ticker that the map does not name is its own instrument.
        """
        names = np.array(tickers, dtype=np.object_)
        out = names.copy()
        mapped = {life.ticker for life in self.lives}
        for ticker in sorted(mapped.intersection(tickers)):
            rows = np.flatnonzero(names == ticker)
            out[rows] = self._holders(ticker, session[rows])
        return [str(name) for name in out]

    def changes(self) -> tuple[TickerChange, ...]:
        """The change to each ticker that an instrument took up later in its life."""
        ordered = sorted(self.lives, key=lambda life: (life.instrument, life.first))
        return tuple(
            TickerChange(after.instrument, after.first, after.ticker)
            for before, after in pairwise(ordered)
            if before.instrument == after.instrument
        )

    def delistings(self) -> tuple[Delisting, ...]:
        """The end of each instrument that the map says has ended; proceeds unknown."""
        last = {
            name: max(x.last for x in self.lives if x.instrument == name)
            for name in self.ids.values()
        }
        return tuple(
            Delisting(name, day + timedelta(days=1))
            for name, day in sorted(last.items())
            if day < FAR
        )

    def renamed(self, actions: Iterable[CorporateAction]) -> tuple[CorporateAction, ...]:
        """The actions with the map's securities, wherever they stand, named as instruments."""
        return tuple(self._renamed(action) for action in actions)

    def _renamed(self, action: CorporateAction) -> CorporateAction:
        own = self.ids.get(action.symbol, action.symbol)
        match action:
            case StockMerger(acquirer=other):
                return replace(action, symbol=own, acquirer=self.ids.get(other, other))
            case SpinOff(child=other):
                return replace(action, symbol=own, child=self.ids.get(other, other))
            case _:
                return replace(action, symbol=own)

    def _holders(self, ticker: str, session: I64) -> list[str]:
        lives = sorted((x for x in self.lives if x.ticker == ticker), key=lambda life: life.first)
        starts = np.array([day_number(life.first) for life in lives], dtype=np.int64)
        place = np.searchsorted(starts, session, side="right") - 1
        holders = []
        for at, day in zip(place.tolist(), session.tolist(), strict=True):
            if at >= 0 and day <= day_number(lives[at].last):
                holders.append(lives[at].instrument)
            elif at + 1 < len(lives):
                holders.append(f"{ticker}@until-{lives[at + 1].first.year}")
            else:
                holders.append(f"{ticker}@after-{lives[at].last.year}")
        return holders

    @classmethod
    def of(cls, rows: Iterable[tuple[str, date | None, str]]) -> "TickerMap":
        """From (security, last date on the ticker, ticker); None or 2050 and later: still so.

        The first row of a security says with which ticker and on which day it began. Raises
        UserError for a security of one row and for a ticker that two securities have on one day.
        """
        by_security: dict[str, list[tuple[date, str]]] = {}
        for security, last, ticker in rows:
            by_security.setdefault(security, []).append((last or date.max, ticker))
        for security, own in by_security.items():
            own.sort(key=lambda row: row[0])
            if len(own) < 2:
                raise UserError(
                    f"ticker map: {security} has one row; the first says when it began, "
                    "the next until when it had which ticker"
                )
        ids = _ids(by_security)
        lives = [
            Life(ids[security], ticker, _first_day(own, at), last)
            for security, own in by_security.items()
            for at, (last, ticker) in enumerate(own)
            if at > 0
        ]
        lives.sort(key=lambda life: (life.ticker, life.first))
        for before, after in pairwise(lives):
            if before.ticker == after.ticker and after.first <= before.last:
                raise UserError(
                    f"ticker map: on {after.first} {after.ticker} is both "
                    f"{before.instrument} and {after.instrument}"
                )
        return cls(tuple(lives), ids)


def read_ticker_map(path: Path | str) -> TickerMap:
    """From CSV or Parquet with columns security, last_date, ticker. Raises UserError."""
    table = read_table(path)
    securities, tickers = table.text("security"), table.text("ticker")
    days = table.days_or_none("last_date")
    with table.blamed():
        return TickerMap.of(zip(securities, days, tickers, strict=True))


def _first_day(own: list[tuple[date, str]], at: int) -> date:
    return own[0][0] if at == 1 else own[at - 1][0] + timedelta(days=1)


def _ids(by_security: Mapping[str, list[tuple[date, str]]]) -> dict[str, str]:
    """Last tickers, latest holder first; then by year of the first day, or the day if need be."""
    ids: dict[str, str] = {}
    taken: set[str] = set()
    latest_first = sorted(
        by_security.items(), key=lambda item: (item[1][-1][0], item[0]), reverse=True
    )
    for security, own in latest_first:
        ticker, began = own[-1][1], own[0][0]
        names = (ticker, f"{ticker}@{began.year}", f"{ticker}@{began}")
        free = next((name for name in names if name not in taken), None)
        if free is None:
            raise UserError(f"ticker map: two securities began as {ticker} on {began}")
        ids[security] = free
        taken.add(free)
    return ids
