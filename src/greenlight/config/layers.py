"""Where a value comes from: default, then greenlight.toml, then environment, then command line.

Each layer is read into a flat mapping of key path to value, so that every value, and every mistake,
can name its origin: the line of the file, the variable or the option.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from greenlight.config.complaints import explain
from greenlight.config.sections import Config
from greenlight.domain import UserError

FILE_NAME = "greenlight.toml"
ENV_PREFIX = "GREENLIGHT__"
COMMAND_LINE = "command line"
DEFAULT = "default"

KeyPath = tuple[str, ...]
_HEADER = re.compile(r"\s*\[{1,2}([^\[\]]+)\]{1,2}\s*(?:#.*)?")
_KEY = re.compile(r"""\s*([\w.\-"' ]+?)\s*=""")


@dataclass(frozen=True, slots=True)
class Resolved:
    """The configuration and the origin of every value that is not a default."""

    config: Config
    origins: Mapping[KeyPath, str]

    def rows(self) -> list[tuple[str, Any, str]]:
        """Every value as (dotted key, value, origin)."""
        leaves = _flatten(self.config.model_dump(mode="json"))
        return [(".".join(path), value, self._origin(path)) for path, value in leaves.items()]

    def _origin(self, path: KeyPath) -> str:
        for depth in range(len(path), 0, -1):
            if path[:depth] in self.origins:
                return self.origins[path[:depth]]
        return DEFAULT


def load(
    path: Path | None = None,
    environment: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Resolved:
    """Resolve the configuration.

    `path`: the file (None: `greenlight.toml` here, if there is one). `environment`: of it,
    GREENLIGHT__SECTION__KEY counts. `overrides`: by dotted key; those that are None are ignored.
    Raises UserError for a file that cannot be read and for the first value that cannot be used.
    """
    layers = [
        _read_file(path),
        _read_environment(environment or {}),
        _read_overrides(overrides or {}),
    ]
    values: dict[KeyPath, Any] = {}
    origins: dict[KeyPath, str] = {}
    for layer in layers:
        for key, (value, origin) in layer.items():
            values[key] = value
            origins[key] = origin
    try:
        return Resolved(Config.model_validate(_nest(values, origins)), origins)
    except ValidationError as error:
        raise UserError(explain(error, origins)) from None


def parse_assignments(assignments: Iterable[str]) -> dict[str, str]:
    """Read `section.key=value` options into overrides."""
    pairs = {}
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals or "." not in key:
            raise UserError(f"--set {assignment}: write section.key=value, e.g. limits.stop=0.03")
        pairs[key.strip()] = value.strip()
    return pairs


def _read_file(path: Path | None) -> dict[KeyPath, tuple[Any, str]]:
    file = Path(FILE_NAME) if path is None else path
    if path is None and not file.exists():
        return {}
    try:
        text = file.read_text(encoding="utf-8")
        leaves = _flatten(tomllib.loads(text))
    except OSError as error:
        raise UserError(f"cannot read configuration {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"{file} is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{file} is not valid TOML: {error}") from None
    lines = _line_numbers(text)
    return {key: (value, _place(file, key, lines)) for key, value in leaves.items()}


def _place(file: Path, key: KeyPath, lines: Mapping[KeyPath, int]) -> str:
    for depth in range(len(key), 0, -1):
        if key[:depth] in lines:
            return f"{file.name} line {lines[key[:depth]]}"
    return file.name


def _line_numbers(text: str) -> dict[KeyPath, int]:
    """First line of every key and table; tomllib keeps no positions."""
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.fullmatch(line):
            table = _split(header[1])
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault(table + _split(key[1]), number)
    return lines


def _split(dotted: str) -> KeyPath:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _read_environment(environment: Mapping[str, str]) -> dict[KeyPath, tuple[Any, str]]:
    layer = {}
    for name in sorted(environment):
        if name.startswith(ENV_PREFIX):
            key = tuple(part.lower() for part in name.removeprefix(ENV_PREFIX).split("__"))
            layer[key] = (_read_text(environment[name], name), f"environment {name}")
    return layer


def _read_overrides(overrides: Mapping[str, Any]) -> dict[KeyPath, tuple[Any, str]]:
    return {
        tuple(key.split(".")): (
            _read_text(value, key) if isinstance(value, str) else value,
            COMMAND_LINE,
        )
        for key, value in overrides.items()
        if value is not None
    }


def _read_text(text: str, name: str) -> object:
    """Read numbers, booleans, lists and tables as in TOML; the rest is text without its quotes."""
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        if text.startswith(("[", "{")):
            raise UserError(f'{name}: {text} is no list or table; write ["A", "B"]') from None
        return text
    return value if isinstance(value, bool | int | float | list | dict) else text


def _flatten(tree: Mapping[str, Any], above: KeyPath = ()) -> dict[KeyPath, Any]:
    leaves: dict[KeyPath, Any] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping) and value:
            leaves |= _flatten(value, (*above, name))
        else:
            leaves[(*above, name)] = value
    return leaves


def _nest(values: Mapping[KeyPath, Any], origins: Mapping[KeyPath, str]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, value in values.items():
        branch = tree
        for name in path[:-1]:
            branch = branch.setdefault(name, {})
            if not isinstance(branch, dict):
                raise UserError(f"{'.'.join(path)} ({origins[path]}) lies inside a plain value")
        branch[path[-1]] = value
    return tree
