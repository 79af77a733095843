"""A hand may have closed a position: look before selling.

So before every exit, and when the venue itself ends what protected a position: until it was asked
what is held, nothing that reduces is laid then; where it holds less than the book, no more than
that is, and it is asked again until both agree.
"""

from dataclasses import dataclass
from decimal import Decimal

_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Check:
    """What the venue said it holds. most: as much may be sold, None while it was not asked;
    due_ts: when it is to be asked next."""

    due_ts: int
    most: Decimal | None = None


class Checks:
    """What is in question, by symbol. again_s: between two questions."""

    def __init__(self, again_s: float) -> None:
        self._again_ns = int(again_s * _NS)
        self._open: dict[int, Check] = {}
        self._seen: dict[int, int] = {}

    def suspect(self, symbol: int) -> None:
        """What is held of a symbol is in question."""
        known = self._open.get(symbol)
        self._open[symbol] = Check(0, None if known is None else known.most)

    def traded(self, symbol: int) -> None:
        """Something of it filled: what the venue said before that holds no longer."""
        self._seen.pop(symbol, None)
        if symbol in self._open:
            self._open[symbol] = Check(0)

    def of(self, symbol: int) -> Check | None:
        """What is in question of a symbol; None: nothing."""
        return self._open.get(symbol)

    def seen_ts(self, symbol: int) -> int:
        """When the venue last said what it holds of a symbol; 0: never."""
        return self._seen.get(symbol, 0)

    def answered(self, symbol: int, held: Decimal, room: Decimal, now: int) -> bool:
        """The venue holds so much; whether that is enough for all that the book wants to reduce."""
        self._seen[symbol] = now
        if held >= room:
            self._open.pop(symbol, None)
            return True
        self._open[symbol] = Check(now + self._again_ns, held)
        return False
