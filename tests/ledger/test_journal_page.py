"""docs/journal.md is the format: it names every record, every field and every code."""

import dataclasses
import re
import typing
from enum import IntEnum, StrEnum
from pathlib import Path

import pytest

from greenlight.domain import Action, CashKind, Happening, Reason
from greenlight.ledger import Record
from greenlight.ledger.layouts import LAYOUTS
from greenlight.ledger.views import VIEWS

PAGE = (Path(__file__).parents[2] / "docs" / "journal.md").read_text()


def row(name: str) -> str:
    (found,) = re.findall(rf"^\| `{name}` \|.*$", PAGE, re.M)
    return found


def reached(hint, found: set) -> set:
    """Every dataclass and enum that a type hint leads to."""
    if dataclasses.is_dataclass(hint) and hint not in found:
        found.add(hint)
        for inner in typing.get_type_hints(hint).values():
            reached(inner, found)
    elif isinstance(hint, type) and issubclass(hint, (IntEnum, StrEnum)):
        found.add(hint)
    for inner in typing.get_args(hint):
        reached(inner, found)
    return found


TYPES = reached(Record, {Action, Reason, CashKind, Happening})


def of(base: type | None) -> list[type]:
    """The types of that sort, by name; None: dataclasses."""
    chosen = [
        t for t in TYPES if (dataclasses.is_dataclass(t) if base is None else issubclass(t, base))
    ]
    return sorted(chosen, key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", of(None), ids=lambda kind: kind.__name__)
def test_every_type_and_field_is_named(kind):
    text = row(kind.__name__)
    missing = [f.name for f in dataclasses.fields(kind) if f"`{f.name}`" not in text]
    assert not missing


@pytest.mark.parametrize("kind", of(IntEnum), ids=lambda kind: kind.__name__)
def test_every_code_is_given_with_its_number(kind):
    told = row(kind.__name__).split("|")[2].strip().split(", ")
    assert told == [f"{int(one)} {one.name}" for one in kind]


@pytest.mark.parametrize("kind", of(StrEnum), ids=lambda kind: kind.__name__)
def test_every_word_that_stands_for_something_is_given(kind):
    missing = [str(one) for one in kind if not re.search(rf"\b{one}\b", PAGE)]
    assert not missing


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_column_is_named(name):
    text = table_row(name)
    missing = [column for column in LAYOUTS[name].names if f"`{column}`" not in text]
    assert not missing


def table_row(name: str) -> str:
    """Decisions and fills are views as well; the table of columns comes first."""
    return re.findall(rf"^\| `{name}` \|.*$", PAGE, re.M)[0]


def test_every_view_is_named():
    missing = [view.name for view in VIEWS if f"`{view.name}`" not in PAGE]
    assert not missing
