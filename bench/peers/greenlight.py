"""Greenlight: `simulate` with every gate off but the rules of the job."""

from collections.abc import Callable, Iterable

import numpy as np
from bench.peers.timing import Job, Outcome, measure, peak_of, read_job, report
from numpy.typing import NDArray

import greenlight
from greenlight.analytics import max_drawdown, sharpe, simple_returns
from greenlight.domain import Sizing
from greenlight.engine import (
    UNLIMITED,
    Rules,
    Run,
    Tape,
    build_costs,
    build_specs,
    build_tape,
    simulate,
    simulate_many,
)
from greenlight.engine.limits import PROTECT_FROM_NEXT_BAR, TRAIL_FROM_ENTRY

F32 = NDArray[np.float32]
BARS_A_YEAR = 365 * 24 * 60


def tape_of(job: Job) -> Tape:
    """The job's bars."""
    times = (job.array("open_ts"), job.array("close_ts"), job.array("session"))
    prices = (job.array("open"), job.array("high"), job.array("low"), job.array("close"))
    return build_tape([(*times, *prices, job.array("volume"))])


def rules_of(job: Job, count: int) -> Rules:
    """A fixed notional in whole units, a percentage fee, and the job's stop, target or trail."""
    limits = UNLIMITED._replace(
        sizing=int(Sizing.NOTIONAL),
        sizing_value=job.notional,
        stop=job.stop,
        target=job.target,
        target_share=1.0,
        trail=job.trail,
        trail_from=TRAIL_FROM_ENTRY,
        protect_from=PROTECT_FROM_NEXT_BAR,
    )
    costs = build_costs(count, half_spread=0.0, slippage=0.0, impact=0.0, percent=job.fee)
    return Rules(limits, costs, build_specs(count, lot=1.0, tick=0.0))


def measured_run(run: Run) -> Outcome:
    """A run's metrics, each sale being a closed round trip."""
    return Outcome(
        float(run.equity[-1]),
        int(np.count_nonzero(run.fills["side"] < 0)),
        len(run.fills),
        sharpe(simple_returns(run.equity), BARS_A_YEAR).ratio_ann,
        max_drawdown(run.equity).depth,
    )


def crossover(tape: Tape, score: F32, rules: Rules, cash: float) -> Outcome:
    """The whole call."""
    return measured_run(simulate(tape, score, rules, cash))


def sweep(tape: Tape, scores: list[F32], rules: Rules, cash: float) -> Outcome:
    """The whole call of a sweep: final equities and trades summed, Sharpe averaged."""
    runs = simulate_many(tape, [(score, rules.limits) for score in scores], rules, cash)
    measured = [measured_run(run) for run in runs]
    return Outcome(
        sum(each.equity for each in measured),
        sum(each.trades for each in measured),
        sum(each.fills for each in measured),
        sum(each.sharpe for each in measured) / len(measured),
        max(each.drawdown for each in measured),
    )


def megabytes(arrays: Iterable[object]) -> float:
    """Size of the arrays among these."""
    return sum(array.nbytes for array in arrays if isinstance(array, np.ndarray)) / 2**20


def memory_of(read: Iterable[object], call: Callable[[], Run]) -> tuple[float, float, float]:
    """MB of what a call reads and gives, and of its peak beside what it reads."""
    run = call()
    given = megabytes(getattr(run, name) for name in run.__slots__)
    del run
    return megabytes(read), given, peak_of(call)


def main() -> None:
    """Run the job given."""
    job = read_job()
    tape, score = tape_of(job), job.array("score")
    rules = rules_of(job, len(tape.close) // len(tape.close_ts))
    if job.task == "sweep":
        scores = list(score.reshape(-1, len(tape.close)))
        outcome, timing = measure(lambda: sweep(tape, scores, rules, job.cash), job.seconds)
        report(outcome, timing, greenlight.__version__)
        return
    memory = memory_of([*tape, score], lambda: simulate(tape, score, rules, job.cash))
    outcome, timing = measure(lambda: crossover(tape, score, rules, job.cash), job.seconds)
    report(outcome, timing, greenlight.__version__, memory)


if __name__ == "__main__":
    main()
