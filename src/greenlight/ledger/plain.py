"""Values whose type no hint tells (rules, settings): JSON where it suffices, marked where not.

What JSON lacks is an object with one key: {"$float": "nan"}, {"$decimal": "0.10"},
{"$array": [dtype, values]}, {"$map": [[key, value], ...]}. A tuple comes back as a list, an enum as
its value.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from math import isfinite, isnan
from typing import Any

import numpy as np

Value = Any  # of any type that has a form
Json = Any  # what orjson takes and gives

_MARK = "$"


def write_float(value: float) -> Json:
    """A float as JSON has it; null is NaN."""
    number = float(value)
    if isfinite(number):
        return number
    return None if isnan(number) else str(number)


def write_text(value: str) -> str:
    """Text that UTF-8 can hold; half a surrogate pair becomes a question mark."""
    return str(value) if value.isascii() else value.encode("utf-8", "replace").decode()


def write_plain(value: Value) -> Json:
    """What orjson takes for `value`. Raises TypeError for what has no form."""
    match value:
        case Enum():
            return write_plain(value.value)
        case None | bool() | int():
            return value
        case str():
            return write_text(value)
        case float():
            return float(value) if isfinite(value) else {"$float": str(float(value))}
        case Decimal():
            return {"$decimal": str(value)}
        case np.ndarray():
            return {"$array": [value.dtype.str, [write_plain(one) for one in value.tolist()]]}
        case np.generic():
            return write_plain(value.item())
        case Mapping():
            if all(isinstance(key, str) and not key.startswith(_MARK) for key in value):
                return {write_text(key): write_plain(item) for key, item in value.items()}
            return {"$map": [[write_plain(k), write_plain(v)] for k, v in value.items()]}
        case list() | tuple():
            return [write_plain(item) for item in value]
    raise TypeError(f"the journal has no form for a {type(value).__name__}")


def read_plain(found: Json) -> Value:
    """The value again."""
    if isinstance(found, list):
        return [read_plain(item) for item in found]
    match found:
        case {"$float": text}:
            return float(text)
        case {"$decimal": text}:
            return Decimal(text)
        case {"$array": [layout, values]}:
            return np.array(read_plain(values), dtype=np.dtype(layout))
        case {"$map": pairs}:
            return {read_plain(key): read_plain(item) for key, item in pairs}
        case dict():
            return {key: read_plain(item) for key, item in found.items()}
    return found
