"""The SDK's models read the same messages and say the same, where they read them at all."""

from decimal import Decimal

import pytest
from alpaca_words import LEG, order, update

from greenlight.brokers.alpaca.orders import order_report, venue_order

STATUSES = (
    "new",
    "partially_filled",
    "filled",
    "done_for_day",
    "canceled",
    "expired",
    "replaced",
    "pending_cancel",
    "pending_replace",
    "accepted",
    "pending_new",
    "accepted_for_bidding",
    "stopped",
    "rejected",
    "suspended",
    "calculated",
    "held",
)
MESSAGES = [
    *(order(status=status) for status in STATUSES),
    order(qty=None, notional="100", filled_qty="0.64", filled_avg_price="154.01"),
    order(symbol="BTC/USD", asset_class="crypto", qty="0.000000001", time_in_force="gtc"),
    order(side="sell", type="stop_limit", order_type="stop_limit", stop_price="500.25"),
    order(type="stop", order_type="stop", stop_price="500", limit_price=None, replaced_by=LEG),
    order(
        order_class="oco",
        legs=[order(id=LEG, status="held", type="stop", stop_price="5", limit_price=None)],
    ),
]


@pytest.fixture(scope="module")
def sdk():
    import warnings

    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message=r"websockets\.legacy", category=DeprecationWarning
        )
        import alpaca.trading.models as models
    return models


@pytest.mark.parametrize("message", MESSAGES, ids=lambda one: f"{one['status']}-{one['type']}")
def test_the_sdk_reads_the_same_orders_alike(sdk, message):
    theirs, ours = sdk.Order(**message), venue_order(message)
    assert_alike(theirs, ours)
    for their_leg, leg in zip(theirs.legs or (), ours.legs, strict=True):
        assert_alike(their_leg, leg)


def assert_alike(theirs, ours):
    assert str(theirs.id) == ours.venue_id
    assert theirs.client_order_id == ours.client_id
    assert theirs.symbol == ours.instrument
    assert theirs.side.value == ours.side.name.lower()
    assert theirs.type.value == ours.kind.name.lower()
    assert Decimal(str(theirs.filled_qty)) == ours.filled
    assert theirs.qty is None or Decimal(str(theirs.qty)) == ours.quantity
    prices = [Decimal(one) for one in (theirs.stop_price, theirs.limit_price) if one is not None]
    assert sorted(prices) == sorted(one for one in (ours.price, ours.limit) if one is not None)
    assert str(theirs.replaced_by or "") == ours.replaced_by
    assert int(theirs.updated_at.timestamp() * 1000) == ours.updated_ts // 1_000_000


def test_the_sdk_reads_the_same_update_alike(sdk):
    data = update(
        "fill",
        execution_id="2f63ea93-423d-4169-b3f6-3fdafc10c418",
        price="512.3",
        qty="10",
        order=order(status="filled", filled_qty="10", filled_avg_price="512.3"),
    )
    theirs, ours = sdk.TradeUpdate(**data), order_report(data)
    assert_alike(theirs.order, ours.order)
    assert str(theirs.execution_id) == ours.execution.id
    assert theirs.price == float(ours.execution.price)
    assert theirs.qty == float(ours.execution.quantity)
    assert int(theirs.timestamp.timestamp() * 1000) == ours.execution.ts // 1_000_000


def test_the_sdk_loses_a_whole_report_for_one_word_it_does_not_know(sdk):
    """The reason why messages are read here."""
    data = update("fill", price="1", qty="10", order=order(status="meditating", filled_qty="10"))
    with pytest.raises(ValueError, match="status"):
        sdk.TradeUpdate(**data)
    assert order_report(data).order.filled == 10
