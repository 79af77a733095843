"""The other sections, and the whole: what is traded, with whose prices, by which strategies."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from greenlight.config.costs import CostsConfig
from greenlight.config.fields import PositiveMoney, PositiveShare, Section
from greenlight.config.limits import ExecutionConfig, LimitsConfig
from greenlight.domain import Timeframe


class DataConfig(Section):
    """[data]: whose prices. `sample` needs nothing; `store` is what `greenlight data` filled."""

    source: Literal["sample", "store", "files"] = "sample"
    store: Path = Path("data")
    files: tuple[Path, ...] = ()
    timeframe: Timeframe = Timeframe.D1
    symbols: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.start is not None and self.end is not None and self.start > self.end:
            raise ValueError(f"start {self.start} is after end {self.end}")
        return self


class AccountConfig(Section):
    """[account]: the money a backtest or a paper account starts with."""

    cash: PositiveMoney = Decimal(100_000)
    currency: Literal["USD"] = "USD"


class StrategiesConfig(Section):
    """[strategies]: which voices vote; no names: all shipped ones. A name may be a path.

    `parameters` holds a table per strategy; `weights` a number per strategy, used by "given".
    """

    names: tuple[str, ...] = ()
    parameters: Mapping[str, Mapping[str, int | float | bool | str]] = Field(default_factory=dict)
    weighting: Literal["equal", "given", "learned"] = "equal"
    weights: Mapping[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _weighted(self) -> Self:
        if self.weighting == "given" and not any(weight > 0 for weight in self.weights.values()):
            raise ValueError('weighting = "given" needs a [strategies.weights] above 0')
        return self


class BacktestConfig(Section):
    """[backtest]: how history is divided and where results go."""

    split: PositiveShare | None = 0.7
    runs: Path = Path("runs")


class HttpProvider(Section):
    """Where a provider answers. Keys never stand here: they come from the environment."""

    base_url: str = ""


class YahooProvider(HttpProvider):
    """[providers.yahoo]: history only, never a live feed."""

    base_url: str = "https://query1.finance.yahoo.com"


class AlpacaProvider(HttpProvider):
    """[providers.alpaca]: `feed` is iex (free) or sip."""

    base_url: str = "https://data.alpaca.markets"
    feed: Literal["iex", "sip"] = "iex"


class PolygonProvider(HttpProvider):
    """[providers.polygon]."""

    base_url: str = "https://api.polygon.io"


class CcxtProvider(HttpProvider):
    """[providers.ccxt]: any exchange ccxt knows by this id; no URL: the exchange's own."""

    exchange: str = "kraken"


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
