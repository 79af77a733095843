"""What a fill costs at the local exchange: the engine's rules (docs/engine.md 3.1) in Decimal."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_UP, Decimal

from greenlight.brokers.exchange.orders import ZERO
from greenlight.brokers.exchange.terms import Way

_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class SaleFee:
    """Fees on sales from `since_ts` on: a fraction of the amount, and money a share up to a cap."""

    since_ts: int
    sec_rate: Decimal
    taf_rate: Decimal
    taf_cap: Decimal


@dataclass(frozen=True, slots=True)
class Tariff:
    """What one asset class costs: fractions of the price, money a unit, money a fill.

    in_kind: the fee of a purchase is kept back in the coin that was bought, as Alpaca does it.
    """

    half_spread: Decimal = Decimal("0.0001")
    slippage: Decimal = Decimal("0.0002")
    per_unit: Decimal = ZERO
    percent: Decimal = ZERO
    minimum: Decimal = ZERO
    sale_fees: tuple[SaleFee, ...] = ()
    in_kind: bool = False

    def fee(self, way: Way, qty: Decimal, price: Decimal, ts: int) -> Decimal:
        """Money charged for a fill."""
        amount = qty * price
        fee = max(self.minimum, self.per_unit * qty + self.percent * amount)
        if way is Way.SELL:
            in_force = [rate for rate in self.sale_fees if rate.since_ts <= ts]
            if in_force:
                rate = in_force[-1]
                fee += rate.sec_rate * amount + min(rate.taf_rate * qty, rate.taf_cap)
        return fee


EQUITY_TARIFF = Tariff()
CRYPTO_TARIFF = Tariff(percent=Decimal("0.0025"), in_kind=True)


def increment(price: Decimal, *, is_crypto: bool) -> Decimal:
    """Smallest step of a quote or a limit at that price."""
    if is_crypto:
        if price >= 10:
            return Decimal("0.01")
        return Decimal("0.0001") if price >= Decimal("0.1") else Decimal("1e-9")
    return Decimal("0.01") if price >= 1 else Decimal("0.0001")


def bid_ask(last: Decimal, tariff: Tariff, *, is_crypto: bool) -> tuple[Decimal, Decimal]:
    """The quote around a price: half a spread away on both sides, at least to the next step."""
    step = increment(last, is_crypto=is_crypto)
    bid = (last * (_ONE - tariff.half_spread)).quantize(step, rounding=ROUND_DOWN)
    ask = (last * (_ONE + tariff.half_spread)).quantize(step, rounding=ROUND_UP)
    return max(bid, step), max(ask, step * 2)


def market_price(way: Way, reference: Decimal, tariff: Tariff, *, is_crypto: bool) -> Decimal:
    """What a market order pays: spread and slippage off the reference, never inside the quote."""
    worse = tariff.half_spread + tariff.slippage
    bid, ask = bid_ask(reference, tariff, is_crypto=is_crypto)
    step = Decimal("1e-9") if is_crypto else Decimal("0.0001")
    if way is Way.BUY:
        return max(ask, (reference * (_ONE + worse)).quantize(step, rounding=ROUND_UP))
    return min(bid, (reference * (_ONE - worse)).quantize(step, rounding=ROUND_DOWN))
