"""Purity: what a strategy's source reaches for besides its View.

A strategy is a pure function of a View. Clocks, randomness, files, the network, other prices and
Python's own insides could let the future in by a door that no replay of the view can watch, so any
use of one is named with its line. This reads the source only; what it misses, replays must find.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from greenlight.signals.strategy import Strategy

_CLOCK, _CHANCE, _FILES = "a clock", "randomness", "files"
_NETWORK, _OTHERS, _INSIDES = "the network", "other processes", "Python's insides"
_PRICES = "data besides its view"
_STATE = "state kept between calls"

#: Modules of which any use is named.
_MODULES = {
    **dict.fromkeys(("time", "sched"), _CLOCK),
    **dict.fromkeys(("random", "secrets", "uuid"), _CHANCE),
    **dict.fromkeys(("os", "io", "joblib", "pickle", "shelve", "shutil", "sqlite3"), _FILES),
    **dict.fromkeys(("bz2", "fileinput", "glob", "gzip", "lzma", "tempfile", "zipfile"), _FILES),
    **dict.fromkeys(("aiohttp", "http", "httpx", "requests", "socket", "ssl", "urllib"), _NETWORK),
    **dict.fromkeys(("asyncio", "multiprocessing", "subprocess", "threading"), _OTHERS),
    **dict.fromkeys(("builtins", "ctypes", "gc", "importlib", "inspect", "pkgutil"), _INSIDES),
    **dict.fromkeys(("sys", "traceback", "weakref"), _INSIDES),
    **dict.fromkeys(("alpaca", "arch", "ccxt", "skfolio", "yfinance"), _PRICES),
}
#: What of Greenlight itself a strategy may use; the rest leads to whole histories.
_OWN = ("domain", "indicators", "signals", "market.View", "market.view.View")
#: Last parts of a dotted name that tell, whatever stands before them.
_ENDINGS = {
    **dict.fromkeys(("now", "utcnow", "today"), _CLOCK),
    **dict.fromkeys(("read_csv", "read_parquet", "scan_csv", "scan_parquet"), _FILES),
    **dict.fromkeys(("read_bytes", "read_text", "write_bytes", "write_text"), _FILES),
    **dict.fromkeys(("fromfile", "genfromtxt", "loadtxt", "memmap"), _FILES),
    **dict.fromkeys(("base", "f_back", "f_globals", "f_locals", "__globals__"), _INSIDES),
    **dict.fromkeys(("setflags", "writeable", "__setattr__"), _INSIDES),
}
_CALLS = {
    **dict.fromkeys(("open", "numpy.load", "numpy.save"), _FILES),
    **dict.fromkeys(("__import__", "compile", "eval", "exec", "globals", "vars"), _INSIDES),
}
#: Random generators, pure where they are given a seed.
_GENERATORS = ("numpy.random.default_rng", "numpy.random.Generator", "numpy.random.PCG64")


class Impurity(NamedTuple):
    """A use of something that is not the View."""

    line: int
    name: str
    reaches: str


def impurities(voice: Strategy) -> tuple[Impurity, ...]:
    """What the strategy reaches for besides its View, by line: in its file, or in its function.

    Empty where the source is not to be had.
    """
    function = inspect.unwrap(voice.function)
    try:
        if voice.path is not None:
            start, source = 1, Path(voice.path).read_text(encoding="utf-8")
        else:
            lines, start = inspect.getsourcelines(function)
            source = textwrap.dedent("".join(lines))
        tree = ast.parse(source)
    except (OSError, SyntaxError):
        return ()
    known = {**_held(function.__globals__), **_imported(tree)}
    found: dict[tuple[int, str], Impurity] = {}
    for node in ast.walk(tree):
        for line, name, reaches in _reached(node, known):
            found.setdefault((line, reaches), Impurity(line + start - 1, name, reaches))
    return tuple(sorted(found.values()))


def _held(namespace: Mapping[str, object]) -> dict[str, str]:
    """Full name of every module, class and function that a namespace holds."""
    full = {}
    for name, value in namespace.items():
        if isinstance(value, ModuleType):
            full[name] = value.__name__
        elif hasattr(value, "__qualname__") and hasattr(value, "__module__"):
            full[name] = f"{value.__module__}.{value.__qualname__}"
    return full


def _imported(tree: ast.AST) -> dict[str, str]:
    """Full name of everything the source imports, by the name it is given."""
    full = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for item in node.names:
                top = item.name.partition(".")[0]
                full[item.asname or top] = item.name if item.asname else top
        elif isinstance(node, ast.ImportFrom):
            for item in node.names:
                full[item.asname or item.name] = f"{node.module}.{item.name}"
    return full


def _reached(node: ast.AST, known: Mapping[str, str]) -> Iterator[Impurity]:
    if isinstance(node, ast.Global):
        yield Impurity(node.lineno, f"global {', '.join(node.names)}", _STATE)
    elif isinstance(node, ast.Call):
        name, given = _full_name(node.func, known), [ast.unparse(item) for item in node.args]
        if name in _CALLS:
            yield Impurity(node.lineno, name, _CALLS[name])
        elif name == "numpy.datetime64" and given and given[0] in ("'now'", "'today'"):
            yield Impurity(node.lineno, f"{name}({given[0]})", _CLOCK)
        elif name in _GENERATORS and not (given or node.keywords):
            yield Impurity(node.lineno, f"{name}()", _CHANCE)
    elif isinstance(node, ast.Attribute | ast.Name):
        name = _full_name(node, known)
        top, ending = name.partition(".")[0], name.rpartition(".")[2]
        if name.startswith("numpy.random.") and name not in _GENERATORS:
            yield Impurity(node.lineno, name, _CHANCE)
        elif _head(node) in known and "." in name and top in _MODULES:
            yield Impurity(node.lineno, name, _MODULES[top])
        elif _head(node) in known and _is_greenlights_data(name):
            yield Impurity(node.lineno, name, _PRICES)
        elif isinstance(node, ast.Attribute) and ending in _ENDINGS:
            yield Impurity(node.lineno, name, _ENDINGS[ending])


def _is_greenlights_data(name: str) -> bool:
    house, _, room = name.partition(".")
    return house == "greenlight" and room != "" and not room.startswith(_OWN)


def _head(node: ast.AST) -> str:
    """The first name of a dotted one, empty where it starts with something else."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _full_name(node: ast.AST, known: Mapping[str, str]) -> str:
    """A dotted name with its first part as it was imported; what is no name counts as "?"."""
    if isinstance(node, ast.Attribute):
        return f"{_full_name(node.value, known)}.{node.attr}"
    return known.get(node.id, node.id) if isinstance(node, ast.Name) else "?"
