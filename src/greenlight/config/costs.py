"""[costs]: what trading costs, by asset class, and what regulators take from US sales."""

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from greenlight.config.fees import REGULATORY_FEES
from greenlight.config.fields import Bps, Section

Amount = Annotated[float, Field(ge=0)]


class AssetCosts(Section):
    """What one asset class costs. Basis points are of notional; `borrow` is a fraction a year."""

    half_spread_bps: Bps = 1.0
    slippage_bps: Bps = 2.0
    impact: Annotated[float, Field(ge=0, le=10)] = 0.1
    per_share: Amount = 0.0
    fee_bps: Bps = 0.0
    minimum: Amount = 0.0
    borrow: Annotated[float, Field(ge=0, le=10)] = 0.03
    regulatory: bool = False


class EquityCosts(AssetCosts):
    """[costs.equity]: a commission-free US broker, which still passes the regulators' fees on."""

    regulatory: bool = True


class CryptoCosts(AssetCosts):
    """[costs.crypto]: the taker's fee of the first tier of a US exchange."""

    fee_bps: Bps = 25.0


class RegulatoryFee(Section):
    """Fees on sales from `since` on: a fraction of notional, and money a share up to a cap."""

    since: date
    sec_rate: Amount
    taf_rate: Amount
    taf_cap: Amount


class CostsConfig(Section):
    """[costs]: every class has its own table; nothing is free unless it is set to 0 here."""

    equity: EquityCosts = EquityCosts()
    crypto: CryptoCosts = CryptoCosts()
    index: AssetCosts = AssetCosts()
    regulatory_fees: tuple[RegulatoryFee, ...] = tuple(
        RegulatoryFee(since=since, sec_rate=sec, taf_rate=taf, taf_cap=cap)
        for since, sec, taf, cap in REGULATORY_FEES
    )

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        dates = [fee.since for fee in self.regulatory_fees]
        if dates != sorted(set(dates)):
            raise ValueError("regulatory_fees must be in order of their date, each date once")
        return self
