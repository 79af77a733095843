"""From rows to sessions: what an account was worth at the end of each day."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from greenlight.analytics import bill_returns, simple_returns
from greenlight.domain import CashKind
from greenlight.engine import Run
from greenlight.scoring import F64, I64, Assembled, Seen

BOOL = NDArray[np.bool_]

_DUST = 1e-12


@dataclass(frozen=True, slots=True)
class Sessions:
    """A run by session (T): date labels, last row of each, returns, bills, exposure.

    `gross`: mean gross exposure over the session's rows, a fraction of equity. `held`: whether
    anything was held or traded. `observed`: sessions up to and with the end of a halted run.
    """

    label: I64
    last_row: I64
    equity: F64
    returns: F64
    bills: F64
    gross: F64
    held: BOOL
    observed: int

    def rows_of(self, start: int, stop: int) -> tuple[int, int]:
        """First and one past the last row of sessions start .. stop - 1."""
        first = 0 if start == 0 else int(self.last_row[start - 1]) + 1
        return first, (int(self.last_row[stop - 1]) + 1 if stop > 0 else 0)


def session_ends(sessions: I64) -> I64:
    """Last row of each session, from the never-falling labels of rows."""
    return np.append(np.flatnonzero(np.diff(sessions)), len(sessions) - 1)


def by_session(assembled: Assembled, run: Run, cash: float) -> Sessions:
    """Reduce a run to sessions. Deposits and withdrawals are no returns."""
    ends = session_ends(assembled.sessions)
    label = assembled.sessions[ends]
    equity = run.equity[ends]
    flows = _deposits(run, ends)
    rates = assembled.surroundings.rates
    rate = np.full(len(ends), np.nan) if rates is None else rates[ends]
    gross = gross_exposure(assembled, run)
    starts = np.concatenate(([0], ends[:-1] + 1))
    held = np.maximum.reduceat(gross, starts) > 0.0
    held[np.searchsorted(ends, run.fills["row"])] = True
    return Sessions(
        label=label,
        last_row=ends,
        equity=equity,
        returns=simple_returns(np.concatenate(([cash], equity)), flows),
        bills=bill_returns(rate, label),
        gross=np.add.reduceat(gross, starts) / np.diff(starts, append=len(gross)),
        held=held,
        observed=_observed(run, ends),
    )


def gross_exposure(assembled: Assembled, run: Run) -> F64:
    """Gross exposure of each row as a fraction of equity; 0 where there is no equity left."""
    is_short = np.any(run.decisions["side"][run.decisions["quantity"] > 0.0] < 0)
    invested = _gross(assembled, run) if is_short else run.equity - run.cash
    share = np.zeros(len(invested))
    np.divide(invested, run.equity, out=share, where=run.equity > 0.0)
    share[np.abs(share) < _DUST] = 0.0
    return share


def _gross(assembled: Assembled, run: Run) -> F64:
    """Sum of |quantity| * last close over the symbols, for each row."""
    rows = len(run.equity)
    total = np.zeros(rows)
    for one in assembled.seen:
        change = np.zeros(rows)
        own = run.fills[run.fills["symbol"] == one.symbol]
        np.add.at(change, own["row"], own["side"] * own["quantity"])
        moved = run.adjustments[run.adjustments["symbol"] == one.symbol]
        np.add.at(change, moved["row"], moved["after"] - moved["before"])
        if np.any(change):
            total += np.abs(np.cumsum(change)) * _last_close(assembled, one, rows)
    return total


def _last_close(assembled: Assembled, one: Seen, rows: int) -> F64:
    """Raw close of one symbol as of each row of the tape; 0 before its first bar."""
    known = np.zeros(rows, dtype=np.int64)
    known[assembled.rows_of(one)] = np.arange(1, len(one.rows) + 1)
    closes = np.concatenate(([0.0], assembled.tape.close[one.cells]))
    return np.asarray(closes[np.maximum.accumulate(known)], dtype=np.float64)


def _deposits(run: Run, ends: I64) -> F64:
    flows = np.zeros(len(ends))
    own = run.flows[run.flows["kind"] == CashKind.DEPOSIT]
    np.add.at(flows, np.searchsorted(ends, own["row"]), own["amount"])
    return flows


def _observed(run: Run, ends: I64) -> int:
    """All sessions, or those up to the last thing a halted run did."""
    if run.halted_row < 0:
        return len(ends)
    last = max(
        [run.halted_row]
        + [int(log["row"].max()) for log in (run.fills, run.adjustments) if len(log) > 0]
    )
    return int(np.searchsorted(ends, last)) + 1
