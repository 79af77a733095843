"""Where keys may go, what is not traded at all, and what an exchange's words mean."""

import subprocess
import sys

import ccxt
import pytest

from greenlight.brokers.ccxt import CcxtBroker, CcxtSettings
from greenlight.brokers.ccxt.refusals import failure, is_missing
from greenlight.domain import (
    DuplicateError,
    HaltError,
    RefuseError,
    RetryError,
    UnknownError,
    UserError,
)

KEYS = {"key": "k", "secret": "s"}


@pytest.mark.parametrize(
    ("terms", "kind", "words"),
    [
        ({"exchange": "mtgox"}, UserError, "choose one of binance, coinbase, kraken"),
        ({"instruments": ("BTC/USDT", "ETH/USD")}, UserError, "one quote currency"),
        ({"instruments": ()}, UserError, "one quote currency"),
        ({"instruments": ("BTC/USDT:USDT",)}, UserError, "spot pairs"),
        ({"secret": ""}, UserError, "one is missing"),
        ({"is_sandbox": False}, RefuseError, "arming token"),
        ({"exchange": "kraken"}, UserError, "has no sandbox"),
        ({"rest_url": "https://api.binance.com"}, RefuseError, "must be a loopback"),
        ({"rest_url": "http://127.0.0.1.evil.example"}, RefuseError, "must be a loopback"),
        ({"stream_url": "ws://127.0.0.1:1"}, UserError, "both or neither"),
    ],
)
def test_keys_go_to_a_sandbox_or_stay_on_this_machine(
    terms: dict, kind: type[Exception], words: str
) -> None:
    usual = {"exchange": "binance", "instruments": ("BTC/USDT",), **KEYS}
    with pytest.raises(kind, match=words):
        CcxtSettings(**{**usual, **terms})
    CcxtSettings(**usual)


def test_real_money_needs_an_arming_token_and_keys_are_not_shown() -> None:
    terms = {"key": "public-part", "secret": "hidden-part", "is_sandbox": False}
    settings = CcxtSettings("kraken", ("BTC/USD",), **terms, arming_token="armed")  # noqa: S106 - nobody's
    for hidden in ("public-part", "hidden-part", "armed"):
        assert hidden not in repr(settings)


def test_a_key_that_cannot_sign_is_told_at_once_without_showing_it() -> None:
    terms = {"key": "k", "secret": "not base64!", "rest_url": "http://127.0.0.1:9"}
    with pytest.raises(UserError, match="not of the kind") as caught:
        CcxtBroker(CcxtSettings("kraken", ("BTC/USD",), **terms))
    assert "base64!" not in str(caught.value)
    with pytest.raises(UserError, match="needs an API key"):
        CcxtBroker(CcxtSettings("kraken", ("BTC/USD",)))


def test_ccxt_is_loaded_when_an_exchange_is_used_and_not_before() -> None:
    code = "import greenlight.brokers.ccxt, sys; assert 'ccxt' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (ccxt.InvalidOrder("binance Duplicate order sent."), DuplicateError, ""),
        (ccxt.DuplicateOrderId("x"), DuplicateError, ""),
        (ccxt.ExchangeError("kraken EOrder:cl_ord_id already exists"), DuplicateError, ""),
        (ccxt.InsufficientFunds("x"), RefuseError, "funds: "),
        (
            ccxt.OrderImmediatelyFillable("Stop price would trigger immediately."),
            RefuseError,
            "thr",
        ),
        (ccxt.InvalidOrder("PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE"), RefuseError, "through: "),
        (ccxt.OrderNotFound("x"), RefuseError, "gone: "),
        (ccxt.InvalidOrder("EOrder:Unknown order"), RefuseError, "gone: "),
        (ccxt.BadSymbol("x"), RefuseError, "halted: "),
        (ccxt.MarketClosed("x"), RefuseError, "halted: "),
        (ccxt.InvalidOrder("minimum not met"), RefuseError, "rule: "),
        (ccxt.OnMaintenance("cancel_only"), RetryError, ""),
        (ccxt.InvalidNonce("x"), RetryError, ""),
        (ccxt.RateLimitExceeded("x"), RetryError, ""),
        (ccxt.DDoSProtection("x"), RetryError, ""),
        (ccxt.RequestTimeout("x"), UnknownError, ""),
        (ccxt.ExchangeNotAvailable("x"), UnknownError, ""),
        (ccxt.OperationFailed("execution status unknown"), UnknownError, ""),
        (ccxt.NullResponse("x"), UnknownError, ""),
        (ccxt.AuthenticationError("x"), HaltError, ""),
        (ccxt.PermissionDenied("x"), HaltError, ""),
        (ccxt.AccountSuspended("x"), HaltError, ""),
        (ccxt.ExchangeError("EAPI:Invalid signature"), HaltError, ""),
    ],
)
def test_what_an_exchange_says_of_an_order(
    error: Exception, kind: type[Exception], words: str
) -> None:
    told = failure(error, "order 1", acts=True)
    assert type(told) is kind
    assert str(told).startswith(words)
    asked = failure(error, "look-up", acts=False)
    assert isinstance(asked, HaltError if kind is HaltError else RetryError)


def test_a_signature_in_an_address_is_cut_off() -> None:
    error = ccxt.RequestTimeout("binance GET http://x/api/v3/order?timestamp=1&signature=abc")
    assert "abc" not in str(failure(error, "look-up", acts=False))


def test_only_an_exchanges_own_word_makes_an_order_absent() -> None:
    assert is_missing(ccxt.OrderNotFound("x"))
    assert is_missing(ccxt.ExchangeError("NOT_FOUND order with this orderID was not found"))
    assert not is_missing(ccxt.ExchangeNotAvailable("404 Not Found"))
    assert not is_missing(ccxt.InvalidOrder("minimum not met"))
