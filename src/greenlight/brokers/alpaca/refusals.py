"""What an answer that is not a success means: which error the caller gets, and its first word.

The first word of a RefuseError, or of a RetryError for a matter of orders, is for machines:

through  the trigger of a stop lies beyond the market already
funds    too little buying power
wash     an opposite order of the account rests
held     the units are promised to another order, or not there: a position's books may lag its
         fills, so that one cannot be told from the other at once
halted   the asset is not tradable
gone     the order to change or cancel is not open any more, or was never there
wait     the order to change or cancel is itself being changed
rule     any other rule
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from greenlight.brokers.alpaca.texts import number
from greenlight.domain import (
    DuplicateError,
    GreenlightError,
    HaltError,
    RefuseError,
    RetryError,
    UnknownError,
)

_LONGEST_WAIT_S = 300.0
_SERVER_ERROR = 500
_BUSINESS_CODES = ("403", "422")
_MONEY = ("USD", "USDT", "USDC")

_DUPLICATE = re.compile(r"client[ _-]?order[ _-]?id must be unique")
_WASH = re.compile(r"wash trade|opposite side \w+ order exists")
_SHORTAGE = re.compile(r"insufficient (?:qty|balance)\b(?:.*?\bfor (?P<coin>[a-z]+))?")
_FUNDS = re.compile(r"insufficient .*(?:buying power|cash)")
_THROUGH = re.compile(r"stop[_ ]price must (?:be|not be) .*(?:price|market|[<>])")
_ENDED = re.compile(
    r"already (?:in|replaced)|not cancell?able|order not found|"
    r"in (?:filled|cancell?ed|expired|rejected|replaced|done_for_day) (?:status|state)"
)
_BUSY = re.compile(
    r"in (?:\w*pending\w*|accepted\w*|held) (?:status|state)|pending[_ ](?:new|replace)"
)
_HALTED = re.compile(r"not (?:tradable|active)|is halted|trading (?:is )?halted|asset .*not found")
_BLOCKED = re.compile(
    r"(?:account|trading) (?:is |has been |currently )*(?:blocked|restricted|suspended|disabled|"
    r"inactive|closed)|not (?:allowed|authorized) to trade$|rejected by user request|^forbidden|"
    r"^unauthorized"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers with small names, and what of the body could be read."""

    status: int
    headers: Mapping[str, str]
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """What the venue says in one line, no more of it than a line holds."""
        said = str(self.body.get("message", "")) or str(self.body.get("error", ""))
        return " ".join(said.split())[:200] or f"answer {self.status}"


def failure(answer: Answer, what: str, *, acts: bool) -> GreenlightError:
    """The error that an answer of 300 or more means.

    what: the request in a few words, for people. acts: whether the request would change something,
    so that a failure inside the venue leaves its outcome unknown.
    """
    status, said = answer.status, f"{what}: {answer.message}"
    if status == 429:
        return RetryError(said, _wait(answer.headers))
    if status >= _SERVER_ERROR or status == 408 or status < 400:
        return UnknownError(said) if acts else RetryError(said)
    if status == 401:
        return HaltError(f"{said} (are key and secret those of this account?)")
    if status == 403 and not str(answer.body.get("code", "")).startswith(_BUSINESS_CODES):
        return HaltError(said)
    return _rule(answer, what) if acts else _unread(status, said)


def _unread(status: int, said: str) -> GreenlightError:
    return HaltError(said) if status == 403 else RetryError(said)


def _rule(answer: Answer, what: str) -> GreenlightError:
    """What the venue's rules say against a request; structured fields first, then the words."""
    message = answer.message.lower()
    tail = f"{what}: {answer.message}"
    shortage = _SHORTAGE.search(message)
    if _DUPLICATE.search(message):
        return DuplicateError(tail)
    if _BLOCKED.search(message):
        return HaltError(tail)
    if _WASH.search(message) or answer.body.get("existing_order_id"):
        return RetryError(f"wash: {tail}")
    if shortage is not None and (shortage["coin"] or "").upper() not in _MONEY:
        return RetryError(f"held: {tail}")
    if shortage is not None or _FUNDS.search(message):
        return RefuseError(f"funds: {tail}")
    if _THROUGH.search(message):
        return RefuseError(f"through: {tail}")
    if answer.status == 404 or _ENDED.search(message):
        return RefuseError(f"{'halted' if 'asset' in message else 'gone'}: {tail}")
    if _BUSY.search(message):
        return RetryError(f"wait: {tail}")
    return RefuseError(f"{'halted' if _HALTED.search(message) else 'rule'}: {tail}")


def _wait(headers: Mapping[str, str]) -> float:
    """How long Retry-After asks for, in seconds; 0 where it does not say so in seconds."""
    try:
        asked = number(headers.get("retry-after"))
    except ValueError:
        return 0.0
    return min(max(float(asked), 0.0), _LONGEST_WAIT_S) if asked is not None else 0.0
