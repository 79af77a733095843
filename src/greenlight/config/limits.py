"""[limits] and [execution]: what every gate allows and how an order enters, in human units.

The rule behind each field is in docs/engine.md; the fields of `greenlight.engine.Limits` bear the
same names. A test holds the defaults of both to each other.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from greenlight.config.fields import Duration, Exposure, Money, PositiveShare, Section, Share

Percentile = Annotated[float, Field(ge=0, le=100)]


class LimitsConfig(Section):
    """[limits]: fractions, never percent. A stop is `stop` below the entry (above, for a short)."""

    # portfolio
    daily_loss: PositiveShare = 0.05
    daily_loss_money: Money | None = None
    drawdown: PositiveShare = 0.15
    deployed: Exposure = 0.20
    scrap: Share = 0.5
    entries_per_day: Annotated[int, Field(ge=0, le=1_000_000)] = 20
    leverage: Annotated[float, Field(ge=1, le=10)] = 1.0
    pdt_equity: Money = Decimal(25_000)
    pdt_until: date = date(2026, 6, 4)
    # cluster
    correlation: Share = 0.70
    correlation_bars: Annotated[int, Field(ge=20, le=1_000)] = 60
    sector: Exposure = 0.10
    # symbol
    cooloff_loss: Share = 0.015
    cooloff: Duration = timedelta(hours=4)
    rsi_high: Percentile = 70.0
    rsi_low: Percentile = 30.0
    long_only: bool = True
    buy_score: Annotated[float, Field(gt=50, le=100)] = 60.0
    sell_score: Annotated[float, Field(ge=0, lt=50)] = 40.0
    # position
    sizing: Literal["fraction", "notional", "units", "volatility"] = "fraction"
    sizing_value: Annotated[float, Field(gt=0)] = 0.05
    position: Exposure = 0.05
    volume_share: PositiveShare = 0.01
    least_notional: Money = Decimal(1)
    watch: PositiveShare = 0.015
    stop: Annotated[float, Field(ge=0, lt=1)] = 0.02
    target: Annotated[float, Field(ge=0, le=100)] = 0.03
    target_share: PositiveShare = 0.5
    trail: Annotated[float, Field(ge=0, lt=1)] = 0.02
    trail_from: Literal["entry", "target"] = "target"
    max_bars: Annotated[int, Field(ge=0)] = 20
    trim_above: Annotated[float, Field(ge=1)] = 1.25
    momentum_bars: Annotated[int, Field(ge=1)] = 10
    health_exit: Percentile = 25.0
    health_trim: Percentile = 35.0
    health_add: Percentile = 75.0
    delist_return: Annotated[float, Field(ge=-1, le=0)] = -0.30

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.rsi_low >= self.rsi_high:
            raise ValueError(f"rsi_low {self.rsi_low:g} must be below rsi_high {self.rsi_high:g}")
        if self.sizing == "fraction" and self.sizing_value > 10:
            raise ValueError(
                f"sizing_value {self.sizing_value:g} is a fraction of equity; write 0.05 for 5 %"
            )
        return self


class ExecutionConfig(Section):
    """[execution]: which order enters, when its stop goes live, how much of a bar it may take."""

    entry: Literal["market", "limit", "stop", "stop_limit"] = "market"
    entry_offset: Annotated[float, Field(ge=0, lt=1)] = 0.0
    limit_offset: Annotated[float, Field(ge=0, lt=1)] = 0.0
    timeout: Duration = timedelta(0)
    good_till_cancelled: bool = False
    protect_from: Literal["fill", "next_bar"] = "fill"
    bar_share: PositiveShare = 0.10
