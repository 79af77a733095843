"""What results mean: pure functions of NumPy arrays with typed, frozen answers."""

from greenlight.analytics.benchmark import (
    AlphaBeta,
    alpha_beta,
    equal_volatility_share,
    scaled,
)
from greenlight.analytics.drawdown import Drawdown, calmar, drawdowns, max_drawdown
from greenlight.analytics.exposure import Exposure, exposure, turnover
from greenlight.analytics.groups import (
    GroupReturns,
    GroupTrades,
    PeriodAverage,
    PeriodReturn,
    average,
    by_month,
    by_year,
    returns_by,
    shared_trades,
    trades_by,
)
from greenlight.analytics.performance import Performance, performance
from greenlight.analytics.returns import (
    annual_return,
    bill_returns,
    periods_a_year,
    simple_returns,
    total_return,
    volatility_ann,
    wealth_index,
    years_between,
)
from greenlight.analytics.sharpe import (
    Sharpe,
    deflated_sharpe,
    expected_maximum_sharpe,
    probabilistic_sharpe,
    sharpe,
    standard_error,
)
from greenlight.analytics.sortino import sortino_ann
from greenlight.analytics.trades import (
    RoundTrips,
    TradeStatistics,
    round_trips,
    trade_statistics,
)

__all__ = [
    "AlphaBeta",
    "Drawdown",
    "Exposure",
    "GroupReturns",
    "GroupTrades",
    "Performance",
    "PeriodAverage",
    "PeriodReturn",
    "RoundTrips",
    "Sharpe",
    "TradeStatistics",
    "alpha_beta",
    "annual_return",
    "average",
    "bill_returns",
    "by_month",
    "by_year",
    "calmar",
    "deflated_sharpe",
    "drawdowns",
    "equal_volatility_share",
    "expected_maximum_sharpe",
    "exposure",
    "max_drawdown",
    "performance",
    "periods_a_year",
    "probabilistic_sharpe",
    "returns_by",
    "round_trips",
    "scaled",
    "shared_trades",
    "sharpe",
    "simple_returns",
    "sortino_ann",
    "standard_error",
    "total_return",
    "trade_statistics",
    "trades_by",
    "turnover",
    "volatility_ann",
    "wealth_index",
    "years_between",
]
