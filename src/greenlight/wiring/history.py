"""[data] to a History: from the sample, or from the store with what is known beside its bars."""

from collections.abc import Iterable
from decimal import Decimal

from greenlight.config import Config, DataConfig
from greenlight.domain import AssetClass, CorporateAction, Instrument, Timeframe, UserError
from greenlight.market import (
    NO_FACTS,
    Adjustment,
    Bars,
    BarSpec,
    History,
    Sectors,
    Store,
    Wanted,
    applicable_actions,
    example_book,
    load_blocks,
    read_facts,
    read_membership,
    read_sectors,
    sample,
    stored_actions,
)

_CENT = Decimal("0.01")
_MILLIONTH = Decimal("0.000001")


def load_history(config: Config) -> History:
    """Bars and all that is known of them, cut to the symbols and days of [data].

    Raises UserError for an unknown symbol, days without bars, and files that cannot be read.
    """
    data = config.data
    whole = _from_store(data) if data.source == "store" else _from_sample(data)
    return whole.between(data.start, data.end)


def _from_sample(data: DataConfig) -> History:
    if data.timeframe is not Timeframe.D1:
        raise UserError(
            f"the sample has daily bars, not {data.timeframe}; import bars of your own with "
            "greenlight data import and set data.source=store"
        )
    known = sample(data.source)
    return known.only(data.symbols) if data.symbols else known


def _from_store(data: DataConfig) -> History:
    store = Store(data.store)
    traded = load_blocks(store, Wanted(data.timeframe, data.symbols, data.start, data.end))
    symbols = {symbol for block in traded for symbol in block.symbols}
    read = tuple(symbol for symbol in data.references if symbol not in symbols)
    references = load_blocks(store, Wanted(data.timeframe, read)) if read else ()
    facts = NO_FACTS
    for path in data.facts:
        facts = facts.joined(read_facts(path))
    return History(
        blocks=traded,
        instruments={s: _instrument(s, block) for block in traded for s in block.symbols},
        actions=tuple(_actions(store, (*traded, *references))),
        membership=None if data.membership is None else read_membership(data.membership),
        sectors=_sectors(data, symbols),
        facts=facts,
        references=references,
        source=f"store {data.store}",
    )


def _instrument(symbol: str, block: Bars) -> Instrument:
    """Whole shares and cents for US stocks; adjusted prices stand on no tick, nor do coins'."""
    if block.calendar == "24/7":
        return Instrument(symbol, AssetClass.CRYPTO, block.calendar, _MILLIONTH, Decimal(0))
    tick = _CENT if block.adjustment is Adjustment.RAW else Decimal(0)
    return Instrument(symbol, AssetClass.EQUITY, block.calendar, tick_size=tick)


def _actions(store: Store, blocks: Iterable[Bars]) -> Iterable[CorporateAction]:
    """What the store keeps of these symbols and their prices have not taken in already."""
    for block in blocks:
        spec = BarSpec(block.calendar, block.timeframe, block.adjustment)
        known = (a for a in stored_actions(store, spec) if a.symbol in block.symbols)
        yield from applicable_actions(known, block.adjustment)


def _sectors(data: DataConfig, symbols: set[str]) -> Sectors | None:
    """The table that is given, else what the example book knows of these symbols, if anything."""
    if data.sectors is not None:
        return read_sectors(data.sectors)
    book = example_book().sectors.by_symbol
    known = {symbol: book[symbol] for symbol in sorted(symbols & set(book))}
    return Sectors(known) if known else None
