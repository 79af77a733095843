"""Rules an order breaks in itself, whatever the account holds. Wording follows Alpaca's."""

from decimal import Decimal

from greenlight.brokers.exchange.assets import Asset
from greenlight.brokers.exchange.orders import ZERO, OrderRequest
from greenlight.brokers.exchange.pricing import increment
from greenlight.brokers.exchange.refusals import forbidden, invalid, refused
from greenlight.brokers.exchange.terms import Force, Form, Kind, Way

_CRYPTO_KINDS = (Kind.MARKET, Kind.LIMIT, Kind.STOP_LIMIT)
_FRACTION_KINDS = (Kind.MARKET, Kind.LIMIT, Kind.STOP, Kind.STOP_LIMIT)
_LEAST_NOTIONAL = Decimal(1)
_LONGEST_CLIENT_ID = 128


def vet(request: OrderRequest, asset: Asset) -> None:
    """Raise RefusalError for the first rule that the request breaks."""
    _vet_amount(request)
    _vet_prices(request, asset)
    if len(request.client_order_id) > _LONGEST_CLIENT_ID:
        raise invalid("client_order_id must be at most 128 characters")
    if asset.is_crypto:
        _vet_crypto(request)
    else:
        _vet_equity(request, asset)
    if request.form is not Form.SIMPLE:
        _vet_group(request)


def vet_against_market(request: OrderRequest, last: Decimal) -> None:
    """Refuse stops that the market is through already, and brackets that surround nothing."""
    below = request.side is Way.SELL
    if request.kind is Kind.STOP and request.stop is not None:
        _vet_stop("stop price", request.stop, last, below=below)
    if request.stop_loss is None:
        return
    is_exit = request.form is Form.OCO
    base = last if request.limit is None or is_exit else request.limit
    stops_below = request.side is (Way.SELL if is_exit else Way.BUY)
    _vet_stop("stop_loss.stop_price", request.stop_loss, base, below=stops_below)


def vet_step(name: str, price: Decimal | None, *, is_crypto: bool) -> None:
    """Refuse a price between two steps."""
    if price is None or is_crypto:
        return
    if price % increment(price, is_crypto=False) != 0:
        raise refused(
            f"invalid {name} {price}. sub-penny increment does not fulfill minimum pricing criteria"
        )


def _vet_amount(request: OrderRequest) -> None:
    if (request.qty is None) == (request.notional is None):
        raise invalid("qty or notional is required, and only one of them")
    if request.qty is not None and request.qty <= 0:
        raise invalid("qty must be > 0")
    if request.notional is not None and request.notional < _LEAST_NOTIONAL:
        raise refused("notional amount must be >= 1.00")


def _vet_prices(request: OrderRequest, asset: Asset) -> None:
    kind = request.kind
    has_limit, has_stop = request.limit is not None, request.stop is not None
    if kind in (Kind.LIMIT, Kind.STOP_LIMIT) and not has_limit:
        raise invalid(f"{kind.replace('_', ' ')} orders require a limit price")
    if kind in (Kind.STOP, Kind.STOP_LIMIT) and not has_stop:
        raise invalid(f"{kind.replace('_', ' ')} orders require a stop price")
    if kind is Kind.MARKET and (has_limit or has_stop):
        raise invalid("market orders require no stop or limit price")
    trails = (request.trail_price is not None) + (request.trail_percent is not None)
    if (kind is Kind.TRAILING_STOP) != (trails == 1):
        raise invalid("trailing stop orders must specify one of trail_price or trail_percent")
    named = (
        ("limit_price", request.limit),
        ("stop_price", request.stop),
        ("trail_price", request.trail_price),
        ("trail_percent", request.trail_percent),
        ("take_profit.limit_price", request.take_profit),
        ("stop_loss.stop_price", request.stop_loss),
        ("stop_loss.limit_price", request.stop_loss_limit),
    )
    for name, price in named:
        if price is not None and price <= ZERO:
            raise invalid(f"invalid {name}: must be > 0")
        if name != "trail_percent":
            vet_step(name, price, is_crypto=asset.is_crypto)


def _vet_crypto(request: OrderRequest) -> None:
    if request.kind not in _CRYPTO_KINDS:
        raise refused("invalid order type for crypto order")
    if request.force not in (Force.GTC, Force.IOC):
        raise refused("invalid crypto time_in_force")
    if request.form is not Form.SIMPLE:
        raise refused("crypto orders not allowed for advanced order_class: " + request.form)
    if request.extended_hours:
        raise refused("extended hours are not available for crypto orders")


def _vet_equity(request: OrderRequest, asset: Asset) -> None:
    if request.extended_hours and not (
        request.kind is Kind.LIMIT and request.force in (Force.DAY, Force.GTC)
    ):
        raise refused("extended hours order must be DAY limit orders")
    if request.extended_hours and request.form is not Form.SIMPLE:
        raise refused("extended hours orders must be simple orders")
    is_fraction = request.notional is not None or (request.qty or ZERO) % 1 != 0
    if is_fraction:
        if not asset.is_fractionable:
            raise forbidden(f'asset "{asset.symbol}" is not fractionable')
        if request.force is not Force.DAY:
            raise refused("fractional orders must be DAY orders")
        if request.kind not in _FRACTION_KINDS:
            raise refused("fractional orders must be market, limit, stop or stop_limit orders")
        if request.form is not Form.SIMPLE:
            raise refused("fractional orders must be simple orders")
    if request.force in (Force.OPG, Force.CLS) and request.kind not in (Kind.MARKET, Kind.LIMIT):
        raise refused(f"{request.force} orders must be market or limit orders")
    if request.kind.waits_for_trigger and request.force not in (Force.DAY, Force.GTC):
        raise invalid(f"{request.kind} orders must be day or gtc")


def _vet_group(request: OrderRequest) -> None:
    target, stop = request.take_profit, request.stop_loss
    name = request.form
    if name is Form.OTO:
        if (target is None) == (stop is None):
            raise invalid(
                "oto orders require either take_profit.limit_price or stop_loss.stop_price"
            )
    elif target is None:
        raise invalid(f"{name} orders require take_profit.limit_price")
    elif stop is None:
        raise invalid(f"{name} orders require stop_loss.stop_price")
    if request.force not in (Force.DAY, Force.GTC):
        raise invalid(f"{name} orders must be day or gtc")
    if name is Form.OCO and request.kind is not Kind.LIMIT:
        raise invalid("oco orders must be limit orders")
    if name is not Form.OCO and request.kind not in (Kind.MARKET, Kind.LIMIT):
        raise invalid(f"{name} orders must be market or limit orders")
    if target is None or stop is None:
        return
    is_long = request.side is (Way.SELL if name is Form.OCO else Way.BUY)
    if is_long and target <= stop:
        raise invalid("take_profit.limit_price must be > stop_loss.stop_price")
    if not is_long and target >= stop:
        raise invalid("take_profit.limit_price must be < stop_loss.stop_price")


def _vet_stop(name: str, stop: Decimal, base: Decimal, *, below: bool) -> None:
    cent = increment(base, is_crypto=False)
    if below and stop > base - cent:
        raise refused(f"{name} must be less than or equal to base_price - {cent}")
    if not below and stop < base + cent:
        raise refused(f"{name} must be greater than or equal to base_price + {cent}")
