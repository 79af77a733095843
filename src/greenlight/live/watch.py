"""The bot's own watch beside the resting stop: which levels are passed by quotes, and since when.

Quotes trigger; only closed bars move levels. What a passed level leads to is `planning`'s matter.
"""

from greenlight.domain import Quote, Role, Side
from greenlight.live.wanting import NOTHING, Slot, Wants


class Watch:
    """The last quote of each symbol, and since when it is through the stop's level."""

    def __init__(self) -> None:
        self._quotes: dict[int, Quote] = {}
        self._passed: dict[int, int] = {}

    def see(self, symbol: int, quote: Quote, wants: Wants | None, *, is_open: bool) -> bool:
        """Take a quote; whether something that depends on it may have changed."""
        last = self._quotes.get(symbol)
        if last is not None and quote.ts < last.ts:
            return False
        self._quotes[symbol] = quote
        if wants is None or not wants.slots:
            self._passed.pop(symbol, None)
            return False
        return self.judge(symbol, wants, is_open=is_open) or _is_watched(wants, quote)

    def judge(self, symbol: int, wants: Wants, *, is_open: bool) -> bool:
        """Look at the last quote again, after the level moved; whether the answer has changed."""
        quote, guard = self._quotes.get(symbol), wants.guard()
        through = is_open and quote is not None and guard is not None and is_through(guard, quote)
        if through and quote is not None:
            if symbol in self._passed:
                return False
            self._passed[symbol] = quote.ts
            return True
        return self._passed.pop(symbol, None) is not None

    def quote(self, symbol: int) -> Quote | None:
        """The last one."""
        return self._quotes.get(symbol)

    def passed_ts(self, symbol: int) -> int | None:
        """Since when quotes are through the level; None: they are not."""
        return self._passed.get(symbol)


def is_through(guard: Slot, quote: Quote) -> bool:
    """Whether a stop at that level should have been triggered: it sells at the bid."""
    seen = quote.bid if guard.side is Side.SELL else quote.ask
    if guard.price is None or seen <= NOTHING:
        return False
    return guard.side * seen >= guard.side * guard.price


def _is_watched(wants: Wants, quote: Quote) -> bool:
    """Whether the price of a TARGET is quoted."""
    target = wants.slots.get(Role.TARGET)
    if target is None or target.price is None:
        return False
    seen = quote.bid if target.side is Side.SELL else quote.ask
    return seen > NOTHING and target.side * seen <= target.side * target.price
