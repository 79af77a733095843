"""A few further attempts at what failed for the moment, and how long to wait between them."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TypeVar

from greenlight.domain import RetryError

T = TypeVar("T")


class BusyError(RetryError):
    """A passing failure; `after_s` is how long the other side asks to be left alone, if it says."""

    def __init__(self, message: str, after_s: float | None = None) -> None:
        super().__init__(message)
        self.after_s = after_s


@dataclass(frozen=True, slots=True)
class Patience:
    """How often to try, and how long to wait: doubling from `first_wait_s`, or as asked for."""

    attempts: int = 4
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0
    sleep: Callable[[float], None] = time.sleep

    def call(self, action: Callable[[], T]) -> T:
        """Result of `action`. Raises RetryError when it still fails, or is to wait for too long."""
        attempt = 1
        while True:
            try:
                return action()
            except RetryError as error:
                asked = error.after_s if isinstance(error, BusyError) else None
                wait = self.first_wait_s * 2.0 ** (attempt - 1) if asked is None else asked
                if wait > self.longest_wait_s:
                    raise RetryError(f"{error}; it asks to wait {wait:.0f} s") from error
                if attempt >= self.attempts:
                    raise RetryError(f"{error}; gave up after {attempt} attempts") from error
                self.sleep(wait)
                attempt += 1


def retry_after(value: str | None, now: str | None) -> float | None:
    """Seconds that a Retry-After header asks for, None if it says nothing usable.

    It holds seconds or a date (RFC 9110, 10.2.3); a date counts from `now`, the answer's own Date
    header, so that no clock of ours is needed.
    """
    if value is None:
        return None
    try:
        return max(float(value), 0.0)
    except ValueError:
        pass
    try:
        until, since = parsedate_to_datetime(value), parsedate_to_datetime(now or "")
    except ValueError:
        return None
    until, since = (t if t.tzinfo else t.replace(tzinfo=UTC) for t in (until, since))
    return max((until - since).total_seconds(), 0.0)
