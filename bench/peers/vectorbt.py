"""vectorbt with its Rust engine: `Portfolio.from_signals` on whole arrays, one cash for all.

Its conventions, made ours by what it is given (all outside the timed call):
- It fills on the signal's own row: signals and sizes come one row later, at that row's open.
- It looks at stops before signals. On a row whose open carries an exit order nothing is left to
  stop, so that row's high and low are its open.
- It looks at a new position's stops from the next row on: our PROTECT_FROM_NEXT_BAR.
- Its trailing stop starts from the entry price and forgets the entry bar's high: the start is taken
  from `val_price`, which nothing else reads here, so the high is passed there.
"""

import warnings

import numpy as np
import vectorbt as vbt
from bench.peers.timing import Job, Outcome, measure, read_job, report
from numpy.typing import NDArray


def delayed(array: NDArray[np.generic]) -> NDArray[np.generic]:
    """The array one row later; nothing in the first row."""
    later = np.zeros_like(array)
    later[1:] = array[:-1]
    return later


def arguments(job: Job) -> dict[str, object]:
    """What `from_signals` is called with."""
    entries, exits = delayed(job.array("entries")), delayed(job.array("exits"))
    opening, high, low = (job.array(name) for name in ("open", "high", "low"))
    given: dict[str, object] = {
        "close": job.array("close"),
        "entries": entries,
        "exits": exits,
        "price": opening,
        "size": delayed(job.sizes()),
        "fees": job.fee,
        "init_cash": job.cash,
        "direction": "longonly",
        "cash_sharing": entries.shape[1] > 1 and job.task != "sweep",
        "freq": job.bar,
        "engine": "rust",
    }
    if job.stop or job.target or job.trail:
        given |= {
            "open": opening,
            "high": np.where(exits, opening, high),
            "low": np.where(exits, opening, low),
            "sl_stop": job.trail or job.stop,
            "sl_trail": job.trail > 0,
            "tp_stop": job.target or np.nan,
            "stop_entry_price": "FillPrice",
        }
    if job.trail:
        given |= {"val_price": high, "stop_entry_price": "ValPrice"}
    return given


def crossover(given: dict[str, object]) -> Outcome:
    """The whole call: simulate, then curve, fills and metrics."""
    portfolio = vbt.Portfolio.from_signals(**given)
    curve = portfolio.value().to_numpy()
    fills = portfolio.orders.values
    return Outcome(
        float(np.sum(curve[-1])),
        int(np.count_nonzero(fills["side"])),  # sales: each closes a round trip
        len(fills),
        float(np.mean(portfolio.sharpe_ratio())),
        -float(np.min(portfolio.max_drawdown())),
    )


def main() -> None:
    """Run the job given."""
    warnings.simplefilter("ignore")
    job = read_job()
    given = arguments(job)
    outcome, timing = measure(lambda: crossover(given), job.seconds)
    report(outcome, timing, vbt.__version__)


if __name__ == "__main__":
    main()
