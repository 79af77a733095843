"""What ccxt's exceptions mean: which error the caller gets, and its first word.

The first word of a RefuseError is for machines: ``through`` (a stop beyond the market), ``funds``,
``halted`` (the market does not trade), ``gone`` (the order is not open any more), ``rule``.
"""

import re
import socket

from greenlight.domain import (
    DuplicateError,
    GreenlightError,
    HaltError,
    RefuseError,
    RetryError,
    UnknownError,
)

_DUPLICATE = re.compile(
    r"duplicate (?!.*cancel)|(?:cl_ord_id|client.order.id).*(?:exist|used|unique)"
)
_THROUGH = re.compile(r"trigger immediately|stop_price_(?:above|below)_last_trade_price")
_FUNDS = re.compile(r"insufficient[ _](?:balance|fund)")
_GONE = re.compile(r"unknown[ _]order|not[ _]found|does not exist|unknown_cancel_order")
_HALTED = re.compile(r"market is closed|(?:cancel|post|limit)_only|trading_disabled|is not trading")
_KEYS = re.compile(r"invalid[ _](?:signature|key)|unauthorized|signature for this request")
_QUERY = re.compile(r"\?\S*")  # may hold a signature


def failure(error: Exception, what: str, *, acts: bool, wait_s: float = 0.0) -> GreenlightError:
    """The error that one of ccxt's means.

    what: the request in a few words, for people. acts: whether it would change something, so that a
    failure on the way leaves its outcome unknown. wait_s: what the exchange asked for.
    """
    import aiohttp
    import ccxt

    said = f"{what}: {_words(error)}"
    cause = error.__cause__
    if isinstance(cause, aiohttp.ClientConnectorError | socket.gaierror):
        return RetryError(f"{said} (not sent)")
    if isinstance(error, ccxt.RateLimitExceeded | ccxt.DDoSProtection):
        return RetryError(said, wait_s)
    if isinstance(error, ccxt.OnMaintenance | ccxt.InvalidNonce):
        return RetryError(said)
    if isinstance(error, ccxt.AuthenticationError) or _KEYS.search(said.lower()):
        return HaltError(f"{said} (are the keys those of this account, and may they trade?)")
    is_vague = isinstance(error, ccxt.OperationFailed)
    if is_vague or isinstance(cause, aiohttp.ClientError) or not isinstance(error, ccxt.BaseError):
        return UnknownError(said) if acts else RetryError(said)
    return _rule(error, said) if acts else RetryError(said)


def is_missing(error: Exception) -> bool:
    """Whether the exchange says that there is no such order."""
    import ccxt

    if isinstance(error, ccxt.OperationFailed):
        return False
    is_rule = isinstance(error, ccxt.ExchangeError)
    return isinstance(error, ccxt.OrderNotFound) or (
        is_rule and _GONE.search(str(error).lower()) is not None
    )


def _rule(error: Exception, said: str) -> GreenlightError:
    """What the exchange's rules say against a request."""
    import ccxt

    words = said.lower()
    if isinstance(error, ccxt.DuplicateOrderId) or _DUPLICATE.search(words):
        return DuplicateError(said)
    if isinstance(error, ccxt.InsufficientFunds) or _FUNDS.search(words):
        return RefuseError(f"funds: {said}")
    if _THROUGH.search(words):
        return RefuseError(f"through: {said}")
    if isinstance(error, ccxt.OrderNotFound) or _GONE.search(words):
        return RefuseError(f"gone: {said}")
    if isinstance(error, ccxt.BadSymbol | ccxt.MarketClosed) or _HALTED.search(words):
        return RefuseError(f"halted: {said}")
    return RefuseError(f"rule: {said}")


def _words(error: Exception) -> str:
    text = f"{type(error).__name__} {_QUERY.sub('', str(error))}"
    return " ".join(text.split())[:250]
