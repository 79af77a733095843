"""Strategies by name and by file, and what a user reads when there is none."""

import os
import sys

import numpy as np
import pytest

from greenlight.domain import UserError
from greenlight.signals import load_strategy, shipped
from signals.small_world import view_of

GOOD = """
import numpy as np
from greenlight.signals import Integer, strategy

@strategy(lookback=2, bars=Integer(2, 1, 9))
def mine(view, bars):
    return np.full(view.count, bars / 10)
"""
VIEW = view_of(np.arange(1.0, 6.0))


@pytest.fixture
def file(tmp_path):
    def write(text, name="mine.py"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def refusal(path):
    with pytest.raises(UserError) as error:
        load_strategy(path)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_every_shipped_strategy_loads_by_its_name_and_says_what_it_is():
    assert len(shipped()) == 9
    for name in shipped():
        voice = load_strategy(name)
        assert voice.name == name
        assert voice.path is None
        words = sys.modules[voice.function.__module__].__doc__
        assert "Idea:" in words
        assert "Source:" in words
        assert "Fails:" in words


def test_an_unknown_name_gets_the_nearest():
    assert "no strategy macro_tend; did you mean macro_trend?" in refusal("macro_tend")
    assert "macro_trend? For your own give the path of its .py file" in refusal("macro_tend")
    assert "shipped are bollinger_squeeze" in refusal("zzz")
    assert "vwap_reversion. For your own" in refusal("zzz")


def test_a_users_file_works_as_well_as_a_shipped_one(file):
    path = file(GOOD)
    voice = load_strategy(path)
    assert (voice.name, voice.path) == ("mine", path)
    assert load_strategy(str(path)).votes(VIEW, bars=5)[-1] == np.float32(0.5)


def test_a_file_is_read_afresh_each_time_even_where_its_clock_stands_still(file):
    path = file(GOOD)
    stamp = path.stat()
    assert load_strategy(path).votes(VIEW)[-1] == np.float32(0.2)
    path.write_text(GOOD.replace("bars / 10", "bars / 20"))
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert load_strategy(path).votes(VIEW)[-1] == np.float32(0.1)
    assert list(path.parent.iterdir()) == [path]


def test_a_strategy_that_is_only_imported_is_not_the_files_own(file):
    text = "from greenlight.signals.strategies.macro_trend import macro_trend\n" + GOOD
    assert load_strategy(file(text)).name == "mine"


def test_a_missing_file_gets_the_nearest_beside_it(file):
    path = file(GOOD, "sma_cross.py")
    assert "did you mean sma_cross.py?" in refusal(path.with_name("sma_cros.py"))
    assert "give the path of a .py file" in refusal(path.with_name("other.py"))
    assert refusal(path.parent / "folder").startswith("no file")


def test_a_file_without_or_with_several_strategies_says_so(file):
    assert "holds no strategy: put @strategy(...)" in refusal(file("x = 1\n"))
    several = GOOD + GOOD.split("strategy\n", 1)[1].replace("mine", "other")
    assert "holds 2 strategies (mine, other): keep one a file" in refusal(file(several))


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("x = (1,\n", 1, "SyntaxError: '(' was never closed"),
        ("import numpy\nimport nmpy\n", 2, "ModuleNotFoundError: No module named 'nmpy'"),
        ("x = 1\ny = x / 0\n", 2, "ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit(1)\n", 2, "SystemExit: 1"),
    ],
)
def test_a_file_that_cannot_be_run_names_line_and_reason(file, text, line, words):
    path = file(text)
    assert refusal(path) == f"{path}:{line}: {words}"


def test_a_wrong_declaration_in_a_file_names_its_line(file):
    path = file(GOOD.replace("Integer(2, 1, 9)", "Integer(12, 1, 9)"))
    assert refusal(path) == "mine.py:5: mine: bars = 12 is not a whole number from 1 to 9"


def test_a_fault_at_work_names_file_and_line(file):
    path = file(GOOD.replace("bars / 10", "bars / view.nothing"))
    with pytest.raises(UserError) as error:
        load_strategy(path).votes(VIEW)
    line = f"{path}:7: mine on A0: AttributeError: 'View' object has no attribute 'nothing'"
    assert str(error.value) == line
