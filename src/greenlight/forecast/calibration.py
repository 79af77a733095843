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
    out = Calibration(*(np.full(score.shape, np.nan) for _ in Calibration._fields))
    calibrator = Calibrator(rule)
    starts = np.flatnonzero(np.diff(month_of(close_ts))) + 1
    for rows in np.split(np.arange(len(close_ts)), starts):
        if len(rows) == 0:
            continue
        calibrator.refit(int(close_ts[rows[0]]), trades)
        for whole, part in zip(out, calibrator.odds(score[rows]), strict=True):
            whole[rows] = part
    return out


def month_of(ts: I64) -> I64:
    """Months since the epoch (UTC) of ns UTC; odds are refitted at the first row of each."""
    return ts.astype("datetime64[ns]").astype("datetime64[M]").astype(np.int64)


class Calibrator:
    """What past trades say by now of each side's scores; `calibrate` month by month."""

    def __init__(self, rule: CalibrationRule | None = None) -> None:
        self._rule = CalibrationRule() if rule is None else rule
        self._used = {1.0: 0, -1.0: 0}
        self._steps: dict[float, _Steps | None] = {1.0: None, -1.0: None}

    def refit(self, ts: int, trades: Trades) -> None:
        """Learn from the trades that had finished at `ts`, where they are enough more."""
        finished = (trades.finish_ts <= ts) & ~np.isnan(trades.outcome)
        for side, used in self._used.items():
            past = side * (trades.score - NEUTRAL)
            of_side = finished & (past > 0)
            count = int(np.count_nonzero(of_side))
            if count >= self._rule.least and count >= self._rule.growth * used:
                self._used[side] = count
                self._steps[side] = _fit(past[of_side], trades.outcome[of_side], self._rule)

    def odds(self, score: F32 | F64) -> Calibration:
        """Odds of scores (T, N) by what is known; NaN as in `calibrate`."""
        out = Calibration(*(np.full(score.shape, np.nan) for _ in Calibration._fields))
        for side, steps in self._steps.items():
            if steps is not None:
                _fill(out, side * (score - NEUTRAL), steps)
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


def _fill(out: Calibration, conviction: F32 | F64, steps: _Steps) -> None:
    step = np.searchsorted(steps.conviction, conviction, side="right") - 1
    cells = np.nonzero((step >= 0) & (conviction > 0))
    out.p_win[cells] = steps.p_win[step[cells]]
    out.win[cells] = steps.win
    out.loss[cells] = steps.loss


def _wilson_lower(rate: F64, count: F64, z: float) -> F64:
    """Lower end of Wilson's interval for `rate` of `count` trials."""
    centre = rate + z * z / (2.0 * count)
    margin = z * np.sqrt(rate * (1.0 - rate) / count + z * z / (4.0 * count * count))
    return (centre - margin) / (1.0 + z * z / count)
