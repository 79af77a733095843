"""How Alpaca says no: HTTP status, code, message, and fields beside them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from greenlight.brokers.exchange.orders import plain
from greenlight.domain import RefuseError

FORBIDDEN, UNPROCESSABLE, NOT_FOUND = 403, 422, 404
_CODE_FORBIDDEN, _CODE_INVALID, _CODE_REFUSED, _CODE_MISSING = (
    40310000,
    40010001,
    42210000,
    40410000,
)


class RefusalError(RefuseError):
    """An answer that is no: what stands in its body, and its HTTP status."""

    def __init__(
        self, status: int, code: int, message: str, fields: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, object] = {"code": code, "message": message, **(fields or {})}


def invalid(message: str) -> RefusalError:
    """A request that makes no sense in itself."""
    return RefusalError(UNPROCESSABLE, _CODE_INVALID, message)


def refused(message: str) -> RefusalError:
    """A request that is against the rules as things stand."""
    return RefusalError(UNPROCESSABLE, _CODE_REFUSED, message)


def forbidden(message: str, fields: Mapping[str, object] | None = None) -> RefusalError:
    """What the account may not do."""
    return RefusalError(FORBIDDEN, _CODE_FORBIDDEN, message, fields)


def missing(message: str) -> RefusalError:
    """What is asked for does not exist."""
    return RefusalError(NOT_FOUND, _CODE_MISSING, message)


def insufficient_quantity(
    symbol: str,
    requested: Decimal,
    available: Decimal,
    held: Decimal,
    related: Sequence[str],
) -> RefusalError:
    """Units are promised to other orders, or are not there."""
    return forbidden(
        f"insufficient qty available for order "
        f"(requested: {plain(requested)}, available: {plain(available)})",
        {
            "symbol": symbol,
            "available": plain(available),
            "existing_qty": plain(available + held),
            "held_for_orders": plain(held),
            "related_orders": list(related),
        },
    )


def insufficient_balance(asset: str, requested: Decimal, available: Decimal) -> RefusalError:
    """Crypto is paid for in cash and sold from what is there."""
    return forbidden(
        f"insufficient balance for {asset} "
        f"(requested: {plain(requested)}, available: {plain(available)})",
        {"symbol": asset, "available": plain(available), "balance": plain(available)},
    )


def insufficient_buying_power(cost: Decimal, power: Decimal) -> RefusalError:
    """The order costs more than the account may spend."""
    return forbidden(
        "insufficient buying power", {"buying_power": plain(power), "cost_basis": plain(cost)}
    )


def wash_trade(existing: str, reason: str) -> RefusalError:
    """The order might trade with another one of the same account."""
    return forbidden(
        "potential wash trade detected. use complex orders",
        {"existing_order_id": existing, "reject_reason": reason},
    )
