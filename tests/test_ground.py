"""The ground a newcomer stands on: set-up, make targets, the lock."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def set_up(folder: Path, pythons: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the set-up where only these programs are found."""
    for name, script in pythons.items():
        program = folder / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    return subprocess.run(
        ["/bin/sh", str(ROOT / "scripts" / "setup.sh"), "run"],
        cwd=folder,
        env={"PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("pythons", "words"),
    [
        ({}, "needs Python 3.11, 3.12 or 3.13"),
        ({"python3": "exit 1"}, "needs Python 3.11, 3.12 or 3.13"),
        ({"python3": 'case "$2" in *venv*) exit 1; esac'}, "python3 has no venv; install it"),
        (
            {"python3": "exit 1", "python3.12": 'case "$2" in *venv*) exit 1; esac'},
            "python3.12 has no venv",
        ),
    ],
)
def test_a_missing_or_old_python_is_said_in_one_line(tmp_path, pythons, words):
    done = set_up(tmp_path, pythons)
    assert done.returncode == 2
    assert done.stderr.startswith(f"greenlight: {words}")
    assert done.stderr.count("\n") == 1


def locked(name: str) -> dict[str, list[str]]:
    """Pinned packages of a requirement file with their hashes."""
    text = (ROOT / "requirements" / name).read_text()
    pins = re.findall(
        r"^([A-Za-z0-9._-]+==[^\s\\]+.*?)\\\n((?:\s+--hash=\S+(?: \\)?\n?)+)", text, re.M
    )
    assert len(pins) == len(re.findall(r"^\S", text, re.M)), "a line that is no pinned package"
    return {pin.strip(): re.findall(r"sha256:[0-9a-f]{64}", hashes) for pin, hashes in pins}


@pytest.mark.parametrize("name", ["bootstrap.txt", "run.txt", "dev.txt"])
def test_every_package_is_pinned_by_version_and_hash(name):
    pins = locked(name)
    assert pins
    assert all(pins.values())


def test_what_tests_add_changes_nothing_that_runs():
    assert locked("run.txt").items() <= locked("dev.txt").items()


def test_the_lock_holds_every_declared_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    names = {re.split(r"[\[<>=]", line)[0].lower() for group in groups for line in group}
    assert names <= {pin.partition("==")[0] for pin in locked("run.txt")}


def test_every_make_target_that_documents_name_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / ".ci" / "run"]
    for page in pages:
        named = set(re.findall(r"(?:^|[`\n])make ([a-z]+)", page.read_text()))
        assert named <= targets, page.name
