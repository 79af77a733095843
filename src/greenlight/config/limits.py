"""[limits] and [execution]: what every gate allows and how an order enters, in human units.

The fields of `greenlight.engine.Limits` bear the same names, and docs/engine.md has the rule behind
each; a test holds the defaults of both to each other. Fractions, never percent.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from greenlight.config.fields import Duration, Exposure, Money, PositiveShare, Section, Share

Percentile = Annotated[float, Field(ge=0, le=100)]
Below1 = Annotated[float, Field(ge=0, lt=1)]


class LimitsConfig(Section):
    """[limits]: the gates in their order, then the rules of a position."""

    daily_loss: PositiveShare = 0.05
    """entries pause until the next session after a loss of this share of the day's first equity"""
    daily_loss_money: Money | None = None
    """the same in money; absent: no such limit"""
    drawdown: PositiveShare = 0.15
    """entries halt at this distance from the highest equity, until a person resumes"""
    deployed: Exposure = 0.20
    """all positions and resting entries together, as a share of equity"""
    scrap: Share = 0.5
    """an entry cut to less than this share of what was wanted is refused"""
    entries_per_day: Annotated[int, Field(ge=0, le=1_000_000)] = 20
    """entries and additions a session"""
    leverage: Annotated[float, Field(ge=1, le=10)] = 1.0
    """gross exposure over equity that the broker allows; 1: cash only"""
    pdt_equity: Money = Decimal(25_000)
    """US accounts below this obey the pattern-day-trader rule"""
    pdt_until: date = date(2026, 6, 4)
    """the day that rule ended"""
    correlation: Share = 0.70
    """no entry correlated more than this with a position; 1: off"""
    correlation_bars: Annotated[int, Field(ge=20, le=1_000)] = 60
    """bars over which correlation is measured"""
    sector: Exposure = 0.10
    """all positions of one sector, as a share of equity"""
    cooloff_loss: Share = 0.015
    """a round trip that lost more than this bars its symbol for a while"""
    cooloff: Duration = timedelta(hours=4)
    """session time it is barred for, at least the bar it was lost in"""
    rsi_high: Percentile = 70.0
    """no new long above this RSI(14); 100: off"""
    rsi_low: Percentile = 30.0
    """no new short below this RSI(14); 0: off"""
    long_only: bool = True
    """no short positions"""
    buy_score: Annotated[float, Field(gt=50, le=100)] = 60.0
    """from this score up a symbol is a candidate to buy"""
    sell_score: Annotated[float, Field(ge=0, lt=50)] = 40.0
    """from this score down a long is closed, and a short may open"""
    sizing: Literal["kelly", "fraction", "notional", "units", "volatility"] = "kelly"
    """how the wanted size is found; kelly: half Kelly once past scores tell odds, else fraction"""
    sizing_value: Annotated[float, Field(gt=0)] = 0.05
    """as `sizing` says: share of equity, money, units, share of equity that one sigma moves"""
    position: Exposure = 0.05
    """one position, as a share of equity"""
    volume_share: PositiveShare = 0.01
    """an entry's share of the symbol's usual volume in a bar"""
    least_notional: Money = Decimal(1)
    """no order below this"""
    watch: PositiveShare = 0.015
    """the bot closes a position that closes a bar at this loss; 1: off"""
    stop: Below1 = 0.02
    """the stop that rests at the broker, this far from the average entry; 0: none"""
    target: Annotated[float, Field(ge=0, le=100)] = 0.03
    """the target, this far from the average entry; 0: none"""
    target_share: PositiveShare = 0.5
    """share of the position sold at the target; the rest trails"""
    trail: Below1 = 0.02
    """distance of the trailing stop from the best price; 0: none"""
    trail_from: Literal["entry", "target"] = "target"
    """when trailing begins"""
    max_bars: Annotated[int, Field(ge=0)] = 20
    """a position is closed at this age in bars; 0: never"""
    trim_above: Annotated[float, Field(ge=1)] = 1.25
    """a position that has grown to this multiple of `position` is cut back to it"""
    momentum_bars: Annotated[int, Field(ge=1)] = 10
    """span of the average return that a position's health looks at"""
    health_exit: Percentile = 25.0
    """a position whose health (docs/engine.md 4.1) falls below is closed; 0: off"""
    health_trim: Percentile = 35.0
    """below this it is halved, once; 0: off"""
    health_add: Percentile = 75.0
    """from this up a winning position may be added to; 0: off"""
    delist_return: Annotated[float, Field(ge=-1, le=0)] = -0.30
    """return taken when a symbol is delisted and its proceeds are unknown"""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.rsi_low >= self.rsi_high:
            raise ValueError(f"rsi_low {self.rsi_low:g} must be below rsi_high {self.rsi_high:g}")
        if self.sizing in ("kelly", "fraction") and self.sizing_value > 10:
            raise ValueError(
                f"sizing_value {self.sizing_value:g} is a fraction of equity; write 0.05 for 5 %"
            )
        return self


class ExecutionConfig(Section):
    """[execution]: which order enters, when its stop goes live, how much of a bar it may take."""

    entry: Literal["market", "limit", "stop", "stop_limit"] = "market"
    """the order that enters"""
    entry_offset: Below1 = 0.0
    """distance of a limit (below the close, for a buy) or stop (above it)"""
    limit_offset: Below1 = 0.0
    """how far beyond the stop a stop_limit may still fill"""
    timeout: Duration = timedelta(0)
    """after this a limit entry becomes a market order; a bar longer than this: at once"""
    good_till_cancelled: bool = False
    """entries outlive their session"""
    protect_from: Literal["fill", "next_bar"] = "fill"
    """whether stop and target are live in the bar of an entry at the open"""
    bar_share: PositiveShare = 0.10
    """share of a bar's volume that may fill; the rest goes on working"""
