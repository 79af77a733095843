"""Why there was no trade: from votes through score and gates to fills, counted."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greenlight.backtest.result import FunnelStep, SizingUsed
from greenlight.domain import Action, Reason, Role
from greenlight.engine import Run
from greenlight.scoring import F32, Assembled, Followed

_LABELS = {
    Reason.KILLED: "Kill switch",
    Reason.DISARMED: "Not armed",
    Reason.STALE: "Stale or missing data",
    Reason.ANOMALY: "Anomaly",
    Reason.DAILY_LOSS: "Daily loss: paused",
    Reason.DRAWDOWN: "Drawdown: halted",
    Reason.DEPLOYED: "Deployed limit",
    Reason.ENTRIES: "Entries a day",
    Reason.MARGIN: "Margin",
    Reason.DAY_TRADES: "Pattern day trader rule",
    Reason.CORRELATION: "Correlation with what is held",
    Reason.SECTOR: "Sector limit",
    Reason.COOLOFF: "Cool-off after a loss",
    Reason.OVEREXTENDED: "Overextended (RSI)",
    Reason.UNTRADABLE: "Halted, delisted or untradable",
    Reason.UNIVERSE: "Not in the universe that day",
    Reason.REGIME: "Wrong regime",
    Reason.SHORT: "Short not possible",
    Reason.SIZE: "Odds do not justify a bet (size zero)",
    Reason.VOLUME: "Share of usual volume",
    Reason.LOT: "Less than one lot",
    Reason.NOTIONAL: "Less than the least notional",
    Reason.HELD: "Already held or ordered",
    Reason.VERDICT: "Verdict",
    Reason.APPROVAL: "Approval",
    Reason.RAMP: "Ramp",
}
_ENDINGS = {
    int(Reason.EXPIRED): "Order expired",
    int(Reason.CASH): "Not enough cash",
    int(Reason.DAILY_LOSS): "Cancelled: daily loss",
    int(Reason.DRAWDOWN): "Cancelled: drawdown",
}
_PROPOSED = (int(Action.REFUSE), int(Action.ENTER), int(Action.ADD))


def funnel(
    assembled: Assembled, run: Run, votes: Sequence[F32], score: F32
) -> tuple[FunnelStep, ...]:
    """Count every step; `refused` steps stand in the order of the gates, HELD first."""
    limits = assembled.rules.limits
    present = ~np.isnan(assembled.tape.close)
    spoken = np.zeros(len(score), dtype=np.bool_)
    for vote in votes:
        spoken |= vote != 0.0
    reached = score >= np.float32(limits.buy_score)
    if not limits.long_only:
        reached |= score <= np.float32(limits.sell_score)
    candidates = int(np.count_nonzero(reached & present))
    decided = run.decisions[np.isin(run.decisions["action"], _PROPOSED)]
    steps = [
        FunnelStep("Bars with a symbol present", "", int(np.count_nonzero(present)), 0),
        FunnelStep("With a vote", "", int(np.count_nonzero(spoken & present)), 0),
        FunnelStep("Score reaches buy or sell", "", candidates, 0),
    ]
    steps += _refusals(candidates, decided["reason"], len(decided))
    sent = int(np.count_nonzero(decided["reason"] == Reason.OK))
    steps.append(FunnelStep("Orders sent", "", sent, 0))
    entries = run.fills[run.fills["role"] == Role.ENTRY]
    filled = np.unique(entries["intent"])
    steps += _unfilled(run, sent, filled)
    steps.append(FunnelStep("Entries filled, whole or in part", "", len(filled), 0))
    return tuple(steps)


def sizing_used(assembled: Assembled, run: Run, followed: Followed) -> SizingUsed:
    """Count entries by how they were sized, and candidates that half Kelly declined."""
    decided = run.decisions[np.isin(run.decisions["action"], _PROPOSED)]
    entered = decided[decided["reason"] == Reason.OK]
    kelly = entered["calibrated"] != 0
    limit = assembled.rules.limits.position * run.equity[entered["row"]]
    lot = assembled.rules.specs.lot[entered["symbol"]] * entered["price"]
    capped = kelly & (entered["quantity"] * entered["price"] > limit - lot)
    return SizingUsed(
        followed=followed.candidates,
        finished=followed.finished,
        calibrated=followed.calibrated,
        fixed=int(np.count_nonzero(~kelly)),
        kelly=int(np.count_nonzero(kelly)),
        capped=int(np.count_nonzero(capped)),
        declined=int(np.count_nonzero(decided["reason"] == Reason.SIZE)),
    )


def _refusals(candidates: int, reasons: NDArray[Any], decided: int) -> list[FunnelStep]:
    steps, left = [], candidates
    skipped = candidates - decided
    if skipped > 0:
        steps.append(FunnelStep("Exit at work, or held on the other side", "", left, skipped))
        left -= skipped
    for reason in (Reason.HELD, *(reason for reason in _LABELS if reason is not Reason.HELD)):
        count = int(np.count_nonzero(reasons == reason))
        if count > 0:
            steps.append(FunnelStep(_LABELS[reason], reason.name, left, count))
            left -= count
    return steps


def _unfilled(run: Run, sent: int, filled: NDArray[Any]) -> list[FunnelStep]:
    """What became of orders that filled nothing; a cancellation says why."""
    ended = run.decisions[run.decisions["action"] == Action.CANCEL]
    ended = ended[~np.isin(ended["intent"], filled)]
    steps, left = [], sent
    for code in np.unique(ended["reason"]).tolist():
        count = int(np.count_nonzero(ended["reason"] == code))
        steps.append(
            FunnelStep(
                _ENDINGS.get(code, f"Cancelled: {Reason(code).name.lower()}"),
                Reason(code).name,
                left,
                count,
            )
        )
        left -= count
    resting = left - len(filled)
    if resting > 0:
        steps.append(FunnelStep("Still at work at the end", "", left, resting))
    return steps
