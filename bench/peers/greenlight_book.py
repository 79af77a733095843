"""Greenlight's whole book: every gate, every automatic exit, all costs, decision and fill log.

2 % of the cells say buy. Drawdown and daily loss are judged on every candidate, but lie so far that
random signals do not end the run: a halted book would be fast.
"""

import numpy as np
from bench.peers.greenlight import measured_run, memory_of, tape_of
from bench.peers.timing import Job, measure, read_job, report

import greenlight
from greenlight.engine import (
    Conditions,
    Limits,
    Rules,
    Run,
    Surroundings,
    Tape,
    build_costs,
    build_specs,
    simulate,
)


def rules_of(job: Job, count: int) -> Rules:
    """The shipped gates and costs; positions of the job's number, left by time after `hold` bars.

    Stop, target, trail and watch work on every bar but lie far: churn is not what is measured.
    """
    deployed = 0.20 if job.positions <= 4 else 0.25
    share = 0.20 / job.positions
    limits = Limits(
        deployed=deployed,
        position=share,
        sizing_value=share,
        drawdown=0.99,
        daily_loss=0.50,
        entries_per_day=20 if job.positions <= 4 else 10**6,
        stop=0.10,
        target=0.15,
        trail=0.10,
        watch=0.10,
        max_bars=job.hold,
        sell_score=-1.0,
        health_exit=1.0,
        health_trim=1.0,
    )
    return Rules(limits, build_costs(count), build_specs(count, sector=job.array("sector")))


def conditions_of(job: Job, tape: Tape, count: int) -> Conditions:
    """What is known of each cell; nothing is calibrated."""
    close = tape.close.reshape(-1, count)
    returns = np.full(close.shape, np.nan, dtype=np.float32)
    returns[1:] = close[1:] / close[:-1] - 1
    nothing = np.empty(0, dtype=np.float32)
    return Conditions(
        sigma=job.array("sigma"),
        usual_volume=job.array("usual_volume"),
        rsi=job.array("rsi"),
        flags=np.zeros(len(tape.close), dtype=np.uint8),
        p_win=nothing,
        win=nothing,
        loss=nothing,
        returns=returns.reshape(-1),
    )


def main() -> None:
    """Run the job given."""
    job = read_job()
    tape, score = tape_of(job), job.array("candidates")
    count = len(score) // len(tape.close_ts)
    rules = rules_of(job, count)
    known = conditions_of(job, tape, count)

    def call() -> Run:
        return simulate(tape, score, rules, job.cash, Surroundings(known))

    memory = memory_of([*tape, score, *known], call)
    outcome, timing = measure(lambda: measured_run(call()), job.seconds)
    report(outcome, timing, greenlight.__version__, memory)


if __name__ == "__main__":
    main()
