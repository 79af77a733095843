"""All that the next step for one symbol depends on, and how its numbers are rounded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from enum import Enum

from greenlight.domain import AssetClass, Capabilities, Instrument, Quote, Role, Side, Span
from greenlight.live.checking import Check
from greenlight.live.wanting import Wants
from greenlight.live.working import Working

NS = 1_000_000_000
_HAIR = Decimal("1e-9")  # of a lot, as the engine rounds


class Permit(Enum):
    """What may be sent. NOTHING: the lease is lost."""

    ALL = "all"
    REDUCING = "reducing"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Situation:
    """One symbol at one moment.

    tickets: its open ones, and those of the ENTRY now wanted that have ended. opens_ts: when the
    market opens, if it is closed. holds: families that may not be sent before a time, after a
    refusal. entry_until_ts: when an ENTRY that was never sent is out of date. passed_ts: since when
    quotes are through the stop's level; left_ts: when the trader was last asked to leave. check:
    what is in question of the position; seen_ts: when the venue last said what it holds.
    """

    instrument: Instrument
    wants: Wants
    tickets: Sequence[Working]
    capabilities: Capabilities
    permit: Permit
    now: int
    is_open: bool
    opens_ts: int
    holds: Mapping[Role, int]
    quote: Quote | None = None
    entry_until_ts: int = 0
    passed_ts: int | None = None
    left_ts: int | None = None
    check: Check | None = None
    seen_ts: int = 0

    @property
    def room(self) -> Decimal:
        """Units that may be sold (or bought back): no more than the book or the venue holds."""
        room = self.wants.room
        return room if self.check is None or self.check.most is None else min(room, self.check.most)

    def lots(self, quantity: Decimal) -> Decimal:
        """Whole lots in a quantity."""
        lot = self.instrument.lot_size
        return ((quantity / lot + _HAIR).to_integral_value(ROUND_FLOOR) * lot).quantize(lot)

    def at_tick(self, price: Decimal) -> Decimal:
        """The nearest price that may be quoted: rids a level of what floats left on it."""
        return _step(price, self.instrument.tick_size, ROUND_HALF_EVEN)

    def towards(self, side: Side, price: Decimal) -> Decimal:
        """The next price that may be quoted, up for a buy and down for a sell."""
        rounding = ROUND_CEILING if side is Side.BUY else ROUND_FLOOR
        return _step(price, self.instrument.tick_size, rounding)

    def rests_overnight(self, quantity: Decimal) -> bool:
        """Whether an order for so many units may rest until it is cancelled."""
        is_whole = quantity == quantity.to_integral_value()
        return is_whole or self.capabilities.rests_fractions

    def span(self, quantity: Decimal) -> Span:
        """How long an order that protects may rest."""
        return Span.GTC if self.rests_overnight(quantity) else Span.DAY

    @property
    def brief(self) -> Span:
        """How long one may rest that should fill soon."""
        return Span.GTC if self.instrument.asset_class is AssetClass.CRYPTO else Span.DAY

    def fresh(self, longest_s: float) -> Quote | None:
        """The last quote, unless it is older than that."""
        if self.quote is None or self.now - self.quote.ts > int(longest_s * NS):
            return None
        return self.quote


def _step(price: Decimal, step: Decimal, rounding: str) -> Decimal:
    if step == 0:
        return price
    return ((price / step).to_integral_value(rounding) * step).quantize(step)
