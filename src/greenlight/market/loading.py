"""Loading: from a store to the blocks that a run walks over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from greenlight.domain import Timeframe, UserError
from greenlight.market.arrays import F64
from greenlight.market.bars import Adjustment, Bars, BarSpec
from greenlight.market.names import nearest
from greenlight.market.resample import resample
from greenlight.market.store import Store, union

_VALUES = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which bars a run is about; no symbols: all there are; no adjustment: raw before adjusted."""

    timeframe: Timeframe
    symbols: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None
    adjustment: Adjustment | None = None


def load_blocks(store: Store, wanted: Wanted) -> tuple[Bars, ...]:
    """One block for each calendar and adjustment, in which every wanted symbol stands once.

    Where a symbol has no bars of the time frame, the largest smaller ones are resampled. Symbols
    without a bar in these days are left out, unless they were asked for by name. Raises UserError
    for an unknown symbol, a corrupt file, an empty store and days without any bar.
    """
    by_block: dict[tuple[str, Adjustment], dict[BarSpec, list[str]]] = {}
    for symbol, spec in _sources(store, wanted).items():
        block = by_block.setdefault((spec.calendar, spec.adjustment), {})
        block.setdefault(spec, []).append(symbol)
    blocks = [_block(store, wanted, parts) for _, parts in sorted(by_block.items())]
    found = tuple(block for block in blocks if block.count > 0)
    if not found:
        days = f"from {wanted.start or 'the start'} to {wanted.end or 'the end'}"
        raise UserError(f"{store.root}: no {wanted.timeframe} bars {days}")
    return found


def _block(store: Store, wanted: Wanted, parts: Mapping[BarSpec, list[str]]) -> Bars:
    loaded = (
        store.load(spec, symbols, wanted.start, wanted.end) for spec, symbols in parts.items()
    )
    block = join([resample(part, wanted.timeframe) for part in loaded])
    has_bars = ~np.all(np.isnan(block.close), axis=0)
    if wanted.symbols or np.all(has_bars):
        return block
    names = tuple(name for name, has in zip(block.symbols, has_bars, strict=True) if has)
    values = {name: getattr(block, name)[:, has_bars] for name in _VALUES}
    return replace(block, symbols=names, **values)


def join(blocks: Sequence[Bars]) -> Bars:
    """Blocks of one kind with different symbols as one, on the union of their times.

    Raises UserError where their bars overlap without agreeing on when they open and close.
    """
    if len(blocks) == 1:
        return blocks[0]
    close_ts = union([block.close_ts for block in blocks])
    open_ts, session = np.empty_like(close_ts), np.empty_like(close_ts)
    symbols = tuple(symbol for block in blocks for symbol in block.symbols)
    values = {name: np.full((len(close_ts), len(symbols)), np.nan) for name in _VALUES}
    column = 0
    for block in blocks:
        rows = np.searchsorted(close_ts, block.close_ts)
        open_ts[rows], session[rows] = block.open_ts, block.session
        for name in _VALUES:
            part: F64 = getattr(block, name)
            values[name][rows, column : column + len(block.symbols)] = part
        column += len(block.symbols)
    for block in blocks:
        if not np.array_equal(open_ts[np.searchsorted(close_ts, block.close_ts)], block.open_ts):
            raise _crossed(block)
    if np.any(open_ts[1:] < close_ts[:-1]):
        raise _crossed(blocks[-1])
    first = blocks[0]
    return Bars(
        calendar=first.calendar,
        timeframe=first.timeframe,
        adjustment=first.adjustment,
        symbols=symbols,
        open_ts=open_ts,
        close_ts=close_ts,
        session=session,
        closes_only=first.closes_only,
        **values,
    )


def _sources(store: Store, wanted: Wanted) -> dict[str, BarSpec]:
    """The kind of bars each wanted symbol is taken from, the best one first found."""
    order = list(Adjustment)
    usable = [
        spec
        for spec in store.specs()
        if wanted.timeframe.duration_ns % spec.timeframe.duration_ns == 0
        and wanted.adjustment in (None, spec.adjustment)
    ]
    usable.sort(key=lambda spec: (-spec.timeframe.duration_ns, order.index(spec.adjustment)))
    known: dict[str, BarSpec] = {}
    for spec in usable:
        for symbol in store.symbols(spec):
            known.setdefault(symbol, spec)
    if not known:
        kind = f"{wanted.adjustment or ''} bars".strip()
        raise UserError(
            f"{store.root}: no {kind} of {wanted.timeframe} or shorter; "
            "greenlight data import or fetch brings some"
        )
    for symbol in wanted.symbols:
        if symbol not in known:
            raise UserError(f"unknown symbol {symbol} in {store.root}: {nearest(symbol, known)}")
    return {symbol: known[symbol] for symbol in wanted.symbols or sorted(known)}


def _crossed(block: Bars) -> UserError:
    return UserError(
        f"{block.timeframe} bars of {', '.join(block.symbols[:3])} begin at other minutes than "
        "those of the other symbols; run them apart, or resample all from smaller bars"
    )
