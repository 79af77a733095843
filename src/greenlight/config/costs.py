"""[costs]: what trading costs, by asset class, and what regulators take from US sales."""

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from greenlight.config.fees import regulatory_fees
from greenlight.config.fields import Bps, Section

Amount = Annotated[float, Field(ge=0)]


class AssetCosts(Section):
    """What one asset class costs. Nothing is free unless it is set to 0 here."""

    half_spread_bps: Bps = 1.0
    """half of bid to ask, paid by market and stop orders"""
    slippage_bps: Bps = 2.0
    """what else the price moves between decision and fill"""
    impact: Annotated[float, Field(ge=0, le=10)] = 0.1
    """times sigma times the square root of the share of the bar's volume"""
    per_share: Amount = 0.0
    """commission in money a unit"""
    fee_bps: Bps = 0.0
    """commission in basis points of notional"""
    minimum: Amount = 0.0
    """least commission of a fill"""
    borrow: Annotated[float, Field(ge=0, le=10)] = 0.03
    """what a short pays, as a fraction of its value a year"""
    regulatory: bool = False
    """whether sales also pay the `costs.regulatory_fees` of their date"""


class EquityCosts(AssetCosts):
    """[costs.equity]: a commission-free US broker, which still passes the regulators' fees on."""

    regulatory: bool = True
    """whether sales also pay the `costs.regulatory_fees` of their date"""


class CryptoCosts(AssetCosts):
    """[costs.crypto]: the taker's fee of the first tier at Alpaca (15 bps for makers)."""

    fee_bps: Bps = 25.0
    """commission in basis points of notional"""


class RegulatoryFee(Section):
    """Fees on sales from `since` on: a fraction of notional, and money a share up to a cap."""

    since: date
    """first day in force"""
    sec_rate: Amount
    """fraction of notional"""
    taf_rate: Amount
    """money a share"""
    taf_cap: Amount
    """most that is taken of a fill"""


class CostsConfig(Section):
    """[costs]: a table for each asset class."""

    equity: EquityCosts = EquityCosts()
    crypto: CryptoCosts = CryptoCosts()
    index: AssetCosts = AssetCosts()
    regulatory_fees: tuple[RegulatoryFee, ...] = tuple(
        RegulatoryFee(since=since, sec_rate=sec, taf_rate=taf, taf_cap=cap)
        for since, sec, taf, cap in regulatory_fees()
    )
    """by date, ascending; giving any replaces the shipped schedule"""

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        dates = [fee.since for fee in self.regulatory_fees]
        if dates != sorted(set(dates)):
            raise ValueError("regulatory_fees must be in order of their date, each date once")
        return self
