"""A result as JSON: dates as ISO text, what cannot be said as null."""

import dataclasses
import json
import math
from collections.abc import Mapping
from datetime import date, timedelta
from enum import Enum
from typing import Any

_EPOCH = date(1970, 1, 1)
#: Fields that hold a session number.
_SESSIONS = frozenset(
    {
        "start",
        "first",
        "end",
        "cut",
        "peak",
        "trough",
        "recovery",
        "session",
        "used_from",
        "used_to",
    }
)


def to_plain(value: object, name: str = "") -> Any:  # noqa: ANN401  # JSON is what it is
    """Plain JSON values of a (nested) frozen result; `name` is the field it stands in."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        return {key: to_plain(item, key) for key, item in fields.items()}
    match value:
        case None | bool() | str():
            return value.value if isinstance(value, Enum) else value
        case int() if name in _SESSIONS:
            return (_EPOCH + timedelta(days=value)).isoformat()
        case int():
            return int(value)
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {str(key): to_plain(item) for key, item in value.items()}
        case list() | tuple():
            return [to_plain(item) for item in value]
    raise TypeError(f"no JSON for {type(value).__name__} in {name}")


def to_json(value: object) -> str:
    """JSON text with two blanks of indentation and a newline at the end."""
    return json.dumps(to_plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
