import errno
import importlib
import os
import subprocess
import sys

import click
import pytest

from greenlight import cli
from greenlight.cli import VERBS, main
from greenlight.domain import RefuseError, RetryError, UserError

HEAVY = (
    "ccxt",
    "httpx",
    "numba",
    "pandas",
    "polars",
    "pydantic",
    "rich",
    "sklearn",
    "talib",
)


def imported_by(*arguments: str) -> set[str]:
    """Top names of the modules that a fresh process loads for `greenlight ARGUMENTS`."""
    code = "import sys; from greenlight.cli import main; main(sys.argv[1:]); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}


@pytest.fixture
def verb(monkeypatch):
    """Puts a function in the place of a verb."""

    def put(function):
        module = type(sys)("greenlight.cli.demo")
        module.demo = click.command("demo")(function)
        monkeypatch.setitem(sys.modules, "greenlight.cli.demo", module)

    return put


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("bactest",), ()])
def test_help_and_mistakes_load_nothing_heavy(arguments):
    assert imported_by(*arguments).isdisjoint(HEAVY)


@pytest.mark.parametrize("name", ["doctor", "kill", "ledger", "paper", "replay", "status"])
def test_help_of_a_verb_for_a_hurried_person_loads_nothing_heavy(name):
    heavy = {*HEAVY, "alembic", "orjson", "sqlalchemy", "structlog"} - {"rich"}
    assert imported_by(name, "--help").isdisjoint(heavy)


def test_showing_the_configuration_loads_no_engine_and_no_tables():
    assert imported_by("config", "show").isdisjoint(set(HEAVY) - {"pydantic", "rich"})


def test_help_lists_every_verb_with_its_line(capsys):
    assert main(["--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for name, entry in VERBS.items():
        assert f"{name} {entry.help}" in shown


@pytest.mark.parametrize("name", sorted(VERBS))
def test_every_verb_in_the_table_is_there_and_explains_itself(name, capsys):
    assert main([name, "--help"]) == 0
    assert "Usage: greenlight" in capsys.readouterr().out
    command = getattr(importlib.import_module(VERBS[name].module), name)
    leaves = command.commands.values() if isinstance(command, click.Group) else [command]
    for leaf in leaves:
        assert "Example" in (leaf.help or "") + (leaf.epilog or ""), f"{leaf.name}: no example"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["bactest"], "no command 'bactest'; did you mean backtest?"),
        (["xyzzy"], "no command 'xyzzy'; there are approve, audit, backtest,"),
        (["config", "shw"], "No such command 'shw'. Did you mean 'show'?"),
        (["config", "show", "--sett", "x"], "No such option '--sett'."),
        (["config", "show", "--set", "x"], "--set x: write section.key=value"),
    ],
)
def test_a_mistake_gets_one_line_and_exit_code_2(arguments, line, capsys):
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"greenlight: {line}")
    assert shown.err.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (UserError("no bars\nfor X"), "no bars for X"),
        (RetryError("the exchange is away"), "the exchange is away"),
        (RefuseError("not shortable"), "not shortable"),
        (
            OSError(errno.ENOSPC, "No space left on device", "x"),
            "the disk is full; free some space",
        ),
        (OSError(errno.EACCES, "Permission denied", "/a/b"), "/a/b: Permission denied"),
    ],
)
def test_what_was_foreseen_gets_one_line_without_a_traceback(verb, capsys, error, line):
    def fail():
        raise error

    verb(fail)
    assert main(["demo"]) == 2
    shown = capsys.readouterr().err
    assert shown.startswith(f"greenlight: {line}")
    assert shown.count("\n") == 1


def test_an_interrupt_says_that_nothing_was_harmed(verb, capsys):
    def interrupt():
        raise KeyboardInterrupt

    verb(interrupt)
    assert main(["demo"]) == 2
    assert "stored data and earlier runs are untouched" in capsys.readouterr().err


def test_a_bug_keeps_its_traceback_in_a_file_or_shows_it_on_demand(
    verb, capsys, monkeypatch, tmp_path
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def fail():
        return {}["missing"]

    verb(fail)
    assert main(["demo"]) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("greenlight: KeyError: 'missing'; this is a bug, details are in ")
    [kept] = tmp_path.iterdir()
    assert str(kept) in shown
    assert "Traceback" in kept.read_text()
    monkeypatch.setenv(cli.DEBUG, "1")
    with pytest.raises(KeyError):
        main(["demo"])


def test_a_verb_that_answers_no_exits_with_1(verb):
    verb(lambda: 1)
    assert main(["demo"]) == 1


def test_a_closed_pipe_is_no_error():
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "greenlight", "config", "schema"],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.stderr == ""
