"""The house rules no linter knows. Each failure names the place and what to do instead.

What is over a budget stands in house_ratchet.toml with its size: it may shrink, never grow.
"""

import ast
import statistics
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
HOUSE = SOURCE / "greenlight"
RATCHET = tomllib.loads((Path(__file__).parent / "house_ratchet.toml").read_text())

FILE_LINES, MEDIAN_LINES, BODY_LINES = 400, 150, 70
VAGUE_NAMES = ("base", "common", "core", "helper", "manager", "misc", "model", "shared", "util")
#: text that must not stand anywhere: (what, instead)
BANNED_TEXT = {
    "pypi" + ".org": "registries are the installer's business: name none",
    "python" + "hosted": "registries are the installer's business: name none",
    "registry." + "npmjs": "registries are the installer's business: name none",
    "/ro" + "ot/": "use a path relative to the repository, or tmp_path",
    "/ho" + "me/": "use a path relative to the repository, or Path.home()",
    "/Us" + "ers/": "use a path relative to the repository, or Path.home()",
    "/wo" + "rk/": "use a path relative to the repository, or tmp_path",
}
TEXT_SUFFIXES = {".py", ".md", ".toml", ".txt", ".sh", ".cfg", ".json", ".yml", ".html", ".csv"}


def texts() -> Iterator[Path]:
    folders = ("src", "tests", "docs", "bench", "examples", "scripts", "requirements", ".ci")
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            generated = "__pycache__" in path.parts or any(
                p.startswith(".venv") for p in path.parts
            )
            if path.is_file() and not generated:
                yield path
    yield from (path for path in sorted(ROOT.iterdir()) if path.is_file())


@cache
def modules() -> tuple[Path, ...]:
    return tuple(path for path in texts() if path.suffix == ".py")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def hold_to(budget: int, sizes: dict[str, int], kind: str) -> None:
    """Fail for every size over budget that is new or has grown, and for entries that are stale."""
    allowed = RATCHET.get(kind, {})
    over = {where: size for where, size in sizes.items() if size > budget}
    grown = [
        f"{where}: {size} lines, allowed are {allowed.get(where, budget)}; split it by purpose"
        for where, size in over.items()
        if size > allowed.get(where, budget)
    ]
    stale = [
        f"{where}: now {sizes.get(where, 0)} lines; write that into house_ratchet.toml"
        for where, size in allowed.items()
        if sizes.get(where, 0) < size
    ]
    assert not grown + stale, "\n".join(grown + stale)


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body
    if ast.get_docstring(function) is not None:
        body = body[1:]
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def test_no_file_is_longer_than_one_can_hold_in_mind():
    hold_to(FILE_LINES, {name(p): len(p.read_text().splitlines()) for p in modules()}, "files")


@pytest.mark.parametrize(
    ("sizes", "allowed", "complaint"),
    [
        ({"new": 11}, {}, "new: 11 lines, allowed are 10"),
        ({"old": 15}, {"old": 14}, "old: 15 lines, allowed are 14"),
        ({"old": 12}, {"old": 14}, "old: now 12 lines"),
        ({}, {"gone": 14}, "gone: now 0 lines"),
    ],
)
def test_the_ratchet_turns_one_way(monkeypatch, sizes, allowed, complaint):
    monkeypatch.setitem(RATCHET, "things", allowed)
    with pytest.raises(AssertionError, match=complaint):
        hold_to(10, sizes, "things")


def test_the_ratchet_lets_pass_what_did_not_grow(monkeypatch):
    monkeypatch.setitem(RATCHET, "things", {"old": 14})
    hold_to(10, {"old": 14, "small": 10}, "things")


def test_the_median_module_is_short():
    sizes = [len(p.read_text().splitlines()) for p in modules() if p.is_relative_to(HOUSE)]
    assert statistics.median(s for s in sizes if s > 1) <= MEDIAN_LINES


def test_every_function_fits_on_a_screen():
    sizes: dict[str, int] = {}
    for path in modules():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                where = f"{name(path)}::{node.name}"
                sizes[where] = max(sizes.get(where, 0), body_lines(node))
    hold_to(BODY_LINES, sizes, "functions")


def test_a_modules_name_says_what_is_in_it():
    vague = [
        f"{name(path)}: name it after the one thing it does"
        for path in modules()
        if path.is_relative_to(HOUSE)
        for part in path.relative_to(HOUSE).with_suffix("").parts
        if part.rstrip("s") in VAGUE_NAMES
    ]
    assert not vague, "\n".join(vague)


def test_a_package_is_entered_by_its_door():
    """A module inside a room is imported only from within the room; others import a package."""
    past = [
        f"{name(path)} imports {target}: import it from {door(target)}, its public face"
        for path in modules()
        if path.is_relative_to(HOUSE)
        for target in imported(tree(path))
        if (SOURCE / target.replace(".", "/")).with_suffix(".py").exists()
        and door(target) != "greenlight"
        and not path.is_relative_to(HOUSE / target.split(".")[1])
    ]
    assert not past, "\n".join(past)


def door(module: str) -> str:
    return module.rpartition(".")[0]


def imported(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_no_module_keeps_state():
    """An empty container at module level is there to be filled: state, hidden from its users."""
    kept = [
        f"{name(path)}:{node.lineno}: hold it in an object that is passed in"
        for path in modules()
        if path.is_relative_to(HOUSE)
        for node in tree(path).body
        if isinstance(node, ast.Assign | ast.AnnAssign) and is_empty_container(node.value)
    ]
    assert not kept, "\n".join(kept)


def is_empty_container(value: ast.expr | None) -> bool:
    match value:
        case ast.Dict(keys=[]) | ast.List(elts=[]):
            return True
        case ast.Call(func=ast.Name(id="dict" | "list" | "set" | "defaultdict"), args=args):
            return not args or value.func.id == "defaultdict"
    return False


@pytest.mark.parametrize("banned", BANNED_TEXT)
def test_no_file_names_a_registry_or_a_machine(banned: str):
    found = [
        f"{name(path)}: {banned!r}: {BANNED_TEXT[banned]}"
        for path in texts()
        if path.suffix in TEXT_SUFFIXES or path.suffix == ""
        if banned in path.read_text(encoding="utf-8", errors="ignore")
    ]
    assert not found, "\n".join(found)
