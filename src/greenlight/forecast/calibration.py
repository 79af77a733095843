"""From scores to probabilities: what came of past trades that were entered at such a score.

Per side, and at each refit only on trades finished by then: an isotonic regression of "won" on the
conviction |score - 50| (Zadrozny and Elkan 2002) makes steps of equal win rate. Each step's rate is
replaced by the lower end of Wilson's interval (1927), because Kelly sizing on an estimate that is
too high ruins; a bound that holds for a weaker conviction holds for a stronger one too. W and L are
the mean win and mean loss of the side so far, as fractions of notional. Trades that overlap in time
are not independent, so the bound is narrower than it should be; half Kelly is the margin for that.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from greenlight.domain import UserError
from greenlight.forecast.ensemble import F32, F64, NEUTRAL

I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Trades:
    """K past candidates carried to their end; times in ns UTC, `outcome` net fraction of notional.

    `score` is that of the entry's decision (`entry_ts`). Raises UserError for lengths that differ
    and for a trade that finishes before its decision.
    """

    entry_ts: I64
    finish_ts: I64
    score: F64
    outcome: F64

    def __post_init__(self) -> None:
        lengths = {len(self.entry_ts), len(self.finish_ts), len(self.score), len(self.outcome)}
        if len(lengths) != 1:
            raise UserError("calibration: the trades' arrays differ in length")
        if np.any(self.finish_ts < self.entry_ts):
            raise UserError("calibration: a trade finishes before it is entered")


class Calibration(NamedTuple):
    """Win probability at its lower bound, mean win W and mean loss L; NaN where not calibrated."""

    p_win: F64
    win: F64
    loss: F64


@dataclass(frozen=True, slots=True)
class CalibrationRule:
    """`least`: finished trades of a side needed first. `z`: normal quantile of the lower bound.

    `growth`: a month refits only where its finished trades are this multiple of those last used.
    """

    least: int = 200
    z: float = 1.645
    growth: float = 1.02


class _Steps(NamedTuple):
    """Win rate by conviction: from `conviction[k]` on it is at least `p_win[k]`."""

    conviction: F64
    p_win: F64
    win: float
    loss: float


def calibrate(
    close_ts: I64, score: F32 | F64, trades: Trades, rule: CalibrationRule | None = None
) -> Calibration:
    """Calibrate each cell of `score` (T, N), decided at `close_ts` (T, ns UTC, ascending).

    Refitted at the first row of a month (UTC), once there are enough new ones, on trades with
    `finish_ts` <= that row's close.
    NaN: before there are enough trades, for a neutral score, for a conviction weaker than any seen,
    and while a side has only wins or only losses.
    """
    rule = CalibrationRule() if rule is None else rule
    out = Calibration(*(np.full(score.shape, np.nan) for _ in Calibration._fields))
    months = close_ts.astype("datetime64[ns]").astype("datetime64[M]").astype(np.int64)
    used = {1.0: 0, -1.0: 0}
    steps: dict[float, _Steps | None] = {1.0: None, -1.0: None}
    for rows in np.split(np.arange(len(close_ts)), np.flatnonzero(np.diff(months)) + 1):
        if len(rows) == 0:
            continue
        finished = (trades.finish_ts <= close_ts[rows[0]]) & ~np.isnan(trades.outcome)
        for side in (1.0, -1.0):
            past = side * (trades.score - NEUTRAL)
            of_side = finished & (past > 0)
            count = int(np.count_nonzero(of_side))
            if count >= rule.least and count >= rule.growth * used[side]:
                used[side] = count
                steps[side] = _fit(past[of_side], trades.outcome[of_side], rule)
            if (known := steps[side]) is not None:
                _fill(out, rows, side * (score[rows] - NEUTRAL), known)
    return out


def _fit(conviction: F64, outcome: F64, rule: CalibrationRule) -> _Steps | None:
    """Steps of one side, None where its trades are too few or all of one kind."""
    won = outcome > 0
    if len(outcome) < rule.least or not np.any(won) or not np.any(outcome < 0):
        return None
    from sklearn.isotonic import IsotonicRegression

    rate = IsotonicRegression().fit_transform(conviction, won.astype(np.float64))
    order = np.argsort(conviction, kind="stable")
    starts = np.flatnonzero(np.diff(rate[order], prepend=-1.0) > 0)
    counts = np.diff(np.append(starts, len(order))).astype(np.float64)
    bound = _wilson_lower(rate[order][starts], counts, rule.z)
    return _Steps(
        conviction=conviction[order][starts],
        p_win=np.maximum.accumulate(bound),
        win=float(outcome[won].mean()),
        loss=float(-outcome[outcome < 0].mean()),
    )


def _fill(out: Calibration, rows: I64, conviction: F32 | F64, steps: _Steps) -> None:
    step = np.searchsorted(steps.conviction, conviction, side="right") - 1
    row, column = np.nonzero((step >= 0) & (conviction > 0))
    cells = (rows[row], column)
    out.p_win[cells] = steps.p_win[step[row, column]]
    out.win[cells] = steps.win
    out.loss[cells] = steps.loss


def _wilson_lower(rate: F64, count: F64, z: float) -> F64:
    """Lower end of Wilson's interval for `rate` of `count` trials."""
    centre = rate + z * z / (2.0 * count)
    margin = z * np.sqrt(rate * (1.0 - rate) / count + z * z / (4.0 * count * count))
    return (centre - margin) / (1.0 + z * z / count)
