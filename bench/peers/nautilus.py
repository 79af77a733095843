"""NautilusTrader: one symbol through its backtest engine, `Strategy.on_bar` per bar.

Its conventions, made ours by what it is given:
- A market order sent at a bar's close fills at that close. Each bar is therefore handed over with
  the next bar's open as its close (high and low widened to hold it; the last bar keeps its own), so
  that the fill is at the next open. Its curve is marked there, so Sharpe and drawdown differ.
- Money is rounded to the currency's places at each fill: the currency here has eight.
"""

import math
import warnings
from decimal import Decimal
from typing import Any

import nautilus_trader
import numpy as np
from bench.peers.timing import Job, Outcome, measure, read_job, report
from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import LoggingConfig
from nautilus_trader.model.currencies import Currency
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, CurrencyType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

VENUE = Venue("BENCH")
DOLLAR = Currency("USX", 8, 0, "dollar of eight places", CurrencyType.FIAT)


def instrument(job: Job) -> Equity:
    """The one symbol traded."""
    return Equity(
        instrument_id=InstrumentId(Symbol("WALK"), VENUE),
        raw_symbol=Symbol("WALK"),
        currency=DOLLAR,
        price_precision=6,
        price_increment=Price.from_str("0.000001"),
        lot_size=Quantity.from_int(1),
        maker_fee=Decimal(str(job.fee)),
        taker_fee=Decimal(str(job.fee)),
        ts_event=0,
        ts_init=0,
    )


def bars(job: Job, kind: BarType) -> list[Bar]:
    """The bars, each closing at the next one's open."""
    opening, high, low, close = (
        job.array(name)[:, 0].copy() for name in ("open", "high", "low", "close")
    )
    close[:-1] = opening[1:]
    high, low = np.maximum(high, close), np.minimum(low, close)
    stamps = job.array("close_ts").tolist()
    volumes = job.array("volume")[:, 0].astype(int).tolist()
    return [
        Bar(kind, *(Price(value, 6) for value in prices), Quantity(volume, 0), stamp, stamp)
        for *prices, volume, stamp in zip(
            *(column.tolist() for column in (opening, high, low, close)),
            volumes,
            stamps,
            strict=True,
        )
    ]


class Crossover(Strategy):
    """Buys and sells where it is told, and keeps its equity curve."""

    def __init__(self, traded: Equity, kind: BarType, given: dict[str, list[Any]]) -> None:
        super().__init__()
        self.traded, self.kind = traded, kind
        self.entries, self.exits, self.sizes = given["entries"], given["exits"], given["sizes"]
        self.now = -1
        self.held = 0.0
        self.balance = math.nan
        self.curve: list[float] = []

    def on_start(self) -> None:
        """Ask for the bars."""
        self.subscribe_bars(self.kind)
        self.balance = self.portfolio.account(VENUE).balance_total(DOLLAR).as_double()

    def on_order_filled(self, event: Any) -> None:  # noqa: ANN401  # compiled type
        """Remember what is held."""
        quantity = event.last_qty.as_double()
        self.held += quantity if event.order_side == OrderSide.BUY else -quantity
        self.balance = self.portfolio.account(VENUE).balance_total(DOLLAR).as_double()

    def on_bar(self, bar: Bar) -> None:
        """One closed bar."""
        self.now = now = self.now + 1
        self.curve.append(self.balance + self.held * bar.close.as_double())
        if self.entries[now]:
            self._send(OrderSide.BUY, self.sizes[now])
        elif self.exits[now] and self.held > 0:
            self._send(OrderSide.SELL, self.held)

    def _send(self, side: OrderSide, quantity: float) -> None:
        size = self.traded.make_qty(quantity)
        self.submit_order(self.order_factory.market(self.traded.id, side, size))


def crossover(job: Job, data: list[Bar], given: dict[str, list[Any]]) -> Outcome:
    """The whole call."""
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
    engine.add_venue(
        venue=VENUE,
        oms_type=OmsType.NETTING,
        account_type=AccountType.CASH,
        base_currency=DOLLAR,
        starting_balances=[Money(job.cash, DOLLAR)],
    )
    traded = instrument(job)
    engine.add_instrument(traded)
    engine.add_data(data)
    trader = Crossover(traded, data[0].bar_type, given)
    engine.add_strategy(trader)
    engine.run()
    fills = engine.trader.generate_fills_report()
    curve = np.array(trader.curve)
    returns = np.diff(curve) / curve[:-1]
    drawdown = 1 - curve / np.maximum.accumulate(curve)
    sharpe = float(returns.mean() / returns.std() * math.sqrt(252 * 390))
    outcome = Outcome(float(curve[-1]), len(fills) // 2, len(fills), sharpe, float(drawdown.max()))
    engine.dispose()
    return outcome


def main() -> None:
    """Run the job given."""
    warnings.simplefilter("ignore")
    job = read_job()
    kind = BarType.from_str("WALK.BENCH-1-MINUTE-LAST-EXTERNAL")
    data = bars(job, kind)
    given = {name: job.array(name)[:, 0].tolist() for name in ("entries", "exits")}
    given["sizes"] = job.sizes()[:, 0].tolist()
    outcome, timing = measure(lambda: crossover(job, data, given), job.seconds, warm=False)
    report(outcome, timing, nautilus_trader.__version__)


if __name__ == "__main__":
    main()
