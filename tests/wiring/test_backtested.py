"""A run held against the backtest of stored bars, whether it was told them or lived them."""

from dataclasses import replace
from datetime import date

import pytest

from greenlight.config import Config, load
from greenlight.domain import UserError
from greenlight.live import Account, compare
from greenlight.wiring.replays import backtested, build_stored

START, END = date(2019, 1, 2), date(2019, 3, 29)


@pytest.fixture(scope="module")
def config() -> Config:
    given = {"data.symbols": ["AAPL", "MSFT"], "limits.buy_score": 51, "limits.sizing": "fraction"}
    return load(None, {}, given).config


@pytest.fixture(scope="module")
def told(config):
    """A replay's beginning, and the account of its backtest."""
    began = build_stored(config, START, END).began
    return began, backtested(config, began)


def lived(began, account: Account, until: int):
    """The same as if it had been a live run with its symbols the other way round."""
    settings = {name: one for name, one in began.settings.items() if name != "replay"}
    run = replace(began, symbols=began.symbols[::-1], settings=settings)
    seen = account.numbered(run.symbols)
    seen.cells = {key: cell for key, cell in seen.cells.items() if key[1] <= until}
    return run, seen


def test_a_live_run_is_held_against_the_bars_of_its_own_time(config, told):
    began, account = told
    last = max(ts for _, ts in account.cells)
    run, live = lived(began, account, last)
    assert len(live.fills) > 0
    assert compare(live, backtested(config, run, live)).is_equal


def test_what_came_after_the_run_is_left_out(config, told):
    began, account = told
    middle = sorted({ts for _, ts in account.cells})[len(account.cells) // 4]
    run, live = lived(began, account, middle)
    made = backtested(config, run, live)
    assert max(ts for _, ts in made.cells) == middle
    assert max(made.fills["ts"]) <= middle


def test_a_run_that_decided_nothing_is_told_so(config, told):
    began, account = told
    run, live = lived(began, account, 0)
    with pytest.raises(UserError, match="decided on no bar yet"):
        backtested(config, run, live)
