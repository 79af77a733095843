"""What README and docs say is so: links lead somewhere, derived pages are current."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*/README.md")])


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_within_the_repository_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        aim = page if file == "" else (page.parent / file).resolve()
        assert aim.exists(), target
        assert anchor == "" or anchor in anchors(aim), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_file_a_page_names_is_there(page):
    named = re.findall(
        r"`((?:src|tests|docs|bench|scripts|requirements)/[\w./-]+)`", page.read_text()
    )
    missing = [name for name in named if not (ROOT / name).exists()]
    assert not missing


@pytest.fixture
def writer():
    spec = importlib.util.spec_from_file_location("write_docs", ROOT / "scripts" / "write_docs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_schema_and_the_table_of_keys_are_current(writer):
    assert (ROOT / "docs" / "greenlight.schema.json").read_text() == writer.schema(), "make docs"
    assert (ROOT / "docs" / "configuration.md").read_text() == writer.page(), "make docs"


def test_every_key_of_the_configuration_is_explained(writer):
    for line in writer.keys().splitlines():
        if line.startswith("| `"):
            assert line.split("|")[3].strip(), line
