"""Fills, positions, equity and decisions: what the trader heard, booked and decided."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Context, Decimal, localcontext
from enum import IntEnum
from functools import cache
from typing import Any

from numpy.typing import NDArray

from greenlight.domain import Action, OrderFilled, Reason, Role, Side
from greenlight.ledger.records import Decided, Entry, FillSource, Heard
from greenlight.ledger.views.rows import (
    DECISIONS,
    EQUITY,
    FILLS,
    POSITIONS,
    RUNS,
    DecisionRow,
    EquityRow,
    FillRow,
    PositionRow,
    Rows,
)

LogRow = Mapping[str, Any]  # a row of a log

_ZERO = Decimal(0)
_DIGITS = Context(prec=40)  # sums of floats' digits are exact; what is divided is rounded here


def project_heard(entry: Entry, heard: Heard, rows: Rows) -> None:
    """A fill is booked where it was heard."""
    event = heard.event
    if not isinstance(event, OrderFilled):
        return
    source = heard.source or FillSource("", "", _ZERO, _ZERO)
    fill = FillRow(
        run=entry.run,
        seq=entry.seq,
        n=0,
        ts=entry.ts,
        instrument=_instrument(_symbols(entry, rows), event.id.symbol),
        side=event.side.name.lower(),
        role=event.id.role.name.lower(),
        intent=event.id.intent,
        quantity=exact(event.quantity),
        price=exact(event.price),
        reference=exact(event.reference),
        fee=exact(event.fee),
        client_id=source.client_id,
        venue_id=source.venue_id,
        execution_id=source.execution_id,
    )
    _book(fill, rows)


def project_decided(entry: Entry, decided: Decided, rows: Rows) -> None:
    """Equity, decisions, trades by hand (which no order tells of) and what actions changed."""
    rows.put(EQUITY, EquityRow(entry.run, entry.seq, entry.ts, decided.equity, decided.cash))
    if not (len(decided.decisions) or len(decided.fills) or len(decided.adjustments)):
        return
    symbols = _symbols(entry, rows)
    for n, row in enumerate(_dicts(decided.decisions)):
        rows.put(DECISIONS, _decision(entry, n, row, symbols))
    for n, row in enumerate(_dicts(decided.fills)):
        if row["role"] == Role.MANUAL:
            _book(_by_hand(entry, n, row, symbols), rows)
    for row in _dicts(decided.adjustments):
        _adjust(entry, row, symbols, rows)


def exact(value: float) -> Decimal:
    """The decimal that a float is written as."""
    return Decimal(repr(float(value)))


def side_name(sign: int) -> str:
    """buy, sell, or nothing where there is no side."""
    return code_name(Side, sign) if sign != 0 else ""


def code_name(codes: type[IntEnum], code: int) -> str:
    """The word for a code; the number itself where a newer engine wrote it."""
    return _words(codes).get(code, str(code))


@cache
def _words(codes: type[IntEnum]) -> Mapping[int, str]:
    return {int(one): one.name.lower() for one in codes}


def _dicts(log: NDArray[Any]) -> Iterator[dict[str, Any]]:
    """The rows of a log as plain numbers, which is a few times faster than row by row."""
    names = log.dtype.names or ()
    return (dict(zip(names, row, strict=True)) for row in log.tolist())


def _instrument(symbols: tuple[str, ...], number: int) -> str:
    return symbols[number] if 0 <= number < len(symbols) else f"#{number}"


def _symbols(entry: Entry, rows: Rows) -> tuple[str, ...]:
    run = rows.get(RUNS, entry.run)
    return () if run is None else run.symbols


def _decision(entry: Entry, n: int, row: LogRow, symbols: tuple[str, ...]) -> DecisionRow:
    return DecisionRow(
        run=entry.run,
        seq=entry.seq,
        n=n,
        ts=row["ts"],
        instrument=_instrument(symbols, row["symbol"]),
        action=code_name(Action, row["action"]),
        reason=code_name(Reason, row["reason"]),
        side=side_name(row["side"]),
        quantity=row["quantity"],
        price=row["price"],
        score=row["score"],
        intent=row["intent"],
        is_calibrated=row["calibrated"] != 0,
    )


def _by_hand(entry: Entry, n: int, row: LogRow, symbols: tuple[str, ...]) -> FillRow:
    return FillRow(
        run=entry.run,
        seq=entry.seq,
        n=n,
        ts=entry.ts,
        instrument=_instrument(symbols, row["symbol"]),
        side=side_name(row["side"]),
        role=Role.MANUAL.name.lower(),
        intent=row["intent"],
        quantity=exact(row["quantity"]),
        price=exact(row["price"]),
        reference=exact(row["reference"]),
        fee=exact(row["fee"]),
        client_id="",
        venue_id="",
        execution_id="",
    )


def _book(fill: FillRow, rows: Rows) -> None:
    """Write the fill down and move its position."""
    rows.put(FILLS, fill)
    if not (fill.quantity.is_finite() and fill.price.is_finite() and fill.fee.is_finite()):
        return
    held = _position(fill.run, fill.instrument, fill.ts, rows)
    with localcontext(_DIGITS):
        signed = fill.quantity if fill.side == "buy" else -fill.quantity
        after = held.quantity + signed
        closed = min(abs(signed), abs(held.quantity)) if held.quantity * signed < 0 else _ZERO
        gain = (fill.price - held.average) * closed.copy_sign(held.quantity)
        average = held.average
        if after == 0:
            average = _ZERO
        elif held.quantity * after <= 0:  # opened, or turned to the other side
            average = fill.price
        elif closed == 0:  # added to
            average = (held.quantity * held.average + signed * fill.price) / after
        moved = replace(
            held,
            quantity=after,
            average=average,
            realised=held.realised + gain,
            fees=held.fees + fill.fee,
            opened_ts=fill.ts if held.quantity * after <= 0 else held.opened_ts,
            updated_ts=fill.ts,
        )
    rows.put(POSITIONS, moved)


def _adjust(entry: Entry, row: LogRow, symbols: tuple[str, ...], rows: Rows) -> None:
    """A corporate action changes the units and leaves what was paid for all of them."""
    held = _position(entry.run, _instrument(symbols, row["symbol"]), entry.ts, rows)
    after = exact(row["after"])
    if not after.is_finite():
        return
    with localcontext(_DIGITS):
        average = _ZERO if after == 0 else abs(held.quantity * held.average / after)
    rows.put(POSITIONS, replace(held, quantity=after, average=average, updated_ts=entry.ts))


def _position(run: str, instrument: str, ts: int, rows: Rows) -> PositionRow:
    found = rows.get(POSITIONS, run, instrument)
    if found is not None:
        return found
    return PositionRow(run, instrument, _ZERO, _ZERO, _ZERO, _ZERO, ts, ts)
