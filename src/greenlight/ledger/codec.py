"""Records to JSON and back, to the last bit; docs/journal.md publishes the format.

A coder is compiled once for each type from its hints. A float that JSON cannot hold is null (NaN),
"inf" or "-inf"; a Decimal is text; an enum its value; one of a union bears its "type".
"""

import dataclasses
import typing
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from functools import cache
from math import inf, nan
from operator import index
from types import NoneType, UnionType
from typing import Any, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from greenlight.domain import UserError
from greenlight.ledger.layouts import LAYOUTS
from greenlight.ledger.plain import Json, Value, read_plain, write_float, write_plain, write_text
from greenlight.ledger.records import Record

_TAG = "type"


class Coder(NamedTuple):
    """`write` makes of a value what orjson takes, `read` the value of what orjson gave."""

    write: Callable[[Value], Json]
    read: Callable[[Json], Value]


def encode(record: Record) -> bytes:
    """The body of a record as JSON; its kind stands beside it, see `kind_of`."""
    return orjson.dumps(_record_coder(record).write(record), option=orjson.OPT_SERIALIZE_NUMPY)


def decode(kind: str, body: bytes | str) -> Record:
    """The record again. Raises UserError for what this version does not know or cannot read."""
    record_type = _record_types().get(kind)
    if record_type is None:
        raise UserError(f"journal: no record is called {kind!r}; a newer Greenlight wrote it")
    try:
        record: Record = _coder(record_type).read(orjson.loads(body))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise UserError(f"journal: a {kind} cannot be read ({error})") from error
    return record


def kind_of(record: Record) -> str:
    """The name of a record's type, as the journal has it."""
    return type(record).__name__


def _record_coder(record: Record) -> Coder:
    kind: Value = type(record)
    return _coder(kind)


@cache
def _record_types() -> Mapping[str, Value]:
    return {one.__name__: one for one in typing.get_args(Record)}


@cache
def _dataclass_coder(kind: Value) -> Coder:
    def write(value: Value) -> Json:
        return {name: coder.write(getattr(value, name)) for name, coder in _fields(kind).items()}

    def read(found: Json) -> Value:
        coders = _fields(kind)
        unknown = found.keys() - coders.keys() - {_TAG}
        if unknown:
            raise ValueError(f"unknown field {min(unknown)}; a newer Greenlight wrote it")
        return kind(**{n: coders[n].read(found[n]) for n in coders if n in found})

    return Coder(write, read)


@cache
def _fields(kind: Value) -> Mapping[str, Coder]:
    """A coder for each field; found when first used, since an order may hold orders."""
    hints = typing.get_type_hints(kind)
    return {
        field.name: _array_coder(LAYOUTS[field.name])
        if hints[field.name] == NDArray[Any]
        else _coder(hints[field.name])
        for field in dataclasses.fields(kind)
    }


@cache
def _coder(hint: Value) -> Coder:
    origin: Value = typing.get_origin(hint)
    arguments: tuple[Value, ...] = typing.get_args(hint)
    if origin in (UnionType, typing.Union):
        return _union_coder(arguments)
    if origin is np.ndarray:
        (scalar,) = typing.get_args(arguments[1])
        return _array_coder(np.dtype(scalar))
    if origin in (tuple, frozenset):
        return _sequence_coder(origin, _coder(arguments[0]))
    if origin is Mapping:
        return _mapping_coder(*arguments)
    if hint in _SCALARS:
        return _SCALARS[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return Coder(lambda value: value.value, hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _dataclass_coder(hint)
    raise TypeError(f"the journal has no form for {hint}")


def _union_coder(arguments: tuple[Any, ...]) -> Coder:
    kinds = [kind for kind in arguments if kind is not NoneType]
    inner = _coder(kinds[0]) if len(kinds) == 1 else _tagged_coder(kinds)
    if len(kinds) == len(arguments):
        return inner
    return Coder(
        lambda value: None if value is None else inner.write(value),
        lambda found: None if found is None else inner.read(found),
    )


def _tagged_coder(kinds: list[Value]) -> Coder:
    coders = {kind.__name__: _dataclass_coder(kind) for kind in kinds}

    def write(value: Value) -> Json:
        name = type(value).__name__
        return {_TAG: name, **coders[name].write(value)}

    return Coder(write, lambda found: coders[found[_TAG]].read(found))


def _sequence_coder(kind: type[Any], inner: Coder) -> Coder:
    """A tuple in its order, a set in the order of its values, so that it is always the same."""
    ordered = sorted if kind is frozenset else iter
    return Coder(
        lambda value: [inner.write(one) for one in ordered(value)],
        lambda found: kind(inner.read(one) for one in found),
    )


def _mapping_coder(key: Value, value: Value) -> Coder:
    if value is Any:
        return Coder(write_plain, read_plain)
    inner = _coder(value)
    return Coder(
        lambda mapping: {str(k): inner.write(v) for k, v in mapping.items()},
        lambda found: {key(k): inner.read(v) for k, v in found.items()},
    )


@cache
def _array_coder(layout: np.dtype[Any]) -> Coder:
    if layout.names is not None:
        return Coder(
            lambda table: _write_table(layout, table), lambda found: _read_table(layout, found)
        )
    if layout.kind == "f":
        return Coder(_write_floats, lambda found: _read_floats(found).astype(layout))
    return Coder(
        lambda array: np.ascontiguousarray(array, dtype=layout),
        lambda found: np.array(found, dtype=layout),
    )


def _write_floats(array: NDArray[Any]) -> Json:
    """float32 is widened, which is exact; orjson writes NaN as null by itself."""
    if array.ndim != 1:
        raise TypeError(f"the journal holds arrays of one dimension, not of {array.ndim}")
    wide = np.ascontiguousarray(array, dtype=np.float64)
    if np.isinf(wide).any():
        return [write_float(one) for one in wide.tolist()]
    return wide


def _read_floats(found: list[Any]) -> NDArray[np.float64]:
    return np.array(found, dtype=np.float64)  # None becomes NaN, "inf" and "-inf" what they say


def _write_table(layout: np.dtype[Any], table: NDArray[Any]) -> Json:
    if table.dtype.names != layout.names:
        raise TypeError(f"columns {table.dtype.names} are not {layout.names}")
    if len(table) == 0:
        return {}
    return {name: _array_coder(layout[name]).write(table[name]) for name in layout.names or ()}


def _read_table(layout: np.dtype[Any], found: Mapping[str, list[Any]]) -> NDArray[Any]:
    rows = max((len(column) for column in found.values()), default=0)
    table = np.zeros(rows, layout)
    for name, column in found.items():
        table[name] = _array_coder(layout[name]).read(column)
    return table


def _read_float(found: Json) -> float:
    match found:
        case None:
            return nan
        case "inf":
            return inf
        case "-inf":
            return -inf
    return float(found)


_SCALARS = {
    bool: Coder(bool, bool),
    int: Coder(index, index),
    float: Coder(write_float, _read_float),
    str: Coder(write_text, str),
    Decimal: Coder(str, Decimal),
}
