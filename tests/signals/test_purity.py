"""What a strategy reaches for besides its view is named with its line; what is pure is not."""

import pytest

from greenlight.signals import impurities, load_strategy, strategy

HEAD = """
import numpy as np
from greenlight.signals import strategy

@strategy(lookback=1)
def mine(view):
"""


def found(tmp_path, body, top=""):
    path = tmp_path / "mine.py"
    path.write_text(top + HEAD + "".join(f"    {line}\n" for line in body.splitlines()))
    return impurities(load_strategy(path))


@pytest.mark.parametrize(
    ("top", "body", "name", "reaches"),
    [
        ("import time", "return view.close * (time.time() > 0)", "time.time", "a clock"),
        ("from time import time_ns as t", "return view.close * t()", "time.time_ns", "a clock"),
        (
            "import datetime as d",
            "return view.close * d.datetime.now().hour",
            "datetime.datetime.now",
            "a clock",
        ),
        (
            "from datetime import date",
            "return view.close * date.today().day",
            "datetime.date.today",
            "a clock",
        ),
        (
            "",
            "return view.close * (np.datetime64('now') > 0)",
            "numpy.datetime64('now')",
            "a clock",
        ),
        ("", "import random\nreturn view.close * random.random()", "random.random", "randomness"),
        ("", "return np.random.rand(view.count)", "numpy.random.rand", "randomness"),
        (
            "",
            "return np.random.default_rng().random(view.count)",
            "numpy.random.default_rng()",
            "randomness",
        ),
        ("", "return np.load('future.npy')", "numpy.load", "files"),
        ("", "return [float(x) for x in open('future.txt')]", "open", "files"),
        (
            "from pathlib import Path",
            "return float(Path('x').read_text())",
            "?.read_text",
            "files",
        ),
        ("import polars", "return polars.read_csv('x')['v']", "polars.read_csv", "files"),
        ("import urllib.request", "return urllib.request.urlopen('x')", None, "the network"),
        ("import sys", "return sys._getframe(2).f_locals", None, "Python's insides"),
        ("import gc", "return gc.get_objects()", "gc.get_objects", "Python's insides"),
        (
            "from greenlight.market import sample",
            "return sample().blocks[0].close[:, 0]",
            "greenlight.market.sample",
            "data besides its view",
        ),
        ("", "import yfinance\nreturn yfinance.download('X')", None, "data besides its view"),
        ("", "view.close.flags.writeable = True\nreturn view.close", None, "Python's insides"),
        ("", "return view.close.base[1:]", "view.close.base", "Python's insides"),
        ("", "return eval('view.close')", "eval", "Python's insides"),
        ("", "global seen\nseen = view.close\nreturn seen", "global seen", None),
    ],
)
def test_a_door_besides_the_view_is_named(tmp_path, top, body, name, reaches):
    (one, *_) = found(tmp_path, body, top)
    assert name is None or one.name == name
    assert one.reaches == (reaches or "state kept between calls")
    text = (tmp_path / "mine.py").read_text().splitlines()
    word = one.name.rpartition(".")[2].split("(")[0]
    assert word.replace("time_ns", "t()") in text[one.line - 1]


@pytest.mark.parametrize(
    "body",
    [
        "time = view.close\nreturn time.cumsum() * 0",
        "os = {'path': 1}\nreturn view.close * os['path']",
        "rng = np.random.default_rng(7)\nreturn rng.random(view.count)",
        "day = np.datetime64('2020-01-01')\nreturn view.close * (day < np.datetime64(1, 'D'))",
        "import datetime\nstart = datetime.date(2020, 1, 1)\nreturn view.close * 0",
        "return np.where(view.session % 7 == 4, view.fact('now'), 0)",
        "from greenlight.indicators import sma\nreturn np.sign(view.close - sma(view.close, 1))",
        "from greenlight.market import View\nassert isinstance(view, View)\nreturn view.close * 0",
    ],
)
def test_what_is_pure_is_not_accused(tmp_path, body):
    assert found(tmp_path, body) == ()


def test_a_strategy_without_a_file_is_read_where_it_stands():
    @strategy(lookback=1)
    def here(view):
        import random

        return [random.random()] * view.count  # noqa: S311  # planted

    (one,) = impurities(here)
    assert one.name == "random.random"
    assert one.line == here.function.__code__.co_firstlineno + 4


def test_a_source_that_is_not_to_be_had_is_not_accused():
    namespace = {"strategy": strategy}
    exec("@strategy(lookback=1)\ndef ghost(view):\n    return view.close * 0", namespace)  # noqa: S102
    assert impurities(namespace["ghost"]) == ()
