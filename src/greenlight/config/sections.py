"""The other sections, and the whole: what is traded, with whose prices, by which strategies."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from greenlight.config.costs import CostsConfig
from greenlight.config.fields import PositiveMoney, Section
from greenlight.config.limits import ExecutionConfig, LimitsConfig
from greenlight.config.live import (
    ApprovalConfig,
    BrokerConfig,
    LedgerConfig,
    LiveConfig,
    OrdersConfig,
)
from greenlight.domain import Timeframe


class DataConfig(Section):
    """[data]: whose prices. `sample` needs nothing; `store` is what `greenlight data` filled."""

    source: Literal["sample", "sample-indices", "store"] = "sample"
    """`sample`: 20 US large caps that ship; `sample-indices`: two indices; `store`: your own"""
    store: Path = Path("data")
    """folder of the store"""
    timeframe: Timeframe = Timeframe.D1
    """length of a bar"""
    symbols: tuple[str, ...] = ()
    """what is traded; empty: all there is"""
    start: date | None = None
    """first session; absent: the first there is"""
    end: date | None = None
    """last session; absent: the last there is"""
    references: tuple[str, ...] = ()
    """symbols of the store that strategies may read, not trade"""
    membership: Path | None = None
    """table symbol, from, to: who was in the universe when"""
    sectors: Path | None = None
    """table symbol, sector, from, to"""
    facts: tuple[Path, ...] = ()
    """tables source, key, event_time, available_at, value"""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.start is not None and self.end is not None and self.start > self.end:
            raise ValueError(f"start {self.start} is after end {self.end}")
        return self


class AccountConfig(Section):
    """[account]: the money a backtest or a paper account starts with."""

    cash: PositiveMoney = Decimal(100_000)
    """money at the start"""
    currency: Literal["USD"] = "USD"
    """what money is counted in"""


class StrategiesConfig(Section):
    """[strategies]: which voices vote, and how much each counts."""

    names: tuple[str, ...] = ()
    """shipped strategies by name, your own by path; empty: all that are shipped"""
    parameters: Mapping[str, Mapping[str, int | float | bool | str]] = Field(default_factory=dict)
    """a table for each strategy, e.g. `[strategies.parameters.momentum_breakout]`"""
    weighting: Literal["equal", "given", "learned"] = "equal"
    """`equal`, `given` by `weights`, or `learned` on past data alone"""
    weights: Mapping[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    """a number for each strategy"""

    @model_validator(mode="after")
    def _weighted(self) -> Self:
        if self.weighting == "given" and not any(weight > 0 for weight in self.weights.values()):
            raise ValueError('weighting = "given" needs a [strategies.weights] above 0')
        return self


class BacktestConfig(Section):
    """[backtest]: how history is divided and where results go."""

    split: Annotated[float, Field(ge=0, lt=1)] = 0.7
    """share of history that parameters are chosen on, the rest is out of sample; 0: no division"""
    windows: Annotated[int, Field(ge=1, le=1_000)] = 1
    """parts the rest is divided into; before each, parameters are chosen anew"""
    tries: Annotated[int, Field(ge=1, le=100_000)] = 12
    """parameter sets tried for each strategy and window; 1: nothing is fitted"""
    runs: Path = Path("runs")
    """folder that results are written below"""


class HttpProvider(Section):
    """Where a provider answers. Keys never stand here: they come from the environment."""

    base_url: str = ""
    """where it answers; empty: its own address"""


class YahooProvider(HttpProvider):
    """[providers.yahoo]: history only, never a live feed."""

    base_url: str = "https://query1.finance.yahoo.com"
    """where it answers"""


class AlpacaProvider(HttpProvider):
    """[providers.alpaca]: US equities and crypto."""

    base_url: str = "https://data.alpaca.markets"
    """where it answers"""
    feed: Literal["iex", "sip"] = "iex"
    """`iex` is free and sees some 2 % of the volume, `sip` sees all"""


class PolygonProvider(HttpProvider):
    """[providers.polygon]: US equities."""

    base_url: str = "https://api.polygon.io"
    """where it answers"""


class CcxtProvider(HttpProvider):
    """[providers.ccxt]: crypto exchanges."""

    exchange: str = "kraken"
    """id by which ccxt knows the exchange"""


class ProvidersConfig(Section):
    """[providers]: where prices are fetched from."""

    yahoo: YahooProvider = YahooProvider()
    alpaca: AlpacaProvider = AlpacaProvider()
    polygon: PolygonProvider = PolygonProvider()
    ccxt: CcxtProvider = CcxtProvider()


class Config(Section):
    """All of greenlight.toml. Every field has a default: an empty file is a valid one."""

    data: DataConfig = DataConfig()
    account: AccountConfig = AccountConfig()
    limits: LimitsConfig = LimitsConfig()
    execution: ExecutionConfig = ExecutionConfig()
    costs: CostsConfig = CostsConfig()
    strategies: StrategiesConfig = StrategiesConfig()
    backtest: BacktestConfig = BacktestConfig()
    providers: ProvidersConfig = ProvidersConfig()
    live: LiveConfig = LiveConfig()
    orders: OrdersConfig = OrdersConfig()
    broker: BrokerConfig = BrokerConfig()
    ledger: LedgerConfig = LedgerConfig()
    approval: ApprovalConfig = ApprovalConfig()
