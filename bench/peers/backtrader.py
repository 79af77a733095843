"""backtrader: one symbol, `Strategy.next` per bar; a market order fills at the next open.

Its conventions agree with ours for market orders. Run in its fast mode (preloaded bars, no default
observers); analyzers give the curve's metrics, and the curve is kept by the strategy.
"""

import math
from typing import Any

import backtrader as bt
from bench.peers.timing import Job, Outcome, measure, read_job, report

EPOCH = 719_163.0  # 1970-01-01 in backtrader's day numbers
DAY_NS = 86_400 * 10**9


class ArrayFeed(bt.feed.DataBase):
    """Bars from lists."""

    params = (("rows", ()),)

    def start(self) -> None:
        """From the first row."""
        super().start()
        self.source = iter(self.p.rows)

    def _load(self) -> bool:
        for row in self.source:
            lines = self.lines
            lines.datetime[0], lines.open[0], lines.high[0] = row[0], row[1], row[2]
            lines.low[0], lines.close[0], lines.volume[0] = row[3], row[4], row[5]
            lines.openinterest[0] = 0.0
            return True
        return False


class Crossover(bt.Strategy):
    """Buys and sells where it is told, and keeps its equity curve and fills."""

    params = (("entries", ()), ("exits", ()), ("sizes", ()))

    def __init__(self) -> None:
        self.curve: list[float] = []
        self.executed: list[tuple[float, float]] = []

    def notify_order(self, order: Any) -> None:  # noqa: ANN401  # backtrader has no types
        """Keep what was executed."""
        if order.status == order.Completed:
            self.executed.append((order.executed.size, order.executed.price))

    def next(self) -> None:
        """One closed bar."""
        now = len(self) - 1
        self.curve.append(self.broker.getvalue())
        if self.p.entries[now]:
            self.buy(size=self.p.sizes[now])
        elif self.p.exits[now] and self.position.size:
            self.close()


def crossover(job: Job, rows: list[tuple[float, ...]], given: dict[str, list[Any]]) -> Outcome:
    """The whole call."""
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.broker.setcash(job.cash)
    cerebro.broker.setcommission(commission=job.fee)
    cerebro.adddata(ArrayFeed(rows=rows))
    cerebro.addstrategy(Crossover, **given)
    cerebro.addanalyzer(bt.analyzers.SharpeRatio, timeframe=bt.TimeFrame.Days, _name="sharpe")
    cerebro.addanalyzer(bt.analyzers.DrawDown, _name="drawdown")
    cerebro.addanalyzer(bt.analyzers.TradeAnalyzer, _name="trades")
    done = cerebro.run()[0]
    return Outcome(
        done.curve[-1],
        int(done.analyzers.trades.get_analysis().total.closed),
        len(done.executed),
        float(done.analyzers.sharpe.get_analysis()["sharperatio"] or math.nan),
        float(done.analyzers.drawdown.get_analysis().max.drawdown) / 100,
    )


def main() -> None:
    """Run the job given."""
    job = read_job()
    columns = [
        job.array(name)[:, 0].tolist() for name in ("open", "high", "low", "close", "volume")
    ]
    stamps = (EPOCH + job.array("close_ts") / DAY_NS).tolist()
    rows = list(zip(stamps, *columns, strict=True))
    given = {name: job.array(name)[:, 0].tolist() for name in ("entries", "exits")}
    given["sizes"] = job.sizes()[:, 0].tolist()
    outcome, timing = measure(lambda: crossover(job, rows, given), job.seconds, warm=False)
    report(outcome, timing, bt.__version__)


if __name__ == "__main__":
    main()
