"""One line for the first value that cannot be used: what is wrong, where, what was meant."""

import difflib
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from greenlight.config.sections import Config

KeyPath = tuple[str, ...]
_UNION_MEMBERS = (
    "int",
    "float",
    "bool",
    "str",
)  # pydantic names the member of a union that refused


def explain(error: ValidationError, origins: Mapping[KeyPath, str]) -> str:
    """Say what the first error is; unknown keys first, for they are often the cause of others."""
    details = sorted(error.errors(), key=lambda item: item["type"] != "extra_forbidden")[0]
    path = tuple(str(part) for part in details["loc"] if part not in _UNION_MEMBERS)
    where = _where(_origin(path, origins))
    if details["type"] == "extra_forbidden":
        return _unknown(path, where)
    return f"{_name(path)}{where}: {_reason(details)}"


def _where(place: str | None) -> str:
    if place is None:
        return ""
    return " on the command line" if place == "command line" else f" in {place}"


def _unknown(path: KeyPath, where: str) -> str:
    known = _known(path[:-1])
    near = difflib.get_close_matches(path[-1], known, n=1)
    if len(path) == 1:
        hint = f"did you mean [{near[0]}]?" if near else f"known are {', '.join(known)}"
        return f"unknown section [{path[0]}]{where}; {hint}"
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
    return f"unknown key {_name(path)}{where}; {hint}"


def _reason(details: ErrorDetails) -> str:
    text = details["msg"].removeprefix("Value error, ").removeprefix("Input ")
    given = details["input"]
    plain = isinstance(given, str | int | float | bool)
    return f"{text} (it is {given!r})" if plain and details["type"] != "value_error" else text


def _name(path: KeyPath) -> str:
    return f"[{'.'.join(path[:-1])}] {path[-1]}" if len(path) > 1 else f"[{path[0]}]"


def _origin(path: KeyPath, origins: Mapping[KeyPath, str]) -> str | None:
    for depth in range(len(path), 0, -1):
        if path[:depth] in origins:
            return origins[path[:depth]]
    below = [place for key, place in origins.items() if key[: len(path)] == path]
    return below[0] if below else None


def _known(path: KeyPath) -> list[str]:
    section: Any = Config
    for name in path:
        section = section.model_fields[name].annotation
    return list(section.model_fields) if issubclass(section, BaseModel) else []
