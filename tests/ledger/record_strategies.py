"""Hypothesis strategies for every record, built from the type hints alone."""

import dataclasses
import typing
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from functools import cache
from types import NoneType, UnionType

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from greenlight.ledger import Record
from greenlight.ledger.layouts import LAYOUTS

INT64 = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_subnormal=True)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False)
PLAIN = st.recursive(
    st.none() | st.booleans() | INT64 | FLOATS | st.text(max_size=5) | DECIMALS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "$float", "$map", "$", "b"]), inner, max_size=3)
    ),
    max_leaves=6,
)
SCALARS = {
    bool: st.booleans(),
    int: INT64,
    float: FLOATS,
    str: st.text(max_size=8),
    Decimal: DECIMALS,
}


def records() -> st.SearchStrategy[Record]:
    """Any record of any kind."""
    return st.one_of([of_type(kind) for kind in typing.get_args(Record)])


@cache
def of_type(hint) -> st.SearchStrategy:
    """Values of a type hint."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (UnionType, typing.Union):
        return st.one_of([of_type(one) for one in arguments])
    if hint is NoneType:
        return st.none()
    if origin is np.ndarray:
        (scalar,) = typing.get_args(arguments[1])
        return array_of(np.dtype(scalar))
    if origin is tuple:
        return st.lists(of_type(arguments[0]), max_size=3).map(tuple)
    if origin is frozenset:
        return st.frozensets(of_type(arguments[0]), max_size=3)
    if origin is Mapping:
        values = PLAIN if arguments[1] is typing.Any else of_type(arguments[1])
        return st.dictionaries(of_type(arguments[0]), values, max_size=3)
    if hint in SCALARS:
        return SCALARS[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    return dataclass_of(hint)


def dataclass_of(kind) -> st.SearchStrategy:
    """Values of a dataclass; one that holds its like is shallow."""
    hints = typing.get_type_hints(kind)
    fields = {}
    for field in dataclasses.fields(kind):
        hint = hints[field.name]
        if hint == tuple[kind, ...]:
            fields[field.name] = st.just(())
        elif hint == NDArray[typing.Any]:
            fields[field.name] = array_of(LAYOUTS[field.name])
        else:
            fields[field.name] = of_type(hint)
    return st.builds(kind, **fields)


def array_of(layout: np.dtype) -> st.SearchStrategy:
    """Arrays of one dimension, columns and all, with NaN and infinities."""
    return hnp.arrays(layout, st.integers(0, 4))
