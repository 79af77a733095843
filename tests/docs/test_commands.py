"""Every command that README and docs show is run, and prints the lines shown beneath it.

A page's blocks run in order in one empty folder. A block after `<!-- file: NAME -->` is that file.
A shown line may stand anywhere in the output; `...` stands for lines left out. Numbers may differ
by a twentieth, for processors round differently, and the names of runs by their hash.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(
    r"(?:<!-- file: (?P<file>\S+) -->\n)?```(?P<kind>\w+)\n(?P<body>.*?)^```", re.M | re.S
)
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
NUMBER = re.compile(r"\d+(?:\.\d+)?")
WITH_COMMANDS = [page for page in PAGES if "```console" in page.read_text()]


def steps(page: Path) -> list[tuple[str, str]]:
    """What a page asks for, in order: ("file NAME" or the command, its text or the lines shown)."""
    found: list[tuple[str, str]] = []
    for block in BLOCK.finditer(page.read_text()):
        if block["file"] is not None:
            found.append((f"file {block['file']}", block["body"]))
        elif block["kind"] == "console":
            for part in re.split(r"^\$ ", block["body"], flags=re.M)[1:]:
                command, _, shown = part.partition("\n")
                found.append((command, shown))
    return found


def lines(text: str) -> list[str]:
    """Lines with every run of spaces as one, and without the hashes of runs."""
    plain = re.sub(r"-[0-9a-f]{8,10}(?=/|$|-\d+:)", "-HASH", text, flags=re.M)
    return [" ".join(line.split()) for line in plain.splitlines() if line.strip()]


def are_alike(shown: str, printed: str) -> bool:
    """Whether two lines agree in their words, and in their numbers but for a twentieth."""
    if NUMBER.sub("#", shown) != NUMBER.sub("#", printed):
        return False
    pairs = zip(NUMBER.findall(shown), NUMBER.findall(printed), strict=True)
    return all(float(a) == pytest.approx(float(b), rel=0.05, abs=0.02) for a, b in pairs)


def run(command: str, folder: Path) -> tuple[int, list[str]]:
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command.replace("make demo", "greenlight demo").replace(".venv/bin/", ""),
        shell=True,
        cwd=folder,
        env={**os.environ, "PATH": programs, "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, lines(done.stdout)


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_shown_works_as_shown(page, tmp_path):
    for command, shown in steps(page):
        if command.startswith("file "):
            (tmp_path / command.removeprefix("file ")).write_text(shown)
            continue
        wanted = [line for line in lines(shown) if line != "..."]
        code, printed = run(command, tmp_path)
        refusal = any(line.startswith("greenlight:") for line in wanted)
        assert code == (2 if refusal else 0), (command, printed)
        missing = [line for line in wanted if not any(are_alike(line, p) for p in printed)]
        assert not missing, (command, printed)


@pytest.mark.parametrize(
    ("shown", "printed", "alike"),
    [
        ("it returned 0.72 % a year", "it returned 0.71 % a year", True),
        ("it returned 0.72 % a year", "it returned 1.72 % a year", False),
        ("it returned 0.72 % a year", "it lost 0.72 % a year", False),
        ("limits.stop 0.03", "limits.stop 0.13", False),
    ],
)
def test_a_line_that_says_something_else_is_told(shown, printed, alike):
    assert are_alike(shown, printed) is alike
