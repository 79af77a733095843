"""The watch on the bot itself: orders too fast or too often refused, errors, unexplained money."""

from collections import deque

from greenlight.live.settings import WatchSettings

_NS = 1_000_000_000
_MINUTE = 60 * _NS
_LEAST = 10  # orders of a minute below which a share of refusals says nothing
_SPAN = 10 * _MINUTE  # of which refusals are a share


class Anomalies:
    """Counts what happens and says what is out of the ordinary. Times are ns of the run's clock."""

    def __init__(self, settings: WatchSettings) -> None:
        self._settings = settings
        self._orders: deque[int] = deque()
        self._answers: deque[tuple[int, bool]] = deque()
        self._errors: deque[int] = deque()
        self._gap: float | None = None
        self._why: str | None = None

    def ordered(self, now: int) -> None:
        """An order is sent that opens, closes, or is laid again."""
        _keep(self._orders, now, self._settings.orders_per_minute)

    def answered(self, now: int, *, is_refused: bool) -> None:
        """The venue has answered one."""
        self._answers.append((now, is_refused))
        while self._answers and self._answers[0][0] < now - _SPAN:
            self._answers.popleft()

    def failed(self, now: int) -> None:
        """A request came to nothing, or to nobody knows what."""
        _keep(self._errors, now, self._settings.errors_per_minute)

    def refused(self, why: str) -> None:
        """The venue refuses the account or its keys."""
        self._why = why

    def worth(self, venue: float, book: float) -> None:
        """Equity as the venue has it and as book and prices have it, at one moment, all settled."""
        gap, last = venue - book, self._gap
        self._gap = gap
        limit = self._settings.pnl_unexplained * abs(book)
        if last is not None and abs(gap - last) > limit:
            self._why = f"equity moved by {gap - last:,.2f} that neither prices nor fills explain"

    def why(self, now: int) -> str | None:
        """What is out of the ordinary now; None: nothing. A sudden thing is told once."""
        told, self._why = self._why, None
        if told is not None:
            return told
        settings = self._settings
        if _count(self._orders, now) > settings.orders_per_minute:
            return f"more than {settings.orders_per_minute} orders within a minute"
        if _count(self._errors, now) > settings.errors_per_minute:
            return f"more than {settings.errors_per_minute} requests failed within a minute"
        recent = [is_refused for ts, is_refused in self._answers if ts >= now - _SPAN]
        refusals = sum(recent)
        if len(recent) >= _LEAST and refusals > settings.rejected_share * len(recent):
            return f"{refusals} of {len(recent)} orders were refused"
        return None


def _keep(times: deque[int], now: int, limit: int) -> None:
    """Add a moment; one more than the limit is enough to know."""
    times.append(now)
    if len(times) > limit + 1:
        times.popleft()


def _count(times: deque[int], now: int) -> int:
    return sum(1 for ts in times if ts > now - _MINUTE)
