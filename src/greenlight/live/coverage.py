"""How well positions are protected: seconds with a stop at the venue, without, and where it takes
none. Measured from change to change on the run's clock."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from greenlight.ledger import Covered
from greenlight.live.timekeeping import Timekeeper

_NS = 1_000_000_000


class Cover(Enum):
    """How a position stands. BY_DAY: bare, and the venue takes a stop only while it is open."""

    NONE = "nothing held"
    STOPPED = "a stop rests for all of it"
    BARE = "no stop rests"
    BY_DAY = "no stop rests, one could by day"
    BEYOND = "the venue takes no stop"


@dataclass(slots=True)
class _Account:
    """Nanoseconds of one symbol since `since_ts`. stretch: of the exposure that goes on."""

    since_ts: int
    at_ts: int
    cover: Cover = Cover.NONE
    covered: int = 0
    exposed: int = 0
    uncoverable: int = 0
    stretch: int = 0
    longest: int = 0

    @property
    def held(self) -> int:
        return self.covered + self.exposed + self.uncoverable


class Coverage:
    """Keeps an account of every symbol that was held. names: ids by number."""

    def __init__(self, times: Timekeeper, names: Callable[[int], str]) -> None:
        self._times, self._names = times, names
        self._accounts: dict[int, _Account] = {}

    def note(self, symbol: int, cover: Cover, now: int) -> None:
        """From now on the symbol stands like this."""
        account = self._accounts.get(symbol)
        if account is None:
            if cover is Cover.NONE:
                return
            account = self._accounts[symbol] = _Account(now, now)
        if cover is account.cover:
            return
        self._advance(symbol, account, now)
        account.cover = cover

    def take(self, now: int) -> tuple[Covered, ...]:
        """Everything since the last call; counting begins anew, what is held goes on."""
        return tuple(self._take(now))

    def _take(self, now: int) -> Iterator[Covered]:
        for symbol, account in list(self._accounts.items()):
            self._advance(symbol, account, now)
            if account.held > 0:
                seconds = (account.covered, account.exposed, account.uncoverable, account.longest)
                yield Covered(
                    self._names(symbol), account.since_ts, now, *(n / _NS for n in seconds)
                )
            if account.cover is Cover.NONE:
                del self._accounts[symbol]
                continue
            fresh = _Account(now, now, account.cover, stretch=account.stretch)
            self._accounts[symbol] = fresh

    def _advance(self, symbol: int, account: _Account, now: int) -> None:
        """Count the time since the last change."""
        since, account.at_ts = account.at_ts, max(now, account.at_ts)
        span = account.at_ts - since
        match account.cover:
            case Cover.STOPPED:
                account.covered += span
                account.stretch = 0
            case Cover.BARE:
                _expose(account, span)
            case Cover.BY_DAY:
                by_day = self._open_within(symbol, since, account.at_ts)
                account.uncoverable += span - by_day
                _expose(account, by_day)
            case Cover.BEYOND:
                account.uncoverable += span
                account.stretch = 0
            case Cover.NONE:
                account.stretch = 0

    def _open_within(self, symbol: int, since: int, until: int) -> int:
        """Nanoseconds of the symbol's sessions in [since, until)."""
        total, at = 0, since
        while at < until:
            hours = self._times.hours(symbol, at)
            begin, end = max(hours.open_ts, at), min(hours.close_ts, until)
            total += max(0, end - begin)
            at = hours.close_ts
        return total


def _expose(account: _Account, span: int) -> None:
    account.exposed += span
    account.stretch += span
    account.longest = max(account.longest, account.stretch)
