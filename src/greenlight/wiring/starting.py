"""What must be true before a bot takes an account: the time, and that prices are known."""

from collections.abc import Callable, Mapping, Sequence

from greenlight.domain import Holding, UserError
from greenlight.live import BlockRow, Broker, Universe

_SHOWN = 5


async def check_clock(broker: Broker, now: Callable[[], int], skew_s: float) -> None:
    """Raises UserError where the broker's clock is further from this machine's than skew_s."""
    before = now()
    theirs = await broker.now()
    after = now()
    off_s = (theirs - min(max(theirs, before), after)) / 1e9
    if abs(off_s) > skew_s:
        way = "behind" if off_s > 0.0 else "ahead of"
        raise UserError(
            f"this machine's clock is {abs(off_s):,.0f} s {way} that of {broker.name}; set it, or "
            'live.clock = "broker" where the broker keeps a time of its own'
        )


def check_known(universe: Universe, rows: Sequence[BlockRow], held: Mapping[str, Holding]) -> None:
    """Raises UserError for symbols that the feed knows nothing of; what is held is let pass."""
    known = set(held)
    for row in rows:
        names = universe.blocks[row.block].instruments
        known |= {one.id for one, close in zip(names, row.close, strict=True) if close > 0.0}
    unknown = [name for name in universe.symbols if name not in known]
    if unknown:
        raise UserError(
            f"the feed has no past bars of {', '.join(unknown[:_SHOWN])}"
            f"{' and others' if len(unknown) > _SHOWN else ''}; check data.symbols"
        )
