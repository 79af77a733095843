"""backtesting.py: one symbol, `Strategy.next` per bar; a market order fills at the next open.

Its conventions, made ours by the strategy below:
- Levels given with an order hang on the price decided on (the signal's close). Here they are set on
  the trade at the close of its entry bar, from the entry price, and so work from the next bar on.
- It looks at the order inserted last first: the target is set before the stop, so that the stop
  comes first, and an exit at the open before both.
"""

import warnings
from typing import Any

import pandas as pd
from backtesting import Backtest, Strategy, __version__
from bench.peers.timing import Job, Outcome, measure, read_job, report


def strategy(job: Job) -> type[Strategy]:
    """The crossover as a strategy class; the signals are given."""
    entries, exits = (job.array(name)[:, 0].tolist() for name in ("entries", "exits"))
    sizes = job.sizes()[:, 0].astype(int).tolist()

    class Crossover(Strategy):
        """Buys and sells where it is told."""

        def init(self) -> None:
            """Nothing protects a position that is not there."""
            self.unprotected = False

        def next(self) -> None:
            """One closed bar."""
            now = len(self.data) - 1
            if self.unprotected:
                self.unprotected = False
                for trade in self.trades:
                    if job.target > 0:
                        trade.tp = trade.entry_price * (1 + job.target)
                    if job.stop > 0:
                        trade.sl = trade.entry_price * (1 - job.stop)
            if entries[now]:
                self.buy(size=sizes[now])
                self.unprotected = job.stop > 0 or job.target > 0
            elif exits[now]:
                self.position.close()

    return Crossover


def frame(job: Job) -> pd.DataFrame:
    """The bars as backtesting.py wants them."""
    columns = {
        name.capitalize(): job.array(name)[:, 0]
        for name in ("open", "high", "low", "close", "volume")
    }
    return pd.DataFrame(columns, index=pd.to_datetime(job.array("open_ts")))


def crossover(bars: pd.DataFrame, kind: type[Strategy], job: Job) -> Outcome:
    """The whole call."""
    stats: Any = Backtest(bars, kind, cash=job.cash, commission=job.fee).run()
    trades, curve = stats["_trades"], stats["_equity_curve"]
    return Outcome(
        float(curve["Equity"].iloc[-1]),
        len(trades),
        2 * len(trades),
        float(stats["Sharpe Ratio"]),
        -float(stats["Max. Drawdown [%]"]) / 100,
    )


def main() -> None:
    """Run the job given."""
    warnings.simplefilter("ignore")
    job = read_job()
    bars, kind = frame(job), strategy(job)
    outcome, timing = measure(lambda: crossover(bars, kind, job), job.seconds, warm=False)
    report(outcome, timing, __version__)


if __name__ == "__main__":
    main()
