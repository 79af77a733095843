"""Stored days told as if they were others: for bots that ask by the machine's own clock.

Stocks move by sessions (the n-th before a day stays the n-th before another), coins by days.
Times within a session stay; what does not fit into a half day is left out.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from greenlight.brokers.exchange.hours import hours
from greenlight.domain import CashDividend, Split, UserError
from greenlight.market import Bars, History

_EPOCH = 719_163  # ordinal of 1970-01-01


def shifted(history: History, day: int, onto: int) -> History:
    """A history in which what was stored of `day` is told of `onto`; days since the epoch.

    Both are sessions of the stock market. Other actions than splits and dividends are dropped.
    Raises UserError where one is none, or where nothing is left.
    """
    known = np.array([one.day for one in hours("XNYS").between(-40_000, 47_000)])
    first, second = (int(np.searchsorted(known, one)) for one in (day, onto))
    if known[first] != day or known[second] != onto:
        raise UserError("only a session can be told as another one")
    moves = {"XNYS": second - first, "24/7": onto - day}
    blocks = [_moved(block, moves[block.calendar]) for block in history.blocks]
    left = tuple(block for block in blocks if block.count > 0)
    if not left:
        raise UserError("no stored bar can be told of these days")
    actions = _moved_actions(history.actions, known, second - first)
    symbols = {symbol for block in left for symbol in block.symbols}
    instruments = {s: one for s, one in history.instruments.items() if s in symbols}
    return replace(history, blocks=left, actions=actions, instruments=instruments, references=())


def _moved(block: Bars, by: int) -> Bars:
    market = hours(block.calendar)
    span = market.between(int(block.session[0]) - 1, int(block.session[-1]) + 1)
    own = {one.day: one for one in span}
    everything = market.between(-40_000, 47_000)
    place = {one.day: n for n, one in enumerate(everything)}
    opens, closes, days, keep = [], [], [], []
    for row, day in enumerate(block.session.tolist()):
        old, new = own[day], everything[place[day] + by]
        begin = new.open_ts + int(block.open_ts[row]) - old.open_ts
        end = min(new.close_ts, new.open_ts + int(block.close_ts[row]) - old.open_ts)
        is_whole = int(block.close_ts[row]) == old.close_ts
        keep.append(begin < new.close_ts)
        opens.append(begin)
        closes.append(new.close_ts if is_whole else end)
        days.append(new.day)
    rows = np.array(keep)
    values = {
        name: getattr(block, name)[rows] for name in ("open", "high", "low", "close", "volume")
    }
    return replace(
        block,
        open_ts=np.array(opens, dtype=np.int64)[rows],
        close_ts=np.array(closes, dtype=np.int64)[rows],
        session=np.array(days, dtype=np.int64)[rows],
        **values,
    )


def _moved_actions(
    actions: Sequence[object], known: "np.ndarray[tuple[int], np.dtype[np.int64]]", by: int
) -> tuple[Split | CashDividend, ...]:
    moved = []
    for action in actions:
        if isinstance(action, Split | CashDividend):
            at = int(np.searchsorted(known, action.ex_date.toordinal() - _EPOCH))
            day = date.fromordinal(int(known[at + by]) + _EPOCH)
            moved.append(replace(action, ex_date=day))
    return tuple(moved)
